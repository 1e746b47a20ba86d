"""Makes examples/small anew: a synthetic register of 200 people and three batches about it, as CSV. The same every time.

python examples/make_small.py [FOLDER]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.csv

from portcullis import synthetic

SEED = 7
_STYLE = pyarrow.csv.WriteOptions(quoting_style="needed")


def main(folder: Path) -> None:
    """Writes register/, NAME.csv and NAME.truth.csv for the three batches, and plan.json."""
    made = synthetic.small(200, 40, SEED)
    synthetic.write_register(made.register, folder / "register", form="csv")
    plans = {}
    for name, batch in (("clean", made.clean), ("mixed", made.mixed), ("hostile", made.hostile)):
        pyarrow.csv.write_csv(batch.requests, folder / f"{name}.csv", _STYLE)
        pyarrow.csv.write_csv(batch.truth, folder / f"{name}.truth.csv", _STYLE)
        plans[name] = {"signer": batch.signer, "officers": {officer: list(ordinals) for officer, ordinals in batch.plan.items()}}
    (folder / "plan.json").write_text(json.dumps(plans, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "small")
