"""Nothing reaches the person before counsel's determination, grand-jury entries never (R56)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from afterwards import Afterwards
from journey_home import AGREEMENT, ROWS, Scene, row_of
from portcullis.errors import Refused
from portcullis.exchange import about_hash
from portcullis.journal import stamp
from portcullis.matters import listed
from portcullis.model import LeafType, Role
from portcullis.oversight import Identity
from portcullis.oversight.access import (
    ask_access,
    contest,
    determine_access,
    entries_page,
    fingerprint,
    permitted,
    release_access,
    review_contest,
)

At = Callable[[str], Scene]
REF = "ab" * 16
VERIFIER = Path(__file__).parents[2] / "verifier" / "verify.py"


def identity(kind: int = 1) -> Identity:
    """Who row 2 of the batch, which was disclosed, is about."""
    row = row_of(ROWS[kind])
    return Identity(given_name=row["given_name"], family_name=row["family_name"], date_of_birth=row["date_of_birth"])


def act(scene: Scene, kind: str, about: dict[str, Any], role: Role = Role.COUNSEL) -> dict[str, object]:
    return scene.cast.act(scene.person(role), kind, about_hash(about))


def asked(scene: Scene, role: Role = Role.COUNSEL, **changed: Any) -> str:
    subject = fingerprint(scene.home, identity(), REF)
    about = {"agreement": AGREEMENT, "ref": REF, "subject": subject, "relation": "self", "at": stamp(scene.clock())} | changed
    return ask_access(scene.home, about, act(scene, "accounting.asked", about, role))


def determined(scene: Scene, matter: str, *outcomes: str, hold: int | None = None) -> None:
    about = {"matter": matter, "outcomes": list(outcomes), "hold_until": None if hold is None else stamp(hold), "at": stamp(scene.clock())}
    determine_access(scene.home, matter, about, act(scene, "accounting.determined", about))


def released(scene: Scene, matter: str, who: Identity | None = None) -> list[dict[str, object]]:
    about = {"matter": matter, "at": stamp(scene.clock())}
    return release_access(scene.home, matter, who or identity(), about, act(scene, "accounting.released", about))


def test_nothing_is_released_before_counsel_determines_and_then_what_was_permitted(at_both: At) -> None:
    scene = at_both("dispatched")
    matter = asked(scene)
    with pytest.raises(Refused, match="not determined") as refused:
        released(scene, matter)
    assert refused.value.code == "A-HOLD"
    determined(scene, matter, "disclose")
    (entry,) = released(scene, matter)
    assert (entry["outcome"], entry["disclosed"]) == ("disclose", True)
    assert "disclose" in entries_page([entry])
    kinds = ("accounting.asked", "accounting.determined", "accounting.released")
    assert [leaf["type"] for leaf in scene.leaves() if leaf["type"] in kinds] == list(kinds)


def test_what_was_not_permitted_or_is_held_stays_out(at: At) -> None:
    scene = at("dispatched")
    matter = asked(scene)
    determined(scene, matter, "confirm")
    assert released(scene, matter) == []
    matter = asked(scene)
    determined(scene, matter, "disclose", hold=scene.clock() + 86_400)
    assert released(scene, matter) == []
    with pytest.raises(Refused, match="no determination"):
        determined(scene, asked(scene), "disclose", hold=scene.clock() + 400 * 86_400)


def test_grand_jury_entries_never_reach_the_person() -> None:
    entries: list[dict[str, object]] = [
        {"outcome": "disclose", "purpose": purpose} for purpose in ("grand_jury", "federal_grand_jury", "criminal")
    ]
    every = {"outcomes": ["disclose"], "hold_until": None}
    assert permitted(entries, every, 0) == entries[2:]


def test_a_request_for_somebody_else_or_another_identity_is_refused(at: At) -> None:
    scene = at("dispatched")
    for wrong in ({"relation": "neighbour"}, {"relation": "representative"}, {"relation": "self", "authority": "POA-1"}):
        with pytest.raises(Refused, match="somebody else"):
            asked(scene, **wrong)
    matter = asked(scene, relation="representative", authority="POA-1")
    determined(scene, matter, "disclose")
    with pytest.raises(Refused, match="another identity"):
        released(scene, matter, identity(2))
    assert len(released(scene, matter)) == 1


def test_only_counsel_handles_it(at: At) -> None:
    scene = at("dispatched")
    with pytest.raises(Refused, match="needs the role counsel"):
        asked(scene, role=Role.SAFEGUARDS)


def test_a_contest_opens_a_case_and_sends_nothing(at: At) -> None:
    scene = at("dispatched")
    matter, outbox = asked(scene), sorted((scene.home.path / "outbox").rglob("*"))
    about = {"matter": matter, "entries": [f"{scene.batch}/2"], "at": stamp(scene.clock())}
    case = contest(scene.home, matter, about, act(scene, "accounting.contested", about))
    with scene.read() as conn:
        assert [(m.id, m.state) for m in listed(conn, ("contest",))] == [(case, "for_review")]
    assert sorted((scene.home.path / "outbox").rglob("*")) == outbox
    assert len(scene.leaves(LeafType.ACCOUNTING_CONTESTED)) == 1


def contested(scene: Scene) -> str:
    about = {"matter": asked(scene), "entries": [f"{scene.batch}/2"], "at": stamp(scene.clock())}
    return contest(scene.home, about["matter"], about, act(scene, "accounting.contested", about))


def closed(scene: Scene, case: str, determination: str, role: Role = Role.COUNSEL, **more: Any) -> str:
    about = {"matter": case, "determination": determination, "at": stamp(scene.clock())} | more
    return review_contest(scene.home, case, about, act(scene, "accounting.reviewed", about, role))


@pytest.mark.parametrize("determination", ["stands", "noted"])
def test_counsel_closes_a_contest_once_with_what_was_determined(at_both: At, determination: str) -> None:
    scene = at_both("dispatched")
    case = contested(scene)
    with scene.read() as conn:
        assert [(m.due_at or 0) > scene.clock() for m in listed(conn, ("contest",), open_only=True)] == [True], "it has a deadline"
    assert closed(scene, case, determination) == determination
    with scene.read() as conn:
        assert [m.state for m in listed(conn, ("contest",))] == [determination] and listed(conn, ("contest",), open_only=True) == []
    with pytest.raises(Refused, match="is closed"):
        closed(scene, case, determination)
    (leaf,) = scene.leaves(LeafType.ACCOUNTING_REVIEWED)
    assert leaf["about"]["determination"] == determination


def test_what_was_wrongful_names_the_matter_that_follows(at: At, tmp_path: Path) -> None:
    scene = at("dispatched")
    case = contested(scene)
    for wrong in ({}, {"follows": "M-2025-000099"}, {"follows": case}):
        with pytest.raises(Refused, match=r"no determination|no such matter"):
            closed(scene, case, "wrongful", **wrong)
    with pytest.raises(Refused, match="no determination"):
        closed(scene, case, "stands", follows=case)
    with pytest.raises(Refused, match="no determination"):
        closed(scene, case, "perhaps")
    after = Afterwards(scene)
    assert closed(scene, case, "wrongful", follows=after.recall(after.records[1:2]).matter) == "wrongful"
    folder = after.evidence(tmp_path / "bundle")
    words = [sys.executable, str(VERIFIER), str(folder), "--trust", str(tmp_path / "bundle.trust.json")]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_nobody_but_counsel_closes_a_contest_and_only_a_contest(at: At) -> None:
    scene = at("dispatched")
    case = contested(scene)
    with pytest.raises(Refused, match="needs the role counsel"):
        closed(scene, case, "stands", Role.OVERSEER)
    with pytest.raises(Refused, match="no such matter"):
        closed(scene, asked(scene), "stands")
    assert scene.leaves(LeafType.ACCOUNTING_REVIEWED) == []
