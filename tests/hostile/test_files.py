"""Every other file somebody hands to a command: an agreement, a register, an identity, a receipt, a release, a vault's key, a bundle.

Each may be empty, cut, of another encoding, nested without end, a folder or a pipe. The answer is one clear error and no change.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from cli_desk import Desk, Done, invoke, traces
from journey_home import OFFICERS, rows_of
from portcullis.agreement import find
from portcullis.crypto import AgreementKey, save_key
from portcullis.home import DEMO_SECRET
from portcullis.ledger import NoteKey
from portcullis.model import Role
from portcullis.synthetic import SIGNER
from recipient_agency import write_rows

At = Callable[[str], Desk]

BYTES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda data: data[: len(data) // 2],
    "UTF-16": lambda data: data.decode("latin-1").encode("utf-16"),
    "not UTF-8": lambda data: data + b"\xff\xfe\n",
    "with a NUL": lambda data: data[: len(data) // 2] + b"\0" + data[len(data) // 2 :],
    "nested deep": lambda _: b"[" * 100_000,
    "nested deep in braces": lambda _: b'{"a":' * 50_000,
    "a number without end": lambda _: b'{"a":' + b"9" * 20_000 + b"}",
    "a list": lambda _: b"[]",
    "a text": lambda _: b'"text"',
    "beyond all numbers": lambda _: b'{"crv":1e999}',
}


def each_spoiled(path: Path, run: Callable[[], Done], code: int | tuple[int, ...] = 1) -> None:
    """Whatever is done to the file, the command ends with one clear error; and it is done once more with a folder in its place."""
    good = path.read_bytes()
    codes = (code,) if isinstance(code, int) else code
    for what, edit in BYTES.items():
        path.write_bytes(edit(good))
        done = run()
        assert done.code in codes, (what, done)
        done.refused(code=done.code)
    path.unlink()
    path.mkdir()
    done = run()
    assert done.code in (1, 2), done
    done.refused() if done.code == 1 else done.misused()
    path.rmdir()
    path.write_bytes(good)


# ---- agreements --------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def agreement(tmp_path: Path) -> Path:
    """A copy of the shipped agreement that can be spoiled."""
    folder = tmp_path / "agreements" / "mine"
    shutil.copytree(find("irs-ice-2025"), folder)
    shutil.copy(find("irs-ice-2025").parent / "fields.yaml", folder.parent / "fields.yaml")
    return folder


def line(folder: Path, key: str, text: str) -> None:
    """Replace one top-level entry of agreement.yaml with all that belongs to it, or add it."""
    file = folder / "agreement.yaml"
    before = file.read_text(encoding="utf-8")
    changed, times = re.subn(rf"(?m)^{key}:.*\n(?:[ #].*\n|\n)*", lambda _: f"{key}: {text}\n", before)
    file.write_text(changed if times else f"{before}\n{key}: {text}\n", encoding="utf-8")


TERMS = {
    "an id that leaves the home": ("id", "../../../elsewhere", "small letters"),
    "an id with a space": ("id", '"two words"', "small letters"),
    "an id without end": ("id", "a" * 300, "small letters"),
    "version 0": ("version", "0", "from 1 to 1000000"),
    "version minus five": ("version", "-5", "from 1 to 1000000"),
    "a version of twenty digits": ("version", "9" * 20, "agreement.yaml, line"),
    "a version in words": ("version", "one", "whole number"),
    "an end before the beginning": ("in_force", "{from: 2025-04-07, to: 2025-04-06}", "end before it begins"),
    "a use without end": ("use_days", "99999999", "from 1 to 36500"),
    "a use of no day": ("use_days", "0", "from 1 to 36500"),
    "a zone that is none": ("zone", '"+99:99"', "hours and minutes"),
    "witnesses below zero": ("witnesses", "{quorum: -1}", "from 0 to 100"),
    "a key with a space": ("parties", "{source: {code: Internal Revenue}, recipient: {code: ICE}}", "letters, digits"),
    "a list where a mapping is": ("roster", "[]", "mapping"),
    "one person instead of two": ("authorizations", "{people: 1, valid_hours: 72}", "must be 2"),
    "an element that is income": ("data", "{class: mailing_address, elements: [income]}", "not a data element"),
    "a tag": ("title", "!!python/object/apply:os.system [ls]", "tags are not allowed"),
    "an alias": ("title", "&a [*a]", "not allowed"),
}


@pytest.mark.parametrize("what", TERMS)
def test_an_agreement_with_such_a_term_is_not_valid_and_not_signed(at: At, agreement: Path, what: str) -> None:
    key, text, said = TERMS[what]
    invoke("agreement", "validate", agreement).ok()
    line(agreement, key, text)
    invoke("agreement", "validate", agreement).refused(said, "agreement.yaml")
    if key in ("id", "version"):
        desk = at("ready")
        before, around = desk.state(), sorted(path.name for path in desk.folder.iterdir())
        desk.run("agreement", "sign", agreement, "--agency", "IRS", "--key", desk.key("root-IRS")).refused(said)
        assert desk.state() == before and sorted(path.name for path in desk.folder.iterdir()) == around


def test_a_spoiled_file_of_an_agreement_is_named(agreement: Path) -> None:
    for name in ("agreement.yaml", "rules/R12.yaml"):
        path = agreement / name
        good = path.read_bytes()
        for what, edit in BYTES.items():
            path.write_bytes(edit(good))
            said = invoke("agreement", "validate", agreement).refused().err
            assert path.name in said or (what == "cut" and ".yaml, line " in said), (
                what
            )  # half a list is a list; then a rule misses the rest
        path.write_bytes(good + b"#" * 300_000)
        invoke("agreement", "validate", agreement).refused("more than 262144 bytes")
        path.write_bytes(good)
    invoke("agreement", "validate", agreement).ok()


def test_a_link_a_pipe_or_a_giant_in_an_agreement_is_refused_and_not_waited_for(agreement: Path) -> None:
    os.mkfifo(agreement / "rules" / "R99.yaml")
    begun = time.monotonic()
    invoke("agreement", "validate", agreement).refused("R99.yaml")
    (agreement / "rules" / "R99.yaml").unlink()
    (agreement / "clause.txt").symlink_to("/etc/passwd")
    invoke("agreement", "validate", agreement).refused("clause.txt", "a link")
    (agreement / "clause.txt").unlink()
    (agreement / "clause.txt").write_bytes(b"x" * 5_000_000)
    invoke("agreement", "validate", agreement).refused("clause.txt", "too large")
    assert time.monotonic() - begun < 60


def test_a_signature_that_is_refused_leaves_no_copy_in_the_home(at: At, agreement: Path) -> None:
    desk = at("ready")
    line(agreement, "version", "2")
    before = desk.state()
    desk.run("agreement", "sign", agreement, "--agency", "IRS", "--key", desk.key("root-ICE")).refused("not enrolled")
    desk.run("agreement", "sign", agreement, "--agency", "FBI", "--key", desk.key("root-IRS")).refused()
    assert desk.state() == before
    desk.run("agreement", "sign", agreement, "--agency", "IRS", "--key", desk.key("root-IRS")).ok()


def test_a_name_that_is_no_agreement() -> None:
    for name in ("", "nope", "../..", "/etc", "/dev/null", "x" * 5000):
        invoke("agreement", "show", name).refused("irs-ice-2025")


# ---- registers ---------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def register(at: At) -> tuple[Desk, Path]:
    """A desk, and a copy of its register as CSV that can be spoiled."""
    desk = at("ready")
    folder = desk.folder / "register"
    shutil.copytree(desk.register, folder)
    for table in ("persons", "addresses"):
        pa_csv.write_csv(pq.read_table(folder / f"{table}.parquet"), folder / f"{table}.csv")
        (folder / f"{table}.parquet").unlink()
    return desk, folder


def test_a_register_that_cannot_be_read_leaves_the_old_one_in_use(register: tuple[Desk, Path]) -> None:
    desk, folder = register
    before = desk.state()
    row = rows_of()[1]
    personal = [str(row[name]) for name in ("address_line", "taxpayer_number") if row[name]]
    for name in ("persons.csv", "addresses.csv", "manifest.json"):
        path = folder / name
        good = path.read_bytes()
        spoiled = ("empty", "UTF-16", "not UTF-8", *(("cut", "nested deep", "a list", "a text") if name == "manifest.json" else ()))
        for what in spoiled:
            path.write_bytes(BYTES[what](good))
            done = desk.run("register", "load", folder).refused()
            assert not traces(done.err.encode(), personal), what
        path.unlink()
        desk.run("register", "load", folder).refused()
        path.mkdir()
        desk.run("register", "load", folder).refused()
        path.rmdir()
        path.write_bytes(good)
    assert desk.state() == before
    desk.run("register", "load", folder).ok()


def test_a_manifest_with_a_number_without_end_is_refused(register: tuple[Desk, Path]) -> None:
    desk, folder = register
    (folder / "manifest.json").write_bytes(BYTES["a number without end"](b""))
    desk.run("register", "load", folder).refused()


def test_requests_without_a_row_are_measured_or_refused(at: At, tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_text("request_id,given_name\n", encoding="utf-8")
    (tmp_path / "truth.csv").write_text("request_id,person_id\n", encoding="utf-8")
    words = ("--register", at("ready").register, "--requests", tmp_path / "requests.csv", "--truth", tmp_path / "truth.csv")
    assert "failed inside" not in invoke("match", "evaluate", *words).err


def test_a_register_of_another_shape_is_refused(register: tuple[Desk, Path]) -> None:
    desk, folder = register
    before = desk.state()
    persons = folder / "persons.csv"
    good = persons.read_bytes()
    for what, content in {
        "no columns of ours": b"a,b\n1,2\n",
        "no ids": re.sub(rb"(?m)^\"P\d+\"", b'""', good, count=3),
        "no persons": good.splitlines(keepends=True)[0],
        "a value of ten megabytes": good + b'"' + b"x" * 10_000_000 + b'"\n',
    }.items():
        persons.write_bytes(content)
        desk.run("register", "load", folder).refused(), what
    persons.write_bytes(good)
    for place in ("/etc/passwd", "absent", "/dev/null"):
        desk.run("register", "load", place).refused()
    assert desk.state() == before


def test_a_mapping_that_is_none_is_refused(register: tuple[Desk, Path]) -> None:
    desk, folder = register
    mapping, before = desk.folder / "mapping.yaml", desk.state()
    for text in (b"", b"- 1", b"\xff", b"a: 1\n---\nb: 2", b"persons: {income: x}", b"persons: {given_name: vorname}", b"[" * 20_000):
        mapping.write_bytes(text)
        desk.run("register", "load", folder, "--mapping", mapping).refused()
    for text in (b'!!python/object/apply:os.system ["touch owned"]', b'persons: {given_name: "x\\" FROM read_csv(\'/etc/passwd\') --"}'):
        mapping.write_bytes(text)
        desk.run("register", "load", folder, "--mapping", mapping).refused()
    desk.run("register", "load", folder, "--mapping", desk.folder).refused()
    assert desk.state() == before and not Path("owned").exists()


def test_a_real_register_is_not_measured_and_a_look_at_it_needs_a_home(register: tuple[Desk, Path]) -> None:
    desk, folder = register
    (folder / "manifest.json").write_text('{"synthetic": false}', encoding="utf-8")
    write_rows(desk.folder / "requests.csv", rows_of())
    (desk.folder / "truth.csv").write_text("request_id,person_id\n", encoding="utf-8")
    words = ("--register", folder, "--requests", desk.folder / "requests.csv")
    for more in ((), ("--synthetic",)):
        invoke("match", "evaluate", *words, "--truth", desk.folder / "truth.csv", *more).refused("not marked synthetic")
        invoke("match", "explain", *words, "--request", str(rows_of()[0]["request_id"]), *more).refused("counts as real")
    desk.run("register", "load", folder).ok()
    prepared = ("--register", desk.home / "register", "--requests", desk.folder / "requests.csv")
    asked = ("match", "explain", *prepared, "--request", str(rows_of()[0]["request_id"]))
    invoke(*asked).refused("counts as real", "--home")
    before = len(desk.leaves("inspection"))
    desk.run(*asked, "--json").ok()
    assert len(desk.leaves("inspection")) == before + 1


# ---- small files -------------------------------------------------------------------------------------------------------------------
def test_an_identity_that_is_none_is_refused_and_never_repeated(at: At) -> None:
    desk = at("dispatched")
    file, before = desk.folder / "identity.json", len(desk.leaves("inspection"))
    file.write_text('{"given_name": "Quillonwyx", "family_name": "Canary"}', encoding="utf-8")
    each_spoiled(file, lambda: desk.run("accounting", "--as", "IRS-0006", "--file", file))
    wrong: list[bytes] = [edit(file.read_bytes()) for edit in BYTES.values()]
    wrong += [b'{"name": "Quillonwyx"}', b'{"taxpayer_number": 7}', b"{}", b'{"person_id": "\\ud800"}', b'{"given_name": "Quillonwyx"}']
    wrong += [b'\xef\xbb\xbf{"person_id": "P1"}', b'{"person_id": "' + b"x" * 2_000_000 + b'"}']
    for text in wrong:
        assert "uillonwyx" not in desk.run("accounting", "--as", "IRS-0006", stdin=text).refused().err
    assert len(desk.leaves("inspection")) == before
    assert desk.run("accounting", "--as", "IRS-0006", "--file", file).ok().json == []


def test_a_receipt_that_is_none_is_refused(at: At) -> None:
    desk = at("dispatched")
    receipt, before = desk.folder / "receipt.json", desk.state()
    receipt.write_text('{"payload": "e30="}', encoding="utf-8")
    each_spoiled(receipt, lambda: desk.run("release", "receipt", desk.batch, receipt))
    act = desk.cast.act(OFFICERS[0], "receipt", "00" * 32, "irs-ice-2025")
    receipt.write_text(json.dumps(act, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    desk.run("release", "receipt", desk.batch, receipt).refused("another content")
    receipt.write_bytes(b"x" * 2_000_000)
    desk.run("release", "receipt", desk.batch, receipt).refused("too long")
    assert desk.state() == before


def test_a_vaults_key_that_is_none_is_refused(at: At) -> None:
    desk = at("ready")
    jwk, before = desk.folder / "jwk.json", desk.state()
    good = AgreementKey.generate().public_jwk
    jwk.write_text(json.dumps(good), encoding="utf-8")
    words = ("safeguard", "vault", "V9", "--agency", "ICE", "--storage", "agency-hsm", "--jwk", jwk, "--key", desk.key("root-ICE"))
    each_spoiled(jwk, lambda: desk.run(*words))
    for change in ({"x": "A" * 43}, {"d": "secret"}, {"crv": "P-384"}, {"x": 7}, {"x": good["x"] + "="}, {"kty": ["EC"]}):
        jwk.write_text(json.dumps({**good, **change}), encoding="utf-8")
        assert "secret" not in desk.run(*words).refused().err
    assert desk.state() == before
    jwk.write_text(json.dumps(good), encoding="utf-8")
    desk.run(*words).ok()


def test_a_number_file_and_verdicts_that_are_none_are_refused(at: At) -> None:
    desk = at("reviewed")
    number, before = desk.folder / "number", desk.state()
    number.write_text(desk.cast.numbers[0].hex(), encoding="ascii")
    each_spoiled(number, lambda: desk.run("review", "sample", "draw", desk.batch, "--number-file", number))
    number.write_text("00" * 32, encoding="ascii")
    desk.run("review", "sample", "draw", desk.batch, "--number-file", number).refused("not the number that was committed")
    assert {**desk.state(), "store": "", "ledger": ""} == {**before, "store": "", "ledger": ""}
    drawn = at("drawn")
    verdicts, before = drawn.folder / "verdicts.json", drawn.state()
    verdicts.write_text(json.dumps({str(ordinal): "ok" for ordinal in range(1, 11)}), encoding="utf-8")
    words = ("review", "sample", "record", drawn.batch, verdicts, *drawn.acting(Role.OVERSEER))
    each_spoiled(verdicts, lambda: drawn.run(*words))
    for wrong in ({"1": "ok"}, {str(o): "fine" for o in range(1, 11)}, {**{str(o): "ok" for o in range(1, 11)}, "11": "ok"}, {"one": "ok"}):
        verdicts.write_text(json.dumps(wrong), encoding="utf-8")
        drawn.run(*words).refused()
    assert drawn.state() == before


# ---- the recipient's side ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def arrived(at: At) -> tuple[Desk, Path, Path]:
    """A desk, the release folder that came back, and the gateway's verifier key."""
    desk = at("dispatched")
    release, vkey = desk.folder / "release", desk.folder / "vkey"
    shutil.copytree(desk.home / "outbox" / desk.batch / "release", release)
    vkey.write_text(NoteKey(desk.cast.home.settings.origin, desk.cast.home.log_key.public).vkey() + "\n")
    return desk, release, vkey


def opening(desk: Desk, release: Path, vkey: Path, **other: Path) -> Done:
    files = {"--vault-key": desk.key("vault-ICE-V1"), "--vkey": vkey, "--access-log": desk.folder / "opened.jsonl"}
    files |= {f"--{name.replace('_', '-')}": path for name, path in other.items()}
    return desk.run("recipient", "open", release, "--officer", OFFICERS[0], *[word for pair in files.items() for word in pair])


def test_a_release_that_was_touched_is_not_opened_and_no_opening_is_recorded(arrived: tuple[Desk, Path, Path]) -> None:
    desk, release, vkey = arrived
    for name in ("answers.jsonl", "batch_answer.json"):
        each_spoiled(release / name, lambda: opening(desk, release, vkey))
        good = (release / name).read_bytes()
        for edit in (lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:], lambda data: data + data):
            (release / name).write_bytes(edit(good))
            opening(desk, release, vkey).refused()
        (release / name).unlink()
        opening(desk, release, vkey).refused()
        (release / name).write_bytes(good)
    each_spoiled(vkey, lambda: opening(desk, release, vkey))
    assert not (desk.folder / "opened.jsonl").exists()
    assert opening(desk, release, vkey).ok().out.count("\n") == 3


def test_keys_and_logs_that_are_none_open_nothing(arrived: tuple[Desk, Path, Path]) -> None:
    desk, release, vkey = arrived
    save_key(desk.folder / "other.json", AgreementKey.generate(), (desk.home / "keys" / DEMO_SECRET).read_bytes(), n=2)
    for vault in (
        desk.folder / "other.json",
        desk.key("root-ICE"),
        desk.home / "keys" / "wrapping.json",
        desk.folder,
        desk.folder / "absent",
    ):
        opening(desk, release, vkey, vault_key=vault).refused()
    for log in (desk.folder, desk.folder / "absent" / "log", Path("/dev/full")):
        opening(desk, release, vkey, access_log=log).refused("access log")
    for out in (desk.folder / "answers.txt", desk.folder / "opened.csv" / "x.csv", release / "answers.jsonl"):
        opening(desk, release, vkey, out=out).refused()
    assert opening(desk, desk.folder / "absent", vkey).code == 1 and opening(desk, desk.home, vkey).code == 1


def test_what_cannot_be_packed_or_engaged_in_leaves_nothing_behind(at: At) -> None:
    desk = at("ready")
    data = write_rows(desk.folder / "requests.csv", rows_of())

    def pack(**other: object) -> Done:
        given = {"signer": SIGNER, "agency": "ICE", "key": desk.key(SIGNER), "out": desk.folder / "packed"} | other
        return desk.run(
            "recipient", "pack", given.pop("data", data), *[w for n, v in given.items() for w in (f"--{n.replace('_', '-')}", v)]
        )

    before = sorted(path.name for path in desk.folder.iterdir())
    for wrong in (
        {"data": desk.folder / "absent.csv"},
        {"data": desk.folder},
        {"data": "/dev/zero"},
        {"out": desk.folder},
        {"out": "/dev/null/x"},
        {"signer": "Jane Doe \u00e9"},
        {"agreement": "../x"},
        {"agreement_version": -1},
        {"gate": ""},
        {"gate": "a\nb"},
        {"key": desk.key("vault-ICE-V1")},
    ):
        done = pack(**wrong)
        assert done.code in (1, 2) and "failed inside" not in done.err and done.out == "", (wrong, done)
    good = data.read_bytes()
    for edit in BYTES.values():
        data.write_bytes(edit(good))
        pack().refused()
    data.write_bytes(good)
    assert sorted(path.name for path in desk.folder.iterdir()) == before
    pack().ok()
    packed = desk.folder / "packed"
    words = ("recipient", "engage", packed, "--officer", OFFICERS[0], "--key", desk.key(OFFICERS[0]), "--rows")
    for rows in ("", "0", "5-2", "a", "1-99999999999", "-1"):
        desk.run(*words, rows).misused()
    begun = time.monotonic()
    for rows in ("11", "1-10000000", ",".join(["1-10000000"] * 50)):
        desk.run(*words, rows).refused("beyond the 10 of the batch")
    assert time.monotonic() - begun < 20 and not (packed / "engagements.jsonl").exists()
    desk.run(*words, "1-3").ok()
    desk.run(*words, "4").refused("engaged in this batch already")


# ---- bundles ---------------------------------------------------------------------------------------------------------------------------
def test_a_trust_file_or_an_older_checkpoint_that_is_none(at: At) -> None:
    desk = at("dispatched")
    bundle, trust, since = desk.folder / "bundle", desk.folder / "trust.json", desk.folder / "since"
    desk.run("ledger", "export", bundle, "--trust", trust).ok()
    since.write_bytes((desk.home / "ledger" / "checkpoint").read_bytes())
    invoke("ledger", "verify", bundle, "--trust", trust, "--since", since).ok()
    for path in (trust, since):
        good = path.read_bytes()
        for what, edit in BYTES.items():
            path.write_bytes(edit(good))
            done = invoke("ledger", "verify", bundle, "--trust", trust, "--since", since)
            assert done.code in (1, 4) and "failed inside" not in done.err and "VERIFIED:" not in done.out, (what, done)
        path.write_bytes(good)


def test_a_bundle_cut_anywhere_does_not_verify(at: At) -> None:
    desk = at("dispatched")
    bundle, trust = desk.folder / "bundle", desk.folder / "trust.json"
    desk.run("ledger", "export", bundle, "--trust", trust).ok()
    for path in sorted(path for path in bundle.rglob("*") if path.is_file() and path.stat().st_size):
        good = path.read_bytes()
        for edit in ("cut", "with a NUL", "UTF-16"):
            path.write_bytes(BYTES[edit](good))
            done = invoke("ledger", "verify", bundle, "--trust", trust, "--json").ok(4)
            assert done.json["verified"] is False and done.json["first_failure"], path
        path.write_bytes(good)
    for place in ("/etc/passwd", "absent"):
        invoke("ledger", "verify", place).misused()
    for place in (desk.folder / "empty",):
        place.mkdir()
        assert invoke("ledger", "verify", place, "--json").ok(4).json["verified"] is False


def test_facts_to_compare_that_are_none(tmp_path: Path) -> None:
    words = ("rules", "diff", "irs-ice-2025", "irs-ice-2025", "--facts")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    for place in ("/etc/passwd", "absent", tmp_path, tmp_path / "other.parquet"):
        invoke(*words, place).refused()


def test_addresses_and_truth_that_are_none(at: At, tmp_path: Path) -> None:
    requests, truth = write_rows(tmp_path / "requests.csv", rows_of()), tmp_path / "truth.csv"
    truth.write_text("request_id,person_id\n", encoding="utf-8")
    good = requests.read_bytes()
    for edit in ("UTF-16", "not UTF-8", "with a NUL", "nested deep", "empty"):
        requests.write_bytes(BYTES[edit](good))
        assert invoke("address", "check", "--file", requests, "--json").code == 1
    for place in (tmp_path, "absent.csv", "/dev/zero", "-"):
        invoke("address", "check", "--file", place).refused()
    requests.write_bytes(good)
    words = ("match", "evaluate", "--register", at("ready").register, "--requests", requests, "--truth", truth)
    for content in (b"", b"a,b\n1,2\n", b"request_id,person_id\nq,1\nq,2\n", b"request_id,person_id\n\xff,1\n"):
        truth.write_bytes(content)
        invoke(*words).refused()
    truth.write_text("request_id,person_id\n", encoding="utf-8")
    for out in (tmp_path, Path("/nowhere/x.csv")):
        invoke(*words, "--out", out).refused("cannot be written")
