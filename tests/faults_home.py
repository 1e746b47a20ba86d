"""A home that is made once and then broken many times: a batch with its people, copied for each story, on either store."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import create_engine, text

from portcullis import journey, synthetic
from portcullis.batches import get
from portcullis.crypto import save_key, save_keyring, save_secret
from portcullis.demo import Cast, authorize_all, check_sample, close_reviews, make_cast, send_batch
from portcullis.demo.run import truth_by_ordinal
from portcullis.home import DEMO_SECRET, Home, open_home
from portcullis.model import BatchState
from portcullis.registers import load_into
from portcullis.store import reading
from portcullis.synthetic import SmallSet, SyntheticBatch

REQUESTS, CHUNK = 300, 25
Truth = Mapping[int, tuple[str | None, bool]]


@dataclass
class Base:
    """A home at rest with batches just received; `url` is its PostgreSQL store, or empty for SQLite."""

    cast: Cast
    batches: tuple[str, ...]
    truth: Truth
    canaries: tuple[bytes, ...]
    url: str = ""
    sent: SyntheticBatch | None = None


@dataclass
class Story:
    """A copy of a base, and the environment under which its commands run."""

    cast: Cast
    batches: tuple[str, ...]
    truth: Truth
    canaries: tuple[bytes, ...]
    env: dict[str, str]
    said: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        """The home, opened in this process."""
        return self.cast.home

    @property
    def batch(self) -> str:
        """The first batch."""
        return self.batches[0]

    def state(self, batch: str = "") -> BatchState:
        """Where the batch stands now."""
        with reading(self.home.engine) as conn:
            return BatchState(get(conn, batch or self.batch)["state"])

    def people(self, batch: str = "") -> None:
        """Whatever only people do at this state: reviews, the sample, two authorizations. Call `batch run` between."""
        state = self.state(batch)
        if state is BatchState.MATCHED:
            close_reviews(self.cast, batch or self.batch)
        elif state is BatchState.REVIEWED:
            assert check_sample(self.cast, batch or self.batch, self.truth)
        elif state is BatchState.SAMPLED:
            authorize_all(self.cast, batch or self.batch)


def make_base(folder: Path, url: str = "", *, requests: int = REQUESTS, batches: int = 1) -> Base:
    """Create a home in `folder` and let it receive `batches` equal batches of `requests`, most of which can be answered."""
    made = synthetic.small(max(300, 5 * requests), requests)
    folder.mkdir(parents=True, exist_ok=True)
    synthetic.write_register(made.register, folder / "source")
    cast = make_cast(folder / "home", store=url, officers=sorted(made.mixed.plan))
    for _ in range(batches - 2):
        cast.stock()
    load_into(cast.home, folder / "source")
    got = [send_batch(cast, folder / f"sent-{number}", made.mixed.requests, made.mixed.plan) for number in range(batches)]
    assert all(one.reason is None for one in got), got
    _open_quickly(cast.home)
    cast.home.engine.dispose()
    return Base(cast, tuple(one.batch_id for one in got), truth_by_ordinal(made.mixed), _canaries(made), url, made.mixed)


def authorized(base: Base) -> Base:
    """The same base, each of its batches taken to where two people have authorized it."""
    told = Story(base.cast, base.batches, base.truth, base.canaries, {})
    for batch in base.batches:
        for _ in range(3):
            journey.run(base.cast.home, batch)
            told.people(batch)
        assert told.state(batch) is BatchState.AUTHORIZED
    base.cast.home.engine.dispose()
    return base


def _canaries(made: SmallSet) -> tuple[bytes, ...]:
    """Personal and free texts of some requests, as they would stand in plain bytes."""
    rows = made.mixed.requests.select(["request_id", "case_id", "reason", "address_line", "taxpayer_number"]).slice(0, 40).to_pylist()
    return tuple(value.encode() for row in rows for value in row.values() if value is not None and len(value) > 8)


def _open_quickly(home: Home) -> None:
    """Key files at the lowest cost: each of some hundred commands opens three."""
    folder, secret = home.path / "keys", (home.path / "keys" / DEMO_SECRET).read_bytes()
    for name in ("log", "wrapping", "accounting"):
        (folder / f"{name}.json").unlink()
    save_key(folder / "log.json", home.log_key, secret, n=2)
    save_keyring(folder / "wrapping.json", home.keyring, secret, n=2)
    save_secret(folder / "accounting.json", home.accounting_key, secret, n=2)


@contextmanager
def story(base: Base, folder: Path, **settings: object) -> Iterator[Story]:
    """A copy of the base at `folder`; on PostgreSQL with a copy of its database. `settings` are those of portcullis.toml."""
    shutil.copytree(base.cast.home.path, folder)
    stated = {"chunk": CHUNK, **settings}
    if base.url:
        stated["store_url"] = _copy_of(base.url)
    env = {f"PORTCULLIS_{name.upper()}": str(value) for name, value in stated.items()} | {"PORTCULLIS_HOME": str(folder)}
    home = _opened(folder, env)
    try:
        yield Story(replace(base.cast, home=home), base.batches, base.truth, base.canaries, env)
    finally:
        home.engine.dispose()


def _opened(folder: Path, env: Mapping[str, str]) -> Home:
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        return open_home(folder)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


_COPIES = iter(range(1, 1_000_000))


def _copy_of(url: str) -> str:
    """The address of a new database with everything that is in the one at `url`, which nobody may be using."""
    address, _, host = url.partition("?")
    server, _, name = address.rpartition("/")
    copy = f"{name}_copy{next(_COPIES)}"
    engine = create_engine(f"{server}/postgres?{host}".replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"'))
    engine.dispose()
    return f"{server}/{copy}?{host}"


def plain_bytes(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of a home that may hold no personal value (all but the register, which is the agency's own), as raw bytes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "register" not in path.relative_to(folder).parts:
            yield path, path.read_bytes()


def integrity(path: Path) -> str:
    """SQLite's own opinion of a store."""
    with sqlite3.connect(path) as conn:
        return str(conn.execute("PRAGMA integrity_check").fetchone()[0])
