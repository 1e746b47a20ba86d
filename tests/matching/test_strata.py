"""Strata, budget, frontier, weights, pictures: what `match evaluate` and `match explain` show beside the counts."""

from __future__ import annotations

import json
from pathlib import Path
from xml.parsers import expat

import pytest
from typer.testing import CliRunner

from matching_world import HOME, TRUTH, World, files, named
from portcullis.cli.match import app
from portcullis.matching.pictures import waterfall_svg
from portcullis.matching.strata import BUDGET, frontier, over_budget, strata, stratum_of
from portcullis.matching.weigh import probability, waterfall

RUN = CliRunner()


def drawn(path: Path) -> str:
    """What a well-formed picture says of itself."""
    found = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = found.append
    parser.Parse(path.read_text(encoding="utf-8"), True)
    return "".join(found)


def test_strata_are_told_apart_with_both_rates_and_the_budget_is_all_spent() -> None:
    placed = [("L4", True, True)] * 7 + [
        ("L4", True, False),
        ("L2", True, True),
        ("L4", False, True),
        ("A1", False, False),
        (None, False, False),
    ]
    rows = {r["stratum"]: r for r in strata(placed, 1000)}
    assert (rows["L4"]["released"], rows["L4"]["wrong"], rows["L4"]["candidates"]) == (8, 1, 9)
    assert (rows["L4"]["per_request"], rows["L4"]["per_disclosure"]) == (1e-3, 1 / 8)
    assert rows["L4"]["per_request_upper"] == pytest.approx(4.74e-3, rel=0.02)
    assert (rows["A1"]["released"], rows["A1"]["wrong"]) == (0, 1)
    assert sum(r["budget_per_request"] or 0 for r in rows.values()) == pytest.approx(BUDGET)
    assert over_budget(list(rows.values())) == ["L4"]
    assert over_budget(strata(placed, 100_000)) == []  # one of so many shows nothing yet
    points = frontier(list(rows.values()), 10)
    assert [p["recall"] for p in points][-3:] == [0.8, 0.8, 0.8]
    assert [p["wrong"] for p in points][-3:] == [1, 2, 2]
    assert [p["released_by_the_ladder"] for p in points][-3:] == [True, False, False]


def test_a_request_stands_in_the_stratum_of_its_evidence(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines", "E"))
    assert stratum_of(world.ask(named("Walter", "Haines", "E"))) == "L4"
    assert stratum_of(world.ask(named("Walter", "Haines"))) == "A1"
    assert stratum_of(world.ask(named("Walter", "Haines", "Q"))) == "A2"
    assert stratum_of(world.ask(named("Osbert", "Haines", "E"))) is None
    world.add("rival", named("Walter", "Haines"))
    assert stratum_of(world.ask(named("Walter", "Haines", "E"))) is None


def test_evaluate_tells_strata_lost_recall_and_every_wrong_answer(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines", "E"), homes=[HOME])
    world.add("wife", named("Rosalind", "Haines", "T"))
    args = ["evaluate", *files(world), "--pictures", str(tmp_path / "pictures")]
    figures = json.loads(RUN.invoke(app, [*args, "--json"], catch_exceptions=False).stdout)
    assert figures["errors"] == [{"request_id": "wrong", "stratum": "L4", "answered": "wife", "meant": None}]
    assert figures["lost"] == {"deficient: P-ADDR-BLANK": 1, "refer: M-AMBIGUOUS": 1}
    by_name = {r["stratum"]: r for r in figures["strata"]}
    assert (by_name["L4"]["released"], by_name["L4"]["wrong"], by_name["A1"]["candidates"]) == (2, 1, 1)
    assert figures["frontier"][-1]["recall"] == pytest.approx(2 / 3)
    assert sum(b["requests"] for b in figures["reliability"]) == 3
    assert figures["over_budget"] == ["L4"]
    assert "Up to L4: recall 0.3333, 1 wrong." in drawn(tmp_path / "pictures" / "frontier.svg")
    assert "claimed" in drawn(tmp_path / "pictures" / "reliability.svg")
    told = RUN.invoke(app, args, catch_exceptions=False).stdout
    assert "wrong (L4)" in told and "Surely over" in told
    assert TRUTH["right"] == "subject"


def test_a_waterfall_adds_up_and_says_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines", "E"))
    world.add("wife", named("Rosalind", "Haines", "T"))
    args = ["explain", *files(world)[:4], "--request", "right", "--picture", str(tmp_path / "w.svg")]
    met = {m["person_id"]: m for m in json.loads(RUN.invoke(app, [*args, "--json"], catch_exceptions=False).stdout)["met"]}
    for one in met.values():
        assert one["weight"] == pytest.approx(sum(s["bits"] for s in one["waterfall"]), abs=0.05)
    assert met["subject"]["weight"] > 0 > met["wife"]["weight"]
    assert "which decided nothing" in RUN.invoke(app, args, catch_exceptions=False).stdout
    assert "Together" in drawn(tmp_path / "w.svg")


def test_a_name_many_bear_weighs_less() -> None:
    row = {"given": 7, "family": 5, "place": 3, "middle": 0, "dob": 0, "number": 0, "generation": 0, "unit": 1}
    common, odd = waterfall(row, 0.02, 10_000), waterfall(row, 0.00002, 10_000)
    assert sum(b for _, b in odd) - sum(b for _, b in common) == pytest.approx(9.97, abs=0.01)
    assert 0 < probability(common) < probability(odd) < 1
    assert "together" in waterfall_svg(common)
