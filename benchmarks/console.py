"""Every screen of the console measured from another process, on loopback. Prints Markdown.

    python benchmarks/console.py [--scale 0.05] [--looks 15] [--large 1280000] [--keep DIR]

1. Four synthetic batches of 1.28 million x scale requests about one register stand at different stations: acknowledged, waiting for
   reviewers, for the sample, for authorizers. `portcullis serve` runs as it ships, in a process of its own; demo people sign in and open
   every screen that they may, again and again; screens of single requests show other requests every time. A look at a request writes its
   `inspection` leaf, as always. Measured is from the call to the last byte, so that the server took less.
2. Then a batch of `--large` requests is put into the store, and the lists are opened again, at their beginning and far behind.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
from sqlalchemy import insert, select

from measure import machine, table
from portcullis import journey
from portcullis.console.request import Screen
from portcullis.console.screens import SCREENS
from portcullis.demo.cast import AGREEMENT, Cast, make_cast, save_people
from portcullis.demo.play import authorize_all, close_reviews, dispatch_and_acknowledge, send_batch, to_sampled
from portcullis.demo.run import truth_by_ordinal
from portcullis.home import Home, open_home
from portcullis.model import Role
from portcullis.registers import record_loaded
from portcullis.replay import make_world
from portcullis.review import open_ordinals
from portcullis.steps.sample import draw
from portcullis.store import insert_many, reading, schema, writing
from portcullis.synthetic import people

GOAL = 50.0
_LISTS = ("/queue", "/batches", "/batches/{batch}", "/batches/{batch}/counts", "/batches/{batch}/requests")


@dataclass
class Stations:
    """The batch that each screen is shown with: one that went the whole way, and those that wait."""

    whole: str
    review: str
    sample: str
    authorize: str
    count: int
    waiting: list[int] = field(default_factory=list)

    def of(self, path: str) -> str:
        """The batch of a screen."""
        for word in ("review", "sample", "authorize"):
            if f"/{word}" in path:
                return str(getattr(self, word))
        return self.whole


def make(home: Path, scale: float) -> Stations:
    """The home with its four batches."""
    requests = round(1_280_000 * scale)
    officers = [f"ICE-{1000 + number}" for number in range(1, -(-requests // 20) + 1)]
    cast = make_cast(home, officers=["ICE-0002", *officers])
    save_people(cast)
    for _ in range(2):
        cast.stock()
    world = make_world(scale, 2025, home / "tmp" / "source", home / "register")
    record_loaded(cast.home, world.prepared)
    truth, rows = truth_by_ordinal(world.again), world.again.requests

    def sent(part: int, rows: pa.Table) -> str:
        mine = officers[part::4]
        plan = {
            officer: range(at * 80 + 1, min(at * 80 + 80, rows.num_rows) + 1) for at, officer in enumerate(mine) if at * 80 < rows.num_rows
        }
        got = send_batch(cast, home / "tmp" / f"batch-{part}", rows, plan)
        assert got.reason is None, got
        shutil.rmtree(home / "tmp" / f"batch-{part}")
        return got.batch_id

    numbers = [sent(part, _vague(rows) if part == 1 else rows) for part in range(4)]
    assert to_sampled(cast, numbers[0], truth)
    authorize_all(cast, numbers[0])
    dispatch_and_acknowledge(cast, numbers[0])
    journey.run(cast.home, numbers[1])
    journey.run(cast.home, numbers[2])
    if close_reviews(cast, numbers[2]):
        journey.run(cast.home, numbers[2])
    draw(cast.home, numbers[2], _number(cast, numbers[2]))
    assert to_sampled(cast, numbers[3], truth)
    found = Stations(*numbers, rows.num_rows)
    with reading(cast.home.engine) as conn:
        found.waiting = list(open_ordinals(conn, found.review))
    cast.home.engine.dispose()
    return found


def _vague(rows: pa.Table) -> pa.Table:
    """The same with periods so long that a person must judge them (R17); where nothing else refuses the request, it is referred."""
    column = pa.array(["2015-2025"] * rows.num_rows)
    return rows.set_column(rows.column_names.index("taxable_periods"), "taxable_periods", column)


def _number(cast: Cast, batch: str) -> bytes:
    b = schema.batch
    with reading(cast.home.engine) as conn:
        return cast.numbers[int(conn.execute(select(b.c.sample_k).where(b.c.id == batch)).scalar_one()) - 1]


@dataclass
class Desk:
    """One demo person at the console, on a kept connection."""

    port: int
    cookie: str = ""
    connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str, float]:
        """Status, page and seconds."""
        self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://localhost:{self.port}"}
        begun = time.perf_counter()
        self.connection.request(method, path, None if form is None else urlencode(form), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        took = time.perf_counter() - begun
        if (made := answer.getheader("Set-Cookie")) is not None:
            self.cookie = made.partition(";")[0]
        return answer.status, text, took

    def enter(self, person: str) -> None:
        """Sign in as a demo person."""
        _, page, _ = self.call("GET", "/sign-in")
        challenge = unescape(re.findall(r'name="challenge" value="([^"]*)"', page)[0])
        status, _, _ = self.call("POST", "/sign-in", {"challenge": challenge, "person": person})
        assert status == 303, status


@contextmanager
def served(home: Path) -> Iterator[tuple[int, Callable[[], float]]]:
    """The console of a home, in a process of its own: its port, and a clock of the seconds of processor time it has used."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [Path(sys.executable).with_name("portcullis"), "serve", "--home", home, "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            _await(port)
            yield port, lambda: _processor(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _processor(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _await(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("The console did not begin to answer.")


def looked(port: int, used: Callable[[], float], looks: int, stations: Stations) -> list[list[object]]:
    """Every screen that is read, as somebody who may: path, first look, median and longest of the others, processor time of each."""
    desks: dict[Role | None, Desk] = {}
    chance = random.Random(2025)
    found: list[list[object]] = []
    for screen in (one for one in SCREENS if one.method == "GET"):
        role = _role(screen)
        if role not in desks:
            desks[role] = Desk(port)
            if role is not None:
                desks[role].enter(next(one.id for one in people("IRS") if role in one.roles))
        times, statuses, before = [], set(), 0.0
        for look in range(looks + 1):
            before = used() if look == 1 else before
            status, _, took = desks[role].call("GET", _address(screen.path, stations, chance))
            times.append(took * 1000)
            statuses.add(status)
        if statuses <= {200, 303}:
            who, mine = role.value if role else "nobody", (used() - before) / looks * 1000
            found.append([screen.path.replace(":int", ""), who, times[0], statistics.median(times[1:]), max(times[1:]), mine])
        else:
            print(f"`{screen.path}` answered {sorted(statuses)} and is left out.\n")
    return found


def _role(screen: Screen) -> Role | None:
    asked = (Role.REVIEWER, Role.AUTHORIZER, Role.OVERSEER, Role.COUNSEL, Role.SAFEGUARDS, Role.OPERATOR)
    if screen.path.endswith("/sample"):
        return Role.OVERSEER
    return next((role for role in asked if role in screen.roles), None)


def _address(path: str, stations: Stations, chance: random.Random) -> str:
    ordinal = chance.choice(stations.waiting) if "/review/" in path and stations.waiting else chance.randint(1, stations.count)
    values = {"batch": stations.of(path), "ordinal:int": str(ordinal), "agreement": AGREEMENT, "version:int": "1", "rule": "R12"}
    for name, value in values.items():
        path = path.replace("{" + name + "}", value)
    return path


def enlarge(home: Home, like: str, count: int) -> str:
    """A batch of `count` requests, each with a leaf, in the store, with the row of another one; its number. No home for anything after."""
    b = schema.batch
    number = "B-2031-000001"
    with writing(home.engine) as conn:
        row = dict(conn.execute(select(b).where(b.c.id == like)).mappings().one())
        row |= {"id": number, "log_id": os.urandom(16).hex(), "nonce": os.urandom(16).hex(), "count": count, "sample_k": None}
        conn.execute(insert(b).values(**row))
        rows = (
            (number, ordinal, f"{ordinal:032x}", "no_disclosure" if ordinal % 20_000 else "disclose", None, 0)
            for ordinal in range(1, count + 1)
        )
        leaves = ((10_000_000 + at, "request.decided", number, bytes(32), b"{}" + bytes(300)) for at in range(count))
        insert_many(conn, schema.leaf, ("idx", "type", "batch_id", "hash", "body"), leaves)
        insert_many(conn, schema.request, ("batch_id", "ordinal", "log_request", "decision", "leaf_idx", "answered"), rows)
    shutil.copytree(home.path / "evidence" / like, home.path / "evidence" / number)
    return number


def lists(port: int, looks: int, batch: str, count: int, name: str) -> list[list[object]]:
    """The lists of one batch, at their beginning and near their end."""
    desk = Desk(port)
    desk.enter(next(one.id for one in people("IRS") if Role.COUNSEL in one.roles))
    paths = [path.replace("{batch}", batch) for path in _LISTS] + [f"/batches/{batch}/requests?after={count - 60}"]
    paths.append(f"/batches/{batch}/requests?after={count // 2}&decision=disclose")
    found: list[list[object]] = []
    for path in paths:
        times = [desk.call("GET", path)[2] * 1000 for _ in range(looks + 1)]
        found.append(
            [
                path.replace(batch, "{batch}").replace(str(count - 60), "N-60").replace(str(count // 2), "N/2"),
                name,
                times[0],
                statistics.median(times[1:]),
            ]
        )
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Measure the console.")
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--looks", type=int, default=15)
    parser.add_argument("--large", type=int, default=1_280_000)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the home, or has it from an earlier run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
        home = (asked.keep or Path(folder)) / "home"
        stations = make(home, asked.scale) if not home.exists() else _again(home)
        print(
            f"{machine()}; server and client share them. Load before: {os.getloadavg()[0]:.1f}. "
            f"{stations.count:,} requests in each of four batches.\n"
        )
        with served(home) as (port, used):
            rows = looked(port, used, asked.looks, stations)
            before = lists(port, asked.looks, stations.whole, stations.count, f"{stations.count:,}")
        rows.sort(key=lambda row: -float(str(row[3])))
        print(table(["screen", "as", "first look, ms", "median, ms", "longest, ms", "processor, ms"], rows))
        over = [row for row in rows if float(str(row[3])) >= GOAL]
        print(f"\n{len(rows) - len(over)} of {len(rows)} screens have a median under {GOAL:.0f} ms.\n")
        opened = open_home(home)
        number = enlarge(opened, stations.whole, asked.large)
        opened.engine.dispose()
        with served(home) as (port, _):
            after = lists(port, asked.looks, number, asked.large, f"{asked.large:,}")
        print(
            table(
                ["list", "requests in the batch", "first look, ms", "median, ms"],
                [row for pair in zip(before, after, strict=True) for row in pair],
            )
        )


def _again(home: Path) -> Stations:
    """The stations of a home that an earlier run kept."""
    opened = open_home(home)
    b = schema.batch
    with reading(opened.engine) as conn:
        numbers = conn.execute(select(b.c.id).where(b.c.id < "B-2031").order_by(b.c.id).limit(4)).scalars().all()
        count = conn.execute(select(b.c.count).where(b.c.id == numbers[0])).scalar_one()
        waiting = list(open_ordinals(conn, numbers[1]))
    opened.engine.dispose()
    return Stations(*numbers, count, waiting)


if __name__ == "__main__":
    main()
