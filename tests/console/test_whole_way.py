"""People take a batch through the console, from review to dispatch, without a script: forms alone, keys of the demonstration."""

from __future__ import annotations

import re
from collections.abc import Callable

from afterwards import Afterwards
from console_desk import Office, Page, Person
from portcullis import journey
from portcullis.model import LeafType, Role
from portcullis.steps.sample import draw
from portcullis.worker import Worker

Open = Callable[[str], Office]


def signed(person: Person, page: Page, to: str, *names: str, nth: int = 0) -> Page:
    """Sign what a page asks to be signed, with the demonstration's key file."""
    hidden = {name: page.field(name) for name in names}
    return person.post(to, page, act=page.field("act", nth), **hidden, **{"with": "demo"})


def test_an_open_recall_is_seen_with_what_it_stops(office: Open) -> None:
    one = office("dispatched")
    safeguards = one.enter(Role.SAFEGUARDS)
    assert "Nothing that is owed stops a flow" in safeguards.get("/safeguards").text
    done = Afterwards(one.scene).recall()
    page = safeguards.get("/safeguards").text
    assert done.matter in page and "ICE under irs-ice-2025 receives nothing now" in page


def test_from_review_to_dispatch(office: Open) -> None:
    one = office("matched")
    scene, batch = one.scene, one.scene.batch
    reviewer = one.enter(Role.REVIEWER)
    assert f"/batches/{batch}/review" in reviewer.get("/queue").text
    reviewed = []
    while (opened := reviewer.get(f"/batches/{batch}/review")).status == 303:
        path = opened.headers["location"]
        page = reviewer.get(path)
        assert (page.status, "weight" in page.text.lower()) == (200, False)
        asked = reviewer.post(path, page, verdict="refuse", code="cannot-tell")
        assert asked.status == 200, asked.text
        done = signed(reviewer, asked, f"{path}/sign", "verdict", "code", "salt")
        assert (done.status, done.headers["location"]) == (303, f"/batches/{batch}/review"), done.text
        reviewed.append(path)
    assert [path.rpartition("/")[2] for path in reviewed] == ["7", "8"]

    assert dict(Worker(scene.home).advance()) == {batch: "reviewed"}
    draw(scene.home, batch, scene.cast.numbers[0])
    overseer = one.enter(Role.OVERSEER)
    page = overseer.get(f"/batches/{batch}/sample")
    drawn = re.findall(r'name="v(\d+)" value="ok"', page.text)
    asked = overseer.post(f"/batches/{batch}/sample", page, **{f"v{ordinal}": "ok" for ordinal in drawn})
    assert signed(overseer, asked, f"/batches/{batch}/sample/sign", "verdicts").status == 303
    assert dict(Worker(scene.home).advance()) == {batch: "sampled"}

    for number in (1, 2):
        authorizer = one.enter(Role.AUTHORIZER, number)
        page = authorizer.get(f"/batches/{batch}/authorize")
        assert page.status == 200, page.text
        assert signed(authorizer, page, f"/batches/{batch}/authorize").status == 303
    assert dict(Worker(scene.home).advance()) == {batch: "committed"}
    operator = one.enter(Role.OPERATOR)
    page = operator.get(f"/batches/{batch}/release")
    assert operator.post(f"/batches/{batch}/dispatch", page).status == 303
    assert journey.status(scene.home, batch)["state"] == "dispatched"
    assert len(scene.leaves(LeafType.DISCLOSURE)) == 4
