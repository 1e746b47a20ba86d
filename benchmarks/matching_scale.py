"""Matching at scale: a hostile batch against a national register, by the clock and by its errors, beside what others would do.

    python benchmarks/matching_scale.py --scale 0.1       (1 = 160 million person-addresses and 1.28 million requests)

1. The register is made in standard form and prepared by the product's own `Builder`, in portions. 2. A fresh process opens it,
standardises the batch and matches; its anonymous memory is sampled. 3. The floor: DuckDB scans four 64-bit keys of as many rows, warm, in
the same run. 4. Strawmen on the same rows. 5. The bound: the best any rule could do that sees the same comparisons, chosen with knowledge
of the truth. 6. Splink 5, where installed (requirements/benchmarks.txt), on the same keys at a size it can do.

Made once with --keep FOLDER, it can be looked at again with --again FOLDER: the lines of the making come out as they were said then.

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
from national import SHARES, batch, national, prepare
from portcullis.matching.people import People
from portcullis.matching.strata import BUDGET
from splink_yardstick import splink_figures

ROWS, REQUESTS = 160_000_000, 1_280_000
MADE = "made.txt"
"""What making said, beside what was made."""

STRAWMEN = {
    "family name + first letter, address equal": "r.family = p.family AND left(r.given, 1) = left(p.given, 1)",
    "given + family name, address equal": "r.family = p.family AND r.given = p.given",
    "… second letters not in conflict": "r.family = p.family AND r.given = p.given AND coalesce(r.middle = p.middle, true)",
    "Jaro-Winkler .88 / .90, address equal, second letters not in conflict": (
        "jaro_winkler_similarity(r.family, p.family) >= .90 AND jaro_winkler_similarity(r.given, p.given) >= .88 "
        "AND coalesce(r.middle = p.middle, true)"
    ),
}


SAID: list[str] = []
"""The lines of the table so far."""


def tell(line: str) -> None:
    """One line."""
    SAID.append(line)
    print(line, flush=True)


def say(title: str, words: str) -> None:
    """One line of the table."""
    tell(f"  {title:72s} {words}")


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


class Strawmen:
    """Two-line rules over the same rows in SQL: exactly one person, or nobody."""

    def __init__(self, raw: pa.Table, truth: dict[str, str | None]) -> None:
        self._connection, self._requests = duckdb.connect(), raw.num_rows
        self._connection.register("asked", raw)
        self._connection.register("truth", pa.table({"request_id": list(truth), "meant": pa.array(truth.values(), pa.string())}))
        self._connection.execute(
            "CREATE TEMP TABLE pair (request_id VARCHAR, rg VARCHAR, rf VARCHAR, rm VARCHAR, who VARCHAR, given VARCHAR, family VARCHAR, "
            "middle VARCHAR)"
        )
        self._matchable = sum(p is not None for p in truth.values())

    def see(self, folk: People, place: pa.Table) -> None:
        """Whoever of a portion lives where somebody is asked for."""
        person = place["person"]
        columns = {c: place[c] for c in ("as_filed_address_line", "zip5")} | {"who": folk.persons["person_id"].take(person)}
        columns |= {c: folk.names[c].take(person) for c in ("given", "family", "middle")}
        self._connection.register("filed", pa.table(columns))
        self._connection.execute("""INSERT INTO pair
            SELECT r.request_id, upper(r.given_name), upper(r.family_name), r.middle_name, p.who, p.given, p.family, p.middle
            FROM asked r JOIN filed p ON upper(r.address_line) = upper(p.as_filed_address_line) AND r.postal_code = p.zip5""")
        self._connection.unregister("filed")

    def say(self) -> None:
        """Their lines of the table."""
        for title, rule in STRAWMEN.items():
            found = self._connection.execute(f"""WITH r AS (SELECT request_id, min(who) AS who FROM (
                SELECT request_id, who, STRUCT_PACK(given := rg, family := rf, middle := rm) AS r,
                       STRUCT_PACK(given := given, family := family, middle := middle) AS p FROM pair) WHERE {rule}
                GROUP BY request_id HAVING count(DISTINCT who) = 1)
                SELECT count(*), count(*) FILTER (who IS DISTINCT FROM meant) FROM r JOIN truth USING (request_id)""").fetchone()
            assert found is not None
            right, rate = (found[0] - found[1]) / self._matchable, found[1] / self._requests
            say(title, f"recall {right:.3f}  wrong {found[1]} of {found[0]} ({rate:.1e} per request)")


def measured(folder: Path, requests: Path) -> dict[str, Any]:
    """Seconds and memory of a fresh process that opens the register, standardises and matches."""
    command = [sys.executable, str(Path(__file__).with_name("matching_process.py")), str(folder), str(requests)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _truth_table(truth: dict[str, str | None]) -> pa.Table:
    return pa.table({"request_id": list(truth), "person_id": pa.array(truth.values(), pa.string())})


def accuracy(title: str, figures: dict[str, Any], best: dict[int, dict[str, Any]], requests: int) -> None:
    """This project's row, and the bound's at the budget and at as many wrong answers as this project gave."""
    per_request = f"{figures['wrong'] / requests:.1e} per request, at most {figures['wrong_per_request_upper']:.1e}"
    words = f"recall {figures['recall']:.3f}  wrong {figures['wrong']} of {figures['released']} ({per_request}; per disclosure at most"
    say(f"this project, {title}", f"{words} {figures['wrong_per_disclosure_upper']:.1e})")
    for budget, point in best.items():
        share = f"; this project reaches {figures['recall'] / point['recall']:.3f} of it" if budget == figures["wrong"] else ""
        say(f"  the bound with {budget} wrong at most", f"recall {point['recall']:.3f}, {point['wrong']} wrong{share}")
    for row in figures["strata"]:
        if row["candidates"]:
            say(f"    {row['stratum']} {row['sentence'][:60]}", f"{row['released']} released of {row['candidates']}, {row['wrong']} wrong")


def make(folder: Path, scale: float) -> None:
    """Register, requests and truth in `folder`."""
    rows, count = int(ROWS * scale), int(REQUESTS * scale)
    begun = time.monotonic()
    made = national(rows)
    raw, truth = batch(made, count)
    shares = " · ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in SHARES.items())
    tell(f"{made.persons:,} persons, {count:,} requests; scale {scale:g}")
    tell(f"  {shares} · second letter 68 % · birth date 20 %")
    say("dictionaries, households and requests made, s", f"{time.monotonic() - begun:.1f}")
    for name, asked, known in (("all", raw, truth), ("without", *batch(made, count, dob=0.0))):
        pq.write_table(asked, folder / f"{name}.parquet")
        pq.write_table(_truth_table(known), folder / f"{name}.truth.parquet")
    straw = Strawmen(raw, truth)
    built = prepare(made, folder / "register", straw.see)
    say("person-addresses", f"{built['addresses']:,}")
    say(
        "index from standardised rows: numbered; arranged, counted, written, hashed, s",
        f"{built['numbering']:.1f}; {built['arranging']:.1f}",
    )
    say("megabytes a million person-addresses, with the whole payload", f"{built['megabytes'] / built['addresses'] * 1e6:.1f}")
    straw.say()
    (folder / MADE).write_text("\n".join(SAID) + "\n", encoding="utf-8")


def look(folder: Path, rows: int) -> None:
    """Match what `make` left in `folder`."""
    scan = floor(rows)
    say("floor: DuckDB scan of four 64-bit keys, warm, s", f"{scan:.3f}")
    for name, title in (("all", "birth date on 20 %"), ("without", "no birth dates")):
        found = measured(folder / "register", folder / f"{name}.parquet")
        if name == "all":
            _clock(found, scan)
        count = found["requests"]
        wrong = found["figures"]["wrong"]
        best = {budget: bound(found["patterns"], found["matchable"], budget) for budget in (int(BUDGET * count) or 1, wrong)}
        accuracy(title, found["figures"], best, count)


def _clock(found: dict[str, Any], scan: float) -> None:
    for key, words in MEASURED.items():
        say(words, f"{found[key]:.3f}" if found[key] < 100 else f"{found[key]:.0f}")
    say("ratio of matching, warm, to the floor of this run", f"{found['match_warm'] / scan:.1f}")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.025)
    parser.add_argument("--splink-rows", type=int, default=500_000, help="0 leaves Splink out")
    parser.add_argument("--keep", type=Path, help="make everything in this folder and leave it there")
    parser.add_argument("--again", type=Path, help="look again at what --keep left in this folder")
    chosen = parser.parse_args()
    rows = int(ROWS * chosen.scale)
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        folder = chosen.again or chosen.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if chosen.again:
            print((folder / MADE).read_text(encoding="utf-8"), end="", flush=True)
        else:
            make(folder, chosen.scale)
        look(folder, rows)
    if chosen.splink_rows:
        splink_figures(chosen.splink_rows, chosen.splink_rows // 25, say)


if __name__ == "__main__":
    main()
