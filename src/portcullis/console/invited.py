"""The invited person's two pages: the code, then the passkeys. Nobody is signed in here, and nothing here counts until the root signs.

1. The code is typed into a form; it stands in no address.
2. A wrong code, an old one and a used one are refused in the same words; 120 random bits are not guessed.
3. A passkey is taken only when it has signed this page's challenge with its person verified (entry.py).
4. What the person sees is the passkey's id, which they tell whoever holds the root's key.
"""

from __future__ import annotations

from starlette.responses import Response

from portcullis.console.entry import made_passkey
from portcullis.console.request import Request
from portcullis.crypto import encode64url
from portcullis.errors import Refused
from portcullis.invitations import Invitation, invitation_of, offer
from portcullis.store import reading, writing

__all__ = ["code_page", "passkey_made", "passkey_page"]


def code_page(request: Request) -> Response:
    """Where the code is typed."""
    return request.page("invitation.html", problem="")


def passkey_page(request: Request) -> Response:
    """Where the passkeys are made."""
    code = request.form.get("code", "")
    try:
        with reading(request.home.engine) as conn:
            invited = invitation_of(request.home, conn, code)
    except Refused as error:
        return request.page("invitation.html", 403, problem=f"{error.what} {error.why} {error.next_step}")
    return _page(request, invited, code, "")


def passkey_made(request: Request) -> Response:
    """Keep a new passkey until the root enrols it."""
    code, home = request.form.get("code", ""), request.home
    passkey, credential = made_passkey(request)
    with writing(home.engine) as conn:
        invited = invitation_of(home, conn, code)
        key_id = offer(
            home,
            conn,
            agency=invited.agency,
            person=invited.person,
            roles=invited.roles,
            passkey=passkey,
            credential=credential,
            code=code,
        )
    return _page(request, invited, code if invited.left > 1 else "", key_id)


def _page(request: Request, invited: Invitation, code: str, key_id: str) -> Response:
    challenge = request.desk.sessions.challenge()
    return request.page(
        "invitation_passkey.html", invited=invited, code=code, made=key_id, challenge=encode64url(challenge), raw=challenge.hex()
    )
