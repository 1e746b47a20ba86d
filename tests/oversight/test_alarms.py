"""R57: what is not plausible is shown to the overseer, and refuses nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy import update

from cli_desk import invoke
from journey_home import NOW, OFFICERS, Scene, small
from portcullis import journey
from portcullis.agreement.after import After
from portcullis.intake.figures import FIGURES, figures
from portcullis.oversight import Identity, accounting_of
from portcullis.oversight.alarms import CODE, Sent, alarms, implausible
from portcullis.oversight.watch import Look, Worked, after_hours, told, worked
from portcullis.store import schema

At = Callable[[str], Scene]
LIMITS = {
    "departures_a_year": 200,
    "deficient_share": Decimal("0.5"),
    "boilerplate_share": Decimal("0.02"),
    "boilerplate_rows": 19,
    "load_cap": 100,
}


def sent(day: str = "2025-06-27", most: int = 1, batch: str = "B-2025-000001", **counted: int) -> Sent:
    return Sent(batch, "ICE", "irs-ice-2025", dt.date.fromisoformat(day), {"requests": 1000, **counted}, most)


def found(*batches: Sent) -> list[tuple[str, str]]:
    return [(alarm.about, alarm.figure) for alarm in implausible(batches, LIMITS)]


def test_a_plausible_batch_raises_none() -> None:
    assert found(sent(departures=200, deficient=500, same_reason=20, most=100)) == []


@pytest.mark.parametrize(
    ("one", "figure"),
    [
        (sent(departures=201), "departures_a_year"),
        (sent(deficient=501), "deficient_share"),
        (sent(same_reason=21), "boilerplate_share"),
        (sent(most=101), "load_cap"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_figure_above_its_threshold_raises_its_alarm(one: Sent, figure: str) -> None:
    assert [name for _, name in found(one)] == [figure]


def test_assertions_are_added_up_over_the_fiscal_year_of_an_agency() -> None:
    parts = [sent("2024-10-01", batch="B-1", departures=150), sent("2025-09-30", batch="B-2", departures=51)]
    assert found(*parts) == [("fiscal year 2025", "departures_a_year")]
    assert found(parts[0], sent("2025-10-01", batch="B-3", departures=51)) == []


def test_few_rows_with_one_reason_are_no_share_of_anything() -> None:
    assert found(Sent("B-1", "ICE", "a", dt.date(2025, 6, 27), {"requests": 10, "same_reason": 10}, 1)) == []


def test_a_threshold_an_agreement_lacks_raises_nothing() -> None:
    assert list(implausible([sent(departures=10**6)], {})) == []


def test_figures_are_counts_of_the_whole_batch() -> None:
    facts = pa.table(
        {"cites_1253a1a": [1, 1, None, 0], "masked_reason": [7, 7, None, 8], "case_key": pa.array([None, "a", "a", "a"], pa.string())}
    )
    totals = pa.table({"fail_deficient": [0, 2, 0, 1]})
    assert figures(facts, totals) == {"requests": 4, "departures": 2, "deficient": 2, "same_reason": 2, "same_case": 3}
    assert set(figures(facts, totals)) == set(FIGURES)


def test_the_file_of_june_2025_raises_every_alarm_and_refuses_nothing() -> None:
    """Its shape: one officer for all, one reason, asserted investigations by the hundred thousand, no element complete."""
    june = sent(requests=1_280_000, departures=1_280_000, deficient=1_280_000, same_reason=1_280_000, most=1_280_000)
    assert {figure for _, figure in found(june)} == {"departures_a_year", "deficient_share", "boilerplate_share", "load_cap"}


# ---- what became of batches, probing, looks at night ---------------------------------------------------------------------------------
def batch(number: int, answered: int | None, again: int = 0, agency: str = "ICE") -> Worked:
    return Worked(f"B-2025-{number:06d}", agency, "irs-ice-2025", 1000, again, answered)


def watched(*batches: Worked) -> list[tuple[str, str]]:
    return [(one.about, one.figure) for one in told(batches, After())]


def test_a_match_rate_that_moves_is_told_once_there_is_something_to_compare_with() -> None:
    steady = [batch(n, 40) for n in range(1, 4)]
    assert watched(*steady, batch(4, 240)) == []
    assert watched(*steady, batch(4, 241)) == [("B-2025-000004", "match_rate_drift")]
    assert watched(*steady[:2], batch(4, 900)) == []
    assert watched(*(batch(n, 500) for n in range(1, 4)), batch(4, 299)) == [("B-2025-000004", "match_rate_drift")]
    assert watched(*steady, batch(4, None), batch(5, 900, agency="SSA")) == []


def test_asking_again_for_many_subjects_is_told() -> None:
    assert watched(batch(1, None, again=10)) == []
    assert watched(batch(1, None, again=11)) == [("B-2025-000001", "probing")]


def test_a_look_at_night_is_told_by_the_agreements_own_clock() -> None:
    def at(hour: int, minute: int = 0) -> Look:
        return Look("IRS-0002", NOW // 86_400 * 86_400 + (hour + 5) * 3600 + minute * 60)

    assert list(after_hours([at(6), at(12), at(21, 59)], After(), -5 * 3600, "IRS")) == []
    (night,) = after_hours([at(22), at(5, 59), at(12)], After(), -5 * 3600, "IRS")
    assert (night.agency, night.about, night.figure, night.value) == ("IRS", "IRS-0002", "after_hours", 2)


def test_probing_drift_and_a_look_at_night_are_read_from_the_record(at: At) -> None:
    scene = at("dispatched")
    r, b = schema.referral, schema.batch
    scene.step(lambda conn: conn.execute(update(r).where(r.c.ordinal == 7).values(codes="D-ASKED-AGAIN;N-REVIEW")))
    scene.clock.at += 12 * 3600  # nine in the evening there, then one at night
    for hours in (0, 4):
        scene.clock.at += hours * 3600
        accounting_of(scene.home, Identity(taxpayer_number="900700001"), "IRS-0006")
    with scene.read() as conn:
        raised = [alarm for alarm in alarms(scene.home, conn) if alarm.figure in ("probing", "after_hours")]
        assert [one.answered for one in worked(conn)] == [4]
    assert [(alarm.figure, alarm.about, alarm.value) for alarm in raised] == [
        ("probing", scene.batch, 10.0),
        ("after_hours", "IRS-0006", 1),
    ]
    assert scene.state == "dispatched" and scene.count(b, held=1) == 0


def test_the_overseer_reads_them_from_the_record_and_the_batch_goes_its_way(at_both: At) -> None:
    scene = at_both("ready")
    rows = [row | {"reason": None} for row in small().clean.requests.to_pylist()[:6]]
    scene.send([*rows, *small().clean.requests.to_pylist()[6:10]], {OFFICERS[0]: range(1, 11)})
    assert journey.run(scene.home, scene.batch) in ("reviewed", "matched"), "an alarm stops nothing"
    assert scene.count(schema.batch_figure, batch_id=scene.batch) == len(FIGURES)
    with scene.read() as conn:
        raised = alarms(scene.home, conn)
    assert [(alarm.code, alarm.about, alarm.figure, alarm.value) for alarm in raised] == [(CODE, scene.batch, "deficient_share", 0.6)]


def test_the_command_lists_them(at: At) -> None:
    scene = at("matched")
    said = invoke("report", "plausibility", "--home", scene.home.path).ok()
    assert said.out.strip() == "No figure is above its threshold."
    assert invoke("report", "plausibility", "--home", scene.home.path, "--json").ok().json == []
