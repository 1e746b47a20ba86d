"""Destroying a batch's working data: gone for everybody, and nothing else breaks."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from journey_home import ANSWERED, ROWS, Scene, row_of, small
from portcullis import backups, evidence
from portcullis.crypto import Keyring, load_keyring, read_parquet, save_keyring, unwrap
from portcullis.errors import OutOfOrder, PortcullisError, Refused
from portcullis.export import export_bundle
from portcullis.home import secret_of
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.orders import Scope
from portcullis.oversight import Identity, accounting_of
from portcullis.publish import publish
from portcullis.retention import (
    destroy_batch,
    disposal_content,
    finish,
    hold_content,
    lift_hold,
    lift_hold_content,
    place_hold,
)
from portcullis.store import rehearse, schema

At = Callable[[str], Scene]
LATER = 366


@pytest.fixture(autouse=True)
def _cheap_keys() -> Any:
    with patch.dict(save_keyring.__kwdefaults__, n=2):
        yield


def signed(scene: Scene, role: Role = Role.SAFEGUARDS) -> dict[str, object]:
    return scene.cast.act(scene.person(role), "disposal", disposal_content(scene.row()["log_id"]))


def ended(at: At, station: str = "dispatched", days: int = LATER) -> Scene:
    scene = at(station)
    scene.clock.forward(days=days)
    return scene


def data_key(scene: Scene) -> bytes:
    with scene.read() as conn:
        return evidence.batch_key(scene.home, conn, scene.batch)


def rows_read(home: Path, keys: Path, batch: str) -> Any:
    """What somebody reads who has a home's or a backup's files, and a keyring: the rows as they were received."""
    ring = load_keyring(keys / "wrapping.json", secret_of(home))
    with closing(sqlite3.connect(f"file:{home / 'store.db'}?mode=ro", uri=True)) as conn:
        (wrapped,) = conn.execute("SELECT wrapped_key FROM batch WHERE id = ?", (batch,)).fetchone()
    key = unwrap(ring.key_of(evidence.key_number(batch)), wrapped, f"portcullis/batch/{batch}")
    file = home / "evidence" / batch / "raw.parquet"
    return read_parquet(file, key, columns=["family_name"], expected_sha256=hashlib.sha256(file.read_bytes()).hexdigest())


# ---- it is gone --------------------------------------------------------------------------------------------------------------------------
def test_an_old_backup_with_todays_keys_opens_nothing_of_it(at: At, tmp_path: Path) -> None:
    scene = ended(at)
    backups.create(scene.home, tmp_path / "backup")
    keys = scene.home.path / "keys"
    assert rows_read(tmp_path / "backup", keys, scene.batch).num_rows == len(ROWS), "the attack works before"
    destroy_batch(scene.home, scene.batch, signed(scene))
    with pytest.raises(Refused, match="destroyed"):
        rows_read(tmp_path / "backup", keys, scene.batch)


def test_neither_its_keys_nor_what_gives_them_stand_anywhere(at: At, tmp_path: Path) -> None:
    """Raw bytes of home, backup and temporary files, as they are, in hexadecimal and in base64 at each alignment."""
    scene = ended(at)
    number, secret = evidence.key_number(scene.batch), secret_of(scene.home.path)
    old_file = (scene.home.path / "keys" / "wrapping.json").read_bytes()
    secrets = [data_key(scene), scene.home.keyring.key_of(number), scene.home.keyring.material()[-32:], old_file[64:128]]
    backups.create(scene.home, tmp_path / "backup")
    destroy_batch(scene.home, scene.batch, signed(scene))
    publish(scene.home)
    backups.create(scene.home, tmp_path / "backup-after")
    scene.home.engine.dispose()
    needles = [spelled for each in secrets for spelled in spellings(each)]
    searched = 0
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            assert not any(needle in data for needle in needles), path.relative_to(tmp_path)
            searched += 1
    assert searched > 100
    assert not any(seed in load_keyring(scene.home.path / "keys" / "wrapping.json", secret).material() for seed in secrets)


def spellings(value: bytes) -> list[bytes]:
    coded = [base64.b64encode(bytes(shift) + value)[4:-4] for shift in range(3)]
    return [value, value.hex().encode(), value.hex().upper().encode(), *coded, *(c.replace(b"+", b"-").replace(b"/", b"_") for c in coded)]


def test_its_files_are_overwritten_and_removed(at: At, tmp_path: Path) -> None:
    scene = ended(at)
    folder, outbox = scene.home.path / "evidence" / scene.batch, scene.home.path / "outbox" / scene.batch
    file = folder / "raw.parquet"
    still_open = file.open("rb")
    before = still_open.read()
    left = scene.home.tmp / "work-killed"
    left.mkdir()
    (left / ".alive").touch()
    (left / "spilled").write_bytes(b"plain text that a killed run left")
    done = destroy_batch(scene.home, scene.batch, signed(scene))
    still_open.seek(0)
    assert still_open.read()[:200] != before[:200]
    still_open.close()
    assert (folder.exists(), outbox.exists(), list(scene.home.tmp.iterdir())) == (False, False, [])
    assert done.files > 5
    wal = scene.home.path / "store.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0


def test_other_batches_stay_whole_in_the_home_and_in_old_backups(at: At, tmp_path: Path) -> None:
    scene = ended(at)
    first = scene.batch
    scene.step(lambda conn: [scene.cast.officer(conn, name, trained_on=scene.clock() // 86_400 - 1) for name in ("ICE-1001",)])
    scene.step(lambda conn: scene.cast.standing(conn, "report_accepted_on", scene.clock() // 86_400 - 1))
    second = scene.send([row_of(ROWS[0])])
    assert second.state == "received", second
    backups.create(scene.home, tmp_path / "backup")
    scene.batch = first
    destroy_batch(scene.home, first, signed(scene))
    keys = scene.home.path / "keys"
    assert rows_read(scene.home.path, keys, second.batch_id).num_rows == 1
    assert rows_read(tmp_path / "backup", keys, second.batch_id).num_rows == 1
    backups.restore(tmp_path / "backup", tmp_path / "restored", keys / "wrapping.json", scene.home.ledger / "checkpoint")
    with pytest.raises(PortcullisError, match="destroyed"):
        rows_read(tmp_path / "restored", tmp_path / "restored" / "keys", first)


# ---- nothing else breaks -----------------------------------------------------------------------------------------------------------------
def test_everything_still_verifies_and_the_accounting_still_answers(at: At, tmp_path: Path) -> None:
    scene = ended(at)
    asked = Identity(taxpayer_number=row_of(ROWS[1])["taxpayer_number"] or "000000000")
    person = Identity(person_id=small().clean.truth["person_id"][ROWS[1].ordinal - 1].as_py())
    before = [accounting_of(scene.home, who, "IRS-0006") for who in (asked, person)]
    destroy_batch(scene.home, scene.batch, signed(scene))
    publish(scene.home, recheck=True)
    assert [accounting_of(scene.home, who, "IRS-0006") for who in (asked, person)] == before
    assert any(before)
    trust = tmp_path / "trust.json"
    export_bundle(scene.home, tmp_path / "bundle", trust=trust)
    found = verify(tmp_path / "bundle", trust.read_bytes(), now=float(scene.clock() + 60))
    assert (found["verified"], found["first_failure"]) == (True, None)
    (leaf,) = scene.leaves(LeafType.DISPOSAL)
    assert (leaf["batch"], leaf["what"]) == (scene.row()["log_id"], "working-data")


def test_what_needs_the_data_says_that_it_was_destroyed(at: At) -> None:
    scene = ended(at)
    destroy_batch(scene.home, scene.batch, signed(scene))
    with scene.read() as conn, pytest.raises(Refused, match="was destroyed"):
        evidence.read(scene.home, conn, scene.batch, "decisions")
    assert len(ANSWERED) == scene.count(schema.request, answered=1)


# ---- when it may be done -----------------------------------------------------------------------------------------------------------------
def test_not_before_its_time_is_over(at: At) -> None:
    scene = ended(at, days=364)
    with pytest.raises(Refused, match="is kept until"):
        destroy_batch(scene.home, scene.batch, signed(scene))
    assert data_key(scene)
    scene.clock.forward(days=2)
    assert destroy_batch(scene.home, scene.batch, signed(scene)).files


def test_not_while_it_is_worked_with(at: At) -> None:
    for station in ("received", "committed"):
        scene = ended(at, station)
        with pytest.raises(OutOfOrder, match="has not ended"):
            destroy_batch(scene.home, scene.batch, signed(scene))
        assert data_key(scene)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUTHORIZER, Role.COUNSEL, Role.OVERSEER])
def test_only_a_safeguards_officer_may(at: At, role: Role) -> None:
    scene = ended(at)
    with pytest.raises(Refused, match="safeguards"):
        destroy_batch(scene.home, scene.batch, signed(scene, role))
    assert data_key(scene)


def test_a_rehearsal_destroys_nothing(at: At) -> None:
    scene = ended(at)
    with rehearse(True):
        destroy_batch(scene.home, scene.batch, signed(scene))
    assert data_key(scene)
    assert scene.leaves(LeafType.DISPOSAL) == []


def test_once(at: At) -> None:
    scene = ended(at)
    destroy_batch(scene.home, scene.batch, signed(scene))
    with pytest.raises(OutOfOrder, match="before"):
        destroy_batch(scene.home, scene.batch, signed(scene))


# ---- holds -------------------------------------------------------------------------------------------------------------------------------
def held(scene: Scene, name: str, scope: Scope, role: Role = Role.COUNSEL) -> tuple[str, ...]:
    return place_hold(scene.home, name, scope, scene.cast.act(scene.person(role), "hold.place", hold_content(name, scope)))


def lifted(scene: Scene, name: str, role: Role = Role.COUNSEL) -> None:
    lift_hold(scene.home, name, scene.cast.act(scene.person(role), "hold.lift", lift_hold_content(name)))


def test_a_hold_keeps_what_it_covers_until_counsel_lifts_it(at_both: At) -> None:
    scene = ended(at_both)
    assert held(scene, "25-cv-0457", Scope(agencies=("ICE",))) == (scene.batch,)
    with pytest.raises(Refused, match="25-cv-0457"):
        destroy_batch(scene.home, scene.batch, signed(scene))
    assert data_key(scene)
    with pytest.raises(Refused, match="counsel"):
        lifted(scene, "25-cv-0457", Role.SAFEGUARDS)
    lifted(scene, "25-cv-0457")
    assert destroy_batch(scene.home, scene.batch, signed(scene)).files
    assert [leaf["type"] for leaf in scene.leaves(LeafType.HOLD_PLACED, LeafType.HOLD_LIFTED, LeafType.DISPOSAL)] == [
        "hold.placed",
        "hold.lifted",
        "disposal",
    ]


def test_a_hold_on_something_else_keeps_nothing_of_it(at: At) -> None:
    scene = ended(at)
    assert held(scene, "H-1", Scope(agencies=("SSA",))) == ()
    assert held(scene, "H-2", Scope(batches=("00" * 16,))) == ()
    assert destroy_batch(scene.home, scene.batch, signed(scene)).files


def test_only_counsel_places_a_hold_and_an_id_counts_once(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="counsel"):
        held(scene, "H-1", Scope(), Role.OPERATOR)
    held(scene, "H-1", Scope())
    with pytest.raises(Refused, match="already"):
        held(scene, "H-1", Scope())
    lifted(scene, "H-1")
    with pytest.raises(Refused, match="stands"):
        lifted(scene, "H-1")


# ---- killed ------------------------------------------------------------------------------------------------------------------------------
def test_killed_after_it_was_recorded_the_next_one_finishes_it(at: At, tmp_path: Path) -> None:
    scene = ended(at)
    shutil.copytree(scene.home.path / "evidence", tmp_path / "evidence")
    with (
        patch("portcullis.retention.destroy.replace_keyring", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        destroy_batch(scene.home, scene.batch, signed(scene))
    path = scene.home.path / "keys" / "wrapping.json"
    number = evidence.key_number(scene.batch)
    assert load_keyring(path, secret_of(scene.home.path)).holds(number)
    assert finish(scene.home) > 5
    assert not load_keyring(path, secret_of(scene.home.path)).holds(number)
    assert finish(scene.home) == 0


def test_a_backup_finishes_first(at: At, tmp_path: Path) -> None:
    scene = ended(at)
    with (
        patch("portcullis.retention.destroy.replace_keyring", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        destroy_batch(scene.home, scene.batch, signed(scene))
    backups.create(scene.home, tmp_path / "backup")
    assert not (tmp_path / "backup" / "evidence" / scene.batch).exists()


def test_a_process_with_an_older_keyring_wraps_as_everybody_else(at: At) -> None:
    """A worker that runs on while a batch is destroyed loses nothing of the batches it receives."""
    old = Keyring.generate()
    new = old.without(evidence.key_number("B-2025-000001"))
    assert old.key_of(evidence.key_number("B-2025-000002")) == new.key_of(evidence.key_number("B-2025-000002"))
