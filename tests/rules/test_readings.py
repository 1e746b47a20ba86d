"""What courts are reported to have said is dated data of the replay: ruling by ruling it changes counts, and it changes nothing else."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cli_desk import invoke
from portcullis import old_process, synthetic
from portcullis.agreement import find, load_agreement
from portcullis.errors import Refused
from portcullis.readings import AsOf, load_readings, readings_file
from portcullis.replay import World, make_world
from portcullis.reread import reread, reread_in
from portcullis.rules import agreements_folder
from rules_lawful import ruleset

SCALE = 0.002
AUGUST, TODAY = dt.date(2025, 8, 7), dt.date(2026, 11, 22)
THEN, NOW, THEN_AS_KNOWN_NOW = AsOf(AUGUST, AUGUST), AsOf(TODAY, TODAY), AsOf(AUGUST, TODAY)
TEXT = readings_file("june-2025").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    yield make_world(SCALE, 2025, folder / "source", folder / "prepared")


@pytest.fixture(scope="module")
def ways(world: World) -> Counter[str]:
    """By which path the reported process released, counted from what it answered."""
    answered = old_process.run(world.june.requests, world.made.persons, world.made.addresses).to_pylist()
    return Counter(row["path"] for row in answered if row["released"])


def read(world: World, old: AsOf, new: AsOf) -> dict[str, Any]:
    return reread_in(world, load_agreement(find("irs-ice-2025")), old, new)


def step(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["steps"] if one["id"] == name)


def change(found: dict[str, Any], name: str, rule: str) -> dict[str, Any]:
    return next(one for one in step(found, name)["changes"] if one["rule"] == rule)


# ---- the data


def test_four_rulings_two_of_them_orders_each_tagged() -> None:
    known = load_readings(readings_file("june-2025"), ruleset())
    assert [(str(one.decided), one.court, one.kind) for one in known.readings] == [
        ("2025-11-21", "D.D.C.", "order"),
        ("2026-02-05", "D. Mass.", "order"),
        ("2026-02-24", "D.C. Cir.", "interpretation"),
        ("2026-02-26", "D.D.C.", "interpretation"),
    ]
    assert {change.source for one in known.readings for change in one.changes} == {"R", "I"}
    assert [change.rule for change in known.readings[3].changes] == ["R13", "R14", "R32", "R33"]


def test_an_order_binds_from_its_day_and_an_interpretation_always() -> None:
    stay = load_readings(readings_file("june-2025"), ruleset()).readings[0]
    order, reading = stay.changes
    assert (order.order, reading.order) == (True, False)
    assert [stay.in_force(order, day) for day in (AUGUST, dt.date(2025, 11, 20), dt.date(2025, 11, 21))] == [False, False, True]
    assert stay.in_force(reading, AUGUST)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("- rule: R46", "- rule: R99", "no rule R99"),
        ('kind: interpretation\n    source: "R"', 'kind: order\n    source: "R"', "an order orders something"),
        ("decided: 2026-02-05", "decided: 2026-03-05", "order of their days"),
        ("id: cedc-injunction", "id: ctr-stay", "each once"),
        ("not_done_on: number", "not_done_on: post", "is not one of"),
        ('source: "I"', 'source: "T"', "is not one of R, I"),
        ("agreement: irs-ice-2025", "agreement: another", "not of irs-ice-2025"),
        ("court: D. Mass.", "judge: D. Mass.", "judge"),
    ],
)
def test_a_fault_in_the_data_is_one_error_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    (tmp_path / "bent.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused, match=says) as refusal:
        load_readings(tmp_path / "bent.yaml", ruleset())
    assert "bent.yaml, line " in str(refusal.value)


def test_no_agreement_contains_it_and_nothing_that_decides_reads_it() -> None:
    """The journey, with everything it imports, is loaded and the module that reads this data is not among it."""
    assert readings_file("june-2025").parent.parent == agreements_folder()
    assert not (readings_file("june-2025").parent / "agreement.yaml").exists()
    code = "import sys, portcullis.journey, portcullis.release, portcullis.recipient; print([m for m in sys.modules if 'reading' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "portcullis.readings" not in done.stdout


@pytest.mark.parametrize("rule", ["R13", "R14", "R32", "R33"])
def test_the_rules_these_cases_are_cited_for_stand_whatever_day_is_asked(rule: str) -> None:
    for day in (dt.date(2025, 4, 7), AUGUST, dt.date(2026, 2, 25), TODAY):
        assert ruleset().as_of(day, day).rule(rule).checks


# ---- ruling by ruling, in counts


def test_each_ruling_between_the_two_days_is_one_step_with_counts(world: World, ways: Counter[str]) -> None:
    found = read(world, THEN, NOW)
    released = ways["number"] + ways["address"]
    assert found["released_old"] == found["applied"]["released"] == released > 50
    assert [one["id"] for one in found["steps"]] == ["ctr-stay", "cedc-injunction", "circuit-affirmance", "ctr-indicative"]
    assert [one["stopped_alone"] for one in found["steps"]] == [released, released, 0, ways["number"]]
    assert change(found, "ctr-stay", "R07")["by_reason"] == {"fail": {"B-ENJOINED": released}}
    assert change(found, "ctr-stay", "R27")["by_reason"] == {"refer": {"O-LOAD-IMPLAUSIBLE": released}}
    assert change(found, "cedc-injunction", "R46")["by_reason"] == {"fail": {"S-STORAGE-UNAPPROVED": released}}
    assert (step(found, "ctr-stay")["released_before"], step(found, "ctr-stay")["released_after"]) == (released, 0)
    assert found["released_new"] == found["released_all_rules"] == 0


def test_the_last_reading_counts_the_whole_number_path_and_says_why(world: World, ways: Counter[str]) -> None:
    one = change(read(world, THEN, NOW), "ctr-indicative", "R33")
    refused = one["by_reason"]["fail"]["M-ADDR-UNCONFIRMED"]
    assert one["released_contrary"] == ways["number"]
    assert refused + one["check_not_made"] == ways["number"] and 0 < one["check_not_made"] < refused
    assert len(one["examples"]) == 5 == len(set(one["examples"])) and all(isinstance(example, int) for example in one["examples"])


def test_the_replay_counts_one_more_where_a_namesake_was_taken_for_the_person_meant(world: World, ways: Counter[str]) -> None:
    """A release by name and address about somebody else passes every rule: only the hidden truth tells, and the rules never read that."""
    answered = old_process.run(world.june.requests, world.made.persons, world.made.addresses)
    plain = synthetic.score(answered, world.june.truth)
    assert plain["unlawful"] == ways["number"] + plain["wrong_person"] and plain["wrong_person"] == 0
    by_address = next(row["request_id"] for row in answered.to_pylist() if row["released"] and row["path"] == "address")
    meant = ["somebody else" if row["request_id"] == by_address else row["person_id"] for row in world.june.truth.to_pylist()]
    place = world.june.truth.column_names.index("person_id")
    truth = world.june.truth.set_column(place, "person_id", pa.array(meant, pa.string()))
    scored = synthetic.score(answered, truth)
    assert (scored["unlawful"], scored["wrong_person"]) == (ways["number"] + 1, 1)
    found = read(replace(world, june=replace(world.june, truth=truth)), THEN, NOW)
    assert step(found, "ctr-indicative")["stopped_alone"] == ways["number"]


def test_as_the_law_stood_in_august_as_known_today_no_order_was_in_force(world: World, ways: Counter[str]) -> None:
    found = read(world, THEN, THEN_AS_KNOWN_NOW)
    for name, rule in (("ctr-stay", "R07"), ("cedc-injunction", "R07"), ("cedc-injunction", "R46")):
        one = change(found, name, rule)
        assert (one["in_force"], one["released_contrary"], one["by_reason"], one["examples"]) == (False, 0, {}, [])
    assert [one["stopped_alone"] for one in found["steps"]][1:] == [0, 0, ways["number"]]


def test_between_other_days_only_what_became_known_then_is_shown(world: World, ways: Counter[str]) -> None:
    december, week_before = AsOf(dt.date(2025, 12, 1), dt.date(2025, 12, 1)), AsOf(AUGUST, dt.date(2025, 11, 20))
    assert [one["id"] for one in read(world, THEN, december)["steps"]] == ["ctr-stay"]
    assert read(world, THEN, week_before)["steps"] == []
    assert read(world, THEN, week_before)["released_new"] == sum(ways.values())
    later = read(world, december, NOW)
    assert (later["released_old"], later["steps"][0]["id"]) == (0, "cedc-injunction")


def test_the_second_day_is_the_later() -> None:
    for old, new in ((NOW, THEN), (THEN, THEN)):
        with pytest.raises(Refused, match="known later"):
            reread(old, new, SCALE)


# ---- as typed


def test_as_a_person_and_a_program_read_it() -> None:
    words = ("rules", "diff", "2025-08-07", "today", "--replay", "june-2025", "--scale", "0.0005")
    told = invoke(*words).ok().out
    assert "2026-02-24  D.C. Cir.  interpretation [R]" in told and "none is certain" in told
    assert "check was not made" in told and "B-ENJOINED (fail)" in told
    found = json.loads(invoke(*words, "--json").ok().out)
    assert {"old", "new", "text", "replay", "scale", "seed", "applied", "steps", "released_old", "released_new"} <= set(found)
    assert [one["kind"] for one in found["steps"]] == ["order", "order", "interpretation", "interpretation"]


def test_what_cannot_be_replayed_is_refused() -> None:
    invoke("rules", "diff", "2025-08-07", "today", "--replay", "july-2025").refused("no such replay")
    invoke("rules", "diff", "irs-ice-2025", "today", "--replay", "june-2025").refused("between two days")
    invoke("rules", "diff", "today", "2025-08-07", "--replay", "june-2025").refused("known later")
