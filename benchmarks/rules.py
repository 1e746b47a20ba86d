"""Rules over the reference batch: compiled against hand-written in one run; typing; one request. Figures hold as ratios only.

    python benchmarks/rules.py [--scale 1.0] [--json]

Prints seconds for: typing raw rows to facts · masking reasons · every rule of stage check compiled from YAML · the same predicates
written by hand in one DuckDB query with the same output columns (the rows are compared) · one request on SQLite · explaining one request:
judged anew from its facts, and read out of the batch's encrypted evidence with its findings.

How each rate is counted, per request of the batch, from typed facts in memory to verdict and reason of every rule in file order:
scalar = the checks that read one request alone, each stage by itself and both together, compilation included · all rules = those and the
checks that count within the batch, both stages · with masking = the same and the fingerprints of the masked reasons, which the boilerplate
check counts.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.crypto import read_row, write_parquet
from portcullis.intake.facts import type_facts
from portcullis.intake.facts_cases import raw_table, typed_rows
from portcullis.intake.facts_masking import fingerprints
from portcullis.intake.names import standardise_names
from portcullis.model import Finding, Verdict
from portcullis.rules import RuleSet, Single, agreements_folder, evaluate, load
from portcullis.rules.because import because
from portcullis.rules.cases import facts_table, lawful
from portcullis.rules.predicate import CountWithinBatch, ShareWithinBatch, walk
from portcullis.rules.rule import Check

REFERENCE = 1_280_000
LISTS = {
    "not_criminal": "statutes_not_criminal_sections",
    "not_criminal_subsections": "statutes_not_criminal_subsections",
    "statutes": "statutes",
    "by_subsection": "statutes_by_subsection",
    "plausible": "statutes_plausible_sections",
    "stages": "stages",
    "fugitive": "purposes_fugitive",
    "civil": "purposes_civil",
    "purposes": "purposes",
}


def timed(*works: Callable[[], Any], rounds: int = 5) -> list[tuple[float, Any]]:
    """Per piece of work: seconds, the best of some rounds, and what the last gave. The pieces take turns, so that they share what the
    machine does besides."""
    seconds, found = [float("inf")] * len(works), [None] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            begun = time.perf_counter()
            found[place] = work()
            seconds[place] = min(seconds[place], time.perf_counter() - begun)
    return list(zip(seconds, found, strict=True))


def raw_rows(count: int, rng: np.random.Generator) -> pa.Table:
    """Lawful rows, each with its own person, case, order and reason; four hundred days of dates."""
    base = lawful(agreements_folder() / "irs-ice-2025")
    table = raw_table([base.row]).take(pa.array(np.zeros(count, np.int64)))
    numbers = pa.array(np.arange(count)).cast(pa.string())
    names = pa.array([f"Nombre{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}{'uvwxyzabcd'[i // 100]}" for i in range(1000)])
    given, family = (names.take(pa.array(rng.integers(0, 1000, count))) for _ in range(2))
    days = pa.array([f"{year}-{month:02d}-{day:02d}" for year in (2024, 2025) for month in range(1, 10) for day in range(1, 29)])
    dates = days.take(pa.array(rng.integers(0, len(days), count)))
    reason = [given, family, "did not depart after the order of", dates, "and the address on file bears on willfulness in case", numbers]
    changes = {
        "ordinal": pa.array(np.arange(1, count + 1)),
        "given_name": given,
        "family_name": family,
        "case_id": pc.binary_join_element_wise("HSI-2025", numbers, "-"),
        "order_id": pc.binary_join_element_wise("A", numbers, "-"),
        "order_date": dates,
        "reason": pc.binary_join_element_wise(*reason, " "),
    }
    for name, column in changes.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def facts(count: int, rng: np.random.Generator) -> pa.Table:
    """Facts with every kind of fault: the lawful request, with one value in twenty of every field unknown or another."""
    ruleset = load(agreements_folder() / "irs-ice-2025")
    base = lawful(agreements_folder() / "irs-ice-2025")
    row = {**typed_rows([base.row], base.received_on).to_pylist()[0], **base.officer, **base.match}
    one = facts_table(ruleset, [row])
    columns = {"ordinal": pa.array(np.arange(1, count + 1))}
    for name, field in ruleset.fields.items():
        value = one.column(name)[0].as_py()
        draw = rng.integers(0, 40, count)
        if field.type == "text":
            columns[name] = pa.array(np.array([value, None, "another"], object)).take(pa.array(np.where(draw > 1, 0, draw + 1)))
        else:
            other = 1 - value if field.type == "flag" and value is not None else 90
            kind = pa.int8() if field.type == "flag" else pa.int64()  # as intake.facts types them
            columns[name] = pa.array(np.where(draw == 1, other, value or 0), kind, mask=(draw == 0) | (value is None))
    numbers = pa.array(rng.integers(0, count, count))
    columns["address_key"] = pc.binary_join_element_wise("4127 N WOLCOTT AVE", numbers.cast(pa.string()), "62704|IL", "|")
    columns["case_key"] = pc.binary_join_element_wise("hsi2025", pa.array(rng.integers(0, count, count)).cast(pa.string()), "")
    columns["subject_key"] = pc.binary_join_element_wise("CASTILLO|ALMA", pa.array(np.arange(count)).cast(pa.string()), "|")
    columns["surname_key"] = pc.binary_join_element_wise("CASTILLO", pa.array(rng.integers(0, 30_000, count)).cast(pa.string()), "")
    columns["masked_reason"] = pa.array(np.where(rng.random(count) < 0.3, rng.integers(0, 5, count), rng.integers(0, 2**60, count)))
    return pa.table(columns)


def by_hand(table: pa.Table) -> Callable[[], pa.Table]:
    """The hand-written query, its lists filled in, ready to run."""
    lists = load(agreements_folder() / "irs-ice-2025").lists
    text = Path(__file__).with_name("rules_by_hand.sql").read_text()
    for name in sorted(LISTS, key=len, reverse=True):
        text = text.replace(f"${name}", ", ".join(f"'{value}'" for value in lists[LISTS[name]]))
    connection: Any = duckdb.connect(":memory:", config={"temp_directory": ""})
    connection.register("facts", pa.Table.from_batches(table.to_batches(max_chunksize=122_880)))  # as many threads as the compiled rules
    return lambda: connection.sql(text).to_arrow_table()


def scalar(ruleset: RuleSet) -> RuleSet:
    """The rules without the checks that count within the batch."""

    def counts(check: Check) -> bool:
        both = (check.require, *((check.when,) if check.when else ()))
        return any(isinstance(part, CountWithinBatch | ShareWithinBatch) for predicate in both for part in walk(predicate))

    return replace(ruleset, rules=tuple(replace(r, checks=tuple(c for c in r.checks if not counts(c))) for r in ruleset.rules))


def same(one: pa.Table, other: pa.Table) -> bool:
    """Whether both have the same columns and rows, by ordinal."""
    other = other.select(one.column_names).sort_by("ordinal").cast(one.schema)
    return bool(one.sort_by("ordinal").combine_chunks().equals(other.combine_chunks()))


def measure(scale: float) -> dict[str, float | int | bool]:
    """Every figure, at a share of the reference batch."""
    count, rng = max(1_000, round(REFERENCE * scale)), np.random.default_rng(20250627)
    ruleset = load(agreements_folder() / "irs-ice-2025")
    raw = raw_rows(count, rng)
    names = standardise_names(raw)
    addresses = typed_addresses(count)
    reasons = [raw["given_name"], raw["middle_name"], raw["family_name"]]
    (typing, _), (masking, _) = timed(
        lambda: type_facts(raw, addresses, names, received_on=20_514), lambda: fingerprints(raw["reason"], reasons), rounds=2
    )
    table = facts(count, rng)
    single, row = Single(ruleset, "check"), table.slice(0, 1).to_pylist()[0]
    alone = scalar(ruleset)
    (seconds, compiled_rows), (hand_seconds, by_hand_rows), (match_seconds, _), (scalar_seconds, _), (one, _) = timed(
        lambda: evaluate(ruleset, "check", table),
        by_hand(table),
        lambda: evaluate(ruleset, "match", table),
        lambda: evaluate(alone, "check", table),
        lambda: [single.findings(row) for _ in range(1_000)],
    )
    with tempfile.TemporaryDirectory() as folder:
        (judged, _), (read, _) = timed(
            lambda: explain_judged(ruleset, single, row), explain_kept(ruleset, table, compiled_rows, Path(folder))
        )
    return {
        "requests": count,
        "typing_seconds": round(typing, 2),
        "of_it_masking_seconds": round(masking, 2),
        "compiled_check_seconds": round(seconds, 3),
        "by_hand_check_seconds": round(hand_seconds, 3),
        "ratio": round(seconds / hand_seconds, 2),
        "rows_equal": same(compiled_rows, by_hand_rows),
        "compiled_match_seconds": round(match_seconds, 3),
        "scalar_check_seconds": round(scalar_seconds, 3),
        "scalar_check_million_per_second": round(count / scalar_seconds / 1e6, 2),
        "scalar_match_million_per_second": round(count / match_seconds / 1e6, 2),
        "scalar_million_per_second": round(count / (scalar_seconds + match_seconds) / 1e6, 2),
        "million_requests_per_second": round(count / (seconds + match_seconds) / 1e6, 2),
        "with_masking": round(count / (seconds + match_seconds + masking) / 1e6, 2),
        "one_request_microseconds": round(one * 1e3, 1),
        "explain_one_request_milliseconds": round(judged * 1e3, 2),
        "explain_from_evidence_milliseconds": round(read * 1e3, 1),
    }


def explain_judged(ruleset: RuleSet, single: Single, row: dict[str, Any]) -> list[dict[str, object]]:
    """One request judged and every bad finding explained; three of its facts are made bad."""
    bad = {**row, "address_placeholder": 1, "statute_criminal": 0, "purpose_code": None}
    return [because(ruleset, one, bad) for one in single.explained(single.findings(bad)) if one.verdict >= Verdict.REFER]


def explain_kept(ruleset: RuleSet, table: pa.Table, findings: pa.Table, folder: Path) -> Callable[[], Any]:
    """The first request with bad findings, as `rules explain --batch` reads it: both files hashed whole, one row decrypted."""
    key, keep = secrets.token_bytes(32), {name for name, field in ruleset.fields.items() if field.keep}
    kept = {"findings": findings, "facts": table.select([name for name in table.column_names if name == "ordinal" or name in keep])}
    hashes = {name: write_parquet(folder / name, part, key) for name, part in kept.items()}

    def explain() -> list[dict[str, object]]:
        def row(name: str, pick: Callable[[str], bool]) -> dict[str, Any]:
            return read_row(folder / name, key, 7, pick, expected_sha256=hashes[name])

        bad = {rule: v for rule, v in row("findings", lambda n: n != "ordinal" and not n.endswith("_reason")).items() if v >= Verdict.REFER}
        reasons = row("findings", {f"{rule}_reason" for rule in bad}.__contains__)
        fields = {name for rule in bad for check in ruleset.rule(rule).checks for name in check.fields}
        facts = row("facts", fields.__contains__)
        return [because(ruleset, Finding(rule, Verdict(v), reasons[f"{rule}_reason"]), facts) for rule, v in bad.items()]

    return explain


def typed_addresses(count: int) -> pa.Table:
    """Addresses as the standardiser gives them for complete ones; its own benchmark measures it."""
    kinds = {"genuine": pa.int8(), "reason": pa.string(), "institution_word": pa.int8()}
    text = {name: pa.string() for name in ("delivery_key", "unit_key", "zip5", "city", "state")}
    row = {"genuine": 1, "institution_word": 0, "delivery_key": "4127 N WOLCOTT AVE", "zip5": "62704", "city": "SPRINGFIELD", "state": "IL"}
    one = pa.table({name: pa.array([row.get(name)], kind) for name, kind in {**kinds, **text}.items()})
    return one.take(pa.array(np.zeros(count, np.int64)))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.scale)
    lines = json.dumps(figures) if chosen.json else "\n".join(f"{name:30} {value}" for name, value in figures.items())
    sys.stdout.write(lines + "\n")


if __name__ == "__main__":
    main()
