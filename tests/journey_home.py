"""Homes at every station of the journey, made once per process and copied for each test.

`at("committed")` gives a `Scene`: a home of its own with both agencies, eight people, officers, a register of 300 synthetic persons and,
from `received` on, one batch with a row of every kind (`ROWS`). Making a home costs seconds (key files are encrypted on purpose slowly);
copying a closed one costs milliseconds. On PostgreSQL the database is copied with the home. `at` is SQLite; `at_both` runs on each store.

Everything is synthetic. The clock stands still at `NOW` until a test moves it.
"""

from __future__ import annotations

import atexit
import hashlib
import itertools
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Connection, Table, func, select

import pg_cluster
from portcullis import journey, synthetic
from portcullis.batches import get
from portcullis.crypto import SigningKey
from portcullis.demo.cast import AGREEMENT, Cast, make_cast
from portcullis.demo.play import authorize_all, check_sample, close_reviews, send_batch
from portcullis.intake.batch import Received
from portcullis.ledger import decode
from portcullis.model import DATA_COLUMNS, BatchState, LeafType, Role
from portcullis.officers import sign
from portcullis.publish import publish
from portcullis.registers import load_into
from portcullis.release import commit_release, dispatch
from portcullis.store import open_store, reading, release_exclusive, schema
from recipient_agency import RecipientAgency

__all__ = ["AGREEMENT", "NOW", "OFFICERS", "ROWS", "Clock", "Scene", "at", "at_both", "table_of"]

NOW = 1_751_119_200  # 28 June 2025, 14:00 UTC: the day after the synthetic batches were written
OFFICERS = ("ICE-1001", "ICE-1002", "ICE-1003")
STATIONS = ("ready", "received", "matched", "reviewed", "sampled", "authorized", "committed", "dispatched")

Row = Mapping[str, str | None]
Truth = tuple[str | None, bool]


@cache
def small() -> synthetic.SmallSet:
    """The register and the three batches that rows are taken from."""
    return synthetic.small()


@dataclass(frozen=True)
class Kind:
    """One kind of row: which batch of `small()` it comes from, which row there, and what becomes of it while nobody accepts it."""

    name: str
    source: str
    ordinal: int
    decision: str
    reason: str | None = None


ROWS: tuple[Kind, ...] = (
    Kind("same address", "clean", 1, "confirm"),
    Kind("moved", "clean", 16, "disclose"),
    Kind("moved too", "clean", 25, "disclose"),
    Kind("not on the register", "hostile", 42, "no_disclosure", "M-ADDR-UNCONFIRMED"),
    Kind("veto", "hostile", 34, "no_disclosure", "D-VETO"),
    Kind("blank address", "hostile", 1, "deficient", "P-ADDR-BLANK"),
    Kind("excluded", "hostile", 35, "no_disclosure", "N-REVIEW"),
    Kind("two could be meant", "hostile", 38, "no_disclosure", "M-AMBIGUOUS"),
    Kind("another number", "hostile", 31, "no_disclosure", "M-TIN-MISMATCH"),
    Kind("same address too", "clean", 2, "confirm"),
)
"""A batch with every kind of row, in this order; ordinals from 1."""

REFERRED = (7, 8)
ANSWERED = (1, 2, 3, 10)
PLAN = {"ICE-1001": range(1, 6), "ICE-1002": range(6, 11)}


def row_of(kind: Kind) -> dict[str, str | None]:
    """The row as the recipient would send it."""
    found: dict[str, str | None] = getattr(small(), kind.source).requests.slice(kind.ordinal - 1, 1).to_pylist()[0]
    return found


def rows_of(kinds: Sequence[Kind] = ROWS) -> list[dict[str, str | None]]:
    """The rows of these kinds."""
    return [row_of(kind) for kind in kinds]


def truth_of(kinds: Sequence[Kind] = ROWS) -> dict[int, Truth]:
    """Ordinal → the person meant, and whether an answer would be lawful: what somebody who checks by hand would find."""
    found = {}
    for ordinal, kind in enumerate(kinds, 1):
        hidden = getattr(small(), kind.source).truth.slice(kind.ordinal - 1, 1).to_pylist()[0]
        found[ordinal] = (hidden["person_id"], bool(hidden["lawful_matchable"]))
    return found


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Rows as a table with every column of a data file."""
    return pa.Table.from_pylist([dict(row) for row in rows], pa.schema([(name, pa.string()) for name in DATA_COLUMNS]))


@dataclass
class Clock:
    """Whole seconds UTC, moved only by a test."""

    at: int = NOW

    def __call__(self) -> int:
        return self.at

    def forward(self, *, hours: int = 0, days: int = 0) -> None:
        """Time passes."""
        self.at += hours * 3600 + days * 86_400


@dataclass
class Scene:
    """One home with the keys of everybody who acts, and the batch that is on its way in it."""

    cast: Cast
    clock: Clock
    inbox: Path
    register: Path
    batch: str = ""
    numbered: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def home(self) -> Any:
        """The home."""
        return self.cast.home

    def send(self, rows: Sequence[Row] | None = None, plan: Mapping[str, range] | None = None, **how: Any) -> Received:
        """An honest batch: packed, signed, engaged and received."""
        table = table_of(rows if rows is not None else rows_of())
        folder = self.inbox / f"batch-{next(self.numbered)}"
        got = send_batch(self.cast, folder, table, plan if plan is not None else {OFFICERS[0]: range(1, table.num_rows + 1)}, **how)
        if got.state is BatchState.RECEIVED:
            self.batch = got.batch_id
        return got

    def agency(self, officers: Sequence[str] = OFFICERS) -> RecipientAgency:
        """The same recipient as an agency that can also misbehave (tests/recipient_agency.py)."""
        people = {name: self.cast.keys[name] for name in (synthetic.SIGNER, *officers)}
        origin, now = self.home.settings.origin, self.clock()
        return RecipientAgency(officers=0, root=self.cast.roots["ICE"], vault=self.cast.vault, people=people, origin=origin, now=now)

    def folder(self) -> Path:
        """An absent folder that a batch can be packed into."""
        return self.inbox / f"packed-{next(self.numbered)}"

    def read(self) -> Any:
        """One consistent view of the store."""
        return reading(self.home.engine)

    def row(self, batch: str | None = None) -> Mapping[str, Any]:
        """The batch as the store has it."""
        with self.read() as conn:
            return dict(get(conn, batch or self.batch))

    @property
    def state(self) -> str:
        """The batch's state."""
        return str(self.row()["state"])

    def leaves(self, *kinds: LeafType, batch: str | None = None) -> list[dict[str, Any]]:
        """The leaves of these types (all without any), of one batch where given, in log order: `type`, and the fields."""
        leaf = schema.leaf
        query = select(leaf.c.idx, leaf.c.type, leaf.c.body).order_by(leaf.c.idx)
        if kinds:
            query = query.where(leaf.c.type.in_([kind.value for kind in kinds]))
        if batch is not None:
            query = query.where(leaf.c.batch_id == batch)
        with self.read() as conn:
            return [{"index": r.idx, "type": r.type, "size": len(r.body), **decode(bytes(r.body)).fields} for r in conn.execute(query)]

    def count(self, table: Table, **where: object) -> int:
        """How many rows of a table hold these values."""
        query = select(func.count()).select_from(table)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        with self.read() as conn:
            return int(conn.execute(query).scalar_one())

    def step(self, change: Callable[[Connection], object]) -> None:
        """Do something inside one transaction that holds the release lock, as counsel or an enrolment would."""
        with release_exclusive(self.home.engine) as conn:
            change(conn)

    def person(self, role: Role, number: int = 1) -> str:
        """The n-th demo person with that role."""
        return self.cast.person(role, number)

    def newcomer(self, person: str, *roles: Role, agency: str = "IRS") -> str:
        """Enrol one more person; returns the id."""
        self.step(lambda conn: self.cast.enrol(conn, agency, person, roles))
        return person

    def another_key(self, person: str, *roles: Role, agency: str = "IRS") -> SigningKey:
        """A second key of a person who has one: enrolled, and left out of the cast's own keys."""
        first = self.cast.keys[person]
        self.step(lambda conn: self.cast.enrol(conn, agency, person, roles))
        second, self.cast.keys[person] = self.cast.keys[person], first
        return second

    def signed(self, key: SigningKey, person: str, action: str, content: str, agreement: str = AGREEMENT, **how: Any) -> dict[str, object]:
        """An act signed with any key, in anybody's name, over anything."""
        origin, expires = how.get("origin", self.home.settings.origin), self.clock() + how.get("hours", 24) * 3600
        return sign(origin, key, person, action, content, agreement, expires)

    def lay_stock(self) -> None:
        """The overseer lays one more number in stock."""
        self.cast.stock()

    def load_register(self, source: Path | None = None) -> None:
        """Load a register; by default the one it already has."""
        load_into(self.home, source or self.register)


def _advance(scene: Scene, station: str) -> None:
    """From the station before to this one, everybody doing what is right."""
    cast, batch = scene.cast, scene.batch
    if station == "received":
        scene.send(plan=PLAN)
    elif station == "matched":
        journey.run(cast.home, batch)
    elif station == "reviewed":
        close_reviews(cast, batch)
        journey.run(cast.home, batch)
    elif station == "sampled":
        check_sample(cast, batch, truth_of())
        journey.run(cast.home, batch)
    elif station == "authorized":
        authorize_all(cast, batch)
    elif station == "committed":
        commit_release(cast.home, batch)
        publish(cast.home)
    elif station == "dispatched":
        dispatch(cast.home, batch)
        publish(cast.home)


@dataclass
class _Kept:
    """A closed home on disk, and its database when that is PostgreSQL's."""

    folder: Path
    cast: Cast
    batch: str
    database: str


class Stations:
    """The homes of one kind of store, each made from the one before it when first asked for."""

    def __init__(self, cluster: pg_cluster.Cluster | None) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pc-homes-"))
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)
        self.cluster, self.kept = cluster, dict[str, _Kept]()
        self.register = self.root / "register"
        synthetic.write_register(small().register, self.register)

    def copy(self, station: str, folder: Path) -> Scene:
        """A scene of its own in `folder`, which is absent."""
        kept = self.kept.get(station) or self._make(station)
        shutil.copytree(kept.folder, folder)
        return self._open(kept, folder, self._copied(kept))

    def _make(self, station: str) -> _Kept:
        folder = self.root / station
        if station == STATIONS[0]:
            scene = self._first(folder)
        else:
            scene = self.copy(STATIONS[STATIONS.index(station) - 1], folder)
            _advance(scene, station)
        scene.home.engine.dispose()
        kept = self.kept[station] = _Kept(folder, scene.cast, scene.batch, scene.home.settings.store_url)
        return kept

    def _first(self, folder: Path) -> Scene:
        clock = Clock()
        cast = make_cast(folder, now=clock, store=self.cluster.url() if self.cluster else "", officers=OFFICERS)
        load_into(cast.home, self.register)
        return Scene(cast, clock, self._inbox(folder), self.register)

    def _copied(self, kept: _Kept) -> str:
        """The address of a copy of the database; empty for SQLite, whose file was copied with the home."""
        if self.cluster is None:
            return ""
        name, template = f"h{secrets.token_hex(6)}", kept.database.split("/")[3].split("?")[0]
        self.cluster._run("createdb", "-h", str(self.cluster.folder), "-U", "tests", "-T", template, name)
        return kept.database.replace(f"/{template}?", f"/{name}?")

    def _open(self, kept: _Kept, folder: Path, url: str) -> Scene:
        clock = Clock(kept.cast.home.now())
        settings = replace(kept.cast.home.settings, store_url=url)
        if url:
            file = folder / "portcullis.toml"
            file.write_text(file.read_text(encoding="utf-8").replace(kept.database, url), encoding="utf-8")
        engine = open_store(url or f"sqlite:///{folder / 'store.db'}")
        home = replace(kept.cast.home, path=folder, settings=settings, engine=engine, now=clock)
        cast = Cast(home, dict(kept.cast.roots), dict(kept.cast.keys), kept.cast.vault, list(kept.cast.numbers))
        return Scene(cast, clock, self._inbox(folder), self.register, kept.batch)

    @staticmethod
    def _inbox(folder: Path) -> Path:
        inbox = folder.with_name(folder.name + "-inbox")
        inbox.mkdir(exist_ok=True)
        return inbox


_STATIONS: dict[str, Stations] = {}


def stations(kind: str, cluster: pg_cluster.Cluster | None = None) -> Stations:
    """The homes of this process on `sqlite` or `postgresql`."""
    if kind not in _STATIONS:
        _STATIONS[kind] = Stations(cluster)
    return _STATIONS[kind]


def _scenes(kept: Stations, folder: Path) -> Iterator[Callable[[str], Scene]]:
    made: list[Scene] = []

    def at(station: str) -> Scene:
        made.append(kept.copy(station, folder / f"home-{len(made) + 1}"))
        return made[-1]

    yield at
    for scene in made:
        scene.home.engine.dispose()


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[[str], Scene]]:
    """A home at a station of the journey, on SQLite."""
    yield from _scenes(stations("sqlite"), tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def at_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Scene]]:
    """A home at a station of the journey, on SQLite and then on PostgreSQL."""
    cluster = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    yield from _scenes(stations(request.param, cluster), tmp_path)


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
