"""For each rule about a request: one request that only it stops, and the same request without the defect, which is answered.

Everything goes through the one path from rows to decisions (pipeline), against the synthetic register. `tests/without.py` takes each
rule out in turn and shows that the test of that rule then fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from journey_home import NOW, row_of, small, stations, table_of
from journey_home import Kind as Source
from portcullis import pipeline
from portcullis.agreement import Agreement, find, load_agreement
from portcullis.matching.register import Register, open_register
from portcullis.replay import numbered

Row = dict[str, str | None]
LAWFUL = Source("lawful", "clean", 1, "confirm")
PLACE = ("address_line", "unit", "city", "state", "postal_code")
NEAR = Source("one letter amiss", "clean", 37, "disclose")
GOOD = {"officers": 1, "engaged_signed": 1, "engaged_eligible": 1, "engaged_trained": 1, "engaged_min_load": 40}


def lawful() -> list[Row]:
    return [row_of(LAWFUL)]


def with_(**changes: str | None) -> Callable[[], list[Row]]:
    """The lawful request with some members changed."""
    return lambda: [row_of(LAWFUL) | changes]


def hostile(ordinal: int) -> Callable[[], list[Row]]:
    """A request about somebody who must not be disclosed, or not without a person."""
    return lambda: [row_of(Source("", "hostile", ordinal, ""))]


def eleven_surnames() -> list[Row]:
    """The lawful request, and ten strangers at the same address."""
    mine = row_of(LAWFUL)
    letters = "BCDFGHKLPT"
    return [mine, *(mine | {"family_name": f"Sur{one}ame", "request_id": one, "case_id": one, "order_id": one} for one in letters)]


def two_in_one_case() -> list[Row]:
    other = row_of(Source("", "clean", 2, ""))
    return [row_of(LAWFUL), other | {"case_id": row_of(LAWFUL)["case_id"]}]


def at_four_addresses() -> list[Row]:
    """The lawful request, and three more for the same person at other people's addresses."""
    mine = row_of(LAWFUL)
    places = [{name: row_of(Source("", "clean", n, ""))[name] for name in PLACE} for n in (2, 3, 4)]
    return [mine, *(mine | place | {"request_id": f"q-{n}"} for n, place in enumerate(places))]


@dataclass(frozen=True)
class Case:
    """The first of `rows` is stopped: its decision and its first reason. `officers` and `switches` are changed for it.

    `perfected` are the rows without the defect, whose first is answered.
    """

    rows: Callable[[], list[Row]]
    decision: str
    reason: str
    officers: Mapping[str, int | None] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    perfected: Callable[[], list[Row]] = lawful


CASES: Mapping[str, Case] = {
    "R09": Case(with_(reason="Same as above"), "deficient", "N-ELEMENT-INHERITED"),
    "R11": Case(with_(given_name="Unknown", middle_name=None, family_name="Unknown"), "deficient", "N-NAME-PLACEHOLDER"),
    "R12": Case(with_(address_line="  ", unit=None, city=None, state=None, postal_code=None), "deficient", "P-ADDR-BLANK"),
    "R13": Case(with_(address_line="Willow Creek Rd", unit=None), "deficient", "P-ADDR-INCOMPLETE"),
    "R14": Case(with_(address_line="Failed to Provide", unit=None), "deficient", "P-ADDR-PLACEHOLDER"),
    "R15": Case(hostile(37), "refer", "P-ADDR-INSTITUTION"),
    "R16": Case(eleven_surnames, "refer", "B-ADDR-CLUSTER"),
    "R17": Case(with_(taxable_periods="all years"), "deficient", "N-PERIOD-OPEN"),
    "R18": Case(with_(taxable_periods="2009"), "no_disclosure", "D-PERIOD-MISMATCH"),
    "R19": Case(with_(statute="8 USC 1229a"), "deficient", "N-STATUTE-NOT-CRIMINAL"),
    "R20": Case(with_(stage=None), "deficient", "N-NO-PROCEEDING"),
    "R21": Case(two_in_one_case, "refer", "N-CASE-REUSED"),
    "R22": Case(with_(judicial_review="pending", judicial_final_date=None), "deficient", "N-90DAY-NOT-RUN"),
    "R23": Case(
        with_(statute="8 USC 1326(a)"),
        "deficient",
        "N-ELEMENTS-MISSING",
        perfected=with_(statute="8 USC 1326(a)", prior_removal_date="2018-02-01", reentry_date="2021-07-04"),
    ),
    "R24": Case(with_(reason=None), "deficient", "N-REASON-MISSING"),
    "R25": Case(with_(purpose="civil_removal"), "deficient", "N-PURPOSE-CIVIL"),
    "R26": Case(lawful, "deficient", "O-NONE", officers={**dict.fromkeys(GOOD, 0), "engaged_min_load": None}),
    "R27": Case(lawful, "refer", "O-LOAD-IMPLAUSIBLE", officers={"engaged_min_load": 101}),
    "R28": Case(lawful, "deficient", "O-INELIGIBLE", officers={"engaged_eligible": 0, "engaged_trained": 0}),
    "R29": Case(with_(attestations="sole_use;accuracy"), "deficient", "N-ATTEST-MISSING"),
    "R30": Case(hostile(34), "no_disclosure", "D-VETO"),
    "R31": Case(hostile(35), "refer", "N-REVIEW"),
    "R32": Case(hostile(31), "no_disclosure", "M-TIN-MISMATCH"),
    "R33": Case(lambda: [row_of(NEAR)], "no_disclosure", "M-ADDR-UNCONFIRMED", switches={"R33_tolerance": False}),
    "R34": Case(hostile(38), "refer", "M-AMBIGUOUS"),
    "R39": Case(at_four_addresses, "refer", "D-ASKED-AGAIN"),
}


@cache
def agreement() -> Agreement:
    return load_agreement(find("irs-ice-2025"))


@cache
def register() -> Register:
    kept = stations("sqlite")
    kept.copy("ready", kept.root / "for-each-rule").home.engine.dispose()
    return open_register(kept.root / "for-each-rule" / "register")


def decided(rows: Sequence[Row], officers: Mapping[str, int | None], switches: Mapping[str, bool]) -> dict[str, Any]:
    """What becomes of the first row."""
    terms, count = agreement(), len(rows)
    facts = {name: pa.array([value] * count, pa.int64()) for name, value in {**GOOD, **officers}.items()}
    table = pa.table({"ordinal": pa.array(np.arange(1, count + 1)), **facts})
    positions = terms.rules.positions(switches)
    checked = pipeline.check(numbered(table_of(rows)), table, terms.day(NOW), terms.rules, positions)
    matched = pipeline.match(checked, register(), terms.rules, positions)
    found: dict[str, Any] = pipeline.decide_all(checked, matched, {}, terms.answer).slice(0, 1).to_pylist()[0]
    return found


@pytest.mark.parametrize("rule", CASES)
def test_a_request_that_this_rule_stops_is_stopped(rule: str) -> None:
    case = CASES[rule]
    found = decided(case.rows(), case.officers, case.switches)
    assert (found["decision"], found["reason"]) == (case.decision, case.reason)


@pytest.mark.parametrize("rule", CASES)
def test_the_same_request_made_lawfully_is_answered(rule: str) -> None:
    case = CASES[rule]
    rows = case.perfected() if rule != "R33" else case.rows()
    found = decided(rows, {}, {})
    assert (found["decision"] in ("confirm", "disclose"), found["reason"]) == (True, None)


def test_the_lawful_request_is_about_somebody_on_the_register_at_that_address() -> None:
    hidden = small().clean.truth.slice(LAWFUL.ordinal - 1, 1).to_pylist()[0]
    found = decided(lawful(), {}, {})
    assert (found["decision"], found["person_id"]) == ("confirm", hidden["person_id"])
