"""Sessions, in the memory of the one process that serves the console: nothing of them is at rest, and a restart ends them all.

1. A token is 32 random bytes, made anew at every sign-in; what is kept is its SHA-256. A token a browser brought along never becomes one.
2. 15 minutes without a request lock the session: it is gone, and the person signs in again where it was (R47, Pub. 1075 [K]).
3. Eight hours after the sign-in it ends whatever happens.
4. The token against forged requests is derived from the session's own, so that it is worth nothing in another session.
5. A challenge is random, good once and for five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["ABSOLUTE", "CHALLENGE", "IDLE", "Session", "Sessions"]

IDLE = 15 * 60
ABSOLUTE = 8 * 3600
CHALLENGE = 5 * 60
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, by which key, and the token its forms carry."""

    person: str
    key_id: str
    begun: float
    csrf: str


@dataclass
class Sessions:
    """All sessions and open challenges. `clock` counts seconds."""

    clock: Callable[[], float]
    _sessions: dict[str, tuple[Session, float]] = field(default_factory=dict)
    _challenges: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, person: str, key_id: str) -> str:
        """A new session; returns its token for the cookie."""
        token, now = secrets.token_urlsafe(32), self.clock()
        csrf = hmac.new(token.encode(), b"portcullis/console/forms", hashlib.sha256).hexdigest()
        with self._lock:
            self._sweep(now)
            self._sessions[_name(token)] = (Session(person, key_id, now, csrf), now)
        return token

    def find(self, token: str | None) -> Session | None:
        """The session of a token, which is used now; None when there is none, or no more."""
        if not token:
            return None
        now, name = self.clock(), _name(token)
        with self._lock:
            session, seen = self._sessions.get(name, (None, 0.0))
            if session is None:
                return None
            if now - seen >= IDLE or now - session.begun >= ABSOLUTE:  # 2, 3
                del self._sessions[name]
                return None
            self._sessions[name] = (session, now)
            return session

    def end(self, token: str | None) -> None:
        """Sign out."""
        with self._lock:
            self._sessions.pop(_name(token or ""), None)

    def challenge(self) -> bytes:
        """A new challenge for a sign-in."""
        made, now = secrets.token_bytes(32), self.clock()
        with self._lock:
            self._sweep(now)
            self._challenges[made.hex()] = now
        return made

    def take(self, challenge: bytes) -> bool:
        """Whether this challenge was given out and is still good; it is used up."""
        with self._lock:
            made = self._challenges.pop(challenge.hex(), None)
        return made is not None and self.clock() - made < CHALLENGE

    def _sweep(self, now: float) -> None:
        if len(self._challenges) > _MOST:
            self._challenges = {name: made for name, made in self._challenges.items() if now - made < CHALLENGE}
        if len(self._sessions) > _MOST:
            self._sessions = {n: (s, seen) for n, (s, seen) in self._sessions.items() if now - seen < IDLE}


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
