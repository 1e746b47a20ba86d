"""Bundles of a real journey: whole, one agreement, one batch, one person; with and without openings; every opening on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from journey_home import ROWS, Scene, row_of
from ledger_story import load_verifier
from portcullis import journey
from portcullis.errors import Refused
from portcullis.export import WHOLE, export_bundle, trust_of
from portcullis.ledger.bundle import folder_files
from portcullis.ledger.leaf import decode
from portcullis.ledger.part import Part
from portcullis.ledger.tiles import entries
from portcullis.ledger.verify import verify
from portcullis.oversight import Identity
from portcullis.parts import Asked, Scope
from portcullis.store import reading, schema

At = Callable[[str], Scene]
MOVED, STRANGER = row_of(ROWS[1]), row_of(ROWS[0])
COURT = Asked("IRS-0006", "ORDER-25-1", "COURT")


def named(row: dict[str, str | None]) -> Identity:
    return Identity(given_name=row["given_name"], family_name=row["family_name"], date_of_birth=row["date_of_birth"])


def both(scene: Scene, bundle: Path, since: bytes | None = None) -> Any:
    """What the package's verifier finds; the standalone one must verify, too."""
    trust = trust_of(scene.home).text()
    found: Any = verify(bundle, trust, since=since, now=scene.home.now() + 60)
    assert found["first_failure"] is None, found["first_failure"]
    v = load_verifier()
    names, fetch = v.folder(bundle)
    history = v.verify(names, fetch, v.read_trust(trust), since, lambda _: None, scene.home.now() + 60.0)
    assert history.opened == found["checked"]["6"]["openings"]
    return found


def leaves_in(bundle: Path) -> list[tuple[str, dict[str, Any]]]:
    """The leaves of a part, by type and members."""
    part = Part.read((bundle / "part.json").read_bytes(), 1 << 40)
    rows = [entry for name, width in part.entry_files() for entry in entries((bundle / name).read_bytes(), width)]
    return [(leaf.type, dict(leaf.fields)) for leaf in map(decode, rows)]


def first_of(scene: Scene) -> str:
    """The batch that was dispatched."""
    with reading(scene.home.engine) as conn:
        return str(min(conn.execute(select(schema.batch.c.id)).scalars()))


@pytest.fixture
def two(at: At) -> Scene:
    """One batch dispatched, another decided."""
    scene = at("dispatched")
    scene.send([MOVED | {"request_id": "A-1"}, STRANGER | {"request_id": "A-2"}])
    journey.run(scene.home, scene.batch)
    return scene


def test_every_decision_opened_to_a_court_follows_from_its_findings(two: Scene, tmp_path: Path) -> None:
    export_bundle(two.home, tmp_path / "b", asked=COURT)
    found = both(two, tmp_path / "b")
    opened = [json.loads(line) for line in (tmp_path / "b" / "opened.jsonl").read_bytes().splitlines()]
    assert found["checked"]["6"]["openings"] == len(opened) > 2 * len(ROWS)
    assert {o["field"] for o in opened} == {"decision", "subject", "accounting"}
    assert {o["value"]["decision"] for o in opened if o["field"] == "decision"} >= {"disclose", "no_disclosure", "deficient"}


def test_a_whole_bundle_without_an_authority_opens_nothing_and_writes_no_leaf(two: Scene, tmp_path: Path) -> None:
    size = export_bundle(two.home, tmp_path / "b")
    assert (tmp_path / "b" / "opened.jsonl").read_bytes() == b""
    assert export_bundle(two.home, tmp_path / "c", scope=Scope(batch=two.batch)) == size
    assert (tmp_path / "c" / "opened.jsonl").read_bytes() == b""


@pytest.mark.parametrize("kind", ["agreement", "batch"])
def test_the_part_of_an_agreement_or_batch_verifies_and_holds_only_that(two: Scene, tmp_path: Path, kind: str) -> None:
    scope = Scope(agreement="irs-ice-2025") if kind == "agreement" else Scope(batch=first_of(two))
    export_bundle(two.home, tmp_path / "b", scope=scope, asked=COURT)
    found = both(two, tmp_path / "b")
    assert found["part"] == kind
    batches = {fields["batch"] for _, fields in leaves_in(tmp_path / "b") if "batch" in fields}
    assert len(batches) == (2 if kind == "agreement" else 1)
    given = [fields for kind_, fields in leaves_in(tmp_path / "b") if kind_ == "inspection" and "authority" in fields]
    assert [(f["who"], f["why"], f["authority"], f["command"]) for f in given] == [
        ("IRS-0006", "ORDER-25-1", "COURT", "ledger-export")
    ] * len(batches)


def test_one_persons_bundle_opens_only_that_persons_record(two: Scene, tmp_path: Path) -> None:
    export_bundle(two.home, tmp_path / "b", scope=Scope(person=named(MOVED)), asked=COURT)
    both(two, tmp_path / "b")
    opened = [json.loads(line) for line in (tmp_path / "b" / "opened.jsonl").read_bytes().splitlines()]
    subjects = [o["value"] for o in opened if o["field"] == "subject"]
    assert [s["family_name"] for s in subjects] == [MOVED["family_name"]] * 2
    kinds = [kind for kind, _ in leaves_in(tmp_path / "b")]
    assert kinds.count("request.decided") == 2
    assert kinds.count("disclosure") == 1
    assert "review.recorded" not in kinds
    names, fetch = folder_files(tmp_path / "b")
    everything = b"".join(fetch(name) for name in names)
    assert str(MOVED["family_name"]).encode() in everything
    for row in map(row_of, ROWS):
        if row["family_name"] != MOVED["family_name"]:
            assert str(row["family_name"]).encode() not in everything


def test_a_search_for_a_person_is_on_record_even_when_nobody_is_found(two: Scene, tmp_path: Path) -> None:
    nobody = Identity(given_name="Zebulon", family_name="Nowhere", date_of_birth="1901-01-01")
    export_bundle(two.home, tmp_path / "b", scope=Scope(person=nobody), asked=COURT)
    both(two, tmp_path / "b")
    leaves = leaves_in(tmp_path / "b")
    assert [fields["authority"] for kind, fields in leaves if kind == "inspection"] == ["COURT"]
    assert not [kind for kind, _ in leaves if kind == "request.decided"]
    with pytest.raises(Refused, match="Nobody asks"):
        export_bundle(two.home, tmp_path / "c", scope=Scope(person=nobody))


def test_a_part_is_cut_at_the_checkpoint_the_reader_holds(two: Scene, tmp_path: Path) -> None:
    older = (two.home.ledger / "checkpoint").read_bytes()
    two.send([STRANGER | {"request_id": "A-9"}])
    export_bundle(two.home, tmp_path / "b", scope=Scope(batch=first_of(two)), since=older)
    assert both(two, tmp_path / "b", older)["checked"]["2"]["since"]


@pytest.mark.parametrize("scope", [Scope(agreement="no-such"), Scope(batch="B-2026-999999")])
def test_what_is_not_there_is_not_exported(two: Scene, tmp_path: Path, scope: Scope) -> None:
    with pytest.raises(Refused):
        export_bundle(two.home, tmp_path / "b", scope=scope)
    assert not (tmp_path / "b").exists()


def test_a_scope_is_of_one_kind() -> None:
    assert [WHOLE.kind, Scope(agreement="a").kind, Scope(batch="b").kind, replace(WHOLE, person=named(MOVED)).kind] == [
        "",
        "agreement",
        "batch",
        "person",
    ]
