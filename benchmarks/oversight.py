"""Reports, one person's accounting, and a recall, over a long history. Prints Markdown.

    python benchmarks/oversight.py [--leaves 10000000] [--batches 20] [--recall 42695] [--keep DIR]

The history is written by tests/written_history.py, whose first lines say what of it is the product's own and what is synthetic: batches of
one size over two years, of which four in a hundred requests are answered, eighteen deficient. The register is empty, so that no register is
searched for the identity asked about; the ledger is not published, which no report reads. Figures are of a process that has just opened the
home; what the system keeps of the store in memory is as it is after writing.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np

from cli_desk import cheap_keys
from journey_home import Clock
from measure import Part, machine, peak_mb, table, timed
from portcullis.crypto import load_key, save_keyring
from portcullis.demo.cast import make_cast, save_people
from portcullis.exchange.filing import about_hash
from portcullis.home import DEMO_SECRET, Home, open_home
from portcullis.officers import sign
from portcullis.oversight import Identity, accounting_of
from portcullis.oversight.annual import annual, annual_page
from portcullis.oversight.transparency import transparency, transparency_page
from portcullis.safeguards import open_recall, prepare_recall
from portcullis.safeguards.records import read_records
from portcullis.store import reading, schema, size
from written_history import PURPOSES, Past, names_of

START, QUARTER = 1_710_000_000, 91 * 86_400  # March 2024
OFFICERS = ("ICE-1001", "ICE-1002", "ICE-1003")
SHARES = (("disclose", 0.02), ("confirm", 0.02), ("deficient", 0.18), ("no_disclosure", 0.78))
PERSONS = 3_000_000


def write(folder: Path, leaves: int, batches: int) -> str:
    """A home of about so many leaves; returns the number of its last batch."""
    clock = Clock(START)
    with cheap_keys(), patch.dict(save_keyring.__kwdefaults__, n=2):
        cast = make_cast(folder, now=clock, officers=OFFICERS)
        save_people(cast)
    past, rng = Past(cast, clock, OFFICERS), np.random.default_rng(1)
    rows, last = round(leaves / batches / 1.04), ""
    for number in range(batches):
        begun = time.perf_counter()
        clock.at = START + number * 8 * QUARTER // batches
        last = past.receive(rows)
        words = rng.choice([name for name, _ in SHARES], rows, p=[share for _, share in SHARES]).tolist()
        purposes = rng.choice(PURPOSES[:2], rows, p=(0.7, 0.3)).tolist()
        past.decide(last, words, rng.integers(0, PERSONS, rows), purposes)
        past.check_sample(last, 299)
        past.dispatch(last)
        past.asked.clear()
        past.persons.clear()
        print(f"batch {number + 1} of {batches}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    cast.home.engine.dispose()
    return last


def measured(folder: Path, wanted: int) -> tuple[int, list[Part]]:
    """Every figure, in this process."""
    parts: list[Part] = []
    home = open_home(folder, now=Clock(START + 8 * QUARTER))
    with reading(home.engine) as conn:
        leaves = size(conn)
    with timed(parts, "annual report of 2025, as a page"):
        yearly = annual(home, 2025, "IRS-0008")
        annual_page(yearly)
    with timed(parts, "transparency report, as a page"), reading(home.engine) as conn:
        public = transparency(conn, 11, home.now())
        transparency_page(public)
    spent = []
    for person in (1, 17, 4_242, 99_999, 1_234_567, 2_000_001, 2_999_999, PERSONS + 7):
        begun = time.perf_counter()
        entries = accounting_of(home, Identity(taxpayer_number=names_of(person)["taxpayer_number"]), "IRS-0006")
        spent.append((time.perf_counter() - begun, len(entries)))
    for name, (seconds, found) in (("median", sorted(spent)[len(spent) // 2]), ("longest", max(spent))):
        parts.append(Part(f"accounting of one identity, {name} of {len(spent)} ({found} entries)", seconds))
    parts.append(_recall(home, folder, wanted))
    return leaves, parts


def _recall(home: Home, folder: Path, wanted: int) -> Part:
    """A list of so many disclosed records in one file: read, checked, orders prepared, sealed, recorded."""
    q = schema.request
    with reading(home.engine) as conn:
        rows = conn.execute(q.select().where(q.c.answered == 1).limit(wanted)).all()
    file = folder / "tmp" / "records.txt"
    file.write_text("record\n" + "".join(f"{row.batch_id}/{row.ordinal}\n" for row in rows), encoding="utf-8")
    secret = (folder / "keys" / DEMO_SECRET).read_bytes()
    key = load_key(folder / "keys" / "people" / "IRS-0007.json", secret)
    begun = time.perf_counter()
    prepared = prepare_recall(home, "ICE", read_records(file), "address_unconfirmed", home.now() - 60)
    act = sign(home.settings.origin, key, "IRS-0007", "recall.opened", about_hash(prepared.about), "", home.now() + 3600)  # type: ignore[arg-type]
    done = open_recall(home, prepared, act)
    return Part(f"recall of {done.records:,} records from one file, {done.custodians} custodians", time.perf_counter() - begun)


def main() -> None:
    """Write the history in a process of its own, then measure."""
    parser = argparse.ArgumentParser(description="Measure oversight over a long history.")
    parser.add_argument("--leaves", type=int, default=10_000_000)
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--recall", type=int, default=42_695)
    parser.add_argument("--keep", type=Path, help="a folder to keep the home in, or to find it in")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write:
        write(asked.write, asked.leaves, asked.batches)
        return
    place = Path(tempfile.mkdtemp(prefix="portcullis-bench-"))
    home = asked.keep or place / "home"
    try:
        begun = time.perf_counter()
        if not home.exists():
            words = [sys.executable, __file__, "--write", str(home), "--leaves", str(asked.leaves), "--batches", str(asked.batches)]
            subprocess.run(words, check=True)
        wrote = time.perf_counter() - begun
        leaves, parts = measured(home, asked.recall)
        held = len(list((home / "accounting").glob("B-*.idx")))
        stored = sum(path.stat().st_size for path in (home / "accounting").rglob("*")) >> 20
        kept = (home / "store.db").stat().st_size >> 20
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sizes = f"Store {kept:,} MiB, accounting {stored:,} MiB" + (f"; written in {wrote:.0f} s" if wrote > 1 else "")
    print(f"{leaves:,} leaves in {held} batches, {machine()}. {sizes}.\n")
    print(table(["", "seconds"], [[part.name, f"{part.seconds:.3f}"] for part in parts]))
    print(f"\nMost memory: {peak_mb():,} MiB.")


if __name__ == "__main__":
    main()
