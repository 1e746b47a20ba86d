"""The store measured: leaves appended per second, and how long a stay waits in a crowd. Prints Markdown.

    python benchmarks/store.py [--scale 1.0] [--stays 200] [--chunk 10000]

Scale 1 is the reference batch: 1.28 million leaves of 512 bytes, committed to the disk in chunks.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import pg_cluster
import store_trials
from portcullis.store import append, create_store, iterate, open_store, size, writing

REFERENCE = 1_280_000


def machine() -> str:
    """Processors, memory and versions, without names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def leaves(url: str, number: int, chunk: int) -> tuple[float, float, float]:
    """Seconds to append `number` leaves, the longest single transaction, and seconds to read them back."""
    engine, bodies, longest = open_store(url), [os.urandom(256) * 2 for _ in range(1_000)], 0.0
    began = time.perf_counter()
    for start in range(0, number, chunk):
        part = [("request.decided", "B-2026-000001", bodies[i % 1_000]) for i in range(min(chunk, number - start))]
        chunk_began = time.perf_counter()
        with writing(engine) as conn:
            append(conn, part)
        longest = max(longest, time.perf_counter() - chunk_began)
    appended = time.perf_counter()
    with engine.connect() as conn:
        assert size(conn) == number
    assert sum(1 for _ in iterate(engine, 0, number)) == number
    read = time.perf_counter()
    engine.dispose()
    return appended - began, longest, read - appended


def report(stores: dict[str, tuple[str, str]], number: int, chunk: int, stays: int) -> None:
    """Both tables; each store has an address for the leaves and one for the stays."""
    print(f"Store, {datetime.now(UTC):%d %B %Y}, {machine()}.")
    print(f"{number:,} leaves of 512 bytes in chunks of {chunk:,}; every commit on the disk.\n")
    print("| store | append, s | leaves/s | longest chunk, ms | read back and check, s |\n| --- | ---: | ---: | ---: | ---: |")
    for name, (url, _) in stores.items():
        took, longest, read = leaves(url, number, chunk)
        print(f"| {name} | {took:.1f} | {number / took:,.0f} | {longest * 1000:.0f} | {read:.1f} |", flush=True)
    print(f"\n{stays} stays at random moments under 16 writing processes:\n")
    print("| store | median wait, ms | 99 of 100, ms | longest, ms | dispatches | after the stay |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, (_, url) in stores.items():
        outcome = store_trials.trials(url, stays)
        waits = [wait * 1000 for wait in sorted(outcome.waits)]
        figures = f"{waits[len(waits) // 2]:.1f} | {waits[int(len(waits) * 0.99)]:.1f} | {waits[-1]:.1f}"
        print(f"| {name} | {figures} | {outcome.dispatches:,} | {outcome.late} |", flush=True)


def main() -> None:
    """Measure SQLite, and PostgreSQL where its server is installed."""
    parser = argparse.ArgumentParser(description="Measure the store on both databases.")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 1.28 million leaves")
    parser.add_argument("--chunk", type=int, default=10_000, help="leaves in one transaction")
    parser.add_argument("--stays", type=int, default=200)
    asked = parser.parse_args()
    cluster = pg_cluster.start(durable=True) if pg_cluster.why_not() is None else None
    try:
        with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
            stores = {"SQLite": (f"sqlite:///{folder}/leaves.db", f"sqlite:///{folder}/stays.db")}
            if cluster is not None:
                stores["PostgreSQL"] = (cluster.url(), cluster.url())
            for url in (one for pair in stores.values() for one in pair):
                create_store(url)
            report(stores, max(1, int(REFERENCE * asked.scale)), asked.chunk, asked.stays)
            if cluster is None:
                print(f"\nPostgreSQL not measured: {pg_cluster.why_not()}")
    finally:
        if cluster is not None:
            cluster.stop()


if __name__ == "__main__":
    main()
