"""A restored home: nothing new is signed until it is on record that nothing newer was published."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from journey_home import Scene
from portcullis import backups
from portcullis.crypto import SigningKey, save_keyring
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.export import export_bundle
from portcullis.home import open_home
from portcullis.journal import record
from portcullis.ledger import NoteKey
from portcullis.ledger.note import COSIGNATURE
from portcullis.ledger.verify import verify
from portcullis.ledger.witness import State, Witness
from portcullis.ledger.witness_http import WitnessServer
from portcullis.model import LeafType, Role
from portcullis.publish import publish
from portcullis.recovery import recover, recover_content, standing
from portcullis.store import writing
from portcullis.witnesses import add_witness

At = Callable[[str], Scene]


@pytest.fixture(autouse=True)
def _cheap_keys() -> Iterator[None]:
    with patch.dict(save_keyring.__kwdefaults__, n=2):
        yield


def something_happens(scene: Scene, why: str = "x") -> None:
    with writing(scene.home.engine) as conn:
        record(scene.home, conn, LeafType.INSPECTION, {"who": "IRS-0001", "why": why, "command": "test"})


def restored(scene: Scene, backup: Path, there: Path) -> Scene:
    """A home of its own from the backup, with the same clock."""
    backups.restore(backup, there, scene.home.path / "keys" / "wrapping.json", None)
    return replace(scene, cast=replace(scene.cast, home=open_home(there, now=scene.clock)))


def checkpoint(scene: Scene) -> bytes:
    return (scene.home.ledger / "checkpoint").read_bytes()


def signed(scene: Scene, role: Role = Role.OVERSEER) -> dict[str, Any]:
    return scene.cast.act(scene.person(role), "ledger.recover", recover_content(standing(scene.home)))


def test_nothing_new_is_signed_before_somebody_says_so_on_record(at: At, tmp_path: Path) -> None:
    scene = at("dispatched")
    backups.create(scene.home, tmp_path / "backup")
    there = restored(scene, tmp_path / "backup", tmp_path / "there")
    before = checkpoint(there)
    publish(there.home)  # nothing new: what stands, stands
    something_happens(there)
    with pytest.raises(Refused, match="restored from a backup"):
        publish(there.home)
    assert checkpoint(there) == before
    for role in (Role.OPERATOR, Role.AUTHORIZER, Role.SAFEGUARDS):
        with pytest.raises(Refused, match="role"):
            recover(there.home, signed(there, role))
    recover(there.home, signed(there), [checkpoint(scene)])
    publish(there.home)
    trust = tmp_path / "trust.json"
    export_bundle(there.home, tmp_path / "bundle", trust=trust)
    found = verify(tmp_path / "bundle", trust.read_bytes(), since=before, now=float(scene.clock() + 60))
    assert (found["verified"], found["first_failure"]) == (True, None)
    (leaf,) = there.leaves(LeafType.LEDGER_RECOVERED)
    assert leaf["size"] == int(before.split(b"\n")[1])
    with pytest.raises(OutOfOrder, match="has recovered"):
        standing(there.home)
    there.home.engine.dispose()


def test_a_newer_checkpoint_from_elsewhere_shows_that_the_backup_is_too_old(at: At, tmp_path: Path) -> None:
    scene = at("ready")
    backups.create(scene.home, tmp_path / "backup")
    something_happens(scene)
    publish(scene.home)
    there = restored(scene, tmp_path / "backup", tmp_path / "there")
    with pytest.raises(Tampered, match="was published"):
        recover(there.home, signed(there), [checkpoint(scene)])
    something_happens(there)
    with pytest.raises(Refused):
        publish(there.home)
    assert there.leaves(LeafType.LEDGER_RECOVERED) == []
    there.home.engine.dispose()


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Callable[[Scene], None]]:
    """Puts a witness on a home's list."""
    servers = []

    def listed(scene: Scene) -> None:
        log, key = NoteKey(scene.home.settings.origin, scene.home.log_key.public), SigningKey.generate()
        state = State(tmp_path / "witness")
        state.begin(log.name)
        server = WitnessServer(Witness("overseer.example/w1", key, [log], state, scene.clock).add_checkpoint)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        add_witness(scene.home, NoteKey("overseer.example/w1", key.public, COSIGNATURE).vkey(), server.address)

    yield listed
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_witness_that_has_seen_more_stops_the_recovery(at: At, tmp_path: Path, witness: Callable[[Scene], None]) -> None:
    scene = at("ready")
    witness(scene)
    publish(scene.home)
    backups.create(scene.home, tmp_path / "backup")
    something_happens(scene)
    publish(scene.home)
    there = restored(scene, tmp_path / "backup", tmp_path / "there")
    with pytest.raises(Tampered, match="A witness has seen"):
        recover(there.home, signed(there))
    there.home.engine.dispose()


def test_of_two_homes_from_one_backup_the_second_is_stopped(at: At, tmp_path: Path, witness: Callable[[Scene], None]) -> None:
    scene = at("ready")
    witness(scene)
    publish(scene.home)
    backups.create(scene.home, tmp_path / "backup")
    one, two = (restored(scene, tmp_path / "backup", tmp_path / name) for name in ("one", "two"))
    recover(one.home, signed(one))
    act = signed(two)
    publish(one.home)
    with pytest.raises(Tampered, match="A witness has seen"):
        recover(two.home, act)
    something_happens(one)
    publish(one.home)
    for each in (one, two):
        each.home.engine.dispose()


def test_a_signature_over_another_place_does_not_count(at: At, tmp_path: Path) -> None:
    scene = at("ready")
    backups.create(scene.home, tmp_path / "backup")
    there = restored(scene, tmp_path / "backup", tmp_path / "there")
    head = replace(standing(there.home), size=standing(there.home).size + 1)
    with pytest.raises(Refused, match="another content"):
        recover(there.home, scene.cast.act(scene.person(Role.OVERSEER), "ledger.recover", recover_content(head)))
    there.home.engine.dispose()
