"""Two officers at one item at once, a button pressed twice, a store that fails as somebody signs: one record, or none, and plain words."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import OperationalError

from console_desk import Office, Page, Person
from portcullis.model import LeafType, Role
from portcullis.store import schema

Open = Callable[[str], Office]


def at_one_time(monkeypatch: pytest.MonkeyPatch, module: str, people: int = 2) -> None:
    """Whoever has read what is to be decided waits until the others have read it too, or until it is clear that they cannot."""
    place, meeting = sys.modules[module], threading.Barrier(people)
    real = place.accept_act  # type: ignore[attr-defined]

    def together(*what: object, **how: object) -> object:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(1.0)
        return real(*what, **how)

    monkeypatch.setattr(place, "accept_act", together)


def posted(calls: list[Callable[[], Page]]) -> list[int]:
    """The statuses of calls sent at once, in order of status."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(page.status for page in pool.map(lambda call: call(), calls))


def test_of_two_reviewers_of_one_request_one_is_too_late(office_both: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = office_both("matched")
    path = f"/batches/{one.scene.batch}/review/7"
    calls = []
    for number, verdict in ((1, "refuse"), (2, "accept")):
        person = one.enter(Role.REVIEWER, number)
        asked = person.post(path, person.get(path), verdict=verdict, code="cannot-tell" if verdict == "refuse" else "same-person")
        fields = {name: asked.field(name) for name in ("verdict", "code", "salt", "act")} | {"with": "demo"}
        calls.append(lambda person=person, asked=asked, fields=fields: person.post(f"{path}/sign", asked, **fields))
    at_one_time(monkeypatch, "portcullis.review.queue")
    assert posted(calls) in ([303, 409], [303, 422])
    assert len(one.scene.leaves(LeafType.REVIEW_RECORDED)) == 1
    assert one.scene.count(schema.review, ordinal=7) == 1


def authorization(one: Office, number: int) -> tuple[Person, str, Page]:
    person, path = one.enter(Role.AUTHORIZER, number), f"/batches/{one.scene.batch}/authorize"
    return person, path, person.get(path)


def test_a_button_pressed_twice_signs_once(office_both: Open) -> None:
    one = office_both("sampled")
    person, path, page = authorization(one, 1)
    again = Person(person.port, person.origin, person.cookie)
    sent = {"act": page.field("act"), "with": "demo"}
    statuses = posted([lambda who=who: who.post(path, page, **sent) for who in (person, again)])
    assert statuses in ([303, 409], [303, 422])
    assert (len(one.scene.leaves(LeafType.RELEASE_AUTHORIZED)), one.scene.state) == (1, "sampled")


def test_two_authorizers_at_once_are_two(office_both: Open) -> None:
    one = office_both("sampled")
    signing = [authorization(one, number) for number in (1, 2)]
    calls = [
        lambda who=who, path=path, page=page: who.post(path, page, act=page.field("act"), **{"with": "demo"}) for who, path, page in signing
    ]
    assert posted(calls) == [303, 303]
    assert (len(one.scene.leaves(LeafType.RELEASE_AUTHORIZED)), one.scene.state) == (2, "authorized")


def test_when_the_store_fails_while_somebody_signs_nothing_is_recorded_and_the_same_page_signs_later(
    office_both: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = office_both("sampled")
    person, path, page = authorization(one, 1)
    place, before = sys.modules["portcullis.review.authorize"], len(one.scene.leaves())

    def fails(*what: object, **how: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk I/O error about GARCIA"))

    with monkeypatch.context() as broken:
        broken.setattr(place, "record", fails)
        failed = person.post(path, page, act=page.field("act"), **{"with": "demo"})
    assert (failed.status, "nothing that was not finished has been recorded" in failed.text, "GARCIA" in failed.text) == (503, True, False)
    assert (one.scene.count(schema.authorization), len(one.scene.leaves())) == (0, before)
    assert person.post(path, page, act=page.field("act"), **{"with": "demo"}).status == 303
