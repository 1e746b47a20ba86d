"""A stay over a statute or a person: it holds every batch that has such a row, tells nobody whose, and is checked offline."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from journey_home import ANSWERED, NOW, OFFICERS, ROWS, Scene, rows_of, truth_of
from portcullis import accounting, journey
from portcullis.batches import ref
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.errors import OutOfOrder, Refused
from portcullis.export import export_bundle
from portcullis.intake.reached import reach, statute_of
from portcullis.journal import record
from portcullis.ledger.verify import verify
from portcullis.model import LeafType
from portcullis.orders import Imposed, Scope, Subject, effects, impose, lift, lift_content, name_subject, order_content, same_subject
from portcullis.oversight import Identity
from portcullis.oversight.person import blind_indices
from portcullis.parts import Asked
from portcullis.parts import Scope as Part
from portcullis.publish import publish
from portcullis.release import commit_release, deliver, dispatch
from portcullis.store import schema

At = Callable[[str], Scene]
COUNSEL, OVERSEER = "IRS-0006", "IRS-0008"
GATHER = importlib.import_module("portcullis.release.gather")
VERIFIER = Path(__file__).parents[2] / "verifier" / "verify.py"


def stay(scene: Scene, order: str = "O-1", statutes: tuple[str, ...] | None = None, subjects: tuple[Subject, ...] = ()) -> Imposed:
    scope = Scope(statutes=statutes, persons=tuple(each.person for each in subjects) or None)
    act = scene.cast.act(COUNSEL, "order.impose", order_content(order, scope, NOW - 3600))
    looks = {"subjects": subjects, "reach": lambda conn, batch, limits: bool(reach(scene.home, conn, batch, limits))}
    return impose(scene.home, order, scope, NOW - 3600, act, **looks)  # type: ignore[arg-type]


def about(scene: Scene, row: int, order: str = "O-1", *names: str) -> Subject:
    """The person of a row of the batch, by these members of the request."""
    asked = rows_of()[row - 1]
    stated = {name: str(asked[name]) for name in names or ("given_name", "family_name", "date_of_birth")}
    return name_subject(order, stated, blind_indices(scene.home, Identity(**stated)))


def goes_out(scene: Scene) -> object:
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    return dispatch(scene.home, scene.batch)


def verified(scene: Scene, folder: Path) -> subprocess.CompletedProcess[str]:
    export_bundle(scene.home, folder, trust=folder.with_name("trust.json"))
    words = [sys.executable, str(VERIFIER), str(folder), "--trust", str(folder.with_name("trust.json"))]
    return subprocess.run(words, capture_output=True, text=True, check=False)


# ---- statutes ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "code"),
    [("8 USC 1253(a)(1)(A)", "8USC1253(a)(1)(A)"), ("8 U.S.C. § 1253", "8USC1253"), ("INA 243(a)", "8USC1253(a)")],
)
def test_a_statute_is_read_in_any_usual_spelling(typed: str, code: str) -> None:
    assert statute_of(typed) == code


@pytest.mark.parametrize("typed", ["", "immigration", "8 USC 1253 and 8 USC 1326", "8 USC 12 53"])
def test_what_is_not_exactly_one_statute_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="statute cannot be read"):
        statute_of(typed)


@pytest.mark.parametrize("station", ["received", "matched", "sampled", "authorized", "committed"])
def test_an_order_over_a_statute_holds_a_batch_with_one_row_under_it(at_both: At, station: str) -> None:
    scene = at_both(station)
    assert stay(scene, statutes=("8USC1253",)).held == (scene.batch,)
    assert scene.row()["held"] == 1
    assert [leaf["batch"] for leaf in scene.leaves(LeafType.ORDER_REACHED)] == [scene.row()["log_id"]]
    for attempt in (dispatch, commit_release, deliver):
        with pytest.raises((OutOfOrder, Refused)):
            attempt(scene.home, scene.batch)


def test_an_order_over_another_statute_holds_nothing(at: At) -> None:
    scene = at("committed")
    assert stay(scene, statutes=("8USC1326", "8USC125", "8USC1253(a)(2)")) == Imposed("O-1", (), (), ())
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_without_somebody_who_reads_rows_such_an_order_is_not_imposed_at_all(at: At) -> None:
    scene, scope = at("committed"), Scope(statutes=("8USC1253",))
    act = scene.cast.act(COUNSEL, "order.impose", order_content("O-1", scope, NOW))
    with pytest.raises(OutOfOrder, match="read them"):
        impose(scene.home, "O-1", scope, NOW, act)
    assert scene.leaves(LeafType.ORDER_IMPOSED) == []


# ---- persons -------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("station", ["received", "committed"])
def test_an_order_about_a_person_holds_the_batch_that_asks_for_them(at_both: At, station: str) -> None:
    scene = at_both(station)
    assert stay(scene, subjects=(about(scene, 2),)).held == (scene.batch,)
    assert scene.state == ("received" if station == "received" else "sampled")


def test_an_order_about_somebody_else_holds_nothing(at: At) -> None:
    scene = at("committed")
    nobody = name_subject("O-1", {"taxpayer_number": "900700001"}, blind_indices(scene.home, Identity(taxpayer_number="900700001")))
    assert stay(scene, subjects=(nobody,)).held == ()
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_a_name_without_a_date_of_birth_may_be_the_person_and_is_held(at: At) -> None:
    scene, rows = at("ready"), rows_of(ROWS[:2])
    stated = {name: str(rows[1][name]) for name in ("given_name", "family_name", "date_of_birth")}
    bare = Identity(given_name=stated["given_name"], family_name=stated["family_name"])
    blinds = blind_indices(scene.home, Identity(**stated)) | blind_indices(scene.home, bare)
    stay(scene, subjects=(name_subject("O-1", stated, blinds),))
    scene.send([rows[0], rows[1] | {"date_of_birth": None, "taxpayer_number": None}])
    assert scene.row()["held"] == 1


def test_a_batch_that_comes_later_is_held_from_its_first_moment_and_not_refused(at_both: At) -> None:
    """A refusal would tell the sender that somebody in the file is protected by an order; a batch that waits tells nothing."""
    scene = at_both("ready")
    stay(scene, subjects=(about(scene, 2),))
    got = scene.send()
    assert (got.state, scene.row()["held"]) == ("received", 1)
    assert [leaf["type"] for leaf in scene.leaves()[-2:]] == ["batch.received", "order.reached"]
    assert journey.run(scene.home, scene.batch) == "received"
    assert scene.send(rows_of(ROWS[4:6])).state == "received" and scene.row()["held"] == 0
    lift(scene.home, "O-1", [scene.cast.act(who, "order.lift", lift_content("O-1")) for who in (COUNSEL, OVERSEER)])
    assert scene.row(got.batch_id)["held"] == 0


def unseen(scene: Scene) -> None:
    """An order about the person whom row 2 was matched to, which its rows as written did not show: nothing is held."""
    with scene.read() as conn:
        table = accounting.read(scene.home, conn, scene.batch, ["ordinal", "blind_person"]).to_pylist()
    blind = next(row["blind_person"] for row in table if row["ordinal"] == 2)
    scope = Scope(persons=("ab" * 32,))
    act = scene.cast.act(COUNSEL, "order.impose", order_content("O-1", scope, NOW))
    subject = Subject("ab" * 32, bytes(32), frozenset({blind}))
    assert impose(scene.home, "O-1", scope, NOW, act, subjects=(subject,), reach=lambda *_: False).held == ()


def test_whoever_turns_out_to_be_the_person_when_matched_is_held_at_the_commit(at: At) -> None:
    scene = at("sampled")
    unseen(scene)
    authorize_all(scene.cast, scene.batch)
    with pytest.raises(Refused, match="B-ENJOINED"):
        commit_release(scene.home, scene.batch)
    assert scene.count(schema.outbox) == 0


def test_without_that_last_look_the_person_would_be_disclosed(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = at("sampled")
    unseen(scene)
    monkeypatch.setattr(GATHER, "reached_later", lambda *_: 0)
    assert goes_out(scene) == len(ANSWERED)


def test_the_court_can_be_shown_whom_an_order_is_about_and_nobody_else_can_read_it(at: At) -> None:
    scene = at("ready")
    subject = about(scene, 2)
    stay(scene, subjects=(subject,))
    asked = rows_of()[1]
    stated = {name: str(asked[name]) for name in ("given_name", "family_name", "date_of_birth")}
    with scene.read() as conn:
        assert same_subject(conn, "O-1", stated)
        assert not same_subject(conn, "O-1", stated | {"family_name": "Other"})
    (leaf,) = scene.leaves(LeafType.ORDER_IMPOSED)
    assert leaf["scope"]["persons"] == [subject.person]
    assert not [value for value in stated.values() if value in json.dumps(leaf)]
    again = name_subject("O-2", stated, subject.blinds)
    assert again.person != subject.person, "two orders about one person cannot be connected by their leaves"


# ---- what it did ---------------------------------------------------------------------------------------------------------------------
def test_effects_list_what_was_withheld_and_what_had_left_and_keep_the_two_times_apart(at_both: At) -> None:
    scene = at_both("dispatched")
    first = scene.batch
    scene.lay_stock()
    scene.send(plan={OFFICERS[0]: range(1, 11)})
    assert to_sampled(scene.cast, scene.batch, truth_of())
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    scene.clock.forward(hours=1)
    stay(scene, statutes=("8USC1253",))
    with scene.read() as conn:
        found = effects(conn, "O-1")
    assert found["court_time"] == "2025-06-28T13:00:00Z" and found["imposed"] == "2025-06-28T15:00:00Z"
    (held,) = found["withheld"]
    assert (held["batch"], held["state"], held["authorizations_voided"], held["answers_withheld"]) == (scene.batch, "committed", 2, 4)
    (left,) = found["already_left"]
    assert (left["batch"], left["answers"], left["after_the_court"]) == (first, len(ANSWERED), 1)
    assert found["left_between"] == [first]


def test_the_offline_verifier_follows_an_order_limited_by_rows(at: At, tmp_path: Path) -> None:
    scene = at("committed")
    stay(scene, statutes=("8USC1253",))
    stay(scene, "O-2", subjects=(about(scene, 2, "O-2"),))
    for order in ("O-1", "O-2"):
        lift(scene.home, order, [scene.cast.act(who, "order.lift", lift_content(order)) for who in (COUNSEL, OVERSEER)])
    assert goes_out(scene) == len(ANSWERED)
    done = verified(scene, tmp_path / "bundle")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("limit", ["statute", "person"])
def test_a_dispatch_under_such_an_order_does_not_verify(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """A gateway that was made to dispatch in spite of an order is found out from the leaves alone, by both verifiers."""
    scene = at("sampled")
    stay(scene, statutes=("8USC1253",)) if limit == "statute" else stay(scene, subjects=(about(scene, 2),))
    scene.step(lambda conn: conn.execute(update(schema.batch).values(held=0)))
    monkeypatch.setattr(GATHER, "stays_on", lambda *_, **__: [])
    assert goes_out(scene) == len(ANSWERED)
    done = verified(scene, tmp_path / "bundle")
    assert done.returncode == 4 and "while stayed by order O-1" in done.stdout, done.stdout
    own = verify(tmp_path / "bundle", (tmp_path / "trust.json").read_bytes(), now=scene.clock())
    assert not own["verified"] and "stayed by order O-1" in json.dumps(own["first_failure"])


def test_a_reach_of_an_order_that_is_not_in_force_does_not_verify(at: At, tmp_path: Path) -> None:
    scene = at("sampled")
    with scene.read() as conn:
        batch = ref(conn, scene.batch)
    fields = {"order": "O-9", "court_time": "2025-06-28T13:00:00Z"}
    scene.step(lambda conn: record(scene.home, conn, LeafType.ORDER_REACHED, fields, batch=batch))
    publish(scene.home)
    done = verified(scene, tmp_path / "bundle")
    assert done.returncode == 4 and "reached by an order not in force" in done.stdout
    assert not verify(tmp_path / "bundle", (tmp_path / "trust.json").read_bytes(), now=scene.clock())["verified"]


@pytest.mark.parametrize("kind", ["batch", "person"])
def test_a_part_of_the_log_carries_the_reach_of_its_batch(at: At, tmp_path: Path, kind: str) -> None:
    scene = at("committed")
    stay(scene, statutes=("8USC1253",))
    publish(scene.home)
    asked = rows_of()[1]
    person = Identity(**{name: str(asked[name]) for name in ("given_name", "family_name", "date_of_birth")})
    scope = Part(batch=scene.batch) if kind == "batch" else Part(person=person)
    export_bundle(scene.home, tmp_path / "part", trust=tmp_path / "trust.json", scope=scope, asked=Asked(COUNSEL, "court-order", "court"))
    words = [sys.executable, str(VERIFIER), str(tmp_path / "part"), "--trust", str(tmp_path / "trust.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "1 orders" in done.stdout, done.stdout
    entries = b"".join(path.read_bytes() for path in (tmp_path / "part" / "tile" / "entries").rglob("*") if path.is_file())
    assert b'"order.reached"' in entries
