"""Every look at personal data is on record before it happens, and the overseer's list shows those to ask about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import portcullis.accounting
import portcullis.evidence
from cli_desk import Desk
from cli_desk import at as desk_at
from cli_typing import NAMED
from journey_home import ROWS, Scene, row_of
from portcullis.inspect import show_request
from portcullis.model import LeafType, Role
from portcullis.oversight import Identity, accounting_of, anomalies, note_own
from portcullis.store import schema

__all__ = ["desk_at"]
At = Callable[[str], Scene]
MOVED = 2
"""The row of the person who moved; reviewers are shown it when it is in the sample."""


def lists(scene: Scene, more_than: int = 50) -> dict[str, list[dict[str, object]]]:
    with scene.read() as conn:
        return anomalies(scene.home, conn, more_than)


def who(found: list[dict[str, object]]) -> list[object]:
    return [one["person"] for one in found]


# ---- the list ----------------------------------------------------------------------------------------------------------------------------
def test_an_ordinary_journey_gives_the_overseer_nothing_to_ask(at: At) -> None:
    scene = at("dispatched")
    assert scene.count(schema.inspection) > 2
    assert lists(scene) == {"without_case": [], "no_part_in_batch": [], "many": [], "own_record": []}


def test_a_look_by_somebody_without_part_in_the_batch_is_listed(at: At) -> None:
    scene = at("dispatched")
    reviewer = next(leaf for leaf in scene.leaves(LeafType.REVIEW_RECORDED))
    assert reviewer
    show_request(scene.home, scene.batch, 7, scene.person(Role.COUNSEL), "review.show")
    show_request(scene.home, scene.batch, 7, scene.person(Role.REVIEWER), "review.show")
    (listed,) = lists(scene)["no_part_in_batch"]
    assert (listed["person"], listed["why"], listed["command"], listed["batch"]) == (
        scene.person(Role.COUNSEL),
        "review",
        "review.show",
        scene.batch,
    )


def test_a_look_without_a_case_is_listed(at: At) -> None:
    scene = at("dispatched")
    accounting_of(scene.home, Identity(taxpayer_number="900000000"), "IRS-0006")
    assert who(lists(scene)["without_case"]) == ["IRS-0006"]


def test_many_looks_on_one_day_are_listed(at: At) -> None:
    scene = at("matched")
    reviewer = scene.person(Role.REVIEWER)
    for _ in range(3):
        show_request(scene.home, scene.batch, 7, reviewer, "review.show")
    scene.clock.forward(days=1)
    show_request(scene.home, scene.batch, 7, reviewer, "review.show")
    assert lists(scene, 3)["many"] == []
    (listed,) = lists(scene, 2)["many"]
    assert (listed["person"], listed["looks"]) == (reviewer, 3)


def test_a_look_at_ones_own_record_is_listed(at: At) -> None:
    """By a request that names the person, and by the accounting; another person's look at it is not."""
    scene = at("matched")
    mine = row_of(ROWS[1])
    own, other = scene.person(Role.REVIEWER, 1), scene.person(Role.REVIEWER, 2)
    names = ("given_name", "family_name", "date_of_birth", "taxpayer_number")
    identity = Identity(**{name: mine[name] for name in names if mine[name]})
    assert note_own(scene.home, own, identity) >= 1
    for person in (own, other):
        show_request(scene.home, scene.batch, MOVED, person, "review.show")
        show_request(scene.home, scene.batch, 4, person, "review.show")
        accounting_of(scene.home, identity, person)
    assert [(one["person"], one["why"]) for one in lists(scene)["own_record"]] == [(own, "review"), (own, "accounting")]


def test_whose_record_it_is_stands_nowhere_in_words(at: At) -> None:
    scene = at("ready")
    note_own(scene.home, "IRS-0002", Identity(taxpayer_number="934817264"))
    scene.home.engine.dispose()
    for path in scene.home.path.glob("store.db*"):
        assert b"934817264" not in path.read_bytes()
    with scene.read() as conn:
        (row,) = conn.execute(schema.own_record.select()).all()
    assert len(row.blind) == 64


# ---- every command -----------------------------------------------------------------------------------------------------------------------
PERSONAL = {"raw", "checked_names", "checked_addresses", "checked_facts", "matched_facts", "answers"}
"""The evidence files that hold values of persons; the others hold ordinals, codes and verdicts."""
READS_PERSONS: dict[str, tuple[str, Callable[[Desk], tuple[object, ...]]]] = {
    "batch check": ("received", lambda desk: ("batch", "check", desk.batch)),
    "batch match": ("checked", lambda desk: ("batch", "match", desk.batch)),
    "batch run": ("received", lambda desk: ("batch", "run", desk.batch)),
    "batch redecide": ("dispatched", lambda desk: ("batch", "redecide", desk.batch, "--as", "IRS-0006")),
    "review show": ("matched", lambda desk: ("review", "show", desk.batch, 7, "--as", desk.person(Role.REVIEWER))),
    "release commit": ("authorized", lambda desk: ("release", "commit", desk.batch)),
    "release dispatch": ("committed", lambda desk: ("release", "dispatch", desk.batch)),
    "accounting": ("dispatched", lambda desk: ("accounting", "--as", "IRS-0006")),
}
"""The commands that read what is kept about persons, each at a station where it does."""


@contextmanager
def watched() -> Iterator[list[str]]:
    """`look` for each inspection leaf that is written, the file's name for each personal read, in their order."""
    seen: list[str] = []
    inspecting, reading, accounts = schema.inspection, portcullis.evidence.read, portcullis.accounting.read
    record, picking, looking_up = portcullis.inspections.record, portcullis.evidence.row, portcullis.accounting.rows_about

    def recorded(home: Any, conn: Any, kind: LeafType, *rest: Any, **how: Any) -> int:
        if kind is LeafType.INSPECTION:
            seen.append("look")
        return record(home, conn, kind, *rest, **how)

    def read(home: Any, conn: Any, batch: str, name: str, *rest: Any, **how: Any) -> Any:
        if name in PERSONAL:
            seen.append(name)
        return reading(home, conn, batch, name, *rest, **how)

    def one(home: Any, conn: Any, batch: str, name: str, *rest: Any, **how: Any) -> Any:
        if name in PERSONAL:
            seen.append(name)
        return picking(home, conn, batch, name, *rest, **how)

    def accounted(*rest: Any, **how: Any) -> Any:
        seen.append("accounting")
        return accounts(*rest, **how)

    def looked_up(*rest: Any, **how: Any) -> Any:
        seen.append("accounting")
        return looking_up(*rest, **how)

    assert inspecting is not None
    with (
        patch("portcullis.inspections.record", recorded),
        patch("portcullis.evidence.read", read),
        patch("portcullis.evidence.row", one),
        patch("portcullis.accounting.read", accounted),
        patch("portcullis.accounting.rows_about", looked_up),
    ):
        yield seen


@pytest.mark.parametrize("name", sorted(READS_PERSONS))
def test_a_command_that_reads_of_persons_is_on_record_before_it_does(desk_at: Callable[[str], Desk], name: str) -> None:
    station, words = READS_PERSONS[name]
    desk = desk_at(station)
    with watched() as seen:
        done = desk.run(*words(desk), stdin=json.dumps({"taxpayer_number": "900000000"}).encode())
    assert done.code in (0, 3), done.err
    assert set(seen) - {"look"}, "it does read of persons, or the test shows nothing"
    assert seen[0] == "look", seen


NO_PERSON = {
    "batch status": ("dispatched", lambda desk: ("batch", "status", desk.batch, "--json")),
    "batch list": ("dispatched", lambda desk: ("batch", "list", "--json")),
    "review next": ("matched", lambda desk: ("review", "next", desk.batch, "--json")),
    "review authorize": ("sampled", lambda desk: ("review", "authorize", desk.batch, *desk.acting(Role.AUTHORIZER))),
    "release deliver": ("dispatched", lambda desk: ("release", "deliver", desk.batch)),
    "release list": ("dispatched", lambda desk: ("release", "list", "--json")),
    "report looks": ("dispatched", lambda desk: ("report", "looks", "--json")),
    "ledger export": ("dispatched", lambda desk: ("ledger", "export", desk.folder / "bundle")),
    "key list": ("ready", lambda desk: ("key", "list", "--json")),
    "key suspicious": ("ready", lambda desk: ("key", "suspicious", "--json")),
    "order list": ("ready", lambda desk: ("order", "list", "--json")),
}
"""Commands near them that must not."""


@pytest.mark.parametrize("name", sorted(NO_PERSON))
def test_a_command_that_need_not_reads_of_nobody(desk_at: Callable[[str], Desk], name: str) -> None:
    station, words = NO_PERSON[name]
    desk = desk_at(station)
    with watched() as seen:
        desk.run(*words(desk)).ok()
    assert [what for what in seen if what != "look"] == []


def test_no_reader_of_persons_is_left_out() -> None:
    """Every module that reads a personal file writes the leaf itself, is reached by a command above, or is named here with its reason."""
    elsewhere = {
        "accounting/entries.py": "defines the reading",
        "accounting/lookup.py": "defines the reading",
        "evidence.py": "defines the reading",
        "intake/reached.py": "which batches an order covers, by keyed indices: counsel's signed act, and nobody is shown a row",
        "demo/own.py": "plays people on synthetic data",
        "demo/play.py": "plays people on synthetic data",
        "safeguards/records.py": "which officers an answer named: read under a matter opened by a signed act",
        "safeguards/obligations.py": "which officers an answer named: compared with the access log the recipient filed",
        "oversight/annual.py": "blind indices only, which name nobody; report annual writes its inspection first (test_reports)",
        "oversight/overseer.py": "report export for a named authority: its inspection bears the overseer's act, and comes first",
        "release/permitted.py": "asked by steps/answer.py and release/examine.py, each after its own inspection",
        "steps/again.py": "batch redecide",
        "parts.py": "ledger export with openings: the inspection names the authority and comes first (tests of the parts)",
        "console/deciding.py": "console.authorize: its inspection comes first in the same transaction",
        "api/view.py": "ordinals, decisions and elements of deficient rows",
    }
    reached = {"inspect.py", "journey.py", "oversight/person.py", "release/commit.py", "release/deliver.py", "release/dispatch.py"}
    reached |= {"release/examine.py", "release/permitted.py", "steps/answer.py", "steps/check.py", "steps/context.py", "steps/decide.py"}
    source = Path(portcullis.evidence.__file__).parent
    readers = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if any(
            f"{module}.{call}(" in path.read_text(encoding="utf-8")
            for module, call in (("evidence", "read"), ("accounting", "read"), ("accounting", "entries"), ("accounting", "rows_about"))
        )
    }
    themselves = {name for name in readers if "inspection(" in (source / name).read_text(encoding="utf-8")}
    assert readers - themselves - reached - set(elsewhere) == set()
    assert set(READS_PERSONS) | set(NO_PERSON) <= set(NAMED)
