"""Witnesses at the gateway: nothing leaves without as many as the agreement asks for, and no fork gets past one."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from journey_home import AGREEMENT, NOW, OFFICERS, ROWS, Scene, rows_of, truth_of
from portcullis.agreement import adopt, end, propose, sign_agreement
from portcullis.agreement.adopt import folder_of, state_content
from portcullis.crypto import SigningKey
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.errors import Refused, Tampered
from portcullis.export import export_bundle
from portcullis.intake.batch import receive
from portcullis.journal import record, stamp
from portcullis.ledger import NoteKey
from portcullis.ledger.checkpoint import open_checkpoint
from portcullis.ledger.note import COSIGNATURE
from portcullis.ledger.verify import verify
from portcullis.ledger.witness import Answer, State, Witness
from portcullis.ledger.witness_http import WitnessServer
from portcullis.model import LeafType, Role
from portcullis.parts import Scope as Part
from portcullis.publish import publish
from portcullis.release import commit_release, dispatch
from portcullis.store import open_store, writing
from portcullis.witnesses import add_witness, cosigned_sizes, missing, remove_witness

At = Callable[[str], Scene]


@dataclass
class Overseer:
    """One overseer's witness, with its own key and state, and what it would rather answer."""

    name: str
    folder: Path
    key: SigningKey = field(default_factory=SigningKey.generate)
    instead: Answer | None = None
    asked: int = 0
    server: WitnessServer | None = None
    witness: Witness | None = None

    @property
    def note_key(self) -> NoteKey:
        return NoteKey(self.name, self.key.public, COSIGNATURE)

    def begin(self, scene: Scene) -> str:
        """Told of the log, it begins to answer; returns its address."""
        log = NoteKey(scene.home.settings.origin, scene.home.log_key.public)
        state = State(self.folder / self.name.replace("/", "-"))
        state.begin(log.name)
        self.witness = Witness(self.name, self.key, [log], state, scene.clock)
        self.server = WitnessServer(self.answer, seconds=2)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self.server.address

    def answer(self, body: bytes) -> Answer:
        self.asked += 1
        assert self.witness is not None
        return self.instead or self.witness.add_checkpoint(body)


@pytest.fixture
def overseers(tmp_path: Path) -> Iterator[list[Overseer]]:
    made = [Overseer(f"overseer.example/w{number}", tmp_path / "overseers") for number in (1, 2, 3)]
    yield made
    for one in made:
        if one.server is not None:
            one.server.shutdown()
            one.server.server_close()


NO = Answer(503, b"later\n")


def listing(scene: Scene, overseers: list[Overseer]) -> None:
    for one in overseers:
        add_witness(scene.home, one.note_key.vkey(), one.begin(scene))


def next_version(scene: Scene, text: str) -> None:
    """Version 2 of the agreement with `text` added, signed by both and adopted in place of version 1."""
    folder, cast, home = scene.inbox / "version-2", scene.cast, scene.home
    shutil.copytree(folder_of(home, AGREEMENT, 1), folder, ignore=shutil.ignore_patterns("salts.json"))  # a new version has new salts
    terms = folder / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n") + text, encoding="utf-8")
    act = cast.act(scene.person(Role.COUNSEL), "agreement.ended", state_content(AGREEMENT, 1, "ended"), AGREEMENT)

    def change(conn: Connection) -> None:
        end(home, conn, AGREEMENT, act)
        agreement = propose(home, conn, folder)
        for agency in ("IRS", "ICE"):
            sign_agreement(home, conn, AGREEMENT, 2, agency, cast.act(f"root:{agency}", "agreement.sign", agreement.hash))
        adopt(home, conn, AGREEMENT, 2)

    scene.step(change)


def committed(at: At, overseers: list[Overseer], terms: str) -> Scene:
    """A batch committed under an agreement with these terms on witnesses."""
    scene = at("ready")
    scene.cast.home = replace(scene.home, settings=replace(scene.home.settings, witness_seconds=1))
    listing(scene, overseers)
    next_version(scene, f"\nwitnesses: {terms}\n")
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    agency.pack(folder, rows_of(ROWS[:2]), time=stamp(NOW), agreement_version=2)
    agency.engage_all(folder, 2)
    scene.batch = receive(scene.home, folder).batch_id
    assert to_sampled(scene.cast, scene.batch, truth_of(ROWS[:2]))
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    return scene


def nothing_left(scene: Scene) -> None:
    with pytest.raises(Refused, match="witnesses"):
        dispatch(scene.home, scene.batch)
    assert scene.state == "committed"
    assert scene.leaves(LeafType.RELEASE_DISPATCHED, LeafType.DISCLOSURE, LeafType.RELEASE_WITHHELD) == []


def test_a_lawful_release_goes_when_as_many_answered_as_asked_for(at: At, overseers: list[Overseer], tmp_path: Path) -> None:
    overseers[2].instead = NO
    scene = committed(at, overseers, "{quorum: 2}")
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == 2
    publish(scene.home)
    trust = tmp_path / "trust.json"
    export_bundle(scene.home, tmp_path / "bundle", trust=trust)
    found = verify(tmp_path / "bundle", trust.read_bytes(), now=float(scene.clock() + 60))
    assert (found["verified"], found["checked"]["1"]["witnesses"]) == (True, 2)  # type: ignore[index]
    (leaf,) = scene.leaves(LeafType.RELEASE_DISPATCHED)
    assert [one["witness"] for one in leaf["cosigned"]] == [one.note_key.vkey() for one in overseers[:2]]
    export_bundle(scene.home, tmp_path / "part", scope=Part(batch=scene.batch))
    found = verify(tmp_path / "part", trust.read_bytes(), now=float(scene.clock() + 60))
    assert (found["verified"], found["part"], found["first_failure"]) == (True, "batch", None)


def test_one_too_few_and_nothing_leaves_until_the_late_one_comes(at: At, overseers: list[Overseer]) -> None:
    overseers[1].instead = NO
    scene = committed(at, overseers[:2], "{quorum: 2}")
    publish(scene.home)
    nothing_left(scene)
    overseers[1].instead = None
    publish(scene.home)  # nothing new to sign; the late one is asked again
    assert dispatch(scene.home, scene.batch) == 2


def test_a_cosignature_from_before_the_commit_does_not_count(at: At, overseers: list[Overseer]) -> None:
    scene = committed(at, overseers[:1], "{quorum: 1}")
    assert cosigned_sizes(scene.home)[overseers[0].name] > 0, "it had cosigned before"
    overseers[0].instead = NO
    publish(scene.home)
    nothing_left(scene)


def test_only_witnesses_that_the_agreement_names_count(at: At, overseers: list[Overseer]) -> None:
    named = overseers[0].note_key.vkey()
    scene = committed(at, overseers[:2], f'{{quorum: 1, keys: ["{named}"]}}')
    overseers[0].instead = NO
    publish(scene.home)
    nothing_left(scene)
    overseers[0].instead = None
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == 2
    (leaf,) = scene.leaves(LeafType.RELEASE_DISPATCHED)
    assert [one["witness"] for one in leaf["cosigned"]] == [named]


def test_one_witness_counts_once(at: At, overseers: list[Overseer]) -> None:
    scene = at("ready")
    listing(scene, overseers[:1])
    publish(scene.home)
    with pytest.raises(Refused, match="already"):
        add_witness(scene.home, overseers[0].note_key.vkey(), "http://127.0.0.1:1")
    with pytest.raises(Refused, match="already"):
        add_witness(scene.home, NoteKey("another.name", overseers[0].key.public, COSIGNATURE).vkey(), "http://127.0.0.1:1")
    assert [missing(scene.home, quorum, (), 0) for quorum in (0, 1, 2)] == [0, 0, 1]
    remove_witness(scene.home, overseers[0].name)
    assert missing(scene.home, 1, (), 0) == 1


@pytest.mark.parametrize(
    "instead",
    [
        Answer(200, b"\xff\x00" * 50),
        Answer(200, b""),
        Answer(409, b"none\n"),
        Answer(409, b"0\n"),
        Answer(422, b"x"),
        Answer(500, b""),
        Answer(200, b"\xe2\x80\x94 overseer.example/w1 AAAAAAAAAAAA\n" * 200),
    ],
    ids=["noise", "empty", "no size", "always none", "422", "500", "many lines"],
)
def test_a_witness_that_answers_garbage_stops_nothing_and_counts_for_nothing(at: At, overseers: list[Overseer], instead: Answer) -> None:
    scene = at("ready")
    overseers[0].instead = instead
    listing(scene, overseers[:2])
    head = publish(scene.home)
    assert head is not None
    log = NoteKey(scene.home.settings.origin, scene.home.log_key.public)
    signed = open_checkpoint((scene.home.ledger / "checkpoint").read_bytes(), log, [one.note_key for one in overseers])
    assert [name for name, _ in signed.witnesses] == [overseers[1].name]
    assert missing(scene.home, 2, (), 0) == 1


def test_a_witness_that_never_ends_its_answer_costs_the_time_that_is_set(at: At, overseers: list[Overseer]) -> None:
    scene = at("ready")
    scene.cast.home = replace(scene.home, settings=replace(scene.home.settings, witness_seconds=1))
    listener = socket.create_server(("127.0.0.1", 0))
    add_witness(scene.home, overseers[0].note_key.vkey(), f"http://127.0.0.1:{listener.getsockname()[1]}")
    listing(scene, overseers[1:2])
    begun = time.monotonic()
    publish(scene.home)
    assert time.monotonic() - begun < 6
    assert missing(scene.home, 2, (), 0) == 1
    listener.close()


# ---- two histories -----------------------------------------------------------------------------------------------------------------------
def another(scene: Scene, folder: Path) -> Scene:
    """The same home a second time, as from one backup."""
    scene.home.engine.dispose()
    shutil.copytree(scene.home.path, folder)
    home = replace(scene.home, path=folder, engine=open_store(f"sqlite:///{folder / 'store.db'}"))
    return replace(scene, cast=replace(scene.cast, home=home))


def something_happens(scene: Scene, why: str) -> None:
    with writing(scene.home.engine) as conn:
        record(scene.home, conn, LeafType.INSPECTION, {"who": "IRS-0001", "why": why, "command": "test"})


def checkpoint(scene: Scene) -> bytes:
    return (scene.home.ledger / "checkpoint").read_bytes()


def test_of_two_homes_from_one_backup_only_one_gets_past_the_witness(at: At, overseers: list[Overseer], tmp_path: Path) -> None:
    one = at("ready")
    listing(one, overseers[:1])
    publish(one.home)
    two = another(one, tmp_path / "two")
    something_happens(one, "first")
    publish(one.home)
    something_happens(two, "second")
    before = checkpoint(two)
    with pytest.raises(Tampered, match="A witness has seen"):
        publish(two.home)
    assert checkpoint(two) == before, "nothing was signed"
    something_happens(one, "third")
    publish(one.home)
    two.home.engine.dispose()


def test_a_home_that_is_older_than_what_was_witnessed_signs_nothing(at: At, overseers: list[Overseer], tmp_path: Path) -> None:
    scene = at("ready")
    listing(scene, overseers[:1])
    publish(scene.home)
    old = another(scene, tmp_path / "old")
    for why in ("a", "b", "c"):
        something_happens(scene, why)
    publish(scene.home)
    something_happens(old, "after-the-restore")
    before = checkpoint(old)
    for _ in range(2):
        with pytest.raises(Tampered, match="older backup"):
            publish(old.home)
    assert checkpoint(old) == before
    old.home.engine.dispose()


def test_a_gateway_that_shows_each_witness_another_history_satisfies_no_quorum_of_both(
    at: At, overseers: list[Overseer], tmp_path: Path
) -> None:
    """It keeps two homes and gives each witness one of them; the second history cannot be shown to whoever saw the first."""
    one = at("ready")
    publish(one.home)
    two = another(one, tmp_path / "two")
    add_witness(one.home, overseers[0].note_key.vkey(), overseers[0].begin(one))
    add_witness(two.home, overseers[1].note_key.vkey(), overseers[1].begin(two))
    for scene, why in ((one, "first"), (two, "second")):
        something_happens(scene, why)
        publish(scene.home)
    assert overseers[0].server is not None
    assert overseers[1].server is not None
    add_witness(one.home, overseers[1].note_key.vkey(), overseers[1].server.address)
    add_witness(two.home, overseers[0].note_key.vkey(), overseers[0].server.address)
    for scene in (one, two):
        with pytest.raises(Tampered):
            publish(scene.home)
        something_happens(scene, "more")
        with pytest.raises(Tampered):
            publish(scene.home)
        assert missing(scene.home, 2, (), 0) == 1
    two.home.engine.dispose()


def test_processes_of_one_home_that_publish_at_once_are_no_fork(at: At, overseers: list[Overseer]) -> None:
    scene = at("ready")
    listing(scene, overseers[:2])
    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for number in range(4):
                something_happens(scene, f"{name}-{number}")
                publish(scene.home)
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    publish(scene.home)
    assert missing(scene.home, 2, (), 0) == 0
