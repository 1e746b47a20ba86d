"""Strata, budget, frontier, weights, pictures: what `match evaluate` and `match explain` show beside the counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.parsers import expat

import pytest
from typer.testing import CliRunner

from matching_world import HOME, TRUTH, World, files, named
from portcullis.agreement import find, load_agreement
from portcullis.agreement.terms import DEFAULT_BUDGET, EVIDENCE_KINDS
from portcullis.cli.match import app
from portcullis.errors import Refused
from portcullis.matching.ladder import LADDER
from portcullis.matching.pictures import waterfall_svg
from portcullis.matching.strata import BUDGET, frontier, over_budget, scaled, strata, stratum_of
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


def test_every_rung_has_its_part_of_the_budget_and_a_stratum_is_shown_within_it_or_not() -> None:
    assert {rung.kind for rung in LADDER} == set(EVIDENCE_KINDS) == set(DEFAULT_BUDGET)
    right = [("L2", True, True)] * 10
    rows = {r["stratum"]: r for r in strata([*right, ("L4", True, False), ("L4", True, False)], 1_000_000)}
    assert rows["L2"]["within_budget"] is None  # none seen among a million may still be three
    assert strata(right, 8_000_000)[1]["within_budget"] is True
    assert rows["L4"]["within_budget"] is rows["A1"]["within_budget"] is None
    assert {r["stratum"]: r for r in strata([("L4", True, False)] * 2, 1000)}["L4"]["within_budget"] is False
    assert sum(scaled(DEFAULT_BUDGET, 0.5).values()) == pytest.approx(0.5)
    strict = strata(right, 8_000_000, scaled(DEFAULT_BUDGET, 1e-6))
    assert [r["within_budget"] for r in strict if r["stratum"] == "L2"] == [None]


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
    assert figures["budget_per_request"] == pytest.approx(1e-5)
    own = _agreement(tmp_path, "middle: 5", "middle: 900000")
    lavish = json.loads(RUN.invoke(app, [*args, "--agreement", str(own), "--json"], catch_exceptions=False).stdout)
    assert lavish["over_budget"] == [] and lavish["budget_per_request"] == pytest.approx(0.900005)


def _agreement(folder: Path, was: str, becomes: str) -> Path:
    """The shipped agreement with one word changed."""
    own = folder / "agreements" / "own"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(find("irs-ice-2025"), own)
    shutil.copy(find("irs-ice-2025").parent / "fields.yaml", own)
    text = (own / "agreement.yaml").read_text(encoding="utf-8")
    assert was in text
    (own / "agreement.yaml").write_text(text.replace(was, becomes, 1), encoding="utf-8")
    return own


def test_a_kind_of_evidence_without_any_budget_releases_nobody(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines", "E"), homes=[HOME])
    world.add("wife", named("Rosalind", "Haines", "T"))
    closed = _agreement(tmp_path, "middle: 5", "middle: 0")
    args = ["evaluate", *files(world), "--json"]
    assert json.loads(RUN.invoke(app, args, catch_exceptions=False).stdout)["released"] == 2  # one of them wrong
    found = json.loads(RUN.invoke(app, [*args, "--agreement", str(closed)], catch_exceptions=False).stdout)
    assert (found["released"], found["wrong"]) == (0, 0)
    assert found["referred"] == 3


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("middle: 5", "middle: -1", "wrong answers per million"),
        ("middle: 5", "middle: 1000001", "wrong answers per million"),
        ("middle: 5", "middle: true", "wrong answers per million"),
        ("middle: 5, ", "", "'middle' is missing"),
        ("middle: 5", "middle: 5, guess: 1", "unknown key 'guess'"),
        ("agree: [name, address]", "agreed: [name, address]", "unknown key 'agreed'"),
    ],
)
def test_a_budget_that_is_not_whole_is_refused_at_its_place(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        load_agreement(_agreement(tmp_path, was, becomes))


def test_a_budget_belongs_to_a_path_by_address(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(find("consent-verification"), own)
    text = (own / "agreement.yaml").read_text(encoding="utf-8")
    line = "  agree: [name, taxpayer_number, date_of_birth]\n"
    budget = "  budget_per_million: {number: 1, dob: 1, dob_middle: 1, dob_slip: 1, middle: 1, rare: 1, unshared: 1}\n"
    assert load_agreement(find("consent-verification")).budget == DEFAULT_BUDGET
    (own / "agreement.yaml").write_text(text.replace(line, line + budget), encoding="utf-8")
    with pytest.raises(Refused, match="without an address no ladder"):
        load_agreement(own)


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
