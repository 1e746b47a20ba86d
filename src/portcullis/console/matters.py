"""One matter after a release: its steps in time, and what the person may sign about it now.

1. The Office of Safeguards answers a notice (acknowledge, object) and closes a recall; two people decide a redisclosure, one of them
   counsel.
2. What may be signed, by whom, and whether it counts is settled where it is recorded (safeguards/); this screen offers what fits.
3. Steps are told by their kind and leaf. What was filed with them is shown by the command line alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from portcullis.console import pictures
from portcullis.console.acting import prepare, signed
from portcullis.console.pages import moment
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.exchange.filing import about_hash
from portcullis.journal import stamp
from portcullis.ledger.members import AFTERWARDS
from portcullis.matters import Matter, find
from portcullis.model import LeafType, Role
from portcullis.publish import publish
from portcullis.safeguards import answer_notice, close_recall, decide_redisclosure, matter_view
from portcullis.store import reading

__all__ = ["MAY_ACT", "matter", "prepare_act", "sign_act"]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What may be said of a matter of these kinds: the leaf's type, the words and their verdicts (empty for none), and what records it."""

    kinds: frozenset[str]
    leaf: LeafType
    words: Mapping[str, str]
    record: Callable[..., object]

    @property
    def roles(self) -> frozenset[Role]:
        """Who may say it."""
        return frozenset(Role(name) for name in AFTERWARDS[self.leaf].split())


_CHOICES = (
    _Choice(
        frozenset({"ai_notice", "environment_notice"}),
        LeafType.OBLIGATION_ANSWERED,
        {"acknowledged": "Acknowledge the notice", "objected": "Object to it"},
        answer_notice,
    ),
    _Choice(
        frozenset({"redisclosure"}),
        LeafType.OBLIGATION_DECIDED,
        {"grant": "Grant the redisclosure", "refuse": "Refuse it"},
        decide_redisclosure,
    ),
    _Choice(frozenset({"recall"}), LeafType.RECALL_CLOSED, {"": "Close the recall"}, close_recall),
)
MAY_ACT = frozenset[Role]().union(*(choice.roles for choice in _CHOICES))


def _choice(found: Matter) -> _Choice | None:
    return next((one for one in _CHOICES if found.kind in one.kinds), None)


def matter(request: Request) -> Response:
    """Its state, its steps as a timeline, and what I may sign."""
    with reading(request.home.engine) as conn:
        found = find(conn, request.values["matter"], open_only=False, lock=False)
        view = matter_view(request.home, conn, found)
    told = [(moment(view["opened"]), "opened", None)]
    told += [(moment(step["at"]), str(step["step"]), step.get("leaf")) for step in view["steps"]]
    choice = _choice(found)
    mine = choice.words if choice and found.closed_at is None and choice.roles & request.roles else {}
    return request.page("matter.html", view=view, picture=pictures.timeline(f"Steps of {found.id}", told), mine=mine)


def _stated(request: Request) -> tuple[Matter, _Choice, dict[str, Any]]:
    """The matter, what is said of it, and what is signed. Raises Refused for what it does not offer."""
    with reading(request.home.engine) as conn:
        found = find(conn, request.values["matter"], open_only=False, lock=False)
    choice, verdict = _choice(found), request.form.get("verdict", "")
    if choice is None or verdict not in choice.words:
        raise Refused("Nothing was chosen.", "This matter does not offer it.", "Open the matter again.")
    about = {"agency": found.agency, "matter": found.id, "at": request.form.get("at") or stamp(request.home.now())}
    return found, choice, about | ({"verdict": verdict} if verdict else {})


def prepare_act(request: Request) -> Response:
    """What is said of the matter, to be signed."""
    found, choice, about = _stated(request)
    act = prepare(request, choice.leaf.value, about_hash(about))
    said = f"{choice.words[about.get('verdict', '')]}: {found.id} ({found.kind.replace('_', ' ')}) of {found.agency}."
    place, hidden = f"/safeguards/matters/{found.id}", {"verdict": about.get("verdict", ""), "at": about["at"]}
    return request.page("sign.html", act=act, said=said, to=f"{place}/sign", hidden=hidden, back=place, title="Sign about a matter")


def sign_act(request: Request) -> Response:
    """Record it."""
    found, choice, about = _stated(request)
    choice.record(request.home, found.id, about, signed(request))
    publish(request.home)
    return Request.go(f"/safeguards/matters/{found.id}")
