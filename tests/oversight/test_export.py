"""The overseer's export: everything without taxpayer data; with it only under a named authority, each opening on record (R60)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from journey_home import Scene, rows_of
from portcullis.errors import Refused
from portcullis.model import LeafType, Role
from portcullis.oversight.overseer import export_content, export_to

At = Callable[[str], Scene]
PERSONAL = ("given_name", "family_name", "taxpayer_number", "date_of_birth", "case_id", "reason", "request_id")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def personal() -> set[str]:
    """Every stated value that names somebody or tells of somebody, long enough not to stand in a hash by chance."""
    return {value for row in rows_of() for name, value in row.items() if value and name in PERSONAL and len(value) > 4}


def signed(scene: Scene, authority: str, role: Role = Role.OVERSEER) -> dict[str, object]:
    return scene.cast.act(scene.person(role), "report.export", export_content(authority))


def test_it_answers_the_demand_and_names_nobody(at: At, tmp_path: Path) -> None:
    scene = at("dispatched")
    counts = export_to(scene.home, tmp_path / "out")
    assert (counts["requests"], counts["disclosures"]) == (10, 4)
    assert len(rows(tmp_path / "out" / "disclosures.csv")) == len(scene.leaves(LeafType.DISCLOSURE))
    assert {row["system"] for row in rows(tmp_path / "out" / "systems.csv")} == {"register", "accounting", "ledger", "evidence"}
    audit = rows(tmp_path / "out" / "audit.csv")
    assert sum(row["event"] == "inspection" for row in audit) == len(scene.leaves(LeafType.INSPECTION))
    others = [leaf for leaf in scene.leaves() if leaf["type"] not in ("request.decided", "disclosure")]
    assert [row["event"] for row in audit] == [leaf["type"] for leaf in others], "the audit trail is every act, and every event"
    authorized = [row["who"] for row in audit if row["event"] == "release.authorized"]
    assert authorized == [scene.person(Role.AUTHORIZER, 1), scene.person(Role.AUTHORIZER, 2)]
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()} == {0o600}
    text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir())
    assert personal() and [value for value in personal() if value in text] == []
    assert "accounting" not in counts


def test_a_folder_that_another_made_meanwhile_is_left_alone(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, out = at("dispatched"), tmp_path / "out"

    def made_meanwhile(conn: Connection) -> None:
        out.mkdir()
        (out / "theirs").write_text("kept", encoding="utf-8")

    monkeypatch.setattr("portcullis.oversight.overseer.count_ledger", made_meanwhile)
    with pytest.raises(Refused, match="never written over"):
        export_to(scene.home, out)
    assert [file.name for file in out.iterdir()] == ["theirs"]


@pytest.mark.parametrize("authority", ["press", "tigta-2", "irs"])
def test_nobody_outside_the_closed_list_gets_taxpayer_data(at: At, tmp_path: Path, authority: str) -> None:
    scene = at("dispatched")
    with pytest.raises(Refused, match="closed list is committee, court, gao, jct, tigta"):
        export_to(scene.home, tmp_path / "out", authority=authority, act=signed(scene, authority))
    assert not (tmp_path / "out").exists()


def test_under_an_authority_it_opens_and_the_opening_bears_the_overseers_signature(at: At, tmp_path: Path) -> None:
    scene = at("dispatched")
    before = len(scene.leaves(LeafType.INSPECTION))
    counts = export_to(scene.home, tmp_path / "out", authority="tigta", act=signed(scene, "tigta"))
    assert counts["accounting"] == 10
    text = (tmp_path / "out" / "accounting.jsonl").read_text(encoding="utf-8")
    assert any(value in text for value in personal())
    (leaf,) = scene.leaves(LeafType.INSPECTION)[before:]
    assert (leaf["who"], leaf["why"]) == (scene.person(Role.OVERSEER), "export:tigta")
    assert leaf["act"]["signatures"]


def test_only_an_overseer_and_only_for_that_authority(at: At, tmp_path: Path) -> None:
    scene = at("dispatched")
    for act in (None, signed(scene, "tigta", Role.COUNSEL), signed(scene, "gao")):
        with pytest.raises(Refused):
            export_to(scene.home, tmp_path / "out", authority="tigta", act=act)
    (tmp_path / "out").mkdir()
    with pytest.raises(Refused, match="exists"):
        export_to(scene.home, tmp_path / "out")
