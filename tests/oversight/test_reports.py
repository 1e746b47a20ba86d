"""The yearly counts and the public's figures reconcile with the ledger to the unit, and tell nothing about anybody (R44)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from afterwards import Afterwards
from journey_home import AGREEMENT, NOW, ROWS, Scene, rows_of
from portcullis.agreement import find, propose
from portcullis.errors import Refused, Tampered
from portcullis.model import LeafType
from portcullis.orders import Scope, impose, order_content
from portcullis.oversight.annual import annual, annual_csv, annual_page, gaps, publish_report
from portcullis.oversight.counts import count_ledger
from portcullis.oversight.suppress import suppress
from portcullis.oversight.transparency import OUTCOMES, error_bound, threshold, transparency, transparency_page
from portcullis.release import dispatch
from portcullis.store import schema

At = Callable[[str], Scene]
AUDITOR = "IRS-0008"
THRESHOLD = 11
LATER = NOW + 10 * 86_400
"""When the quarter is over."""


def figures(scene: Scene, year: int = 2025) -> dict[str, object]:
    (found,) = annual(scene.home, year, AUDITOR)["agencies"]
    return {name: value for name, value in found.items() if name != "agency"}


def test_the_figures_follow_the_history(at_both: At) -> None:
    scene = at_both("dispatched")
    purposes = {"criminal_investigation": 3, "criminal_proceeding": 1}
    first = {"requests": 10, "refused_batches": 0, "deficient": 1, "instances": 4, "taxpayers": 4, "purposes": purposes}
    assert figures(scene) == first
    scene.send(rows_of(ROWS[:3]))  # received and not decided: asked for, and no more
    assert figures(scene) == first | {"requests": 13}
    assert figures(scene, 2024)["requests"] == 0


def test_a_person_disclosed_twice_is_one_taxpayer_and_two_instances(at: At) -> None:
    after = Afterwards(at("dispatched"))
    assert after.next_batch() == 4
    found = figures(after.scene)
    assert (found["requests"], found["instances"], found["taxpayers"]) == (20, 8, 4)


def test_looking_at_the_accounting_for_the_report_is_an_inspection(at: At) -> None:
    scene = at("dispatched")
    before = len(scene.leaves(LeafType.INSPECTION))
    annual(scene.home, 2025, AUDITOR)
    assert [leaf["why"] for leaf in scene.leaves(LeafType.INSPECTION)[before:]] == ["annual-report"]


def test_a_damaged_ledger_gives_no_report(at: At) -> None:
    leaf = schema.leaf
    damages: tuple[Callable[[Scene], object], ...] = (
        lambda scene: delete(leaf).where(leaf.c.idx == scene.leaves(LeafType.DISCLOSURE)[0]["index"]),
        lambda scene: delete(leaf).where(
            leaf.c.type == "request.decided", leaf.c.idx == scene.leaves(LeafType.REQUEST_DECIDED)[0]["index"]
        ),
        lambda _: update(leaf).where(leaf.c.type == "batch.closed").values(hash=bytes(32)),
    )
    for damage in damages:
        scene = at("dispatched")
        scene.step(lambda conn, scene=scene, damage=damage: conn.execute(damage(scene)))  # type: ignore[misc, call-overload]
        for report in (count_ledger, lambda conn: transparency(conn, THRESHOLD, LATER)):
            with scene.read() as conn, pytest.raises(Tampered):
                report(conn)


def test_a_year_without_its_report_is_a_gap_until_it_is_published(at: At) -> None:
    scene = at("dispatched")
    with scene.read() as conn:
        assert gaps(scene.home, conn) == []  # the year is not over
    scene.clock.forward(days=365)
    with scene.read() as conn:
        assert gaps(scene.home, conn) == [{"year": 2025, "due": "2026-03-31T23:59:59Z", "overdue": 1}]
    publish_report(scene.home, "annual", "2025", annual(scene.home, 2025, AUDITOR))
    with scene.read() as conn:
        assert gaps(scene.home, conn) == []


def test_table_csv_and_page_say_the_same(at: At) -> None:
    found = annual(at("dispatched").home, 2025, AUDITOR)
    assert annual_csv(found).splitlines() == [
        "year,agency,requests,refused_batches,deficient,instances,taxpayers,purpose,purpose_instances",
        "2025,ICE,10,0,1,4,4,,",
        "2025,ICE,,,,,,criminal_investigation,3",
        "2025,ICE,,,,,,criminal_proceeding,1",
    ]
    page = annual_page(found)
    assert page.count('<td class="n">4</td>') == 2
    assert "http" not in page and "<script" not in page


# ---- the public's report


def test_the_public_report_regenerates_bit_equal_and_shows_no_small_cell(at: At) -> None:
    scene = at("dispatched")
    with scene.read() as conn:
        first = json.dumps(transparency(conn, THRESHOLD, LATER), sort_keys=True)
    with scene.read() as conn:
        found = transparency(conn, THRESHOLD, LATER)
    assert json.dumps(found, sort_keys=True) == first
    (line,) = found["quarters"]
    assert line["asked"] is None and all(line[name] is None or line[name] == 0 for name in OUTCOMES)
    assert line["quarter"] == "2025-Q2"
    assert "suppressed" in transparency_page(found)


def test_with_a_low_threshold_the_figures_are_those_of_the_ledger(at: At) -> None:
    scene = at("dispatched")
    with scene.read() as conn:
        (line,) = transparency(conn, 1, LATER)["quarters"]
    assert {name: line[name] for name in OUTCOMES} == {"deficient": 1, "disclosed": 2, "confirmed": 2, "denied": 0, "other": 5}
    assert (line["checked_by_hand"], line["recalls"]) == (10, 0)


def test_how_many_answers_a_stay_took_back_is_not_told(at: At) -> None:
    """Four of ten would have been answered; whoever sent the ten would otherwise read in the report how many of them were found."""
    scene = at("committed")
    act = scene.cast.act("IRS-0006", "order.impose", order_content("O-1", Scope(), NOW))
    assert impose(scene.home, "O-1", Scope(), NOW, act).withheld == (scene.batch,)
    scene.clock.forward(days=100)
    with scene.read() as conn:
        told = {small: transparency(conn, small, scene.clock())["quarters"][0]["withheld_by_stay"] for small in (1, 5, 11)}
    assert told == {1: len(ROWS), 5: len(ROWS), 11: None}


def test_recalls_stand_in_the_public_report(at: At) -> None:
    after = Afterwards(at("dispatched"))
    after.recall()
    with after.scene.read() as conn:
        (line,) = transparency(conn, THRESHOLD, LATER)["quarters"]
    assert (line["recalls"], line["records_recalled"]) == (1, 4)


def test_the_threshold_is_the_agreements_and_can_only_be_raised(at: At, tmp_path: Path) -> None:
    scene = at("ready")
    with scene.read() as conn:
        assert [threshold(scene.home, conn, asked) for asked in (None, 11, 20)] == [11, 11, 20]
        with pytest.raises(Refused, match="Figures below 11 are suppressed"):
            threshold(scene.home, conn, 10)
    folder = tmp_path / AGREEMENT
    shutil.copytree(find(AGREEMENT), folder)
    terms = folder / "agreement.yaml"
    changed = terms.read_text(encoding="utf-8").replace("small_cell: 11", "small_cell: 25").replace("\nversion: 1\n", "\nversion: 2\n")
    terms.write_text(changed, encoding="utf-8")
    scene.step(lambda conn: propose(scene.home, conn, folder))
    with scene.read() as conn:
        assert threshold(scene.home, conn, None) == 11  # only proposed: nobody agreed to it
    a = schema.agreement
    scene.step(lambda conn: conn.execute(update(a).where(a.c.version == 2).values(state="ended")))
    with scene.read() as conn:
        assert threshold(scene.home, conn, None) == 25  # what was published under it is not told more closely afterwards
        with pytest.raises(Refused, match="Figures below 25 are suppressed"):
            threshold(scene.home, conn, 11)


def test_a_quarter_is_told_when_it_is_over_and_its_outcomes_when_they_are_settled(at: At) -> None:
    """Else a second report, a day later, would show by the difference what became of one or two people."""
    scene = at("committed")
    with scene.read() as conn:
        assert transparency(conn, 1, scene.clock())["quarters"] == []
        (line,) = transparency(conn, 1, LATER)["quarters"]
    assert (line["asked"], line["final"], {line[name] for name in OUTCOMES}) == (10, False, {None})
    dispatch(scene.home, scene.batch)
    with scene.read() as conn:
        (line,) = transparency(conn, 1, LATER)["quarters"]
    assert (line["final"], line["disclosed"]) == (True, 2)


def test_how_many_were_checked_by_hand_does_not_tell_how_many_were_asked_about(at: At) -> None:
    with at("dispatched").read() as conn:
        (line,) = transparency(conn, THRESHOLD, LATER)["quarters"]
    assert (line["asked"], line["checked_by_hand"], line["error_upper_95_ppm"]) == (None, None, None)


def test_the_error_bound_is_the_rule_of_three_for_none_found() -> None:
    assert error_bound(0, 0) is None
    assert error_bound(299, 0) == pytest.approx(9_970, abs=20)  # 1 - 0.05 ** (1 / 299)
    assert error_bound(299, 1) > error_bound(299, 0)  # type: ignore[operator]
    assert error_bound(1, 1) == 1_000_000


TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 40), min_size=width, max_size=width), min_size=2, max_size=4)
)


@settings(max_examples=25, deadline=None)
@given(TABLES)
def test_an_attacker_with_all_totals_cannot_compute_a_suppressed_figure(table: list[list[int]]) -> None:
    """The differencing attack, in full: a solver that knows every published cell and every total asks for another solution."""
    shown = suppress(table, THRESHOLD)
    assert all(cell is None or cell == 0 or cell >= THRESHOLD for row in shown for cell in row)
    if all(cell is None for row in shown for cell in row):
        return  # the totals are then suppressed too: transparency() does so, and the test above shows it
    cells = [[z3.Int(f"c{r}_{c}") for c in range(len(table[0]))] for r in range(len(table))]
    solver = z3.Solver()
    for r, row in enumerate(table):
        solver.add(z3.Sum(cells[r]) == sum(row))
        for c, value in enumerate(row):
            solver.add(cells[r][c] >= 0)
            if shown[r][c] is not None:
                solver.add(cells[r][c] == value)
    for c in range(len(table[0])):
        solver.add(z3.Sum([row[c] for row in cells]) == sum(row[c] for row in table))
    for r, row in enumerate(table):
        for c, value in enumerate(row):
            if shown[r][c] is None and value:
                assert solver.check(cells[r][c] != value) == z3.sat, (table, shown, r, c)


def test_a_single_suppressed_cell_would_be_computed_back() -> None:
    assert suppress([[3, 50], [60, 70]], THRESHOLD) == [[None, None], [None, None]]
    assert suppress([[30, 50], [60, 70]], THRESHOLD) == [[30, 50], [60, 70]]
    assert suppress([[3, 50, 20]], THRESHOLD) == [[None, 50, None]]
    assert suppress([[5, 0], [0, 0]], THRESHOLD) == [[None, None], [None, None]]
