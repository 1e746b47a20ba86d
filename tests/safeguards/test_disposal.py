"""Disposal: the use clock, certificates with method and witness, and what is overdue stops the flow (R52)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from afterwards import FIRST, SECOND, THIRD, Afterwards
from journey_home import Scene
from portcullis.errors import Refused
from portcullis.matters import stopping
from portcullis.model import LeafType, Role
from portcullis.safeguards import answer_retention, certify_disposal, obligations, witness_disposal

At = Callable[[str], Scene]
USE_DAYS = 365 + 30
DAY = 86_400


def overdue(after: Afterwards) -> int:
    with after.scene.read() as conn:
        return stopping(conn, "ICE", "irs-ice-2025", after.scene.clock())["disposals_overdue"]


def certified(after: Afterwards, **more: object) -> str:
    about = {"matter": after.use().id, "method": "destroyed", "witness": SECOND} | more
    return str(after.file(certify_disposal, "obligation.certified", about))


def witnessed(after: Afterwards, digest: str, officer: str = SECOND) -> object:
    return after.file(witness_disposal, "obligation.witnessed", {"matter": after.use().id, "certificate": digest}, officer)


def test_a_dispatch_opens_the_use_clock_and_its_deadline_is_in_the_leaf(at_both: At) -> None:
    after = Afterwards(at_both("dispatched"))
    use = after.use()
    assert use.due_at == use.opened_at + USE_DAYS * DAY
    (leaf,) = after.scene.leaves(LeafType.RELEASE_DISPATCHED)
    assert leaf["matter"] == use.id
    with after.scene.read() as conn:
        (line,) = obligations(conn, after.scene.clock())
    assert (line["records"], line["disposed"], line["overdue"]) == (4, 0, 0)
    assert line["standing"] == ["sole_use", "named_officers_only", "no_onward_sharing"]


def test_an_overdue_disposal_stops_the_flow_and_a_witnessed_one_frees_it(at: At) -> None:
    after = Afterwards(at("dispatched"))
    after.scene.clock.forward(days=USE_DAYS)
    assert overdue(after) == 0  # the last day is in time
    after.scene.clock.forward(days=1)
    assert overdue(after) == 1
    digest = certified(after)
    assert overdue(after) == 1  # a certificate that nobody witnessed is half a proof
    assert witnessed(after, digest) == "disposed"
    assert overdue(after) == 0
    assert after.use().state == "disposed"


def test_a_part_is_certified_once_and_the_use_ends_with_the_last_row(at: At) -> None:
    after = Afterwards(at("dispatched"))
    first = certified(after, rows=[[1, 2]])
    assert witnessed(after, first) == "open"
    for rows in ([[2, 3]], [[4, 4]], [[1, 1_000_000]], [[3]], "all"):  # certified before, never disclosed, beyond, malformed
        with pytest.raises(Refused):
            certified(after, rows=rows)
    assert witnessed(after, certified(after, method="returned")) == "disposed"
    assert len(after.scene.leaves(LeafType.FILING_REFUSED)) == 5


def test_the_witness_is_another_person_and_signs_once(at: At) -> None:
    after = Afterwards(at("dispatched"))
    with pytest.raises(Refused, match="no certificate"):
        certified(after, witness=FIRST)
    digest = certified(after)
    with pytest.raises(Refused, match="Another person"):
        witnessed(after, digest, THIRD)
    with pytest.raises(Refused, match="no such certificate"):
        witnessed(after, "0" * 64)
    witnessed(after, digest)
    with pytest.raises(Refused, match="closed"):
        witnessed(after, digest)


def test_keeping_needs_a_reason_a_day_and_the_office_of_safeguards(at: At) -> None:
    after = Afterwards(at("dispatched"))
    after.scene.clock.forward(days=USE_DAYS + 1)
    today = after.scene.clock() // DAY
    for lacking in ({"until": today + 60}, {"why": "appeal"}):
        with pytest.raises(Refused, match="no certificate"):
            certified(after, method="retained", **lacking)
    digest = certified(after, method="retained", until=today + 60, why="appeal")
    assert overdue(after) == 1  # asking is not being allowed
    about = after.about(after.use().id, certificate=digest, verdict="acknowledged")
    due = answer_retention(after.home, after.use().id, about, after.act(Role.SAFEGUARDS, "obligation.answered", about))
    assert due == (today + 60) * DAY
    assert overdue(after) == 0
    after.scene.clock.forward(days=61)
    assert overdue(after) == 1
    too_long = certified(after, method="retained", until=today + 2000, why="appeal")
    about = after.about(after.use().id, certificate=too_long, verdict="acknowledged")
    with pytest.raises(Refused, match="longer than the agreement allows"):
        answer_retention(after.home, after.use().id, about, after.act(Role.SAFEGUARDS, "obligation.answered", about))
