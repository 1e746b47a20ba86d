"""Cases as they come in practice, from the raw row to the decision: reviews, reopened orders, voluntary departure, calendars, joint cases.

Each is a row of the small set with some columns changed, sent through typing, the rules and the register. What is not an order's ninety
first day yet is deficient and can be sent again; what only a person can read is referred.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from journey_home import NOW, row_of, stations, table_of
from journey_home import Kind as Source
from portcullis import pipeline
from portcullis.agreement import Agreement, find, load_agreement
from portcullis.matching.register import Register, open_register
from portcullis.replay import numbered

Row = dict[str, str | None]
OFFICER = {"officers": 1, "engaged_signed": 1, "engaged_eligible": 1, "engaged_trained": 1, "engaged_min_load": 40}
ANSWERED = ("confirm", None)
DAY = 86_400
TODAY = dt.datetime.fromtimestamp(NOW, dt.UTC).date()


@cache
def agreement() -> Agreement:
    return load_agreement(find("irs-ice-2025"))


@cache
def register() -> Register:
    kept = stations("sqlite")
    kept.copy("ready", kept.root / "for-unusual-cases").home.engine.dispose()
    return open_register(kept.root / "for-unusual-cases" / "register")


def row(number: int = 1, **changes: str | None) -> Row:
    """A lawful row of the clean batch, about somebody whose address is confirmed, with some columns changed."""
    return row_of(Source("lawful", "clean", number, "confirm")) | changes


def decided(*rows: Row, at: int = NOW) -> list[tuple[str, str | None]]:
    """Decision and first reason of each row of one batch, received at that second."""
    terms, count = agreement(), len(rows)
    facts = {name: pa.array([value] * count, pa.int64()) for name, value in OFFICER.items()}
    officers = pa.table({"ordinal": pa.array(np.arange(1, count + 1)), **facts})
    checked = pipeline.check(numbered(table_of(rows)), officers, terms.day(at), terms.rules)
    outcome: list[dict[str, Any]] = pipeline.decide_all(
        checked, pipeline.match(checked, register(), terms.rules), {}, terms.answer
    ).to_pylist()
    return [(found["decision"], found["reason"]) for found in outcome]


def ago(days: int) -> str:
    return str(TODAY - dt.timedelta(days=days))


def test_the_row_that_is_changed_here_is_answered() -> None:
    assert decided(row()) == [ANSWERED]


def test_while_a_court_reviews_the_order_nothing_is_answered_and_after_its_ninety_days_it_is() -> None:
    order = {"order_date": ago(900), "finality_basis": "petition for review denied"}
    assert decided(row(**order, judicial_review="pending", judicial_final_date=None)) == [("deficient", "N-90DAY-NOT-RUN")]
    assert decided(row(**order, judicial_review="concluded", judicial_final_date=ago(90))) == [("deficient", "N-90DAY-NOT-RUN")]
    assert decided(row(**order, judicial_review="concluded", judicial_final_date=ago(91))) == [ANSWERED]


@pytest.mark.parametrize(
    ("basis", "becomes"),
    [
        ("reopened", ("deficient", "N-ORDER-MISSING")),
        ("reopened and remanded to the immigration judge", ("deficient", "N-ORDER-MISSING")),
        ("motion to reopen pending", ("deficient", "N-ORDER-MISSING")),
        ("motion to reopen denied", ANSWERED),
        ("reopened; new order of removal, appeal waived", ("refer", "N-ORDER-MISSING")),
        ("voluntary departure overstayed", ANSWERED),
        ("voluntary departure granted until next month", ("refer", "N-ORDER-MISSING")),
        ("certified to the Board", ("refer", "N-ORDER-MISSING")),
    ],
)
def test_what_became_of_an_order_decides_whether_it_is_final(basis: str, becomes: tuple[str, str | None]) -> None:
    assert decided(row(finality_basis=basis)) == [becomes]


def test_of_a_reopened_case_the_date_of_the_new_order_counts() -> None:
    again = {"finality_basis": "reopened; new order of removal, appeal waived"}
    assert decided(row(order_date=ago(90), **again)) == [("deficient", "N-90DAY-NOT-RUN")]


def test_the_ninety_first_day_begins_at_midnight_of_the_agreements_zone() -> None:
    """Five hours behind UTC: at 04:59:59 UTC it is still the ninetieth day, wherever the machine stands."""
    order = row(order_date="2025-03-30", case_opened_on="2025-04-01")
    midnight = int(dt.datetime(2025, 6, 29, 5, tzinfo=dt.UTC).timestamp())
    assert (dt.date(2025, 6, 29) - dt.date(2025, 3, 30)).days == 91
    assert decided(order, at=midnight - 1) == [("deficient", "N-90DAY-NOT-RUN")]
    assert decided(order, at=midnight) == [ANSWERED]
    assert decided(order, at=midnight + DAY - 1) == [ANSWERED]


@pytest.mark.parametrize(
    ("ordered", "ninetieth"),
    [("2023-12-02", "2024-03-01"), ("2024-02-29", "2024-05-29"), ("2022-12-02", "2023-03-02"), ("2024-12-02", "2025-03-02")],
)
def test_leap_days_are_days_like_any_other(ordered: str, ninetieth: str) -> None:
    noon = int(dt.datetime.fromisoformat(f"{ninetieth}T17:00:00+00:00").timestamp())
    there = row(order_date=ordered, case_opened_on=ordered, taxable_periods="2021")
    assert (dt.date.fromisoformat(ninetieth) - dt.date.fromisoformat(ordered)).days == 90
    assert decided(there, at=noon) == [("deficient", "N-90DAY-NOT-RUN")]
    assert decided(there, at=noon + DAY)[0][1] != "N-90DAY-NOT-RUN"


def test_a_leap_day_that_never_was_is_no_date() -> None:
    assert decided(row(order_date="2025-02-29")) == [("deficient", "N-ORDER-MISSING")]


def test_several_statutes_in_one_batch_are_each_asked_for_their_own_elements() -> None:
    batch = [
        row(1),
        row(2, statute="8 USC 1326(a)"),
        row(3, statute="18 USC 1425(a)", order_id=None, order_date=None, judicial_review=None, finality_basis=None),
        row(4, statute="8 USC 1326(a)", prior_removal_date="2018-02-01", reentry_date="2021-07-04", order_stayed="yes"),
        row(5, order_stayed="yes"),
    ]
    found = decided(*batch)
    assert found[1] == ("deficient", "N-ELEMENTS-MISSING") and found[4] == ("deficient", "N-ORDER-STAYED")
    assert {decision for decision, _ in (found[0], found[2], found[3])} <= {"confirm", "disclose"}


def test_several_statutes_in_one_request_go_to_a_person_and_each_must_be_complete() -> None:
    both = "8 USC 1253(a)(1)(A); 8 USC 1326(a)"
    complete = {"prior_removal_date": "2018-02-01", "reentry_date": "2021-07-04"}
    assert decided(row(statute=both, **complete)) == [("refer", "N-STATUTE-UNLISTED")]
    assert decided(row(statute=both)) == [("deficient", "N-ELEMENTS-MISSING")]


def test_a_joint_case_lists_its_people_or_a_person_looks() -> None:
    mine, other = row(1), row(2, case_id=row(1)["case_id"])
    assert {decision for decision, _ in decided(mine, other)} == {"refer"}
    listed = '{"joint_subjects": 2}'
    assert {reason for _, reason in decided(mine | {"elements": listed}, other | {"elements": listed})} == {None}
    assert decided(mine | {"elements": listed}, other)[1] == ("refer", "N-CASE-REUSED"), "each request says so itself"


def test_who_married_since_the_order_is_found_under_the_name_on_file_and_refused_under_another() -> None:
    """The order may bear the earlier name; the request states the name the person is meant by, and that is compared."""
    assert decided(row(order_id=f"{row()['order_id']} (Alma Quesada)")) == [ANSWERED]
    ((decision, _),) = decided(row(family_name="Quesada-Whitmore", middle_name=None, date_of_birth=None))
    assert decision in ("no_disclosure", "refer")
