"""The console: what disclosure officers, counsel, safeguards and the overseer use all day. Server-rendered, on this machine.

1. Nothing but the sign-in page, enrolment and the style is answered without a session (guard.py).
2. Each screen names the roles that may use it; the server asks at every request, from the keys that are enrolled then (screens.py).
3. Whoever has another role in a batch is refused its screens of this one (guard.py): one person, one role per batch.
4. A change of state needs the session's own token and this console's own origin, and for an act the person's signature over exactly what
   is shown (acting.py). The console signs nothing for anybody; a synthetic demo home, which carries everybody's key files, says so.
5. A session begins with a new random token at every sign-in, locks after 15 minutes without a request, and ends after eight hours.
6. No personal value stands in an address, a log or a cache; what shows one writes an `inspection` leaf first.
7. The page runs no script but ours, loads nothing from elsewhere, and works without any script but where a passkey signs (security.py).
"""

from portcullis.console.app import console

__all__ = ["console"]
