"""Notices of AI and of new environments: what is not acknowledged stops the flow, and what is lets it go (R50, R51)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from afterwards import Afterwards
from journey_home import AGREEMENT, NOW, Scene
from portcullis.errors import Refused
from portcullis.model import LeafType, Role
from portcullis.release import Withheld, dispatch
from portcullis.safeguards import answer_notice, file_notice, withdraw_notice

At = Callable[[str], Scene]
TODAY = NOW // 86_400
CONDITIONS = ["human_review", "inputs_logged", "no_training", "output_not_kept"]
AI: dict[str, Any] = {
    "agreement": AGREEMENT,
    "notice": "ai",
    "purpose": "triage",
    "system": "S-7",
    "data": "mailing_address",
    "conditions": CONDITIONS,
    "starts_on": TODAY + 30,
}
ENVIRONMENT: dict[str, Any] = {"agreement": AGREEMENT, "notice": "environment", "environment": "cloud-2", "starts_on": TODAY + 45}


def answer(after: Afterwards, matter: str, verdict: str) -> str:
    about = after.about(matter, verdict=verdict)
    return answer_notice(after.home, matter, about, after.act(Role.SAFEGUARDS, "obligation.answered", about))


def facts(after: Afterwards) -> dict[str, int]:
    from portcullis.matters import stopping  # noqa: PLC0415

    with after.scene.read() as conn:
        return {name: count for name, count in stopping(conn, "ICE", AGREEMENT, after.scene.clock()).items() if count}


def test_a_declared_ai_analysis_stops_the_next_dispatch_until_it_is_acknowledged(at: At) -> None:
    after = Afterwards(at("dispatched"))
    after.commit_next()
    matter = after.file(file_notice, "obligation.noticed", AI)
    withheld = dispatch(after.home, after.scene.batch)
    assert isinstance(withheld, Withheld)
    assert withheld.reasons == ("A29 S-AI-NO-NOTICE",)
    assert answer(after, matter, "acknowledged") == "acknowledged"
    assert after.dispatch_again() == 4


def test_an_objection_goes_on_stopping_and_a_withdrawal_ends_it(at_both: At) -> None:
    after = Afterwards(at_both("dispatched"))
    matter = after.file(file_notice, "obligation.noticed", AI)
    assert answer(after, matter, "objected") == "objected"
    assert facts(after) == {"ai_notices_open": 1}
    assert after.file(withdraw_notice, "obligation.withdrawn", {"matter": matter}) == matter
    assert facts(after) == {}
    assert after.matter(matter).state == "withdrawn"


@pytest.mark.parametrize("left_out", CONDITIONS)
def test_an_ai_notice_states_every_safeguard_the_agreement_asks_for(at: At, left_out: str) -> None:
    after = Afterwards(at("dispatched"))
    wrong = AI | {"conditions": [each for each in CONDITIONS if each != left_out]}
    with pytest.raises(Refused, match=left_out) as refused:
        after.file(file_notice, "obligation.noticed", wrong)
    assert refused.value.code == "S-AI-NO-NOTICE"
    assert [leaf["reason"] for leaf in after.scene.leaves(LeafType.FILING_REFUSED)] == ["S-AI-NO-NOTICE"]


def test_an_environment_is_noticed_forty_five_days_before(at: At) -> None:
    after = Afterwards(at("dispatched"))
    with pytest.raises(Refused, match="too late"):
        after.file(file_notice, "obligation.noticed", ENVIRONMENT | {"starts_on": TODAY + 44})
    matter = after.file(file_notice, "obligation.noticed", ENVIRONMENT)
    assert facts(after) == {}  # in time, and nobody objects: the flow goes on
    answer(after, matter, "objected")
    assert facts(after) == {"environment_notices_open": 1}


def test_the_recipient_cannot_answer_its_own_notice(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = after.file(file_notice, "obligation.noticed", AI)
    about = after.about(matter, verdict="acknowledged")
    from portcullis.exchange import about_hash  # noqa: PLC0415

    act = after.scene.cast.act("ICE-1001", "obligation.answered", about_hash(about))
    with pytest.raises(Refused, match="needs the role safeguards"):
        answer_notice(after.home, matter, about, act)
    assert facts(after) == {"ai_notices_open": 1}
