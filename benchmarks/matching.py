"""Matching measured: the pseudopeople set against strawmen, an adversarial set by kind of noise, and a million persons by the clock.

    python benchmarks/matching.py [--persons 1000000] [--data examples/pseudopeople] [--adversarial 60000]

Every figure is computed by this run. Wrong is counted per request and per disclosure, each with its upper 95 % bound.
"""

from __future__ import annotations

import argparse
import collections
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rapidfuzz.distance import JaroWinkler

from matching_set import KINDS, AdversarialSet, adversarial
from portcullis import pipeline
from portcullis.agreement import find, load_agreement
from portcullis.cli.match import peak_mb
from portcullis.evaluation import AGREEMENT, evaluate
from portcullis.matching import load_register, open_register
from portcullis.matching.inputs import read_requests, read_truth
from portcullis.synthetic import june_2025, perfected, register, write_register

Row = dict[str, Any]


def _plain(value: str | None) -> str:
    return re.sub(r"[^a-z0-9]", "", (value or "").lower())


def _similar(a: str | None, b: str | None, limit: float) -> bool:
    return bool(a and b) and JaroWinkler.similarity(_plain(a), _plain(b)) >= limit


def _middle_ok(a: Row, b: Row) -> bool:
    return not (a["middle_name"] and b["middle_name"]) or a["middle_name"][0].lower() == b["middle_name"][0].lower()


STRAWMEN = {
    "last name + first initial, address to the letter": lambda a, b: (
        _plain(a["family_name"]) == _plain(b["family_name"]) and _plain(a["given_name"])[:1] == _plain(b["given_name"])[:1]
    ),
    "last + first name, address to the letter": lambda a, b: (
        _plain(a["family_name"]) == _plain(b["family_name"]) and _plain(a["given_name"]) == _plain(b["given_name"])
    ),
    "… middle initials not in conflict": lambda a, b: (
        _plain(a["family_name"]) == _plain(b["family_name"]) and _plain(a["given_name"]) == _plain(b["given_name"]) and _middle_ok(a, b)
    ),
    "Jaro-Winkler .88 / .90 on names, address, middle not in conflict": lambda a, b: (
        _similar(a["given_name"], b["given_name"], 0.88) and _similar(a["family_name"], b["family_name"], 0.90) and _middle_ok(a, b)
    ),
}


def strawmen(persons: list[Row], addresses: list[Row], requests: list[Row], truth: dict[str, str | None]) -> None:
    """Two-line rules over the same rows: exactly one person, or nobody."""
    names: dict[str, list[Row]] = collections.defaultdict(list)
    for row in persons:
        names[row["person_id"]].append(row)
    homes: dict[tuple[str, str], set[str]] = collections.defaultdict(set)
    for row in addresses:
        homes[_plain(row["address_line"]), _plain(row["postal_code"])].add(row["person_id"])
    matchable = sum(p is not None for p in truth.values())
    for title, agrees in STRAWMEN.items():
        answers = {}
        for request in requests:
            if not (request["given_name"] and request["family_name"] and request["address_line"]):
                continue
            there = homes[_plain(request["address_line"]), _plain(request["postal_code"])]
            found = {p for p in there if any(n["given_name"] and n["family_name"] and agrees(request, n) for n in names[p])}
            if len(found) == 1:
                answers[request["request_id"]] = found.pop()
        wrong = sum(truth[i] != p for i, p in answers.items())
        print(f"  {title:70s} recall {(len(answers) - wrong) / matchable:.3f}  wrong {wrong} of {len(answers)}")


def _say(title: str, figures: dict[str, Any]) -> None:
    print(
        f"  {title:70s} recall {figures['recall']:.3f}  wrong {figures['wrong']} of {figures['released']}  referred {figures['referred']}  "
        f"{figures['match_seconds']:.2f} s   (wrong per request <= {figures['wrong_per_request_upper']:.1e}, "
        f"per disclosure <= {figures['wrong_per_disclosure_upper']:.1e})"
    )


def pseudopeople(data: Path) -> None:
    """The development set."""
    print(f"pseudopeople ({data.name})")
    requests, truth = read_requests(data / "requests.parquet"), read_truth(data / "truth.parquet")
    tables = [pq.read_table(data / "register" / f"{t}.parquet").to_pylist() for t in ("persons", "addresses")]
    strawmen(*tables, requests.to_pylist(), truth)
    with tempfile.TemporaryDirectory() as scratch:
        load_register(data / "register", Path(scratch) / "r", synthetic=True)
        figures = evaluate(open_register(Path(scratch) / "r"), requests, truth).figures
    _say("this project, R12-R15 and R32-R34", figures)


def _write(made: AdversarialSet, folder: Path) -> Path:
    source = folder / "source"
    source.mkdir()
    (source / "manifest.json").write_text('{"synthetic": true, "source": "benchmark", "date": "2026-01-01"}')
    pq.write_table(made.persons, source / "persons.parquet")
    pq.write_table(made.addresses, source / "addresses.parquet")
    return source


def hostile(persons: int, **shares: float) -> None:
    """The adversarial set: a quarter of the requests name absent people whose kin are registered at that address."""
    count = persons * 2 // 3
    made = adversarial(persons, count, **shares)
    with tempfile.TemporaryDirectory() as scratch:
        load_register(_write(made, Path(scratch)), Path(scratch) / "r")
        raw = pa.Table.from_pylist(made.requests).append_column("ordinal", pa.array(np.arange(1, count + 1)))
        found = evaluate(open_register(Path(scratch) / "r"), raw, made.truth)
    print(f"adversarial, {persons} persons, {count} requests, {shares or 'birth date on 20 %, second name on 68 %'}")
    _say("all kinds of noise", found.figures)
    total, right = collections.Counter(), collections.Counter()
    for request, row in zip(made.requests, found.table.to_pylist(), strict=True):
        if made.truth[request["request_id"]] is not None:
            total[request["kind"]] += 1
            right[request["kind"]] += row["person_id"] == made.truth[request["request_id"]]
    print("  recall by kind: " + " · ".join(f"{k} {right[k] / total[k]:.2f}" for k in KINDS if total[k]))


def clock(persons: int) -> None:
    """Loading and matching by the clock: a register of `persons`, and the lawful counterpart of the June file to its scale."""
    scale = persons / 20_000_000
    made = register(scale)
    batch = perfected(june_2025(made, scale), made).requests
    terms = load_agreement(find(AGREEMENT))
    raw = batch if "ordinal" in batch.column_names else batch.append_column("ordinal", pa.array(np.arange(1, batch.num_rows + 1)))
    with tempfile.TemporaryDirectory() as scratch:
        write_register(made, Path(scratch) / "source")
        begun = time.monotonic()
        info = load_register(Path(scratch) / "source", Path(scratch) / "r")
        loaded, begun = time.monotonic() - begun, time.monotonic()
        opened = open_register(Path(scratch) / "r")
        size = sum(f.stat().st_size for f in (Path(scratch) / "r").iterdir())
        ready, begun = time.monotonic() - begun, time.monotonic()
        rules = terms.rules.without(*[r.id for r in terms.rules.rules if r.id not in {"R12", "R13", "R14", "R15", "R32", "R33", "R34"}])
        checked = pipeline.check(raw, None, 0, rules)
        standard, begun = time.monotonic() - begun, time.monotonic()
        pipeline.match(checked, opened, rules)
        matched = time.monotonic() - begun
    print(f"{info.persons} persons, {info.addresses} addresses, {raw.num_rows} requests")
    print(f"  load {loaded:.1f} s ({size / info.addresses:.0f} bytes an address) · open {ready:.2f} s")
    print(f"  standardise and check {standard:.2f} s · match {matched:.2f} s · peak {peak_mb():.0f} MB")


def main() -> None:
    """Print the whole table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--adversarial", type=int, default=60_000)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parent.parent / "examples" / "pseudopeople")
    chosen = parser.parse_args()
    if chosen.data.is_dir():
        pseudopeople(chosen.data)
    hostile(chosen.adversarial)
    hostile(chosen.adversarial, dob=1.0)
    hostile(chosen.adversarial, dob=0.3, number=1.0, middle=0.5)
    clock(chosen.persons)


if __name__ == "__main__":
    main()
