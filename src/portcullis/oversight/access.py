"""A person's request for the accounting, and counsel's determination (R56; 5 U.S.C. 552a(c)(3); 6103(p)(3)(A)).

 1. Counsel enters who asks: the person, or somebody with an authority to act for the person; anybody else is refused.
 2. Nothing reaches the person until counsel has determined which outcomes may, and until when the rest is held.
 3. What is released is about exactly the identity that was entered: its keyed fingerprint is compared.
 4. Grand-jury entries never reach the person. What is held is left out, and that anything is left out is not said entry by entry.
 5. A contest by the person opens a case for review with a deadline; no message goes to a recipient. Counsel closes it, once, with what
    was determined, and names the matter (a recall, an incident) in which anything follows from it.
Every step is a signed act and a leaf; looking is an `inspection`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from typing import Any

from portcullis.agreement import adopted
from portcullis.agreement.after import After
from portcullis.crypto import blind_index, canonical
from portcullis.errors import Refused
from portcullis.exchange.filing import about_hash, instant_of
from portcullis.home import Home
from portcullis.journal import record
from portcullis.ledger.members import AFTERWARDS
from portcullis.matters import Matter, add_step, close, find, number, open_matter, ref_of, steps
from portcullis.model import LeafType, Role
from portcullis.officers import Officer, accept_act
from portcullis.oversight.page import page
from portcullis.oversight.person import Identity, accounting_of
from portcullis.store import writing

__all__ = [
    "GRAND_JURY",
    "OUTCOMES",
    "REVIEWED",
    "ask_access",
    "contest",
    "determine_access",
    "entries_page",
    "fingerprint",
    "release_access",
    "review_contest",
]

GRAND_JURY = frozenset({"grand_jury", "federal_grand_jury"})
OUTCOMES = ("disclose", "confirm", "deny", "no_disclosure", "deficient", "refused")
REVIEWED = ("stands", "noted", "wrongful")
"""How a contest ends: the entry stands; it stands and the person's statement is noted beside it; it was wrongful, and a matter follows."""
_DAY = 86_400


def fingerprint(home: Home, identity: Identity, ref: str) -> str:
    """A keyed hash (hex) of an identity for one request; without the accounting key it tells nothing."""
    return blind_index(home.accounting_key, "access", canonical([ref, asdict(identity)]).decode()).hex()


def ask_access(home: Home, about: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """Enter a person's request (1); `about`: agreement, ref, subject, relation, authority, at. Returns its number. Raises Refused."""
    if about.get("relation") not in ("self", "representative") or (about["relation"] == "representative") != bool(about.get("authority")):
        raise Refused(
            "This request is for somebody else.",
            "The accounting goes to the person, or to a representative whose authority is named.",
            "Enter relation self, or representative with the authority's id.",
            code="A-HOLD",
        )
    with writing(home.engine) as conn:
        officer = _counsel(home, conn, LeafType.ACCOUNTING_ASKED, about, act)
        agreement, matter = str(about["agreement"]), number(home, conn)
        found = adopted(home, conn, agreement)
        due = home.now() + (found.after if found else After()).days("access.answer_days")
        fields = {"matter": matter, "about": dict(about), "act": dict(act)}
        index = record(home, conn, LeafType.ACCOUNTING_ASKED, fields, agreement=ref_of(conn, agreement))
        kept: dict[str, Any] = {"due": due, "detail": dict(about) | {"entered_by": officer.person}}
        open_matter(home, conn, index, id=matter, kind="access", agency=home.settings.source_agency, agreement=agreement, **kept)
        return matter


def determine_access(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> None:
    """Counsel determines what may reach the person (2); `about`: matter, outcomes, hold_until, at. Raises Refused."""
    with writing(home.engine) as conn:
        found = find(conn, matter, ("access",))
        outcomes, hold = about.get("outcomes"), about.get("hold_until")
        longest = home.now() + _terms(home, conn, found).days("access.hold_days")
        if not isinstance(outcomes, list) or set(outcomes) - set(OUTCOMES) or (hold is not None and instant_of(hold) > longest):
            raise Refused(
                "This is no determination.",
                f"It lists outcomes of {', '.join(OUTCOMES)}, and a hold no longer than the agreement allows.",
                "Determine anew.",
                code="A-HOLD",
            )
        _step(home, conn, found, LeafType.ACCOUNTING_DETERMINED, about, act, "determined")


def release_access(
    home: Home, matter: str, identity: Identity, about: Mapping[str, Any], act: Mapping[str, Any]
) -> list[dict[str, object]]:
    """What may reach the person now (2-4); `about`: matter, at. Raises Refused before a determination, or for another identity."""
    with writing(home.engine) as conn:
        found = find(conn, matter, ("access",))
        determined = [step["about"] for step in steps(conn, matter) if step["step"] == LeafType.ACCOUNTING_DETERMINED.value]
        if not determined:
            raise Refused("Counsel has not determined this yet.", "Nothing reaches the person before.", "Determine first.", code="A-HOLD")
        if fingerprint(home, identity, str(found.detail["ref"])) != found.detail["subject"]:
            raise Refused("This is another identity than was entered.", "A request is about one person.", "State the same identity.")
        officer = _step(home, conn, found, LeafType.ACCOUNTING_RELEASED, about, act, "released")
    entries = accounting_of(home, identity, officer.person)
    return permitted(entries, determined[-1], home.now())


def permitted(entries: list[dict[str, object]], determined: Mapping[str, Any], now: int) -> list[dict[str, object]]:
    """The entries a determination permits at `now` (4)."""
    hold = determined.get("hold_until")
    held = hold is not None and now < instant_of(hold)
    open_ones = [entry for entry in entries if entry.get("purpose") not in GRAND_JURY]
    return [entry for entry in open_ones if entry.get("outcome") in determined["outcomes"] and not held]


def contest(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """The person contests an entry (5): a case for review is opened; returns its number. `about`: matter, entries, at."""
    with writing(home.engine) as conn:
        found = find(conn, matter, ("access",), open_only=False)
        officer = _counsel(home, conn, LeafType.ACCOUNTING_CONTESTED, about, act)
        case = number(home, conn)
        fields = {"matter": case, "about": dict(about), "act": dict(act)}
        index = record(home, conn, LeafType.ACCOUNTING_CONTESTED, fields, agreement=ref_of(conn, found.agreement))
        due = home.now() + _terms(home, conn, found).days("access.answer_days")
        kept: dict[str, Any] = {"state": "for_review", "due": due, "detail": dict(about) | {"entered_by": officer.person}}
        open_matter(home, conn, index, id=case, kind="contest", agency=home.settings.source_agency, agreement=found.agreement, **kept)
        return case


def review_contest(home: Home, case: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """Counsel closes a contest (5); `about`: matter, determination, follows?, at. Raises Refused.

    `follows` is the recall or incident in which a wrongful entry is dealt with; it is wanted for one, and for no other.
    """
    verdict, follows = about.get("determination"), about.get("follows")
    with writing(home.engine) as conn:
        found = find(conn, case, ("contest",))
        if (
            set(about) - {"follows"} != {"matter", "determination", "at"}
            or verdict not in REVIEWED
            or (verdict == "wrongful") != bool(follows)
        ):
            raise Refused(
                "This is no determination of a contest.",
                f"It is one of {', '.join(REVIEWED)}; what was wrongful names the matter that follows.",
                "Determine anew.",
            )
        if follows:
            find(conn, str(follows), ("recall", "incident"), open_only=False)
        _step(home, conn, found, LeafType.ACCOUNTING_REVIEWED, about, act, str(verdict))
        close(home, conn, case, str(verdict))
        return str(verdict)


def entries_page(entries: list[dict[str, object]]) -> str:
    """The entries as one print-ready page for the reader who is entitled to them."""
    parts = []
    for entry in entries:
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(_text(value))}</td></tr>" for name, value in sorted(entry.items()))
        parts.append(f"<table>{rows}</table>")
    return page("Accounting of requests and disclosures", parts or ["<p>There is no entry.</p>"])


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


def _terms(home: Home, conn: Any, matter: Matter) -> After:
    found = adopted(home, conn, matter.agreement)
    return found.after if found else After()


def _counsel(home: Home, conn: Any, kind: LeafType, about: Mapping[str, Any], act: Mapping[str, Any]) -> Officer:
    roles = [Role(name) for name in AFTERWARDS[kind].split()]
    return accept_act(home, conn, act, action=kind.value, content=about_hash(about), agreement="", roles=roles)[0]


def _step(home: Home, conn: Any, matter: Matter, kind: LeafType, about: Mapping[str, Any], act: Mapping[str, Any], state: str) -> Officer:
    if about.get("matter") != matter.id:
        raise Refused("The signature is over another request.", "It does not cover what is asked here.", "Sign anew.")
    officer = _counsel(home, conn, kind, about, act)
    fields = {"matter": matter.id, "about": dict(about), "act": dict(act)}
    index = record(home, conn, kind, fields, agreement=ref_of(conn, matter.agreement))
    add_step(home, conn, matter.id, kind, officer.person, index, about, state)
    if state == "released":
        close(home, conn, matter.id, state)
    return officer
