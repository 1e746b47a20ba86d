"""Wraps the pseudopeople requests in lawful elements: a whole data file in the interface's columns, and the plan of engaged officers.

    python examples/wrap_pseudopeople.py FOLDER [--date 2025-06-27] [--seed 2025]

Writes FOLDER/requests.parquet (identity and address as they are; statute, taxable periods 2018 to 2020, a reason of its own for each
request, stage, case, final order, attestations: all invented) and FOLDER/plan.json ({"signer": id, "officers": {id: [ordinals]}}). The
requests are lawful as of --date, the day before which every case was opened.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from portcullis import synthetic

HERE = Path(__file__).resolve().parent / "pseudopeople"
FIRST, LAST = 2018, 2020


def wrap(requests: pa.Table, as_of: date, seed: int) -> pa.Table:
    """The requests with every element that 8 USC 1253(a)(1)(A) or 1326(a) asks for."""
    count = len(requests)
    elements = synthetic.lawful_elements(np.random.default_rng(seed), count, as_of, prefix="PP")
    periods = synthetic.years(np.full(count, FIRST), np.full(count, LAST))
    given = {name: requests[name] for name in requests.column_names}
    return synthetic.as_table(given | elements | {"taxable_periods": periods}, count)


def main() -> None:
    """Reads the arguments, writes the two files."""
    parser = argparse.ArgumentParser(description="Wrap the pseudopeople requests in lawful elements.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2025, 6, 27))
    parser.add_argument("--seed", type=int, default=2025)
    arguments = parser.parse_args()
    requests = wrap(pq.read_table(HERE / "requests.parquet"), arguments.date, arguments.seed)
    plan = synthetic.plan_officers(len(requests), tuple(officer.id for officer in synthetic.officers(len(requests))))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(requests, arguments.folder / "requests.parquet")
    shown = {"signer": synthetic.SIGNER, "officers": {officer: list(ordinals) for officer, ordinals in plan.items()}}
    (arguments.folder / "plan.json").write_text(json.dumps(shown) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
