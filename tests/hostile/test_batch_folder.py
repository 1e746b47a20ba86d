"""A batch folder in which anything may be wrong: one refusal on record, exit 3, the next batch is received, and nothing else has happened.

Whatever a sender does to the folder, `batch receive` answers with a batch number, a rule and a reason. What could be read of its rows is
in the accounting (R43); what could not be verified of its envelope stands nowhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli_desk import Desk, no_traces
from journey_home import rows_of, table_of
from portcullis.crypto import SigningKey, canonical, encode64, sign_dsse
from portcullis.datafile import ENVELOPE_TYPE
from portcullis.synthetic import SIGNER

At = Callable[[str], Desk]
Misdeed = Callable[[Desk, Path], object]
CANARY = "Quillonwyx 912-73-4591"
FILES = ("batch.json", "data.csv", "salts.bin", "engagements.jsonl")


def on_record(desk: Desk, folder: Path, *reasons: str) -> dict[str, object]:
    """The folder is refused with one of these reasons, once, on record; returns what was said."""
    before = len(desk.leaves("batch.refused"))
    got = desk.run("batch", "receive", folder, "--json").ok(3)
    said: dict[str, object] = got.json
    assert (said["state"], said["reason"] in reasons, got.err) == ("refused", True, ""), got
    assert said["rule"] and len(str(said["message"]).split()) > 4
    leaf = desk.leaves("batch.refused")[before:]
    assert [(one["rule"], one["reason"], one["entries"]) for one in leaf] == [(said["rule"], said["reason"], said["received"])]
    assert not (desk.home / "evidence" / str(said["batch"])).exists()
    assert (desk.home / "accounting" / f"{said['batch']}.parquet").exists() == bool(said["received"])
    assert [path for path in (desk.home / "tmp").iterdir()] == []
    return said


def honest(desk: Desk, name: str, rows: int = 10) -> Path:
    """An honest folder, packed once: what is refused uses up nothing, so its copies can be spoiled one after the other."""
    first = desk.folder / f"honest-{rows}"
    if not first.exists():
        desk.pack(rows_of()[:rows], name=first.name)
    shutil.copytree(first, desk.folder / name)
    return desk.folder / name


def next_is_received(desk: Desk) -> None:
    """The same request, properly made, is received."""
    assert desk.run("batch", "receive", desk.pack(name="again"), "--json").ok().json["state"] == "received"
    assert desk.run("ledger", "checkpoint", "--recheck").ok()


def rewrite(edit: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(edit(path.read_bytes()))


def _replace(path: Path, make: Callable[[], object]) -> None:
    path.unlink()
    make()


def _linked(path: Path) -> None:
    moved = path.rename(path.parent.parent / f"moved-{path.name}")
    path.symlink_to(moved)


SPOILED: dict[str, Callable[[Path], object]] = {
    "absent": Path.unlink,
    "empty": rewrite(lambda _: b""),
    "half": rewrite(lambda data: data[: len(data) // 2]),
    "one bit off": rewrite(lambda data: data[:80] + bytes([data[80] ^ 1]) + data[81:]),
    "with a NUL": rewrite(lambda data: data[:50] + b"\0" + data[51:]),
    "UTF-16": rewrite(lambda data: data.decode("latin-1").encode("utf-16")),
    "a folder": lambda path: _replace(path, path.mkdir),
    "a pipe": lambda path: _replace(path, lambda: os.mkfifo(path)),
    "a link to itself": lambda path: _replace(path, lambda: path.symlink_to(path)),
    "a link to what was there": _linked,
    "a link to nothing": lambda path: _replace(path, lambda: path.symlink_to("absent")),
    "a link to a device": lambda path: _replace(path, lambda: path.symlink_to("/dev/zero")),
    "a link to a secret": lambda path: _replace(path, lambda: path.symlink_to("/etc/passwd")),
    "twice": rewrite(lambda data: data + data),
    "nested deep": rewrite(lambda _: b"[" * 200_000),
}
LAWFUL = {("engagements.jsonl", "absent"), ("engagements.jsonl", "empty")}  # nobody engaged: no request of it is answered


@pytest.mark.parametrize("name", FILES)
def test_a_spoiled_file_refuses_the_batch_and_nothing_more(at: At, name: str) -> None:
    desk = at("ready")
    for how, spoil in SPOILED.items():
        folder = honest(desk, f"{name}-{how}")
        spoil(folder / name)
        if (name, how) in LAWFUL:
            continue  # and is received: tests/intake
        said = on_record(desk, folder, "B-NOT-WRITTEN", "B-SIG-BAD", "B-INTEGRITY")
        assert (said["rule"] == "R01") == (name == "batch.json"), (how, said)
    next_is_received(desk)


# ---- the envelope --------------------------------------------------------------------------------------------------------------------
def resigned(**members: object) -> Misdeed:
    return lambda desk, folder: desk.agency().resign(folder, **members)  # type: ignore[arg-type]


def signed(payload: bytes, kind: str = ENVELOPE_TYPE, *, stranger: bool = False) -> Misdeed:
    """Any payload, signed by the signer or by nobody who is known."""

    def misdeed(desk: Desk, folder: Path) -> None:
        key = SigningKey.generate() if stranger else desk.cast.keys[SIGNER]
        (folder / "batch.json").write_bytes(canonical(sign_dsse(key, kind, payload)) + b"\n")

    return misdeed


def unsigned(**members: object) -> Misdeed:
    """A statement in the form of an envelope, with these members in it."""
    honest = {"payload": "e30=", "payloadType": ENVELOPE_TYPE, "signatures": [{"keyid": "ab" * 8, "sig": "AAAA"}]}
    return lambda _, folder: (folder / "batch.json").write_bytes(canonical({**honest, **members}))


ENVELOPES: dict[str, Misdeed] = {
    "a billion rows": resigned(count=10**9),
    "rows beyond all numbers": resigned(count=2**53 - 1),
    "no rows": resigned(count=0),
    "minus one row": resigned(count=-1),
    "half a row": resigned(count=1.5),
    "rows in words": resigned(count="ten"),
    "rows that are true": resigned(count=True),
    "an agency that is a path": resigned(agency="../../x"),
    "a signer that is a path": resigned(signer="../../x"),
    "an agreement that is a path": resigned(agreement={"id": "../../x", "version": 1}),
    "an agreement of version minus one": resigned(agreement={"id": "irs-ice-2025", "version": -1}),
    "an agreement that is a text": resigned(agreement="irs-ice-2025"),
    "a root that is short": resigned(root="00"),
    "a nonce in capitals": resigned(nonce="AB" * 16),
    "a time before all time": resigned(time="0000-00-00T00:00:00Z"),
    "a time with a line end": resigned(time="2026-11-21T10:00:00Z\n"),
    "a delegation of nothing": resigned(delegation=""),
    "a member too many": resigned(note=CANARY),
    "a list": signed(b"[]"),
    "nothing": signed(b""),
    "nested deep": signed(b"[" * 50_000 + b"]" * 50_000),
    "two hundred thousand letters": signed(canonical({"note": "a" * 200_000})),
    "a personal text by the signer": signed(canonical({"note": CANARY})),
    "a personal text by a stranger": signed(canonical({"note": CANARY}), stranger=True),
    "a type of its own": signed(b"{}", kind=CANARY),
    "a payload that is no base64": unsigned(payload=CANARY),
    "a payload with a personal text in base64": unsigned(payload=encode64(CANARY.encode())),
    "signatures in words": unsigned(signatures=CANARY),
    "no signature": unsigned(signatures=[]),
    "two signatures": unsigned(signatures=[{"keyid": "ab" * 8, "sig": "AAAA"}] * 2),
    "a key id with a personal text": unsigned(signatures=[{"keyid": CANARY, "sig": "AAAA"}]),
    "a signature of another length": unsigned(signatures=[{"keyid": "ab" * 8, "sig": "AA=="}]),
    "a member that is no text": unsigned(payload=7),
    "one and a half megabytes": lambda _, folder: (folder / "batch.json").write_bytes(b'{"payload":"' + b"A" * 1_500_000 + b'"}'),
}


def test_an_envelope_of_any_other_form_refuses_the_batch_and_stands_nowhere(at: At) -> None:
    desk = at("ready")
    for what, misdeed in ENVELOPES.items():
        folder = honest(desk, what.replace(" ", "-"))
        misdeed(desk, folder)
        said = on_record(desk, folder, "B-NOT-WRITTEN", "B-SIG-BAD")
        assert (said["rule"], said["received"]) == ("R01", 10), what
    assert {leaf["envelope"] for leaf in desk.leaves("batch.refused")} == {None}
    no_traces(desk, [CANARY, CANARY.split(maxsplit=1)[0]], *desk.said)
    next_is_received(desk)


def test_what_the_signer_did_sign_stands_in_the_ledger_also_when_it_is_refused(at: At) -> None:
    desk = at("ready")
    folder = desk.pack()
    desk.agency().resign(folder, data_class="income")
    on_record(desk, folder, "B-WRONG-GATE")
    assert desk.leaves("batch.refused")[0]["envelope"]["signatures"][0]["keyid"] == desk.cast.keys[SIGNER].key_id


@pytest.mark.parametrize("gate", ["(i)(2)", "26 U.S.C. 6103(i)(2)", ")", "6103(I)(2)", "6103(i)(2) "])
def test_the_gate_has_one_spelling_so_that_a_stay_of_it_holds_every_batch(at: At, gate: str) -> None:
    desk = at("ready")
    folder = desk.pack()
    desk.agency().resign(folder, gate=gate)
    on_record(desk, folder, "B-WRONG-GATE", "B-NO-AGREEMENT", "B-SIG-BAD")
    next_is_received(desk)


# ---- the data file -------------------------------------------------------------------------------------------------------------------
HEADER = b"request_id,given_name,family_name,address_line\n"


@dataclass(frozen=True)
class Data:
    """A data file, its ending, and how many of its rows can be read."""

    content: bytes | pa.Table
    suffix: str = ".csv"
    entries: int = 0


def _bomb() -> pa.Table:
    return pa.table({name: pa.array(["x" * 60_000]).take(pa.array([0] * 20_000)).dictionary_encode() for name in ("request_id", "reason")})


DATA: dict[str, Data] = {
    "a value of ten megabytes": Data(HEADER + b'1,a,b,"' + b"x" * 10_000_000 + b'"\n'),
    "a line of ten megabytes": Data(HEADER + b"1,a,b," + b"x" * 10_000_000 + b"\n"),
    "a quotation mark left open": Data(HEADER + b'1,a,b,"xxxx\n2,b,c,d\n'),
    "Latin-1": Data(HEADER + b"1,Jos\xe9,b,c\n"),
    "UTF-16": Data((HEADER + b"1,a,b,c\n").decode().encode("utf-16")),
    "an id twice": Data(HEADER + b"1,a,b,c\n1,a,b,c\n", entries=2),
    "an id left out": Data(HEADER + b",a,b,c\n", entries=1),
    "no header": Data(f"1,{CANARY},12 {CANARY} Lane\n".encode()),
    "a header that is a person": Data(f"request_id,{CANARY}\n1,a\n".encode()),
    "a column twice": Data(b"request_id,given_name,given_name\n1,a,b\n"),
    "a million commas": Data(b"," * 1_000_000 + b"\n"),
    "more values than columns": Data(HEADER + b"1,a,b,c,d\n"),
    "only a header": Data(HEADER),
    "another kind of file": Data(b"PK\x03\x04" + b"\0" * 1000),
    "Parquet that unpacks to gigabytes": Data(_bomb(), ".parquet"),
    "Parquet that nests": Data(pa.table({"request_id": ["1"], "elements": [{"a": 1}]}), ".parquet"),
    "Parquet with fractions": Data(pa.table({"request_id": [1.5]}), ".parquet"),
    "Parquet with bytes": Data(pa.table({"request_id": pa.array([b"\xff\xfe"], pa.binary())}), ".parquet"),
    "Parquet with a number as a number": Data(pa.table({"request_id": ["1"], "taxpayer_number": [7]}), ".parquet"),
    "Parquet that is CSV": Data(HEADER + b"1,a,b,c\n", ".parquet"),
    "JSON nested deep": Data(b'{"request_id":"1","elements":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}\n", ".jsonl"),
    "JSON that is a list": Data(b"[1]\n", ".jsonl"),
    "JSON that is no number": Data(b'{"request_id":NaN}\n', ".jsonl"),
    "JSON with a number of five thousand digits": Data(b'{"request_id":' + b"9" * 5000 + b"}\n", ".jsonl"),
    "JSON with a member twice": Data(b'{"request_id":"1","request_id":"2"}\n', ".jsonl"),
    "JSON with half a character": Data(b'{"request_id":"\\ud800"}\n', ".jsonl"),
    "JSON of mixed types": Data(b'{"request_id":"1"}\n{"request_id":["2"]}\n', ".jsonl"),
    "a line of JSON of ten megabytes": Data(b'{"request_id":"' + b"a" * 10_000_000 + b'"}\n', ".jsonl"),
    "a spreadsheet": Data(b"PK\x03\x04", ".xlsx"),
}


def test_a_data_file_of_any_other_form_refuses_the_batch(at: At) -> None:
    desk = at("ready")
    for what, data in DATA.items():
        folder = honest(desk, what.replace(" ", "-"), rows=1)
        (folder / "data.csv").unlink()
        (folder / "engagements.jsonl").unlink()
        if isinstance(data.content, bytes):
            (folder / f"data{data.suffix}").write_bytes(data.content)
        else:
            pq.write_table(data.content, folder / f"data{data.suffix}", compression="zstd")
        said = on_record(desk, folder, "B-INTEGRITY")
        assert (said["rule"], said["received"]) == ("R10", data.entries), (what, said)
    no_traces(desk, CANARY.split(), *desk.said)
    next_is_received(desk)


def test_a_folder_with_no_two_or_strange_data_files_is_refused(at: At) -> None:
    desk = at("ready")
    (desk.folder / "empty").mkdir()
    assert on_record(desk, desk.folder / "empty", "B-NOT-WRITTEN")["received"] == 0
    folder = desk.pack(name="two")
    pq.write_table(table_of(rows_of()), folder / "more.parquet")
    on_record(desk, folder, "B-INTEGRITY")
    for place in (desk.folder / "absent", Path("/etc/passwd"), Path("/dev/null")):
        desk.run("batch", "receive", place).refused("Name the folder that holds batch.json")
    assert "xxx" not in desk.run("batch", "receive", "x" * 5000).refused("too long").err
    next_is_received(desk)


# ---- rows --------------------------------------------------------------------------------------------------------------------------
ROWS: dict[str, dict[str, str]] = {
    "negative dates": {"date_of_birth": "-0001-01-01", "case_opened_on": "-5", "order_date": "9999-99-99"},
    "dates beyond all calendars": {"prior_removal_date": "0000-00-00", "order_date": "99999999-01-01", "judicial_final_date": "2025-02-30"},
    "periods that are none": {"taxable_periods": "-1;;2022;abc;99999999999999999999"},
    "elements nested deep": {"elements": '{"a":' * 5000 + "1" + "}" * 5000},
    "elements that are a list": {"elements": "[" * 30_000},
    "elements beyond all numbers": {"elements": '{"a":1e999,"b":-5}'},
    "formulas": {"given_name": "=cmd|' /C calc'!A0", "family_name": "@SUM(1)", "stage": "=1+1", "address_line": "+1-1"},
    "control characters": {"given_name": "\x1b[31m\x07\u202e", "family_name": "\u200b"},
    "a thousand smileys": {"given_name": "\U0001f600" * 1000, "address_line": "\u0130" * 5000},
    "an address of thirty thousand words": {"address_line": "1 " * 30_000},
    "paths": {"request_id": "../../../etc/passwd", "case_id": "../../x", "order_id": "/dev/null"},
    "SQL": {"given_name": "'; DROP TABLE batch; --", "family_name": '" OR 1=1 --'},
    "a placeholder of a template": {"given_name": "{0} %s ${HOME}", "family_name": "{{7*7}}"},
}


def test_a_bad_row_never_stops_the_good_ones(at: At) -> None:
    desk = at("ready")
    good = rows_of()[:2]
    bad = [{**good[0], "request_id": f"bad-{number}", **row} for number, row in enumerate(ROWS.values())]
    batch = desk.run("batch", "receive", desk.pack([*good, *bad]), "--json").ok(0).json["batch"]
    desk.run("batch", "run", batch)
    for ordinal in iter(lambda: desk.run("review", "next", batch, "--json").ok().json["next"], None):
        desk.run("review", "record", batch, ordinal, "refuse", "cannot-tell", "--as", "IRS-0002", "--key", desk.key("IRS-0002")).ok()
    done = desk.run("batch", "run", batch, "--json").ok(3).json
    assert done["state"] == "reviewed" and sum(done["by_decision"].values()) == 2 + len(bad)
    assert done["by_decision"]["confirm"] >= 1 and done["by_decision"]["disclose"] == 1
    assert done["by_decision"].get("deficient", 0) + done["by_decision"].get("no_disclosure", 0) >= 10
