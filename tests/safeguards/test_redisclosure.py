"""Redisclosure is decided like a request: a table first, then two people, one of them counsel (R49)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from afterwards import Afterwards
from journey_home import AGREEMENT, Scene
from portcullis.decision import first_row
from portcullis.errors import Refused
from portcullis.model import Role
from portcullis.safeguards import ask_redisclosure, decide_redisclosure
from portcullis.safeguards.redisclosure import REDISCLOSE

At = Callable[[str], Scene]
LAWFUL = {"agreement_in_force": 1, "stays": 0, "recalled": 0, "same_case": 1, "receiver_permitted": 1, "proceeding_permitted": 1}


def asking(after: Afterwards, **changed: Any) -> tuple[str, str]:
    about = {
        "agreement": AGREEMENT,
        "records": {after.batch: [[1, 2]]},
        "to": "DOJ-0007",
        "receiver": "federal_prosecutor",
        "proceeding": "criminal",
        "same_case": 1,
    }
    found: tuple[str, str] = after.file(ask_redisclosure, "obligation.asked", about | changed)
    return found


def decide(after: Afterwards, matter: str, role: Role, verdict: str = "grant") -> str:
    about = after.about(matter, verdict=verdict)
    return decide_redisclosure(after.home, matter, about, after.act(role, "obligation.decided", about))


@pytest.mark.parametrize(("row", "fact"), list(zip(("F1", "F2", "F3", "F4", "F5", "F6"), LAWFUL, strict=True)))
def test_each_row_refuses_alone_and_when_its_fact_is_unknown(row: str, fact: str) -> None:
    assert first_row(REDISCLOSE, LAWFUL) is None
    assert first_row(REDISCLOSE, LAWFUL | {fact: 1 - LAWFUL[fact]}) == row
    assert first_row(REDISCLOSE, LAWFUL | {fact: None}) == row


def test_two_people_one_of_them_counsel_grant_it_and_a_recall_then_reaches_the_new_holder(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter, state = asking(after)
    assert state == "waiting"
    assert decide(after, matter, Role.SAFEGUARDS) == "waiting"
    with pytest.raises(Refused, match="does not count"):
        decide(after, matter, Role.SAFEGUARDS)
    assert decide(after, matter, Role.COUNSEL) == "granted"
    assert after.recall().custodians == 3


def test_two_people_without_counsel_are_not_enough(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter, _ = asking(after)
    assert decide(after, matter, Role.SAFEGUARDS) == "waiting"
    assert decide(after, matter, Role.AUTHORIZER) == "waiting"
    assert after.recall().custodians == 2


@pytest.mark.parametrize(
    "changed", [{"receiver": "state_or_local"}, {"receiver": "contractor"}, {"proceeding": "civil"}, {"same_case": 0}], ids=str
)
def test_what_the_law_does_not_permit_is_refused_at_once(at: At, changed: dict[str, Any]) -> None:
    after = Afterwards(at("dispatched"))
    assert asking(after, **changed)[1] == "refused"


def test_a_recalled_record_is_not_passed_on_even_when_the_request_came_first(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter, _ = asking(after)
    after.recall()
    with pytest.raises(Refused, match="cannot be granted") as refused:
        decide(after, matter, Role.COUNSEL)
    assert refused.value.code == "S-REDISCLOSURE"
    assert asking(after)[1] == "refused"


def test_records_it_never_had_are_refused_and_on_record(at: At) -> None:
    after = Afterwards(at("dispatched"))
    for wrong in ({after.batch: [[4, 4]]}, {}, {after.batch: [["1", "2"]]}):
        with pytest.raises(Refused):
            asking(after, records=wrong)
