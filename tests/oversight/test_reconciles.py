"""Whatever happened, both reports reconcile with what was done to the unit; and when more happens, the figures follow."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey_home import stations
from portcullis.crypto import SigningKey
from portcullis.officers import enrol_root
from portcullis.oversight.annual import annual
from portcullis.oversight.counts import quarter, year
from portcullis.oversight.transparency import OUTCOMES, transparency
from portcullis.store import reading
from written_history import ANSWERS, PURPOSES, Past

WORDS = (*ANSWERS, "no_disclosure", "deficient")
TOLD = {"disclose": "disclosed", "confirm": "confirmed", "deny": "denied", "deficient": "deficient", "no_disclosure": "other"}
FATES = ("received", "refused", "decided", "blocked", "withheld", "dispatched", "stayed and dispatched", "dispatched and disposed")

ROWS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 6), st.sampled_from(PURPOSES)), min_size=1, max_size=30)
BATCH = st.tuples(st.sampled_from(FATES), st.sampled_from(("ICE", "SSA")), ROWS)
EVENT = st.tuples(st.integers(0, 120), BATCH | st.integers(1, 9) | st.none())
"""Days that pass, and then a batch with its fate, a recall of so many records, or an incident."""


def happen(past: Past, event: tuple[int, Any]) -> None:
    days, what = event
    past.clock.forward(days=days)
    if what is None:
        past.incident()
    elif isinstance(what, int):
        past.recall("B-2025-000001", what)
    else:
        batch(past, *what)


def batch(past: Past, fate: str, agency: str, rows: list[tuple[str, int, str]]) -> None:
    if fate == "refused":
        past.refuse(len(rows), agency)
        return
    number = past.receive(len(rows), agency)
    if fate == "received":
        return
    words, persons, purposes = zip(*rows, strict=True)
    past.decide(number, words, persons, purposes)
    past.clock.forward(days=20)
    if fate != "decided":
        past.check_sample(number, len(rows), defects=int(fate == "blocked"))
    if fate in ("withheld", "stayed and dispatched"):
        past.withhold(number)
    if "dispatched" in fate:
        past.dispatch(number)
    if "disposed" in fate:
        past.dispose(number)


# ---- the year's report -----------------------------------------------------------------------------------------------------------------
def told(past: Past, kind: str, *also: object) -> Counter[object]:
    """What was done of one kind, by year; `also` are members that follow the time."""
    found: Counter[object] = Counter()
    for key, count in past.asked.items():
        if key[0] == kind and key[2 : 2 + len(also)] == also:
            found[year(int(str(key[1])))] += count
    return found


def check_annual(past: Past) -> None:
    for wanted in range(2025, year(past.clock.at) + 1):
        agencies = {each["agency"]: each for each in annual(past.home, wanted, "IRS-0008")["agencies"]}
        assert agencies.keys() == {str(key[2]) for key in past.asked if key[0] == "asked"}
        for agency, line in agencies.items():
            done = {name: told(past, name, agency)[wanted] for name in ("asked", "refused", "deficient", "instance")}
            persons = {key[3] for key in past.asked if key[0] == "person" and key[2] == agency and year(int(str(key[1]))) == wanted}
            assert [line[name] for name in ("requests", "refused_batches", "deficient", "instances")] == list(done.values())
            assert line["taxpayers"] == len(persons)
            assert line["purposes"] == {p: n for p in PURPOSES if (n := told(past, "instance", agency, p)[wanted])}


# ---- the public's report ---------------------------------------------------------------------------------------------------------------
_EVENTS = {"recalls": "recall", "records_recalled": "recalled", "incidents": "incident"}
_ROW = {"all asked", "all incident", "all recall"}
"""What gives a quarter a line."""


def check_public(past: Past) -> None:
    true: dict[str, Counter[str]] = {}
    for key, count in past.asked.items():
        row = true.setdefault(quarter(int(str(key[1]))), Counter())
        row[TOLD[str(key[2])] if key[0] == "closed" else f"all {key[0]}"] += count
    over = {name: row for name, row in true.items() if name < quarter(past.clock.at) and _ROW & row.keys()}
    for small in (1, 11):
        with reading(past.home.engine) as conn:
            first, second = (transparency(conn, small, past.clock.at) for _ in range(2))
        assert json.dumps(first) == json.dumps(second)
        shown = {line["quarter"]: line for line in first["quarters"]}
        assert shown.keys() == over.keys()
        for name, line in shown.items():
            compare(line, over[name], small)


def compare(line: dict[str, Any], row: Counter[str], small: int) -> None:
    assert {name: line[name] for name in _EVENTS} == {name: row[f"all {kind}"] for name, kind in _EVENTS.items()}
    assert line["refused_batches"] == row["all refused"]
    assert line["withheld_by_stay"] in (None, row["all withheld"]) and (line["withheld_by_stay"] or small) >= small
    assert small > 1 or (line["withheld_by_stay"] is None) == (line["asked"] is None)
    assert line["asked"] in (None, row["all asked"]) and line["checked_by_hand"] in (None, row["all checked"])
    assert (line["asked"] is None) == (line["checked_by_hand"] is None)
    counted = {name: row[name] for name in OUTCOMES} | {"other": row["all asked"] - sum(row[name] for name in OUTCOMES if name != "other")}
    for name in OUTCOMES:
        assert line[name] in (None, counted[name]) and (line[name] or small) >= small
        assert small > 1 or line["final"] == (line[name] is not None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pasts")


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENT, min_size=2, max_size=7))
def test_every_figure_is_what_was_done_and_follows_what_is_done_next(folder: Path, events: list[tuple[int, Any]]) -> None:
    scene = stations("sqlite").copy("ready", folder / secrets.token_hex(8))
    past = Past(scene.cast, scene.clock)
    try:
        scene.step(lambda conn: enrol_root(scene.home, conn, "SSA", "recipient", SigningKey.generate().public))
        for number, event in enumerate(events):
            happen(past, event)
            if number in (0, len(events) - 1):
                check_annual(past)
                check_public(past)
    finally:
        scene.home.engine.dispose()
