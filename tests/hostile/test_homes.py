"""A home in which something is missing, damaged, of another version or of another home: one clear error, and nothing is made or mended.

A backup in the same condition makes no home at all.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import Desk, cheap_keys, invoke
from portcullis.crypto import AgreementKey, Keyring, new_data_key, save_key, save_keyring, save_secret
from portcullis.home import DEMO_SECRET

At = Callable[[str], Desk]
Spoil = Callable[[Path], object]
TOML = "portcullis.toml"


def rewrite(name: str, edit: Callable[[bytes], bytes]) -> Spoil:
    return lambda home: (home / name).write_bytes(edit((home / name).read_bytes()))


def setting(text: str) -> Spoil:
    return rewrite(TOML, lambda data: data + b"\n" + text.encode() + b"\n")


def as_folder(name: str) -> Spoil:
    return lambda home: ((home / name).unlink(), (home / name).mkdir())


def sql(statement: str) -> Spoil:
    def spoil(home: Path) -> None:
        with sqlite3.connect(home / "store.db") as conn:
            conn.execute(statement)
        conn.close()

    return spoil


def other_key(name: str, make: Callable[[Path, bytes], object]) -> Spoil:
    """A key file made anew under the secret of this home."""

    def spoil(home: Path) -> None:
        (home / "keys" / name).unlink()
        with cheap_keys():
            make(home / "keys" / name, (home / "keys" / DEMO_SECRET).read_bytes())

    return spoil


SPOILED: dict[str, tuple[Spoil, str]] = {
    # settings
    "settings absent": (lambda home: (home / TOML).unlink(), "no Portcullis home"),
    "settings a folder": (as_folder(TOML), "cannot be read"),
    "settings a link to themselves": (lambda home: ((home / TOML).unlink(), (home / TOML).symlink_to(TOML)), "cannot be read"),
    "settings empty": (rewrite(TOML, lambda _: b""), "does not name the ledger"),
    "settings cut": (rewrite(TOML, lambda _: b"origin ="), "not valid TOML"),
    "settings in UTF-16": (rewrite(TOML, lambda data: data.decode().encode("utf-16")), "not valid TOML"),
    "settings in Latin-1": (rewrite(TOML, lambda _: 'origin = "\xe9"'.encode("latin-1")), "not valid TOML"),
    "settings nested deep": (rewrite(TOML, lambda _: b"a = " + b"[" * 20_000), "not valid TOML"),
    "a setting misspelt": (setting("sample_sice = 3"), "unknown setting"),
    "a setting of nothing": (setting("max_rows = 0"), "greater than zero"),
    "a setting below zero": (setting("chunk = -1"), "greater than zero"),
    "a setting in words": (setting('max_rows = "many"'), "whole number"),
    "a setting that is true": (setting("chunk = true"), "whole number"),
    "a memory of nothing": (setting('memory_limit = "0GB"'), "must be a size"),
    "a setting that is a list": (setting("operator = []"), "must be text"),
    "a store in memory": (setting('store_url = "sqlite:///:memory:"'), "keeps no evidence"),
    "a store of another kind": (setting('store_url = "mysql://x"'), "another database"),
    "a store's address that is none": (setting('store_url = "nonsense"'), "cannot be read"),
    "a store nobody answers for": (setting('store_url = "postgresql://u:hush@127.0.0.1:1/x"'), "cannot be reached"),
    # the store
    "no store": (lambda home: (home / "store.db").unlink(), "no store"),
    "a store of nothing": (rewrite("store.db", lambda _: b""), "no store"),
    "a store that is none": (rewrite("store.db", lambda _: b"no database" * 900), "damaged"),
    "a store cut short": (rewrite("store.db", lambda data: data[:30_000]), "damaged"),
    "a store that is a folder": (as_folder("store.db"), "no store"),
    "a store of an older program": (sql("UPDATE alembic_version SET version_num = '0000'"), "store upgrade"),
    "a store of a newer program": (sql("UPDATE alembic_version SET version_num = '0009'"), "newer program"),
    "a store without a table": (sql("DROP TABLE officer"), "cannot be used"),
    # keys
    **{
        f"no {name} key": (lambda home, name=name: (home / "keys" / f"{name}.json").unlink(), "cannot be opened")
        for name in ("log", "wrapping", "accounting")
    },
    "no keys": (lambda home: shutil.rmtree(home / "keys" / "people") or shutil.rmtree(home / "keys"), "cannot be opened"),
    "a key cut short": (rewrite("keys/log.json", lambda data: data[:100]), "damaged"),
    "a key that is a folder": (as_folder("keys/log.json"), "not an ordinary file"),
    "a key that is a pipe": (
        lambda home: ((home / "keys/log.json").unlink(), os.mkfifo(home / "keys/log.json", 0o600)),
        "not an ordinary file",
    ),
    "a key nested deep": (rewrite("keys/log.json", lambda _: b"[" * 60_000), "damaged"),
    "a key of another kind of kind": (
        rewrite("keys/log.json", lambda data: data.replace(b'"kind":"signing"', b'"kind":["signing"]')),
        "damaged",
    ),
    "a key that asks for all memory": (rewrite("keys/log.json", lambda data: data.replace(b'"n":2', b'"n":1073741824')), "damaged"),
    "a key with another salt": (rewrite("keys/log.json", lambda data: data.replace(b'"salt":"', b'"salt":"AAAA')), "does not open"),
    "a key that others can read": (lambda home: (home / "keys/log.json").chmod(0o644), "can be read by others"),
    "a vault's key for the log": (
        other_key("log.json", lambda path, secret: save_key(path, AgreementKey.generate(), secret)),
        "another kind",
    ),
    "a secret for the log": (other_key("log.json", lambda path, secret: save_secret(path, new_data_key(), secret)), "symmetric key"),
    "the log's key for wrapping": (
        lambda home: (
            (home / "keys/log.json").replace(home / "keys/wrapping.json")
            and shutil.copy(home / "keys/wrapping.json", home / "keys/log.json")
        ),
        "no wrapping keys",
    ),
    "another secret": (rewrite(f"keys/{DEMO_SECRET}", lambda _: b"another secret, long enough"), "does not open"),
}


def test_a_damaged_home_is_refused_and_left_as_it_is(at: At) -> None:
    desk = at("received")
    desk.cast.home.engine.dispose()
    for number, (what, (spoil, said)) in enumerate(SPOILED.items()):
        home = desk.folder / f"home-{number}"
        shutil.copytree(desk.home, home)
        spoil(home)
        before = _shape(home)
        words = ("officer", "list") if "without a table" in what else ("batch", "list")
        done = desk.run(*words, "--home", home).refused(said)
        assert "hush" not in done.err and str(number) not in done.out, what
        assert _shape(home) == before, what


def _shape(home: Path) -> list[tuple[str, int]]:
    """Every name and size, but for what SQLite writes into a file it opens, and keeps beside it."""
    found = [path for path in home.rglob("*") if not path.name.startswith("store.db")]
    return sorted((str(path.relative_to(home)), path.lstat().st_size if path.is_file() else 0) for path in found)


@pytest.mark.parametrize("place", ["/dev/null", "/proc/self", "/etc", "x" * 5000, "absent/absent", "/etc/passwd/x"])
def test_a_place_that_is_no_home_is_said_to_be_none(place: str) -> None:
    said = invoke("batch", "list", "--home", place).refused("--home").err
    assert "xxx" not in said


def test_an_order_against_the_machine_is_a_usage_error() -> None:
    invoke("batch", "list", "--home", "a\0b").misused("--home")


# ---- the keys of another home ------------------------------------------------------------------------------------------------------------
def test_a_wrapping_key_of_another_home_opens_no_evidence(at: At) -> None:
    desk = at("dispatched")
    with cheap_keys():
        other_key("wrapping.json", lambda path, secret: save_keyring(path, Keyring.generate(), secret))(desk.home)
    desk.run("batch", "status", desk.batch).refused("does not open", code=4)


def test_an_accounting_key_of_another_home_opens_no_accounting(at: At) -> None:
    desk = at("dispatched")
    with cheap_keys():
        other_key("accounting.json", lambda path, secret: save_secret(path, new_data_key(), secret))(desk.home)
    desk.run("accounting", "--as", "IRS-0006", stdin=b'{"person_id": "P1"}').refused(code=4)


def test_a_log_key_of_another_home_signs_nothing(at: At) -> None:
    desk = at("received")
    (desk.home / "keys" / "log.json").unlink()
    shutil.copy(desk.key("root-IRS"), desk.home / "keys" / "log.json")
    checkpoint = (desk.home / "ledger" / "checkpoint").read_bytes()
    desk.run("ledger", "checkpoint").refused(code=4)
    assert (desk.home / "ledger" / "checkpoint").read_bytes() == checkpoint


def test_memory_in_words_is_said_before_a_batch_moves(at: At) -> None:
    desk = at("received")
    done = desk.run("batch", "run", desk.batch, PORTCULLIS_MEMORY_LIMIT="lots")
    assert (done.code, "memory_limit must be a size" in done.err) == (1, True)
    assert desk.run("batch", "run", desk.batch, PORTCULLIS_MEMORY_LIMIT="800 mb").code == 0


# ---- making a home -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--store-url", "postgresql://u:hush@127.0.0.1:1/x"), "cannot be reached"),
        (("--store-url", "sqlite:///:memory:"), "keeps no evidence"),
        (("--store-url", "nonsense"), "cannot be read"),
        (("--store-url", "sqlite:////nowhere/at/all/store.db"), "cannot be used"),
        (("--origin", "two words"), "not allowed"),
        (("--origin", "a+b"), "not allowed"),
    ],
)
def test_a_home_that_cannot_be_finished_is_not_begun(tmp_path: Path, words: tuple[str, str], said: str) -> None:
    (tmp_path / "secret").write_bytes(b"a secret of a test, long enough")
    (tmp_path / "secret").chmod(0o600)
    env = {"PORTCULLIS_KEY_SECRET_FILE": str(tmp_path / "secret")}
    with cheap_keys():
        done = invoke("init", "--home", tmp_path / "home", *words, env=env).refused(said)
        assert "hush" not in done.err and (not (tmp_path / "home").exists() or not list((tmp_path / "home").iterdir()))
        invoke("init", "--home", tmp_path / "home", env=env).ok()


def test_a_ledger_can_have_any_name_a_note_can_carry(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"a secret of a test, long enough")
    (tmp_path / "secret").chmod(0o600)
    env = {"PORTCULLIS_KEY_SECRET_FILE": str(tmp_path / "secret"), "PORTCULLIS_HOME": str(tmp_path / "home")}
    with cheap_keys():
        invoke("init", "--origin", 'a"b\\c/\u00e9', env=env).ok()
        assert invoke("ledger", "checkpoint", "--json", env=env).ok().json["size"] == 0


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0o600, "cannot be opened"),
        (b"short", 0o600, "too short"),
        (b"x" * 40, 0o644, "can be read by others"),
        (b"x" * 100_000, 0o600, "too large"),
    ],
)
def test_a_secret_that_is_none_makes_neither_key_nor_home(tmp_path: Path, content: bytes | None, mode: int, said: str) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
        secret.chmod(mode)
    env = {"PORTCULLIS_KEY_SECRET_FILE": str(secret)}
    invoke("key", "new", tmp_path / "key.json", env=env).refused(said)
    invoke("init", "--home", tmp_path / "home", env=env).refused(said)
    assert [path.name for path in tmp_path.iterdir()] == (["secret"] if content is not None else [])


@pytest.mark.parametrize("place", ["", "/", "/dev/null", "/proc/self/mem"])
def test_a_secret_must_be_an_ordinary_file(tmp_path: Path, place: str) -> None:
    invoke("key", "new", tmp_path / "key.json", env={"PORTCULLIS_KEY_SECRET_FILE": place}).refused()
    assert list(tmp_path.iterdir()) == []


# ---- backups -----------------------------------------------------------------------------------------------------------------------------
BROKEN: dict[str, tuple[Spoil, str]] = {
    "no settings": (lambda backup: (backup / TOML).unlink(), "no Portcullis home"),
    "settings that are none": (rewrite(TOML, lambda _: b"\xff"), "not valid TOML"),
    "no keys": (lambda backup: shutil.rmtree(backup / "keys"), ""),
    "no store": (lambda backup: (backup / "store.db").unlink(), "no store"),
    "a store that is none": (rewrite("store.db", lambda _: b"no database" * 900), "damaged"),
    "a link in it": (lambda backup: (backup / "evidence" / "link").symlink_to("/etc/passwd"), "a link"),
    "a pipe in it": (lambda backup: os.mkfifo(backup / "evidence" / "pipe"), "no plain file"),
}
WRONG_KEYS: dict[str, Callable[[Desk], Path]] = {
    "another symmetric key": lambda desk: desk.home / "keys" / "accounting.json",
    "a signing key": lambda desk: desk.home / "keys" / "log.json",
    "no key": lambda desk: desk.home / TOML,
}


def restore(desk: Desk, backup: Path, *words: object, key: Path | None = None) -> tuple[str, ...]:
    given = ("--home", desk.folder / "restored", "--wrapping-key", key or desk.home / "keys" / "wrapping.json")
    return tuple(map(str, ("backup", "restore", backup, *given, *words)))


def test_a_backup_that_is_not_whole_or_a_key_that_is_not_its_own_makes_no_home(at: At) -> None:
    desk = at("dispatched")
    desk.run("backup", "create", desk.folder / "backup").ok()
    for what, (spoil, said) in BROKEN.items():
        shutil.copytree(desk.folder / "backup", desk.folder / what)
        spoil(desk.folder / what)
        desk.run(*restore(desk, desk.folder / what)).refused(said)
        assert not (desk.folder / "restored").exists(), what
    for what, key in WRONG_KEYS.items():
        assert desk.run(*restore(desk, desk.folder / "backup", key=key(desk))).code == 1, what
        assert not (desk.folder / "restored").exists(), what
    assert [path.name for path in desk.folder.iterdir() if path.name.startswith(".")] == []
    desk.run(*restore(desk, desk.folder / "backup")).ok()
    desk.run(*restore(desk, desk.folder / "backup")).refused("Something is there already")


def test_a_published_checkpoint_that_is_none_restores_nothing(at: At) -> None:
    desk = at("dispatched")
    desk.run("backup", "create", desk.folder / "backup").ok()
    good = (desk.home / "ledger" / "checkpoint").read_bytes()
    for edit in (
        lambda _: b"",
        lambda data: data[:40],
        lambda data: data[:-20] + b"A" + data[-19:],
        lambda _: b"\xff\xfe",
        lambda _: b"[" * 99,
    ):
        (desk.folder / "published").write_bytes(edit(good))
        desk.run(*restore(desk, desk.folder / "backup", "--published", desk.folder / "published")).refused(code=4)
        assert not (desk.folder / "restored").exists()
    (desk.folder / "published").write_bytes(good)
    desk.run(*restore(desk, desk.folder / "backup", "--published", desk.folder / "published")).ok()


def test_a_restored_home_never_signs_below_what_was_published_since(at: At) -> None:
    desk = at("received")
    desk.run("backup", "create", desk.folder / "backup").ok()
    desk.run("batch", "receive", desk.pack(name="later"), "--json").ok()
    published = desk.home / "ledger" / "checkpoint"
    desk.run(*restore(desk, desk.folder / "backup", "--published", published)).ok()
    desk.run("ledger", "checkpoint", "--home", desk.folder / "restored").refused(code=4)


def test_an_old_checkpoint_given_beside_a_backup_takes_nothing_back(at: At) -> None:
    desk = at("ready")
    old = (desk.home / "ledger" / "checkpoint").read_bytes()
    desk.run("batch", "receive", desk.pack()).ok()
    size = desk.run("ledger", "checkpoint", "--json").json["size"]
    desk.run("backup", "create", desk.folder / "backup").ok()
    (desk.folder / "old").write_bytes(old)
    desk.run(*restore(desk, desk.folder / "backup", "--published", desk.folder / "old")).ok()
    kept = (desk.folder / "restored" / "ledger" / "checkpoint").read_text(encoding="utf-8").splitlines()[1]
    assert int(kept) == size


def test_a_store_elsewhere_is_backed_up_and_the_restored_home_has_its_own(at: At) -> None:
    desk = at("received")
    elsewhere = desk.folder / "elsewhere.db"
    desk.cast.home.engine.dispose()
    (desk.home / "store.db").rename(elsewhere)
    setting(f'store_url = "sqlite:///{elsewhere}"')(desk.home)
    assert desk.run("batch", "list").ok().out.startswith(desk.batch)
    desk.run("backup", "create", desk.folder / "backup").ok()
    assert not (desk.home / "store.db").exists()
    desk.run(*restore(desk, desk.folder / "backup")).ok()
    elsewhere.unlink()
    assert desk.run("batch", "list", "--home", desk.folder / "restored").ok().out.startswith(desk.batch)


@pytest.mark.parametrize("place", ["/dev/null/x", "/proc/x"])
def test_a_backup_goes_nowhere_it_cannot(at: At, place: str) -> None:
    at("received").run("backup", "create", place).refused("cannot be used")
