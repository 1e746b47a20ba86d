"""Matching at scale: a hostile batch against a national register, by the clock and by its errors, beside what others would do.

    python benchmarks/matching_scale.py --scale 0.1       (1 = 160 million person-addresses and 1.28 million requests)

1. The register is made in standard form and prepared by the product's own `build`. 2. A fresh process opens it, standardises the batch and
matches; its anonymous memory is sampled. 3. The floor: DuckDB scans four 64-bit keys of as many rows, warm, in the same run.
4. Strawmen on the same rows. 5. The bound: the best any rule could do that sees the same comparisons, chosen with knowledge of the
truth. 6. Splink 5, where installed (requirements/benchmarks.txt), on the same keys at a size it can do.

Recall is of those who are on the register and lawfully asked for; wrong is counted per request, and its budget is 1e-5 of the requests.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matching_bound import bound
from matching_process import MEASURED
from national import SHARES, batch, national
from portcullis.matching.folder import write_folder
from portcullis.matching.load import build, standardisers
from portcullis.matching.strata import BUDGET
from splink_yardstick import splink_figures

ROWS, REQUESTS = 160_000_000, 1_280_000
STRAWMEN = {
    "family name + first letter, address equal": "r.family = p.family AND left(r.given, 1) = left(p.given, 1)",
    "given + family name, address equal": "r.family = p.family AND r.given = p.given",
    "… second letters not in conflict": "r.family = p.family AND r.given = p.given AND coalesce(r.middle = p.middle, true)",
    "Jaro-Winkler .88 / .90, address equal, second letters not in conflict": (
        "jaro_winkler_similarity(r.family, p.family) >= .90 AND jaro_winkler_similarity(r.given, p.given) >= .88 "
        "AND coalesce(r.middle = p.middle, true)"
    ),
}


def say(title: str, words: str) -> None:
    """One line of the table."""
    print(f"  {title:72s} {words}", flush=True)


def floor(rows: int) -> float:
    """Seconds of a warm DuckDB scan of four 64-bit key columns."""
    connection, rng = duckdb.connect(), np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as scratch:
        connection.execute(f"ATTACH '{scratch}/floor.db' AS f")
        part = 8_000_000
        connection.execute("CREATE TABLE f.keys (a UBIGINT, b UBIGINT, c UBIGINT, d UBIGINT)")
        for begin in range(0, rows, part):
            size = min(part, rows - begin)
            columns = {c: rng.integers(0, 1 << 63, size, dtype=np.uint64) for c in "abcd"}
            connection.register("drawn", pa.table(columns))
            connection.execute("INSERT INTO f.keys SELECT * FROM drawn")
        timed = []
        for _ in range(4):
            begun = time.monotonic()
            connection.execute("SELECT bit_xor(a), bit_xor(b), bit_xor(c), bit_xor(d) FROM f.keys").fetchall()
            timed.append(time.monotonic() - begun)
    return min(timed[1:])


def strawmen(tables: dict[str, pa.Table], raw: pa.Table, truth: dict[str, str | None]) -> None:
    """Two-line rules over the same rows in SQL: exactly one person, or nobody."""
    connection = duckdb.connect()
    place = tables["addresses"].select(["person", "as_filed_address_line", "zip5"])
    connection.register("place", place)
    connection.register("name", tables["names"].select(["person", "given", "family", "middle"]))
    connection.register("asked", raw)
    connection.register("truth", pa.table({"request_id": list(truth), "meant": pa.array(truth.values(), pa.string())}))
    connection.register(
        "persons", tables["persons"].select(["person_id"]).append_column("person", pa.array(np.arange(tables["persons"].num_rows)))
    )
    connection.execute("""CREATE TEMP TABLE pair AS
        SELECT r.request_id, upper(r.given_name) AS rg, upper(r.family_name) AS rf, r.middle_name AS rm, p.person,
               n.given, n.family, n.middle
        FROM asked r JOIN place p ON upper(r.address_line) = upper(p.as_filed_address_line) AND r.postal_code = p.zip5
        JOIN name n ON n.person = p.person""")
    matchable = sum(p is not None for p in truth.values())
    for title, rule in STRAWMEN.items():
        found = connection.execute(f"""WITH r AS (SELECT request_id, min(person) AS person FROM (
            SELECT request_id, person, STRUCT_PACK(given := rg, family := rf, middle := rm) AS r,
                   STRUCT_PACK(given := given, family := family, middle := middle) AS p FROM pair) WHERE {rule}
            GROUP BY request_id HAVING count(DISTINCT person) = 1)
            SELECT count(*), count(*) FILTER (i.person_id IS DISTINCT FROM t.meant) FROM r JOIN truth t USING (request_id)
            JOIN persons i ON i.person = r.person""").fetchone()
        assert found is not None
        say(
            title,
            f"recall {(found[0] - found[1]) / matchable:.3f}  wrong {found[1]} of {found[0]} ({found[1] / raw.num_rows:.1e} per request)",
        )


def measured(folder: Path, requests: Path) -> dict[str, Any]:
    """Seconds and memory of a fresh process that opens the register, standardises and matches."""
    command = [sys.executable, str(Path(__file__).with_name("matching_process.py")), str(folder), str(requests)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _truth_table(truth: dict[str, str | None]) -> pa.Table:
    return pa.table({"request_id": list(truth), "person_id": pa.array(truth.values(), pa.string())})


def accuracy(title: str, figures: dict[str, Any], best: dict[str, Any], requests: int) -> None:
    """This project's row and the bound's."""
    per_request = f"{figures['wrong'] / requests:.1e} per request, at most {figures['wrong_per_request_upper']:.1e}"
    words = f"recall {figures['recall']:.3f}  wrong {figures['wrong']} of {figures['released']} ({per_request}; per disclosure at most"
    say(f"this project, {title}", f"{words} {figures['wrong_per_disclosure_upper']:.1e})")
    reached = figures["recall"] / best["recall"] if best["recall"] else 0.0
    say(
        f"  the bound at {BUDGET:.0e} per request",
        f"recall {best['recall']:.3f}, {best['wrong']} wrong; this project reaches {reached:.3f} of it",
    )
    for row in figures["strata"]:
        if row["candidates"]:
            say(f"    {row['stratum']} {row['sentence'][:60]}", f"{row['released']} released of {row['candidates']}, {row['wrong']} wrong")


def run(scale: float, splink_rows: int) -> None:
    """Print the table."""
    rows, count = int(ROWS * scale), int(REQUESTS * scale)
    begun = time.monotonic()
    made = national(rows)
    raw, truth = batch(made, count)
    print(f"{made.place.num_rows:,} person-addresses of {made.folk.persons.num_rows:,} persons, {count:,} requests; scale {scale:g}")
    print(
        "  "
        + " · ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in SHARES.items())
        + " · second letter 68 % · birth date 20 %"
    )
    say("made, s", f"{time.monotonic() - begun:.1f}")
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        folder = Path(scratch) / "register"
        begun = time.monotonic()
        tables, _ = build(made.folk, made.place)
        built = time.monotonic() - begun
        facts = {"synthetic": True, "source": "benchmark", "date": "2026-01-01", "persons": 0, "addresses": 0, "warnings": {}}
        write_folder(folder, tables, facts | {"standardisers": standardisers()})
        size = sum(f.stat().st_size for f in folder.iterdir())
        say("index built from standardised rows, s; written, hashed, s", f"{built:.1f}; {time.monotonic() - begun - built:.1f}")
        say("megabytes a million person-addresses, with the whole payload", f"{size / made.place.num_rows:.0f}")
        for name, asked, known in (("all", raw, truth), ("without", *batch(made, count, dob=0.0))):
            pq.write_table(asked, Path(scratch) / f"{name}.parquet")
            pq.write_table(_truth_table(known), Path(scratch) / f"{name}.truth.parquet")
        strawmen(tables, raw, truth)
        del tables, made
        scan = floor(rows)
        say("floor: DuckDB scan of four 64-bit keys, warm, s", f"{scan:.3f}")
        for name, title in (("all", "birth date on 20 %"), ("without", "no birth dates")):
            found = measured(folder, Path(scratch) / f"{name}.parquet")
            if name == "all":
                _clock(found, scan)
            accuracy(title, found["figures"], bound(found["patterns"], found["matchable"], int(BUDGET * count) or 1), count)
    splink_figures(splink_rows, splink_rows // 25, say)


def _clock(found: dict[str, Any], scan: float) -> None:
    for key, words in MEASURED.items():
        say(words, f"{found[key]:.3f}" if found[key] < 100 else f"{found[key]:.0f}")
    say("ratio of matching, warm, to the floor of this run", f"{found['match_warm'] / scan:.1f}")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.025)
    parser.add_argument("--splink-rows", type=int, default=500_000)
    chosen = parser.parse_args()
    run(chosen.scale, chosen.splink_rows)


if __name__ == "__main__":
    main()
