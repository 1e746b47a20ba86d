"""`rules explain --batch --request`: on record first; which fields, which clause, what would do; and the sender's part tells no match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cli_desk import Desk, Done
from journey_home import ROWS, rows_of
from portcullis.model import Role

At = Callable[[str], Desk]
ORDINAL = {kind.name: number for number, kind in enumerate(ROWS, 1)}


def explained(desk: Desk, kind: str, *more: str) -> Done:
    who = desk.cast.person(Role.OVERSEER)
    return desk.run("rules", "explain", *more, "--batch", desk.batch, "--request", str(ORDINAL[kind]), "--as", who).ok()


def told(desk: Desk, kind: str, *more: str) -> Any:
    return explained(desk, kind, *more, "--json").json


def test_a_deficient_request_is_explained_and_the_look_is_on_record_first(at: At) -> None:
    desk = at("sampled")
    before = len(desk.leaves("inspection"))
    found = told(desk, "blank address")
    looks = desk.leaves("inspection")[before:]
    assert [(leaf["who"], leaf["why"], leaf["command"]) for leaf in looks] == [
        (desk.cast.person(Role.OVERSEER), "explain", "rules.explain")
    ]
    blank = next(one for one in found["findings"] if one["rule"] == "R12")
    assert (blank["stage"], blank["verdict"], blank["reason"]) == ("check", "fail", "P-ADDR-BLANK")
    assert blank["clause"] == "26 U.S.C. 6103(i)(2)(B)(i)" and blank["not_met"] and blank["would_pass_if"] and blank["fields"]
    assert blank["requester_is_told"] in found["sender_may_know"]
    words = explained(desk, "blank address").out
    assert "R12" in words and "not met: " in words and "Its sender may know: " in words


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("not on the register", "M-ADDR-UNCONFIRMED"), ("veto", "D-VETO"), ("another number", "M-TIN-MISMATCH"), ("excluded", "N-REVIEW")],
)
def test_what_the_register_decided_is_told_at_the_source_and_never_to_the_sender(at: At, kind: str, reason: str) -> None:
    """The sender's part is the same, to the letter, as that of a request that is answered."""
    desk = at("sampled")
    found, answered = told(desk, kind), told(desk, "moved")
    assert reason in {one["reason"] for one in found["findings"]}
    assert {one["stage"] for one in found["findings"]} == {"match"}
    assert {one["requester_is_told"] for one in found["findings"]} == {"No disclosure."}
    assert found["sender_may_know"] == answered["sender_may_know"] == []
    assert answered["findings"] == []


def test_no_value_of_a_row_is_said(at: At) -> None:
    desk = at("sampled")
    values = {
        str(value)
        for row in rows_of()
        for name, value in row.items()
        if value and len(value) > 4 and name not in ("statute", "stage", "purpose")
    }
    for kind in ORDINAL:
        said = explained(desk, kind)
        assert [value for value in values if value in said.out + said.err] == []


def test_one_rule_or_reason_can_be_asked_for_and_what_is_not_there_is_refused(at: At) -> None:
    desk = at("sampled")
    assert {one["rule"] for one in told(desk, "blank address", "r12")["findings"]} == {"R12"}
    assert {one["reason"] for one in told(desk, "blank address", "P-ADDR-BLANK")["findings"]} == {"P-ADDR-BLANK"}
    before = len(desk.leaves("inspection"))
    desk.run("rules", "explain", "--batch", desk.batch, "--request", "99", "--as", "IRS-0008").refused("no request")
    desk.run("rules", "explain", "--batch", desk.batch, "--request", "1").refused("by somebody")
    desk.run("rules", "explain").refused("Nothing is named")
    assert len(desk.leaves("inspection")) == before
    early = at("received")
    early.run("rules", "explain", "--batch", early.batch, "--request", "1", "--as", "IRS-0008").refused("not checked yet")


def test_it_is_explained_by_the_rules_it_was_judged_by_after_the_agreement_ended(at: At) -> None:
    desk = at("sampled")
    first = told(desk, "blank address")
    desk.run("agreement", "end", "irs-ice-2025", *desk.acting(Role.COUNSEL)).ok()
    assert told(desk, "blank address") == first
