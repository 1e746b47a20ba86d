"""One request of a person to a screen, and the answers a screen can give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from portcullis.console.pages import render
from portcullis.console.sessions import Session, Sessions
from portcullis.home import Home
from portcullis.model import Role

__all__ = ["Desk", "Request", "Screen"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every request shares: the home, the sessions, and where this console is reached."""

    home: Home
    sessions: Sessions
    origin: str

    @property
    def rp_id(self) -> str:
        """The relying party of the passkeys: the host of the origin."""
        return self.origin.split("://")[1].split(":")[0]


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, for what. `values` are the parts of the path, `query` and `form` what was sent; `session` is None before the sign-in."""

    desk: Desk
    screen: Screen
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    session: Session | None = None
    roles: frozenset[Role] = frozenset()

    @property
    def home(self) -> Home:
        """The home."""
        return self.desk.home

    @property
    def person(self) -> str:
        """Who asks."""
        return self.session.person if self.session else ""

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of the console."""
        return HTMLResponse(render(template, request=self, **values), status)

    @staticmethod
    def go(path: str) -> Response:
        """Go there with GET; what was posted is not posted again by the back button."""
        return RedirectResponse(path, 303)


@dataclass(frozen=True, slots=True)
class Screen:
    """One route: its method and path, who may use it, and what answers. No roles: open to anybody. `of_batch`: one role per batch holds.
    `polled`: an open page asks for it by itself, so that it keeps no session awake."""

    method: str
    path: str
    roles: frozenset[Role]
    answer: Callable[[Request], Response]
    of_batch: bool = False
    polled: bool = False
