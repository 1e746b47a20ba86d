"""One process that opens a prepared register, standardises a batch, matches it, and says in JSON how long and how much memory it took.

python benchmarks/matching_process.py REGISTER REQUESTS.parquet        (REQUESTS.truth.parquet lies beside it)
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from matching_bound import patterns
from portcullis.evaluation import evaluate
from portcullis.matching.match import match
from portcullis.matching.register import Register, open_register
from portcullis.matching.requests import prepare_requests

MEASURED = {
    "open": "open: every hash of the register checked, s",
    "standardise": "standardise the requests, s",
    "match_first": "match, first touch, s",
    "match_warm": "match, warm, s",
    "one_request_ms": "one request, standardised already, ms",
    "anonymous_mb": "anonymous memory while matching, beyond what stood before, MB",
}


def _anonymous_mb() -> float:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split("RssAnon:")[1].split()[0]) / 1024


class Sampler(threading.Thread):
    """Looks at the process's anonymous memory every few milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.on = 0.0, True

    def run(self) -> None:
        """Sample until told to stop."""
        while self.on:
            self.peak = max(self.peak, _anonymous_mb())
            time.sleep(0.01)


def _one(prepared: pa.Table, register: Register, count: int = 50) -> float:
    begun = time.monotonic()
    for i in range(count):
        match(prepared.slice(i * 7 % prepared.num_rows, 1), register)
    return (time.monotonic() - begun) / count * 1000


def main() -> None:
    """Measure and print."""
    folder, requests = Path(sys.argv[1]), Path(sys.argv[2])
    raw, known = pq.read_table(requests), pq.read_table(requests.with_suffix(".truth.parquet"))
    truth = dict(zip(known["request_id"].to_pylist(), known["person_id"].to_pylist(), strict=True))
    found: dict[str, Any] = {}
    begun = time.monotonic()
    register = open_register(folder)
    found["open"], begun = time.monotonic() - begun, time.monotonic()
    prepared = prepare_requests(raw)
    found["standardise"] = time.monotonic() - begun
    before, sampler = _anonymous_mb(), Sampler()
    sampler.start()
    for name in ("match_first", "match_warm"):
        begun = time.monotonic()
        match(prepared, register)
        found[name] = time.monotonic() - begun
    sampler.on = False
    sampler.join()
    found |= {"anonymous_mb": sampler.peak - before, "one_request_ms": _one(prepared, register)}
    found["requests"] = raw.num_rows
    result = evaluate(register, raw, truth)
    found["figures"] = result.figures
    alive = raw.filter(pc.is_in(raw["ordinal"], result.facts["ordinal"]))
    counted: Counter[tuple[str, bool]] = patterns(alive, register, truth)
    found["patterns"] = [[key, right, n] for (key, right), n in counted.items()]
    found["matchable"] = sum(p is not None for p in truth.values())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
