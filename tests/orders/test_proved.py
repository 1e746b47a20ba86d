"""What is proved of a release is about the fact `stays`; here that fact is what the orders in force make it, for every kind of scope.

`agreement prove` shows of the decision table that nothing leaves while `stays` is not a known zero (L-STAY). Proof and practice meet in
`gather`: were its figure wrong, the proof would hold and a stayed batch would leave all the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from journey_home import ANSWERED, NOW, Scene, rows_of
from portcullis import decision
from portcullis.decision import MAY_RELEASE, may_release
from portcullis.intake.reached import reach
from portcullis.orders import Scope, Subject, impose, name_subject, order_content
from portcullis.oversight import Identity
from portcullis.oversight.person import blind_indices
from portcullis.release import dispatch
from portcullis.release.examine import examine
from portcullis.rules.prove.released import RELEASED, releases
from portcullis.store import release_shared

At = Callable[[str], Scene]
GATHER = importlib.import_module("portcullis.release.gather")
COUNSEL = "IRS-0006"
KINDS = ("everything", "agreements", "agencies", "gates", "batches", "statutes", "persons")


def scope_of(scene: Scene, kind: str, covered: bool) -> tuple[Scope, tuple[Subject, ...]]:
    """An order of that kind, about this batch or about something else."""
    row = scene.row()
    named: dict[str, tuple[str, str]] = {
        "agreements": (row["agreement_id"], "another"),
        "agencies": ("ICE", "FBI"),
        "gates": (row["gate"], "another"),
        "batches": (row["log_id"], "0" * 32),
        "statutes": ("8USC1253(a)", "8USC1326"),
    }
    if kind == "everything":
        return Scope(), ()
    if kind != "persons":
        return Scope(**{kind: (named[kind][0 if covered else 1],)}), ()
    asked = rows_of()[1]
    stated = {name: str(asked[name]) for name in ("given_name", "family_name", "date_of_birth")}
    stated = stated if covered else {"taxpayer_number": "900700001"}
    subject = name_subject("O-1", stated, blind_indices(scene.home, Identity(**stated)))
    return Scope(persons=(subject.person,)), (subject,)


def stay(scene: Scene, kind: str, covered: bool = True) -> None:
    scope, subjects = scope_of(scene, kind, covered)
    act = scene.cast.act(COUNSEL, "order.impose", order_content("O-1", scope, NOW))
    look: Any = lambda conn, batch, limits: bool(reach(scene.home, conn, batch, limits))  # noqa: E731
    impose(scene.home, "O-1", scope, NOW, act, subjects=subjects, reach=look)


def facts(scene: Scene) -> decision.ReleaseFacts:
    """What `may_release` would read of this batch now."""
    examined = examine(scene.home, scene.batch)
    with release_shared(scene.home.engine) as conn:
        found: decision.ReleaseFacts = GATHER.gather(scene.home, conn, scene.batch, examined)
        return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_fact_that_the_proof_is_about_is_what_the_order_makes_it(at: At, kind: str) -> None:
    scene = at("committed")
    assert facts(scene).stays == 0 and may_release(facts(scene)) == ()
    stay(scene, kind)
    found = facts(scene)
    assert (found.stays or 0) >= 1
    assert any(reason.startswith("A15 B-ENJOINED") for reason in may_release(found))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_an_order_about_something_else_leaves_the_fact_and_the_lawful_release_alone(at: At, kind: str) -> None:
    scene = at("committed")
    stay(scene, kind, covered=False)
    assert facts(scene).stays == 0 and dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_the_table_is_proved_to_refuse_whatever_the_fact_says_is_stayed_or_unknown() -> None:
    (claim,) = [one for one in RELEASED if one.id == "L-STAY"]
    assert claim.require == (("stays", "eq", 0),)
    assert [(holds.holds, example) for holds, example in releases() if holds.id == "L-STAY"] == [(True, None)]


def test_without_its_row_the_proof_fails_and_the_table_lets_a_stayed_batch_go(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack: the row A15 is taken out. The prover gives a release that goes while stayed, and the facts above no longer name it."""
    scene = at("committed")
    stay(scene, "statutes")
    found = facts(scene)
    monkeypatch.setattr(decision, "MAY_RELEASE", tuple(row for row in MAY_RELEASE if row.id != "A15"))
    assert not [reason for reason in may_release(found) if reason.startswith("A15")]
    (example,) = [example for holds, example in releases() if holds.id == "L-STAY"]
    assert example is not None and example.facts["stays"] != 0
