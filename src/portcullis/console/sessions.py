"""Sessions, in the store: they outlive a restart of the server, and several server processes share them.

1. A token is 32 random bytes, made anew at every sign-in; what is kept is its SHA-256. A token a browser brought along never becomes one.
2. 15 minutes without a request lock the session: it is gone, and the person signs in again where it was (R47, Pub. 1075 [K]). The last
   request is noted once in `NOTED` seconds, so that not every look is a write; a session may therefore lock that much earlier, never later.
   What a page asks for by itself while it is open is no request of the person's.
3. Eight hours after the sign-in it ends whatever happens.
4. The token against forged requests is derived from the session's own, so that it is worth nothing in another session, and is not kept.
5. A challenge is random and stamped with its time under a key of this home; it is good once and for five minutes. Only those that were
   answered are kept, for so long.
A backup carries no session, and a clock that was set back ends them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from portcullis.home import Home
from portcullis.store import reading, schema, writing

__all__ = ["ABSOLUTE", "CHALLENGE", "IDLE", "NOTED", "Session", "Sessions"]

IDLE = 15 * 60
ABSOLUTE = 8 * 3600
CHALLENGE = 5 * 60
NOTED = 30
_RANDOM, _TIME, _MARK = 16, 8, 16


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, by which key, and the token its forms carry."""

    person: str
    key_id: str
    begun: float
    csrf: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions and challenges of a home. `clock` gives seconds since 1970."""

    home: Home
    clock: Callable[[], float]

    def begin(self, person: str, key_id: str) -> str:
        """A new session; returns its token for the cookie. Sessions that have ended are forgotten on the way."""
        token, now, s = secrets.token_urlsafe(32), int(self.clock()), schema.console_session
        with writing(self.home.engine) as conn:
            conn.execute(delete(s).where(or_(s.c.seen <= now - IDLE, s.c.begun <= now - ABSOLUTE, s.c.seen > now)))
            conn.execute(insert(s).values(token_sha256=_name(token), person=person, key_id=key_id, begun=now, seen=now))
        return token

    def find(self, token: str | None, *, by_itself: bool = False) -> Session | None:
        """The session of a token, which is used now unless a page asks `by_itself`; None when there is none, or no more."""
        if not token:
            return None
        now, s = int(self.clock()), schema.console_session
        with reading(self.home.engine) as conn:
            row = conn.execute(select(s).where(s.c.token_sha256 == _name(token))).mappings().first()
        if row is None:
            return None
        if not (0 <= now - row["seen"] < IDLE and 0 <= now - row["begun"] < ABSOLUTE):  # 2, 3
            self.end(token)
            return None
        if now - row["seen"] >= NOTED and not by_itself:
            with writing(self.home.engine) as conn:
                conn.execute(update(s).where(s.c.token_sha256 == row["token_sha256"], s.c.seen < now).values(seen=now))
        return Session(row["person"], row["key_id"], row["begun"], _forms(token))

    def end(self, token: str | None) -> None:
        """Sign out."""
        s = schema.console_session
        if token:
            with writing(self.home.engine) as conn:
                conn.execute(delete(s).where(s.c.token_sha256 == _name(token)))

    def challenge(self) -> bytes:
        """A new challenge for a sign-in."""
        stated = secrets.token_bytes(_RANDOM) + int(self.clock()).to_bytes(_TIME, "big")
        return stated + self._mark(stated)

    def take(self, challenge: bytes) -> bool:
        """Whether this challenge was given out and is still good; it is used up."""
        stated, mark = challenge[: _RANDOM + _TIME], challenge[_RANDOM + _TIME :]
        now, c = int(self.clock()), schema.console_challenge
        if not hmac.compare_digest(mark, self._mark(stated)) or not 0 <= now - int.from_bytes(stated[_RANDOM:], "big") < CHALLENGE:
            return False
        try:
            with writing(self.home.engine) as conn:
                conn.execute(delete(c).where(c.c.at <= now - CHALLENGE))
                conn.execute(insert(c).values(sha256=hashlib.sha256(stated).hexdigest(), at=now))
        except IntegrityError:  # it was answered before
            return False
        return True

    def _mark(self, stated: bytes) -> bytes:
        return hmac.digest(self.home.accounting_key, b"portcullis/console/challenge" + stated, "sha256")[:_MARK]


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _forms(token: str) -> str:
    return hmac.new(token.encode(), b"portcullis/console/forms", hashlib.sha256).hexdigest()
