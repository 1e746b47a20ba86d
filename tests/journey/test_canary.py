"""No personal value stands anywhere it may not: searched byte by byte after a whole journey, in every spelling a program might use.

Two people are made unmistakable: one is asked about and answered (with another address on file than the one supplied), one is in a batch
that is refused at the door, and then in one whose every cell says something that nobody else says, those for codes and dates among them.
Every value of theirs, stated or on the register, is looked for in the store, the ledger, the outbox, the evidence, the accounting, the
temporary directory, file names, logs and everything printed. Only the register itself holds what it holds.
"""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sqlalchemy import select

from journey_home import NOW, OFFICERS, ROWS, Scene, row_of, small
from portcullis import backups, synthetic
from portcullis.cli.app import main
from portcullis.crypto import save_keyring
from portcullis.demo.play import authorize_all, dispatch_and_acknowledge, to_sampled
from portcullis.errors import PortcullisError
from portcullis.inspect import show_request
from portcullis.intake.batch import receive
from portcullis.journal import stamp
from portcullis.model import DATA_COLUMNS, Role
from portcullis.orders import Scope, impose, order_content
from portcullis.oversight import Identity, accounting_of
from portcullis.publish import publish
from portcullis.retention import destroy_batch, disposal_content
from portcullis.store import schema

At = Callable[[str], Scene]

ASKED = {
    "request_id": "ZQX-REQUEST-771",
    "given_name": "Zqxanselm",
    "middle_name": "Zqxmiddleton",
    "family_name": "Zqxfarrow",
    "date_of_birth": "1937-05-23",
    "taxpayer_number": "934817264",
    "case_id": "ZQX-CASE-771",
    "order_id": "ZQX-ORDER-771",
    "reason": "Zqxreason: the address is needed to find Zqxanselm in the investigation of 14 March.",
}
PERSON = "ZQX-PERSON-771"
ON_FILE = {"address_line": "7719 Zqxbarrow Street", "city": "Zqxville", "postal_code": "62701-7719", "state": "IL", "unit": "Apt Q7719"}
TURNED_AWAY = {name: value.replace("Zqx", "Zqy").replace("ZQX", "ZQY").replace("934817264", "951628374") for name, value in ASKED.items()}
TURNED_AWAY |= {
    "date_of_birth": "1931-07-19",
    "suffix": "Zqysuffix",
    "address_line": "8826 Zqyharrow Avenue",
    "unit": "Apt Q88261",
    "city": "Zqyborough",
    "state": "Zqystate",
    "postal_code": "60699-8826",
    "taxable_periods": "Zqyperiod",
    "statute": "Zqystatute",
    "purpose": "Zqypurpose",
    "stage": "Zqystage",
    "case_opened_on": "1941-02-11",
    "order_date": "1943-04-13",
    "judicial_review": "Zqyreview",
    "judicial_final_date": "1947-06-17",
    "order_ground": "Zqyground",
    "order_stayed": "Zqystayed",
    "finality_basis": "Zqyfinality",
    "prior_removal_date": "1953-08-19",
    "reentry_date": "1957-10-23",
    "elements": '{"Zqyelement":"Zqyelement"}',
    "attestations": "Zqyattested",
    "consent_id": "ZQY-CONSENT-771",
    "court_order_id": "ZQY-COURT-771",
}
MARKS = (
    "Zqxanselm",
    "Zqxmiddleton",
    "Zqxfarrow",
    "ZQX-REQUEST",
    "ZQX-CASE",
    "ZQX-ORDER",
    "Zqxreason",
    "934817264",
    "1937-05-23",
    "7719 Zqxbarrow",
    "Zqxville",
    "62701-7719",
    "Apt Q7719",
    "90 BEVBY",
    "LANGHAM",
    PERSON,
)
"""Of who is asked about: stated, on file, and (from 90 BEVBY) the earlier address that was stated and is on file too."""
OTHERS = (
    *(mark.replace("Zqx", "Zqy").replace("ZQX", "ZQY") for mark in MARKS[:7]),
    *("951628374", "8826 Zqyharrow", "Zqyelement"),
    *(value for name, value in TURNED_AWAY.items() if name not in ASKED and name not in ("elements", "address_line")),
    TURNED_AWAY["date_of_birth"],
)
CANARIES = (*MARKS, *OTHERS)


def spellings(mark: str) -> Iterator[bytes]:
    """The mark as UTF-8, UTF-16 of either end, hexadecimal and base64 at each of the three alignments; capitals and small letters too."""
    for word in {mark, mark.upper(), mark.lower()}:
        yield word.encode()
        yield word.encode("utf-16-le")
        yield word.encode("utf-16-be")
        yield word.encode().hex().encode()
        yield word.encode().hex().upper().encode()
        for shift in range(3):
            coded, end = base64.b64encode(bytes(shift) + word.encode()), (shift + len(word)) * 8 // 6
            yield coded[-(-shift * 8 // 6) : end]  # without the characters that also depend on the neighbours
            yield coded[-(-shift * 8 // 6) : end].replace(b"+", b"-").replace(b"/", b"_")


NEEDLES = {needle: mark for mark in CANARIES for needle in spellings(mark) if len(needle) >= 6}


def found_in(data: bytes) -> set[str]:
    return {mark for needle, mark in NEEDLES.items() if needle in data}


def test_the_search_finds_what_is_there() -> None:
    for mark in CANARIES:
        plain = f"…{mark}…"
        for data in (
            plain.encode(),
            plain.upper().encode(),
            plain.encode("utf-16"),
            plain.encode().hex().encode(),
            base64.b64encode(b"x" + plain.encode()),
            base64.urlsafe_b64encode(plain.encode()),
        ):
            assert mark in found_in(data), (mark, data)


def register_with(scene: Scene, person: str) -> None:
    """The register in which that person has the canary's name, number and last-known address."""
    made = small().register
    persons, addresses = made.persons, made.addresses
    mine = pc.equal(persons["person_id"], person)
    for name in ("given_name", "middle_name", "family_name", "taxpayer_number", "date_of_birth"):
        persons = _put(persons, name, mine, ASKED[name])
    last = pc.and_(pc.equal(addresses["person_id"], person), addresses["last_known"])
    for name, value in ON_FILE.items():
        addresses = _put(addresses, name, last, value)
    persons = _put(persons, "person_id", mine, PERSON)
    addresses = _put(addresses, "person_id", pc.equal(addresses["person_id"], person), PERSON)
    folder = scene.inbox / "register"
    synthetic.write_register(replace(made, persons=persons, addresses=addresses), folder)
    scene.load_register(folder)


def _put(table: pa.Table, name: str, where: pa.ChunkedArray, value: str | None) -> pa.Table:
    changed = pc.if_else(where, pa.scalar(value, pa.string()).cast(table[name].type), table[name])
    return table.set_column(table.column_names.index(name), name, changed)


def journey_of(scene: Scene) -> list[str]:
    """Everything a gateway does with the two people, and every error message on the way."""
    said: list[str] = []
    person = small().clean.truth["person_id"][ROWS[1].ordinal - 1].as_py()
    register_with(scene, person)
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    agency.pack(folder, [row_of(ROWS[0]) | TURNED_AWAY], gate="6103(i)(1)", time=stamp(NOW))
    said.append(str(receive(scene.home, folder)))
    said.extend(unreadable(scene))
    said.append(str(scene.send([row_of(ROWS[1]) | ASKED, row_of(ROWS[0]) | TURNED_AWAY | {"request_id": "ZQY-REQUEST-772"}])))
    assert to_sampled(scene.cast, scene.batch, {1: (PERSON, True)})
    show_request(scene.home, scene.batch, 1, "IRS-0002", "review.show")
    authorize_all(scene.cast, scene.batch)
    assert dispatch_and_acknowledge(scene.cast, scene.batch) == 1
    found = accounting_of(scene.home, Identity(taxpayer_number=ASKED["taxpayer_number"]), "IRS-0006")
    assert [one["outcome"] for one in found] == ["disclose"]
    act = scene.cast.act("IRS-0006", "order.impose", order_content("O-1", Scope(), NOW))
    said.append(str(impose(scene.home, "O-1", Scope(), NOW, act)))
    publish(scene.home)
    return said


def unreadable(scene: Scene) -> Iterator[str]:
    """Files that break where a personal value stands, each sent as it is."""
    line = ",".join(value for value in TURNED_AWAY.values() if "," not in value)
    for number, data in enumerate(
        (f"{line}\n{line}\n", f"request_id\nx\n{line}\n", f'request_id\n"{line}\n', f"request_id\n{line}\0\n", "{" + line)
    ):
        folder = scene.folder()
        folder.mkdir()
        (folder / f"data{'.jsonl' if data.startswith('{') else '.csv'}").write_text(data, encoding="utf-8")
        (folder / "batch.json").write_text(f'{{"{line}"' if number % 2 else f'{{"payload":"{line}"}}', encoding="utf-8")
        got = receive(scene.home, folder)
        assert got.state == "refused"
        yield str(got)


def test_no_personal_value_is_found_where_it_may_not_be(
    at_both: At, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    scene = at_both("ready")
    said = journey_of(scene)
    for path in scene.home.path.glob("store.db*"):  # with what is in the write-ahead log now, before it is taken in
        assert found_in(path.read_bytes()) == set(), path.name
    scene.home.engine.dispose()
    printed = capfd.readouterr()
    for name, text in {"messages": "\n".join(said), "output": printed.out, "errors": printed.err, "logs": caplog.text}.items():
        assert found_in(text.encode()) == set(), name
    with scene.read() as conn:
        for table in schema.metadata.sorted_tables:
            for row in conn.execute(select(table)):
                rest = b"\0".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row)
                assert found_in(rest) == set(), table.name
    searched = 0
    for path in sorted(scene.home.path.rglob("*")):
        assert found_in(os.fsencode(path.relative_to(scene.home.path))) == set(), "a file name"
        if path.is_file() and "register" not in path.relative_to(scene.home.path).parts:
            assert found_in(path.read_bytes()) == set(), path.name
            searched += 1
    assert searched > 40
    assert [path.name for path in scene.home.tmp.iterdir()] == []


def test_every_cell_of_a_data_file_has_a_canary() -> None:
    """`address` stands instead of the parts, and has the same marks in the files that cannot be read."""
    assert set(TURNED_AWAY) == set(DATA_COLUMNS) - {"address"}
    assert all(any(mark in value for mark in OTHERS) for value in TURNED_AWAY.values())


def test_nothing_is_found_in_the_home_or_an_old_backup_once_the_data_is_destroyed(at: At, tmp_path: Path) -> None:
    """Raw bytes of both; that today's keys open nothing of the old backup is in tests/retention/test_destroy.py."""
    scene = at("ready")
    journey_of(scene)
    scene.clock.forward(days=366)
    with patch.dict(save_keyring.__kwdefaults__, n=2):
        backups.create(scene.home, tmp_path / "backup")
        safeguards = scene.cast.act(scene.person(Role.SAFEGUARDS), "disposal", disposal_content(scene.row()["log_id"]))
        assert destroy_batch(scene.home, scene.batch, safeguards).files > 5
    publish(scene.home)
    scene.home.engine.dispose()
    searched = 0
    for folder in (scene.home.path, tmp_path / "backup"):
        for path in (each for each in sorted(folder.rglob("*")) if each.is_file() and "register" not in each.relative_to(folder).parts):
            assert found_in(path.read_bytes()) == set(), path.name
            searched += 1
    assert searched > 60


def test_what_was_searched_for_did_pass_through(at: At) -> None:
    """The same people are found by whoever holds the keys: in the accounting, and in the answer opened in the vault."""
    scene = at("ready")
    journey_of(scene)
    refused = accounting_of(scene.home, Identity(taxpayer_number=TURNED_AWAY["taxpayer_number"]), "IRS-0006")
    assert [one["subject"]["family_name"] for one in refused][:1] == ["Zqyfarrow"]  # type: ignore[index]
    folder = scene.home.path / "outbox" / scene.batch / "release"
    (answer,) = scene.agency().open(folder, scene.home.log_key.public, OFFICERS[0])
    assert answer.address is not None
    assert (answer.address["address_line"], answer.address["city"]) == (ON_FILE["address_line"], ON_FILE["city"])


# ---- the command line -----------------------------------------------------------------------------------
def typed(monkeypatch: pytest.MonkeyPatch, home: Path, *words: str) -> tuple[int, str]:
    """What a command prints on both streams, and its exit code."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "argv", ["portcullis", *words, "--home", str(home)])
    with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), out.getvalue()


def test_commands_print_no_personal_value(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = at("ready")
    journey_of(scene)
    folder = scene.folder()
    scene.agency(OFFICERS[:1]).pack(folder, [row_of(ROWS[0]) | TURNED_AWAY], time=stamp(NOW))
    (folder / "data.csv").write_bytes((folder / "data.csv").read_bytes() + f"{','.join(TURNED_AWAY.values())}\n".encode())
    commands = [
        ("batch", "receive", str(folder)),
        ("batch", "status", scene.batch, "--json"),
        ("batch", "run", scene.batch),
        ("batch", "list", "--json"),
        ("release", "list", "--json"),
        ("order", "list", "--json"),
    ]
    for words in commands:
        code, shown = typed(monkeypatch, scene.home.path, *words)
        assert code in (0, 3), shown
        assert shown.strip()
        assert found_in(shown.encode()) == set(), words


def test_errors_hold_no_value_of_the_row_they_are_about() -> None:
    """Identities come from people and go nowhere."""
    for text in (f'{{"name":"{ASKED["family_name"]}"}}', f"{ASKED['family_name']}", f'["{ASKED["taxpayer_number"]}"]'):
        with pytest.raises(PortcullisError) as error:
            Identity.parse(text)
        assert found_in(str(error.value).encode()) == set()
