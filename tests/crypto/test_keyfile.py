"""Key files: encrypted, private, never overwritten, and of no use when changed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portcullis.crypto import AgreementKey, SigningKey, load_key, load_secret, new_data_key, save_key, save_secret, secret_from_env
from portcullis.errors import PortcullisError, Refused

SECRET = b"a secret of a test, long enough"
QUICK = 2**4  # scrypt cost, for tests only


def test_a_signing_key_comes_back(tmp_path: Path) -> None:
    key = SigningKey.generate()
    save_key(tmp_path / "log.json", key, SECRET, n=QUICK)
    back = load_key(tmp_path / "log.json", SECRET)
    assert isinstance(back, SigningKey) and back.public == key.public
    assert (tmp_path / "log.json").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.json"]


def test_a_vault_key_and_a_symmetric_key_come_back(tmp_path: Path) -> None:
    vault, material = AgreementKey.generate(), new_data_key()
    save_key(tmp_path / "vault.json", vault, SECRET, n=QUICK)
    save_secret(tmp_path / "wrapping.json", material, SECRET, n=QUICK)
    back = load_key(tmp_path / "vault.json", SECRET)
    assert isinstance(back, AgreementKey) and back.public_jwk == vault.public_jwk
    assert load_secret(tmp_path / "wrapping.json", SECRET) == material


def test_the_default_cost_is_the_agreed_one(tmp_path: Path) -> None:
    save_key(tmp_path / "log.json", SigningKey.generate(), SECRET)
    assert json.loads((tmp_path / "log.json").read_text())["kdf"]["n"] == 2**15
    assert load_key(tmp_path / "log.json", SECRET)


def test_the_private_part_is_not_in_the_file(tmp_path: Path) -> None:
    key = SigningKey.generate()
    save_key(tmp_path / "log.json", key, SECRET, n=QUICK)
    raw = (tmp_path / "log.json").read_bytes()

    for spelling in (key.private_bytes(), key.private_bytes().hex().encode(), base64.b64encode(key.private_bytes())[:40]):
        assert spelling not in raw


def test_another_secret_does_not_open_it(tmp_path: Path) -> None:
    save_key(tmp_path / "log.json", SigningKey.generate(), SECRET, n=QUICK)
    with pytest.raises(Refused, match="secret is another one"):
        load_key(tmp_path / "log.json", b"another secret of a test")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    save_key(path, SigningKey.generate(), SECRET, n=QUICK)
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(Refused, match="read by others"):
            load_key(path, SECRET)
    path.chmod(0o600)
    assert load_key(path, SECRET)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    first = SigningKey.generate()
    save_key(path, first, SECRET, n=QUICK)
    with pytest.raises(Refused, match="exists already"):
        save_key(path, SigningKey.generate(), SECRET, n=QUICK)
    assert load_key(path, SECRET).key_id == first.key_id


def test_a_pipe_in_place_of_a_key_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.json", 0o600)
    with pytest.raises(Refused, match="ordinary file"):
        load_key(tmp_path / "log.json", SECRET)


def test_the_public_part_cannot_be_exchanged(tmp_path: Path) -> None:
    """Without associated data a planted file could show one key id and hold another key."""
    path = tmp_path / "log.json"
    save_key(path, SigningKey.generate(), SECRET, n=QUICK)
    body = json.loads(path.read_text())
    body["key_id"] = SigningKey.generate().key_id
    path.write_text(json.dumps(body, sort_keys=True, separators=(",", ":")))
    with pytest.raises(Refused, match="does not open"):
        load_key(path, SECRET)


def test_a_planted_file_cannot_ask_for_all_memory(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    save_key(path, SigningKey.generate(), SECRET, n=QUICK)
    for n in (2**40, 3, 0, -1, True, "16", 2.0):
        body = json.loads(path.read_text())
        body["kdf"]["n"] = n
        path.with_name("planted.json").write_text(json.dumps(body, sort_keys=True, separators=(",", ":")))
        path.with_name("planted.json").chmod(0o600)
        with pytest.raises(Refused, match="damaged"):
            load_key(path.with_name("planted.json"), SECRET)


@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_file_is_refused_in_words(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys")
    path = folder / "log.json"
    key = SigningKey.from_private_bytes(b"\x07" * 32)
    save_key(path, key, SECRET, n=QUICK)
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 2))
    if data.draw(st.booleans()):
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        raw = raw[:at]
    path.write_bytes(raw)
    with pytest.raises(PortcullisError) as refusal:
        load_key(path, SECRET)
    assert isinstance(refusal.value, Refused) and str(folder) not in str(refusal.value)


def test_kinds_are_not_mixed_up(tmp_path: Path) -> None:
    save_key(tmp_path / "log.json", SigningKey.generate(), SECRET, n=QUICK)
    save_secret(tmp_path / "wrapping.json", new_data_key(), SECRET, n=QUICK)
    with pytest.raises(Refused, match="symmetric"):
        load_key(tmp_path / "wrapping.json", SECRET)
    with pytest.raises(Refused, match="no symmetric key"):
        load_secret(tmp_path / "log.json", SECRET)
    with pytest.raises(Refused, match="cannot be opened"):
        load_key(tmp_path / "absent.json", SECRET)


def test_the_secret_comes_from_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    path.chmod(0o600)
    environment = {"PORTCULLIS_KEY_SECRET_FILE": str(path)}
    assert secret_from_env(environment) == SECRET
    path.chmod(0o644)
    with pytest.raises(Refused, match="read by others"):
        secret_from_env(environment)
    path.chmod(0o600)
    path.write_bytes(b"short\n")
    with pytest.raises(Refused, match="too short"):
        secret_from_env(environment)
    with pytest.raises(Refused, match="PORTCULLIS_KEY_SECRET_FILE"):
        secret_from_env({})
