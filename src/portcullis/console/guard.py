"""Who gets where. Every request of the console passes here, in this order:

1. the session, unless the screen is open to anybody; without one a page leads to the sign-in, and a form is refused,
2. the person's key is still enrolled, and its roles now are those that count,
3. one of them may use this screen,
4. in a batch, the person has no other role there than one that may use this screen (one person, one role per batch),
5. a form carries the session's token and comes from this console's own origin.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from starlette.responses import Response

from portcullis.batches import assigned
from portcullis.console.request import Request
from portcullis.model import Role
from portcullis.officers import officer_of_key
from portcullis.store import reading

__all__ = ["admit"]

_SOURCE = frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUTHORIZER, Role.COUNSEL, Role.SAFEGUARDS, Role.OVERSEER})
"""Roles of the source agency's own people; the recipient's use the API."""


def admit(request: Request, origin: str | None) -> Request | Response:
    """The request with the person's roles, or the answer that refuses it."""
    posted = request.screen.method == "POST"
    if posted and origin is not None and origin != request.desk.origin:  # 5
        return _refused(request, "The form comes from another place.", "Open the page here and send it again.")
    if not request.screen.roles:
        return request
    if request.session is None:  # 1
        return Request.go("/sign-in") if not posted else _refused(request, "You are signed out.", "Sign in; nothing was changed.", 401)
    if posted and not hmac.compare_digest(request.form.get("token", ""), request.session.csrf):  # 5
        return _refused(request, "The form has no token of your session.", "Open the page again and send it from there.")
    with reading(request.home.engine) as conn:
        officer = officer_of_key(conn, request.session.key_id)
        held = assigned(conn, request.values["batch"]) if request.screen.of_batch else {}
    roles = officer.roles & _SOURCE if officer else frozenset()  # 2
    known = replace(request, roles=roles)
    if not roles & request.screen.roles:  # 3
        return _refused(known, "This is for other roles.", "Ask a person who has one of them.")
    mine = held.get(request.person)
    if mine is not None and Role(mine) not in request.screen.roles:  # 4
        return _refused(known, f"You are {mine} of this batch.", "One person has one role in a batch; another officer does this.")
    return known


def _refused(request: Request, what: str, next_step: str, status: int = 403) -> Response:
    return request.page("refused.html", status, what=what, why="", next_step=next_step)
