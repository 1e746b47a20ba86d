"""Who is personally and directly engaged: named, signed, eligible, trained, and of plausible load (R26-R28; 6103(i)(2)(A))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from journey_home import NOW, OFFICERS, ROWS, Scene, at, at_both, rows_of, small, table_of
from portcullis import evidence, journey
from portcullis.crypto import SigningKey
from portcullis.demo.play import close_reviews
from portcullis.intake.batch import receive
from portcullis.journal import stamp
from portcullis.model import Role, Verdict
from portcullis.officers import content_hash, revoke_key
from portcullis.rules import rules_of
from portcullis.steps import check_batch
from portcullis.store import schema
from recipient_agency import ENGAGEMENT_MISDEEDS, RecipientAgency

At = Callable[[str], Scene]
__all__ = ["at", "at_both"]
TODAY = NOW // 86_400
GOOD = ROWS[:2]


def send(scene: Scene, engage: Callable[[RecipientAgency, object], object]) -> str:
    """Two lawful rows with what `engage` writes into `engagements.jsonl`; the batch's number."""
    agency, folder = scene.agency(), scene.folder()
    agency.pack(folder, rows_of(GOOD), time=stamp(NOW))
    engage(agency, folder)
    got = receive(scene.home, folder)
    assert got.state == "received"
    scene.batch = got.batch_id
    return got.batch_id


def reasons(scene: Scene, verdict: Verdict = Verdict.FAIL) -> list[str]:
    """Check the batch; for each row the reasons with that verdict, all rules together."""
    check_batch(scene.home, scene.batch)
    with scene.read() as conn:
        table = evidence.read(scene.home, conn, scene.batch, "checked_findings")
    rules = rules_of(table)
    return [";".join(sorted({row[f"{rule}_reason"] for rule in rules if row[rule] == verdict})) for row in table.to_pylist()]


def decided(scene: Scene) -> dict[str, int]:
    journey.run(scene.home, scene.batch)
    return dict(journey.status(scene.home, scene.batch)["by_decision"])  # type: ignore[call-overload]


def everyone(agency: RecipientAgency, folder: object) -> None:
    agency.add_engagement(folder, OFFICERS[0])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    """What is known of the one officer named, and the reason every row then gets."""

    name: str
    reason: str
    officer: dict[str, object] = field(default_factory=dict)


CASES = (
    Case("a contractor", "O-INELIGIBLE", {"employee": 0}),
    Case("not active", "O-INELIGIBLE", {"active": 0}),
    Case("not cleared", "O-INELIGIBLE", {"cleared": 0}),
    Case("no second factor", "O-INELIGIBLE", {"mfa": 0}),
    Case("never trained", "O-TRAINING-EXPIRED", {"trained_on": None}),
    Case("trained too long ago", "O-TRAINING-EXPIRED", {"trained_on": TODAY - 366}),
    Case("trained tomorrow", "O-TRAINING-EXPIRED", {"trained_on": TODAY + 1}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_officer_who_may_not_receive_makes_the_requests_deficient(at: At, case: Case) -> None:
    scene = at("ready")
    scene.step(lambda conn: scene.cast.officer(conn, OFFICERS[0], **case.officer))
    send(scene, everyone)
    assert reasons(scene) == [case.reason] * 2
    with scene.read() as conn:
        assert not evidence.read(scene.home, conn, scene.batch, "engagements")["receives"].to_pylist()[0]


def test_one_good_officer_among_others_is_enough(at: At) -> None:
    scene = at("ready")
    scene.step(lambda conn: scene.cast.officer(conn, OFFICERS[0], employee=0))
    send(scene, lambda agency, folder: [agency.add_engagement(folder, officer) for officer in OFFICERS[:2]])
    assert reasons(scene) == ["", ""]
    with scene.read() as conn:
        engagements = evidence.read(scene.home, conn, scene.batch, "engagements").to_pylist()
    assert {one["officer"]: one["receives"] for one in engagements} == {OFFICERS[0]: 0, OFFICERS[1]: 1}


def test_where_nobody_is_engaged_nothing_is_answered(at_both: At) -> None:
    scene = at_both("ready")
    send(scene, lambda agency, folder: None)
    assert decided(scene) == {"deficient": 2}
    assert journey.status(scene.home, scene.batch)["by_reason"] == {"O-NONE": 2}
    scene = at_both("ready")
    send(scene, everyone)
    assert decided(scene) == {"confirm": 1, "disclose": 1}


@pytest.mark.parametrize("misdeed", ["stranger engages", "officer signs for another", "engagement of another kind"])
def test_a_statement_whose_signature_is_not_the_officers_names_somebody_and_engages_nobody(at: At, misdeed: str) -> None:
    scene = at("ready")
    send(scene, lambda agency, folder: ENGAGEMENT_MISDEEDS[misdeed](agency, folder, agency.sent(folder)))  # type: ignore[arg-type]
    assert reasons(scene) == ["O-SIG-MISSING"] * 2
    assert scene.count(schema.engagement, batch_id=scene.batch) == 0


def test_an_officer_whose_key_was_revoked_engages_nobody(at: At) -> None:
    scene = at("ready")
    key = scene.cast.keys[OFFICERS[0]].key_id
    act = scene.cast.act("root:ICE", "key.revoke", content_hash({"key_id": key}))
    scene.step(lambda conn: revoke_key(scene.home, conn, key, act))
    send(scene, everyone)
    assert reasons(scene) == ["O-SIG-MISSING"] * 2


def test_a_key_enrolled_in_another_role_does_not_engage(at: At) -> None:
    """The signer's own key is a good key of the agency, and the signer is no engaged officer."""
    scene = at("ready")
    send(scene, lambda agency, folder: agency.add_engagement(folder, agency.signer))
    assert reasons(scene) == ["O-SIG-MISSING"] * 2


@pytest.mark.parametrize(
    "misdeed",
    [
        "engagement from another batch",
        "engagement over another root",
        "engagement under another agreement",
        "engagement beyond the rows",
        "engagement without rows",
        "engagement in overlapping ranges",
        "officer engages twice",
        "engagements truncated",
    ],
)
def test_engagements_that_are_not_about_this_batch_refuse_it_whole(at: At, misdeed: str) -> None:
    scene = at("ready")
    agency, folder = scene.agency(), scene.folder()
    envelope = agency.pack(folder, rows_of(GOOD), time=stamp(NOW))
    ENGAGEMENT_MISDEEDS[misdeed](agency, folder, envelope)
    got = receive(scene.home, folder)
    assert (got.state, got.rule, got.reason, got.count) == ("refused", "R10", "B-INTEGRITY", 2)
    send(scene, everyone)


def test_each_request_needs_its_own_officer(at: At) -> None:
    """An officer for row 1 is none for row 2: nothing is inherited within a batch (R09)."""
    scene = at("ready")
    send(scene, lambda agency, folder: agency.add_engagement(folder, OFFICERS[0], ordinals=[[1, 1]]))
    assert reasons(scene) == ["", "O-NONE"]


def test_a_statement_is_bound_to_the_person_whose_key_signed_it(at: At) -> None:
    """A stranger writes an officer's name, with a key that belongs to somebody else of the agency who is enrolled."""
    scene = at("ready")
    intruder = scene.newcomer("ICE-4040", Role.OFFICER, agency="ICE")
    key: SigningKey = scene.cast.keys[intruder]
    send(scene, lambda agency, folder: agency.add_engagement(folder, OFFICERS[0], key=key))
    assert reasons(scene) == ["O-SIG-MISSING"] * 2


# ---- load -----------------------------------------------------------------------------------
def test_an_officer_with_more_open_subjects_than_plausible_refers_each_request_to_a_person(at: At) -> None:
    """Three batches of forty with one officer: the third would make a hundred and twenty (R27). With a second officer it goes on."""
    scene = at("ready")
    scene.lay_stock()
    rows = small().clean.requests.to_pylist()
    for number in range(3):
        scene.send([row | {"request_id": f"{number}-{n}"} for n, row in enumerate(rows)])
        journey.run(scene.home, scene.batch)
    found = journey.status(scene.home, scene.batch)
    assert (found["state"], found["by_reason"], found["awaiting"]) == ("matched", {}, ["40 reviews"])
    r = schema.referral
    with scene.read() as conn:
        codes = {row.codes for row in conn.execute(r.select().where(r.c.batch_id == scene.batch))}
    assert codes == {"O-LOAD-IMPLAUSIBLE"}
    assert close_reviews(scene.cast, scene.batch) == 40
    journey.run(scene.home, scene.batch)
    assert journey.status(scene.home, scene.batch)["by_decision"] == {"no_disclosure": 40}


def test_the_same_requests_shared_by_officers_are_answered(at: At) -> None:
    scene = at("ready")
    scene.lay_stock()
    rows = small().clean.requests.to_pylist()
    for number, officer in enumerate(OFFICERS):
        scene.send([row | {"request_id": f"{number}-{n}"} for n, row in enumerate(rows)], {officer: range(1, 41)})
    journey.run(scene.home, scene.batch)
    assert set(journey.status(scene.home, scene.batch)["by_decision"]) == {"confirm", "disclose"}  # type: ignore[call-overload]


def test_one_officer_for_a_whole_file_of_more_than_a_hundred_is_referred(at: At) -> None:
    scene = at("ready")
    rows = small().clean.requests.to_pylist()
    many = [row | {"request_id": f"{copy}-{n}"} for copy in range(3) for n, row in enumerate(rows)]
    assert table_of(many).num_rows == 120
    scene.send(many)
    assert set(reasons(scene, Verdict.REFER)) == {"O-LOAD-IMPLAUSIBLE"}
