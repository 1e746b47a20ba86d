"""Clerical review at the desk: blind until decided, then the weights; two desks, workpools, breaks, disagreement; the sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console_desk import Office, Page, Person
from journey_home import REFERRED
from portcullis.console.pools import DESKS, HELD, PAUSE, TIRING, Desks, stretch, tired
from portcullis.model import LeafType, Role
from portcullis.store import schema

Open = Callable[[str], Office]
WEIGHTS = ("Match weights", "bits", "Candidate", "waterfall")


@pytest.fixture(autouse=True)
def empty_desks() -> None:
    DESKS._held.clear()


def place(one: Office, ordinal: int | str = "") -> str:
    return f"/batches/{one.scene.batch}/review" + (f"/{ordinal}" if ordinal else "")


def decide(person: Person, path: str, verdict: str = "refuse", **more: str) -> Page:
    asked = person.post(path, person.get(path), verdict=verdict, code="cannot-tell" if verdict == "refuse" else "permitted", **more)
    assert asked.status == 200, asked.text
    hidden = {name: asked.field(name) for name in ("verdict", "code", "salt", "pool")}
    return person.post(f"{path.partition('?')[0]}/sign", asked, act=asked.field("act"), **hidden, **{"with": "demo"})


def twice(office: Open) -> Office:
    """A console over a home in which two people review every referral."""
    one = office("matched")
    return _again(one)


def _again(one: Office) -> Office:
    one.stop()
    one.scene.cast.home = replace(one.scene.home, settings=replace(one.scene.home.settings, second_review_every=1))
    return one.start()


def test_the_weights_are_shown_after_the_decision_and_not_before(office: Open) -> None:
    one = office("matched")
    person, other = one.enter(Role.REVIEWER), one.enter(Role.REVIEWER, 2)
    weights = f"/batches/{one.scene.batch}/requests/{REFERRED[0]}/evidence"
    page = person.get(place(one, REFERRED[0]))
    assert page.status == 200 and not any(word in page.text for word in WEIGHTS)
    assert not any(word in person.get(f"/batches/{one.scene.batch}/requests/{REFERRED[0]}").text for word in WEIGHTS)
    early = person.get(weights)
    assert (early.status, "blind until it is signed" in early.text) == (422, True)
    assert decide(person, place(one, REFERRED[0])).status == 303
    before = len(one.scene.leaves(LeafType.INSPECTION))
    shown = person.get(weights)
    assert (shown.status, "together" in shown.text, "The same as a table" in shown.text) == (200, True, True), shown.text
    (made,) = one.scene.leaves(LeafType.INSPECTION)[before:]
    assert made["command"] == "console.evidence"
    assert other.get(weights).status == 422, "another reviewer has decided nothing of it"
    assert "How the one you decided last compares" in person.get(place(one, REFERRED[1])).text


def test_no_value_of_the_register_stands_in_the_weights(office: Open) -> None:
    one = office("sampled")
    counsel = one.enter(Role.COUNSEL)
    from journey_home import rows_of  # noqa: PLC0415

    row = rows_of()[0]
    shown = counsel.get(f"/batches/{one.scene.batch}/requests/1/evidence").text
    assert "Accepted by" in shown
    for name in ("family_name", "given_name", "date_of_birth", "address_line", "taxpayer_number"):
        assert not row.get(name) or str(row[name]) not in shown, name


def test_two_reviewers_at_two_desks_get_two_requests(office: Open) -> None:
    one = office("matched")
    first, second = one.enter(Role.REVIEWER), one.enter(Role.REVIEWER, 2)
    path = place(one)
    opened = first.get(path).headers["location"]
    assert second.get(path).headers["location"] != opened
    assert first.get(path).headers["location"] == opened, "it stays on the desk"


def test_the_next_request_opens_of_the_same_workpool(office: Open) -> None:
    one = office("matched")
    person = one.enter(Role.REVIEWER)
    page = person.get(f"/batches/{one.scene.batch}/pools")
    assert page.status == 200 and "M-AMBIGUOUS" in page.text
    opened = person.get(f"{place(one)}?pool=M-AMBIGUOUS").headers["location"]
    assert opened.endswith(f"/review/{REFERRED[1]}?pool=M-AMBIGUOUS")
    done = decide(person, opened, pool="M-AMBIGUOUS")
    assert done.headers["location"] == f"{place(one)}?pool=M-AMBIGUOUS"
    assert "Nothing of this workpool waits for you" in person.get(done.headers["location"]).text
    assert decide(person, place(one, REFERRED[0]), pool="a made-up pool").headers["location"] == place(one)


def test_a_disagreement_goes_to_the_other_reviewer_with_both_reasons(office: Open) -> None:
    one = twice(office)
    first, second = one.enter(Role.REVIEWER), one.enter(Role.REVIEWER, 2)
    path = place(one, REFERRED[0])
    assert decide(first, path, "accept").status == 303
    blind = second.get(path)
    assert (blind.status, "do not agree" in blind.text, one.scene.person(Role.REVIEWER) in blind.text) == (200, False, False)
    assert first.get(path).status == 422, "not the same person again"
    assert decide(second, path, "refuse").status == 303
    assert second.get(path).status == 422
    shown = first.get(path).text
    assert "Two reviewers do not agree" in shown and "It cannot be told" in shown
    assert decide(first, path, "refuse").status == 303
    pools = first.get(f"/batches/{one.scene.batch}/pools").text
    assert "Of 1 requests that two people reviewed" in pools and "(0 %)" in pools
    assert one.enter(Role.OVERSEER).get("/reports").status == 200


def test_a_break_is_advised_after_long_work_and_nothing_is_withheld(office: Open) -> None:
    one = office("matched")
    person = one.enter(Role.REVIEWER)
    assert "without a pause" not in person.get(place(one, REFERRED[0])).text
    times = [one.scene.clock() - 60 * minutes for minutes in range(0, 55, 5)]
    who = one.scene.person(Role.REVIEWER)
    same = {"batch_id": one.scene.batch, "ordinal": 1, "reviewer": who, "key_id": one.scene.cast.keys[who].key_id, "leaf_idx": 0}
    rows = [same | {"verdict": "refuse", "code": "cannot-tell", "salt": "0" * 64, "seq": n, "at": at} for n, at in enumerate(times)]
    one.scene.step(lambda conn: conn.execute(schema.review.insert(), rows))
    tiring = person.get(place(one, REFERRED[0]))
    assert (tiring.status, "reviewed for 50 minutes without a pause" in tiring.text) == (200, True)


def test_work_is_counted_from_the_last_pause() -> None:
    now = 1_000_000
    assert stretch([], now) == 0
    assert stretch([now - 60, now - 120], now) == 120
    assert stretch([now - 60, now - 60 - PAUSE], now) == 60
    assert stretch([now - PAUSE], now) == 0
    steady = range(now - TIRING, now, 60)
    assert (tired(steady, now), tired(steady, now + PAUSE)) == (50, 0)
    assert tired(range(now - TIRING + 60, now, 60), now) == 0


def test_what_lies_on_a_desk_comes_back_after_a_while() -> None:
    at = [0.0]
    desks, home = Desks(lambda: at[0]), Path("/home")
    assert desks.choose(home, "B", [7, 8], "a") == 7
    assert desks.choose(home, "B", [7, 8], "b") == 8
    assert desks.choose(home, "B", [7, 8], "c") == 7, "both lie on desks: whoever comes waits for nobody"
    desks.leave(home, "B", 8)
    assert desks.choose(home, "B", [7, 8], "c") == 8
    at[0] += HELD
    assert desks.choose(home, "B", [7, 8], "d") == 7
    assert desks.choose(home, "B", [], "d") is None


def test_the_sample_is_checked_on_the_same_screen_one_after_another(office: Open) -> None:
    from portcullis.steps.sample import draw  # noqa: PLC0415

    one = office("reviewed")
    drawn = draw(one.scene.home, one.scene.batch, one.scene.cast.numbers[0])
    person, other = one.enter(Role.OVERSEER), one.enter(Role.REVIEWER, 2)
    path = f"/batches/{one.scene.batch}/sample"
    at = f"{path}/{min(drawn)}"
    assert f'href="{at}">Begin' in person.get(path).text
    for _ in drawn:
        page = person.get(at)
        assert (page.status, "What was asked" in page.text, "It was decided" in page.text) == (200, True, True)
        assert person.post(at, page, verdict="perhaps").status == 422
        at = person.post(at, page, verdict="ok").headers["location"]
    assert at == path
    assert one.scene.leaves(LeafType.SAMPLE_PASSED) == [], "what is noted counts for nothing before it is signed"
    assert "0 of" in other.get(path).text, "each notes for themselves"
    page = person.get(path)
    assert page.text.count("checked") >= len(drawn)
    asked = person.post(path, page, **{f"v{ordinal}": "ok" for ordinal in drawn})
    done = person.post(f"{path}/sign", asked, act=asked.field("act"), verdicts=asked.field("verdicts"), **{"with": "demo"})
    assert done.status == 303, done.text
    assert len(one.scene.leaves(LeafType.SAMPLE_PASSED)) == 1
    assert person.post(f"{path}/{min(drawn)}", page, verdict="defect").status == 422
    undrawn = next((n for n in range(1, 11) if n not in drawn), None)
    assert undrawn is None or person.get(f"{path}/{undrawn}").status == 422
