"""A desk with the command line on it: homes at every station of the journey, with key files for everybody, and typed commands.

`at("sampled")` gives a `Desk`: a home of its own on SQLite, the people's key files, the batch on its way. `desk.run(...)` runs the
command in this process through the same `main` that the installed program runs, with bytes for streams, and returns what a user saw:
exit code, standard output, standard error. The clock is the real one. Key files cost next to nothing to open here (`cheap_keys`).
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer

from journey_home import OFFICERS, PLAN, rows_of, table_of
from portcullis import journey, synthetic
from portcullis.batches import get
from portcullis.cli.app import app, main
from portcullis.crypto import save_key, save_secret
from portcullis.demo import authorize_all, close_reviews, make_cast, send_batch
from portcullis.demo.cast import AGREEMENT, Cast, save_people
from portcullis.home import DEMO_SECRET
from portcullis.model import Role
from portcullis.publish import publish
from portcullis.registers import load_into
from portcullis.release import commit_release, deliver, dispatch
from portcullis.review import drawn_ordinals, record_sample, sample_content
from portcullis.steps import check_batch, match_step
from portcullis.steps.sample import draw
from portcullis.store import open_store, reading
from recipient_agency import RecipientAgency

__all__ = ["Desk", "Done", "at", "cheap_keys", "invoke", "no_traces", "traces"]

STATIONS = ("ready", "received", "checked", "matched", "reviewed", "drawn", "sampled", "authorized", "committed", "dispatched")


# ---- typed commands --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Done:
    """What a user saw of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The result, which is one JSON value."""
        return json.loads(self.out)

    def ok(self, code: int = 0) -> Done:
        """This, when the command ended so; the test fails with what was said otherwise."""
        assert self.code == code, f"exit {self.code}, not {code}\n{self.out[-800:]}\n{self.err[-2000:]}"
        assert "Traceback" not in self.err and "failed inside" not in self.err, self.err
        return self

    def refused(self, *words: str, code: int = 1) -> Done:
        """This, when it is one clear error and nothing else: what, why, what next; each of `words` stands in it."""
        self.ok(code)
        assert self.out == "", self.out
        said = [line for line in self.err.splitlines() if not line.startswith("{")]
        assert sum(line.startswith("portcullis: ") for line in said if "a dry run" not in line) == 1, self.err
        for part in ("  why: ", "  next: "):
            assert sum(line.startswith(part) and len(line) > len(part) + 2 for line in said) == 1, self.err
        for word in words:
            assert word in self.err, f"{word!r} is not said: {self.err}"
        return self

    def misused(self, *words: str) -> Done:
        """This, when it is a usage error that says so."""
        self.ok(2)
        assert self.out == "" and "Error:" in self.err and " -h' for help" in self.err, self.err
        for word in words:
            assert word in self.err, f"{word!r} is not said: {self.err}"
        return self


_TREE = typer.main.get_command(app)
"""Built once: it takes half the time of a command."""


def invoke(*words: str | Path, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Done:
    """One command as typed, in this process."""
    out, err = io.BytesIO(), io.BytesIO()
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(stdin), "utf-8"),
        "stdout": io.TextIOWrapper(out, "utf-8", write_through=True),
        "stderr": io.TextIOWrapper(err, "utf-8", errors="backslashreplace", write_through=True),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTCULLIS_")}
    code: int | str | None = 0
    typed = patch.multiple(sys, argv=["portcullis", *map(str, words)], **streams)
    with patch.dict(os.environ, {**kept, **(env or {})}, clear=True), patch("typer.main.get_command", lambda _app: _TREE), typed:
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Done(code if isinstance(code, int) else 1 if code else 0, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def cheap_keys() -> Iterator[None]:
    """Key files written in this block cost nothing to open: scrypt at its lowest."""
    with patch.dict(save_key.__kwdefaults__, n=2), patch.dict(save_secret.__kwdefaults__, n=2):
        yield


# ---- a home with everybody's keys ------------------------------------------------------------------------------------------------
@dataclass
class Desk:
    """A home, its people's key files, and the batch that is on its way in it."""

    folder: Path
    home: Path
    cast: Cast
    register: Path
    batch: str = ""
    env: dict[str, str] = field(default_factory=dict)
    said: list[Done] = field(default_factory=list)

    def run(self, *words: str | Path, stdin: bytes = b"", **env: str) -> Done:
        """One command in this home."""
        own = {"PORTCULLIS_HOME": str(self.home), "PORTCULLIS_KEY_SECRET_FILE": str(self.home / "keys" / DEMO_SECRET)}
        done = invoke(*words, env={**own, **self.env, **env}, stdin=stdin)
        self.said.append(done)
        return done

    def key(self, who: str) -> Path:
        """The key file of a person, or of `root-IRS`, `vault-ICE-V1`."""
        return self.home / "keys" / "people" / f"{who}.json"

    def person(self, role: Role, number: int = 1) -> str:
        """The n-th demo person with that role."""
        return self.cast.person(role, number)

    def acting(self, role: Role, number: int = 1) -> tuple[str, str, str, str]:
        """`--as` and `--key` of that person."""
        who = self.person(role, number)
        return ("--as", who, "--key", str(self.key(who)))

    def agency(self) -> RecipientAgency:
        """The recipient, who can also misbehave (tests/recipient_agency.py)."""
        people = {name: self.cast.keys[name] for name in (synthetic.SIGNER, *OFFICERS)}
        origin, now = self.cast.home.settings.origin, self.cast.home.now()
        return RecipientAgency(officers=0, root=self.cast.roots["ICE"], vault=self.cast.vault, people=people, origin=origin, now=now)

    def pack(self, rows: Sequence[Mapping[str, str | None]] | None = None, *, suffix: str = ".csv", name: str = "sent") -> Path:
        """An honest batch folder with every officer's engagement."""
        agency, folder = self.agency(), self.folder / name
        listed = [dict(row) for row in (rows if rows is not None else rows_of())]
        agency.pack(folder, listed, suffix=suffix)
        agency.engage_all(folder, len(listed))
        return folder

    def state(self) -> Mapping[str, object]:
        """Everything a command could have changed: the store's rows, the ledger's files, and what lies in evidence, accounting, outbox."""
        with sqlite3.connect(f"file:{self.home / 'store.db'}?mode=ro", uri=True) as conn:
            rows = "\n".join(conn.iterdump())
        conn.close()
        folders = ("evidence", "accounting", "outbox", "agreements", "register", "keys", "tmp")
        return {
            "store": rows,
            "ledger": {path.relative_to(self.home).as_posix(): _digest(path) for path in _files(self.home / "ledger")},
            **{name: {path.relative_to(self.home).as_posix(): _digest(path) for path in _files(self.home / name)} for name in folders},
            "settings": _digest(self.home / "portcullis.toml"),
        }

    def column(self, query: str, *values: object) -> list[Any]:
        """The first column of a query over the store."""
        with sqlite3.connect(f"file:{self.home / 'store.db'}?mode=ro", uri=True) as conn:
            found = [row[0] for row in conn.execute(query, values)]
        conn.close()
        return found

    def leaves(self, kind: str) -> list[Any]:
        """The bodies of all leaves of a type."""
        return [json.loads(body) for body in self.column("SELECT body FROM leaf WHERE type = ? ORDER BY idx", kind)]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _advance(cast: Cast, batch: str, station: str, folder: Path) -> str:
    """From the station before to this one, everybody doing what is right."""
    if station == "received":
        return send_batch(cast, folder / "sent", table_of(rows_of()), PLAN).batch_id
    if station in ("checked", "matched"):
        (check_batch if station == "checked" else match_step)(cast.home, batch)
    elif station == "reviewed":
        close_reviews(cast, batch)
        journey.run(cast.home, batch)
    elif station == "drawn":
        draw(cast.home, batch, cast.numbers[0])
    elif station == "sampled":
        _pass_sample(cast, batch)
        journey.run(cast.home, batch)
    elif station == "authorized":
        authorize_all(cast, batch)
    elif station == "committed":
        commit_release(cast.home, batch)
    elif station == "dispatched":
        dispatch(cast.home, batch)
        publish(cast.home)
        deliver(cast.home, batch)
    publish(cast.home)
    return batch


def _pass_sample(cast: Cast, batch: str) -> None:
    with reading(cast.home.engine) as conn:
        row, drawn = get(conn, batch), drawn_ordinals(conn, batch)
    content = sample_content(row["log_id"], row["decisions_root"], len(drawn), 0)
    act = cast.act(cast.person(Role.OVERSEER), "sample.record", content, AGREEMENT)
    assert record_sample(cast.home, batch, dict.fromkeys(drawn, "ok"), act)


@dataclass
class _Kept:
    folder: Path
    cast: Cast
    batch: str


class _Stations:
    """The homes of this process, each made from the one before it when first asked for."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pc-desk-"))
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)
        self.kept: dict[str, _Kept] = {}
        self.register = self.root / "source"
        synthetic.write_register(_small().register, self.register)

    def copy(self, station: str, folder: Path) -> Desk:
        kept = self.kept.get(station) or self._make(station)
        folder.mkdir(exist_ok=True)
        shutil.copytree(kept.folder, folder / "home")
        home = replace(kept.cast.home, path=folder / "home", engine=open_store(f"sqlite:///{folder / 'home' / 'store.db'}"))
        cast = Cast(home, dict(kept.cast.roots), dict(kept.cast.keys), kept.cast.vault, list(kept.cast.numbers))
        return Desk(folder, folder / "home", cast, self.register, kept.batch)

    def _make(self, station: str) -> _Kept:
        folder, batch = self.root / station, ""
        if station == STATIONS[0]:
            with cheap_keys():
                cast = make_cast(folder, officers=OFFICERS)
                save_people(cast)
                for officer in OFFICERS:
                    secret = (folder / "keys" / DEMO_SECRET).read_bytes()
                    save_key(folder / "keys" / "people" / f"{officer}.json", cast.keys[officer], secret)
            load_into(cast.home, self.register)
        else:
            desk = self.copy(STATIONS[STATIONS.index(station) - 1], self.root / f"{station}-desk")
            cast, batch = desk.cast, _advance(desk.cast, desk.batch, station, desk.folder)
            folder = desk.home
        cast.home.engine.dispose()
        self.kept[station] = _Kept(folder, cast, batch)
        return self.kept[station]


@cache
def _small() -> synthetic.SmallSet:
    return synthetic.small()


@cache
def _stations() -> _Stations:
    return _Stations()


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """A desk at a station of the journey."""
    made: list[Desk] = []

    def at(station: str) -> Desk:
        made.append(_stations().copy(station, tmp_path / f"desk-{len(made) + 1}"))
        return made[-1]

    yield at
    for desk in made:
        desk.cast.home.engine.dispose()


# ---- personal values where none may be -------------------------------------------------------------------------------------------
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


def traces(data: bytes, values: Sequence[str]) -> list[str]:
    """Which of the values stand in these bytes, in any case, in UTF-8 or UTF-16, in the open or in base64."""
    opened = [data, *(_opened(found[0]) for found in _BASE64.finditer(data))]
    low = b"\n".join(opened).lower()
    return [value for value in values if any(value.lower().encode(code) in low for code in ("utf-8", "utf-16-le", "utf-16-be"))]


def _opened(text: bytes) -> bytes:
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(plain[: len(plain) // 4 * 4])


def no_traces(desk: Desk, values: Sequence[str], *done: Done) -> None:
    """No value stands in any file or file name of the home but the register, in any row of the store, or in what was said."""
    found = {}
    for path in sorted(desk.home.rglob("*")):
        inside = path.relative_to(desk.home)
        if inside.parts[0] == "register":
            continue
        seen = traces(str(inside).encode() + (b"\n" + path.read_bytes() if path.is_file() else b""), values)
        if seen:
            found[str(inside)] = seen
    with sqlite3.connect(f"file:{desk.home / 'store.db'}?mode=ro", uri=True) as conn:
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in conn.execute(f'SELECT * FROM "{table}"'):
                cells = b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
                if seen := traces(cells, values):
                    found[f"store: {table}"] = seen
    conn.close()
    for number, one in enumerate(done):
        if seen := traces((one.out + one.err).encode(), values):
            found[f"said {number}"] = seen
    assert not found, found
