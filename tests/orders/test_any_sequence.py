"""With any sequence of stays, over any scopes, imposed and lifted in any order, nothing that an order in force covers is dispatched.

Two batches under different statutes wait to leave. After each step somebody tries to send both; what the orders of the moment cover is
computed here apart from the program, from what is known of the batches.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey_home import ROWS, Scene, rows_of, stations, truth_of
from portcullis.demo.cast import Cast
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.errors import OutOfOrder, Refused
from portcullis.intake.reached import reach
from portcullis.model import LeafType
from portcullis.orders import Scope, Subject, impose, lift, lift_content, name_subject, order_content
from portcullis.oversight import Identity
from portcullis.oversight.person import blind_indices
from portcullis.publish import publish
from portcullis.release import commit_release, dispatch
from portcullis.store import open_store

COUNSEL, OVERSEER = "IRS-0006", "IRS-0008"
FIRST, SECOND = ("B-2025-000001", "B-2025-000002")
LIMITS = (
    "everything",
    "agreement",
    "agency",
    "another agency",
    "gate",
    "first batch",
    "second batch",
    "statute",
    "other statute",
    "person",
)
COVERS: dict[str, set[str]] = {
    **{limit: {FIRST, SECOND} for limit in ("everything", "agreement", "agency", "gate")},
    "another agency": set(),
    "first batch": {FIRST},
    "second batch": {SECOND},
    "statute": {FIRST, SECOND},
    "other statute": {SECOND},
    "person": {FIRST},
}
STEP = st.one_of(st.tuples(st.just("impose"), st.sampled_from(LIMITS)), st.tuples(st.just("lift"), st.integers(0, 5)))


@cache
def kept() -> Path:
    """Where the homes of this process are copied to."""
    return Path(tempfile.mkdtemp(prefix="pc-orders-"))


def two_batches(scene: Scene) -> None:
    """A second batch: two rows of the first one's people, one of them under another statute, sampled like the first."""
    rows = rows_of(ROWS[1:3])
    rows[1] = rows[1] | {"statute": "18 USC 1546(a)"}
    scene.lay_stock()
    scene.send(rows)
    assert scene.batch == SECOND
    truth = truth_of()
    to_sampled(scene.cast, SECOND, {1: truth[2], 2: truth[3]})


def subject_of(scene: Scene, order: str) -> Subject:
    """The first row's person, whom only the first batch asks for."""
    asked = rows_of()[0]
    stated = {name: str(asked[name]) for name in ("given_name", "family_name", "date_of_birth")}
    return name_subject(order, stated, blind_indices(scene.home, Identity(**stated)))


def scope_of(scene: Scene, limit: str, subject: Subject) -> Scope:
    batches = {"first batch": FIRST, "second batch": SECOND}
    named: dict[str, Scope] = {
        "agreement": Scope(agreements=("irs-ice-2025",)),
        "agency": Scope(agencies=("ICE",)),
        "another agency": Scope(agencies=("FBI",)),
        "gate": Scope(gates=("6103(i)(2)",)),
        "statute": Scope(statutes=("8USC1253(a)", "18USC1546")),
        "other statute": Scope(statutes=("18USC1546(a)",)),
        "person": Scope(persons=(subject.person,)),
    }
    return Scope(batches=(scene.row(batches[limit])["log_id"],)) if limit in batches else named.get(limit, Scope())


def try_to_send(scene: Scene, batch: str) -> bool:
    """Everything somebody could type to make a batch leave; True when it left just now."""
    here = replace(scene, batch=batch)
    if here.state in ("dispatched", "acknowledged"):
        return False
    for attempt in (lambda: authorize_all(here.cast, batch), lambda: commit_release(here.home, batch), lambda: dispatch(here.home, batch)):
        publish(here.home)
        try:
            attempt()
        except (Refused, OutOfOrder):
            continue
    return here.state == "dispatched"


def play(scene: Scene, steps: list[tuple[str, str | int]]) -> None:
    """The steps, with an attempt at both batches after each, judged by what is known of the orders of the moment."""
    in_force: dict[str, str] = {}
    for number, (act, what) in enumerate(steps, 1):
        if act == "impose":
            order = f"O-{number}"
            subject = subject_of(scene, order)
            scope = scope_of(scene, str(what), subject)
            signed = scene.cast.act(COUNSEL, "order.impose", order_content(order, scope, scene.clock()))
            subjects = (subject,) if scope.persons else ()
            look: Callable[..., bool] = lambda conn, batch, limits: bool(reach(scene.home, conn, batch, limits))  # noqa: E731
            impose(scene.home, order, scope, scene.clock(), signed, subjects=subjects, reach=look)
            in_force[order] = str(what)
        elif in_force:
            order = sorted(in_force)[int(what) % len(in_force)]
            lift(scene.home, order, [scene.cast.act(who, "order.lift", lift_content(order)) for who in (COUNSEL, OVERSEER)])
            del in_force[order]
        covered = set[str]().union(*(COVERS[limit] for limit in in_force.values()))
        for batch in (FIRST, SECOND):
            left = try_to_send(scene, batch)
            assert not (left and batch in covered), f"{batch} left under {in_force}"
            assert scene.row(batch)["held"] == int(batch in covered and scene.row(batch)["state"] != "dispatched")
    sent = {leaf["batch"] for leaf in scene.leaves(LeafType.RELEASE_DISPATCHED)}
    assert sent == {scene.row(batch)["log_id"] for batch in (FIRST, SECOND) if scene.row(batch)["state"] == "dispatched"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Both batches sampled; copied for each sequence."""
    scene = stations("sqlite").copy("sampled", tmp_path_factory.mktemp("orders") / "home")
    two_batches(scene)
    scene.home.engine.dispose()
    return scene


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=1, max_size=5))
def test_nothing_in_the_scope_of_any_order_in_force_is_dispatched(ready: Scene, steps: list[tuple[str, str | int]]) -> None:
    scene = again(ready)
    try:
        play(scene, steps)
    finally:
        scene.home.engine.dispose()


def again(ready: Scene) -> Scene:
    """A copy of the home with both batches."""
    folder = Path(tempfile.mkdtemp(dir=kept())) / "home"
    shutil.copytree(ready.home.path, folder)
    home = replace(ready.home, path=folder, engine=open_store(f"sqlite:///{folder / 'store.db'}"))
    cast = Cast(home, dict(ready.cast.roots), dict(ready.cast.keys), ready.cast.vault, list(ready.cast.numbers))
    return replace(ready, cast=cast)


def test_the_sequence_everybody_thinks_of(ready: Scene) -> None:
    """Two orders overlap, one is lifted, the other still holds; then it is lifted too and both batches may leave."""
    scene = again(ready)
    play(scene, [("impose", "person"), ("impose", "agency"), ("lift", 1), ("lift", 0)])
    assert {scene.row(batch)["state"] for batch in (FIRST, SECOND)} == {"dispatched"}
    scene.home.engine.dispose()
