"""Speed and judgement of the address standardiser. Figures hold as ratios only.

    python benchmarks/addresses.py [--rows 1000000] [--json]

Prints rows per second of one core for parsed columns and for one free text, on made-up addresses that hardly repeat (house numbers to
30,000, as many different street words as asked for, half with units, one in twenty without a number, one in fifty a placeholder);
milliseconds for one row alone; and what is said of the labelled lists in examples/addresses.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses import STANDARDISER_VERSION, standardise_addresses

LISTS = Path(__file__).parent.parent / "examples" / "addresses"
COLUMNS = ("address_line", "unit", "city", "state", "postal_code", "address")
TYPES = ("St", "Street", "Ave", "Avenue", "Rd", "Road", "Dr", "Ln", "Ct", "Blvd", "Way", "Pl", "")
WAYS = ("", "", "", "", "N ", "South ", "NW ", "E. ")
UNITS = ("", "", "", "", "Apt 4B", "# 12", "Unit 301", "2nd Floor", "Ste 200")
PLACES = (
    ("Springfield", "IL", "62704"),
    ("Dayton", "OH", "45402"),
    ("Mesa", "AZ", "85201"),
    ("St Paul", "MN", "55104"),
    ("New York", "NY", "10025"),
)
FILLERS = ("Unknown", "NA NA", "Failed to Provide", "in custody", "homeless", "123 Unknown", "see file", "desconocido")


def words(count: int, rng: np.random.Generator) -> list[str]:
    """Pronounceable words, most of them different."""
    heads = ["b", "br", "c", "cl", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w"]
    vowels, ends = ["a", "e", "i", "o", "u", "ea", "oo"], ["n", "r", "l", "m", "s", "t", "ck", "nd", "wood", "ton", "field", "ley"]
    picks = [np.array(part)[rng.integers(0, len(part), count)] for part in (heads, vowels, ends, heads, vowels, ends)]
    return ["".join(parts).capitalize() for parts in zip(*picks, strict=True)]


def made_up(rows: int, different: int, rng: np.random.Generator) -> pa.Table:
    """A table of addresses in parsed columns."""

    def pick(values: Any) -> Any:
        return pa.array(values, pa.string()).take(pa.array(rng.integers(0, len(values), rows)))

    number = pa.array(rng.integers(1, 30_000, rows)).cast(pa.string())
    number = pc.if_else(pa.array(rng.random(rows) < 0.05), "", number)
    line = pc.binary_join_element_wise(number, " ", pick(WAYS), pick(words(different, rng)), " ", pick(TYPES), "")
    line = pc.if_else(pa.array(rng.random(rows) < 0.02), pick(FILLERS), line)
    unit = pick(UNITS)
    place = pa.array(rng.integers(0, len(PLACES), rows))
    city, state, code = (pa.array([item[i] for item in PLACES]).take(place) for i in range(3))
    return pa.table(
        {"address_line": line, "unit": pc.if_else(pc.equal(unit, ""), None, unit), "city": city, "state": state, "postal_code": code}
    )


def free(table: pa.Table) -> pa.Table:
    """The same addresses as one text each."""
    text = pc.binary_join_element_wise(*(table[name] for name in COLUMNS[:5]), ", ", null_handling="skip")
    return pa.table({"address": text})


def timed(table: pa.Table) -> dict[str, float]:
    """Rows per second of processor time and of wall time."""
    wall, cpu = time.perf_counter(), time.process_time()
    standardise_addresses(table)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"rows": table.num_rows, "seconds": round(wall, 2), "rows_per_core_second": round(table.num_rows / cpu)}


def one_row(table: pa.Table) -> float:
    """Milliseconds of processor time for a row alone."""
    begun = time.process_time()
    for row in range(100):
        standardise_addresses(table.slice(row, 1))
    return round((time.process_time() - begun) * 10, 2)


def judged(name: str) -> dict[str, int]:
    """How many rows of a labelled list pass, are referred, are refused."""
    with (LISTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = standardise_addresses(pa.table({column: pa.array([row[column] or None for row in rows], pa.string()) for column in COLUMNS}))
    counts = Counter(found["genuine"].to_pylist())
    return {"rows": len(rows), "pass": counts[1], "refer": counts[None], "refuse": counts[0]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=100_000, help="different street words")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    pa.set_cpu_count(1)
    rng = np.random.default_rng(20260226)
    table = made_up(asked.rows, asked.words, rng)
    result = {
        "standardiser": STANDARDISER_VERSION,
        "parsed_columns": timed(table),
        "free_text": timed(free(table.slice(0, max(1, asked.rows // 4)))),
        "one_row_ms": one_row(table),
        "genuine_list": judged("genuine"),
        "deficient_list": judged("deficient"),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    sys.stdout.write(json.dumps(result) + "\n" if asked.json else "\n".join(f"{key:16} {value}" for key, value in result.items()) + "\n")


if __name__ == "__main__":
    main()
