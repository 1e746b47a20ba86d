"""Every measurement, one after the other, written to docs/measurements.md with machine, date and the command of each.

    python benchmarks/run_all.py [--quick] [--only NAME …] [--out docs/measurements.md]

`--quick` runs all of it at a small scale, to see that it runs; its figures go to the terminal only, unless --out names a file.
Figures hold for one machine and as ratios; nothing in the tests depends on them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from measure import ROOT, Ran, machine, run
from sections import as_it_is, conformance, faults, in_a_block, rules


@dataclass(frozen=True)
class Section:
    """One measurement: its command at full scale and the quick one, what was promised, and how its output becomes Markdown."""

    name: str
    title: str
    command: Sequence[str]
    quick: Sequence[str]
    goal: str
    shown: Callable[[Ran], str] = as_it_is


_PYTEST = ("-m", "pytest", "-q", "-s", "-p", "no:cacheprovider")
SECTIONS = (
    Section(
        "journey",
        "The journey",
        ("benchmarks/journey.py", "--scale", "0.05"),
        ("benchmarks/journey.py", "--scale", "0.002"),
        "At scale 0.05 (64,000 requests, a million persons): the gateway under 60 s and under 4 GB, all of `make demo` under 3 minutes.",
    ),
    Section(
        "batch-run",
        "The whole `batch run`",
        ("benchmarks/batch_run.py", "--requests", "1280000", "--addresses", "20000000", "--verify"),
        ("benchmarks/batch_run.py", "--requests", "2000", "--addresses", "20000", "--verify"),
        "1.28 million requests, signed CSV on disk to every decision in the published ledger, against 20 million person-addresses or more; "
        "referred requests answered by a script, its time left out: under 2 minutes and 4 GB.",
    ),
    Section(
        "rules",
        "Rules over the reference batch",
        ("benchmarks/rules.py", "--scale", "1.0", "--json"),
        ("benchmarks/rules.py", "--scale", "0.02", "--json"),
        "1.28 million requests, the same output columns: within 2 × of the same predicates by hand in one DuckDB query, in one run; scalar "
        "rules 4 million a second; all rules with counts and masking 0.4 million a second; one request under 1 ms.",
        rules,
    ),
    Section(
        "proofs",
        "Proofs",
        ("benchmarks/proofs.py", "--json"),
        ("benchmarks/proofs.py", "--json"),
        "`agreement prove irs-ice-2025` under 3 s; a set of 200 rules under 20 s; one request explained under 50 ms.",
        rules,
    ),
    Section(
        "conformance",
        "One meaning on every engine",
        ("benchmarks/conformance.py", "--batches", "1000"),
        ("benchmarks/conformance.py", "--batches", "8"),
        "DuckDB, SQLite, PostgreSQL and the plain reference in Python agree to the bit on at least 10,000 generated requests × all rules.",
        conformance,
    ),
    Section(
        "ledger",
        "The ledger",
        ("benchmarks/ledger.py", "--scale", "1.0"),
        ("benchmarks/ledger.py", "--scale", "0.01"),
        "1.28 million leaves appended (FULL sync, in batches) and published in under 60 s; `ledger verify` of them in under 60 s.",
    ),
    Section(
        "oversight",
        "Oversight over a long history",
        ("benchmarks/oversight.py",),
        ("benchmarks/oversight.py", "--leaves", "40000", "--batches", "4", "--recall", "300"),
        "Annual and transparency reports over 10 million ledger leaves in under 60 s; accounting for one identity among them in under "
        "0.2 s; a recall of 42,695 records from one file, prepared, sealed and recorded, in under 60 s. What of the history is synthetic "
        "is said in `tests/written_history.py`; it is written in about half an hour.",
    ),
    Section(
        "flips",
        "Flipped bits",
        (*_PYTEST, "-m", "faults", "tests/verifier"),
        (*_PYTEST, "-m", "not faults", "tests/verifier/test_flips.py"),
        "One flipped bit in every byte of a bundle of at most 64 kB, and 20,000 in a larger one: all refused by both verifiers, no byte "
        "exempt. With them thousands of bundles damaged by somebody who holds the log's key: one verdict of both.",
        faults,
    ),
    Section(
        "store",
        "The store, and a stay among 16 writers",
        ("benchmarks/store.py", "--scale", "1.0", "--stays", "1000"),
        ("benchmarks/store.py", "--scale", "0.01", "--stays", "20"),
        "A stay returns within 1 s, and no dispatch commits after it returned, over 1,000 trials of random timing on each store.",
    ),
    Section(
        "matching",
        "Matching",
        ("benchmarks/matching.py",),
        ("benchmarks/matching.py", "--persons", "20000", "--adversarial", "3000"),
        "pseudopeople development set: at most 4 wrong at a recall of at least .80 of the matchable; strawmen beside it.",
        in_a_block,
    ),
    Section(
        "matching-scale",
        "Matching at scale",
        ("benchmarks/matching_scale.py", "--scale", "0.05"),
        ("benchmarks/matching_scale.py", "--scale", "0.001", "--splink-rows", "20000"),
        "At most 1e-5 wrong a request at .95 of the bound's recall; matching within 1.5 times the floor, under 1 GB; an index of at most "
        "48 megabytes a million. The table says by how much a goal is missed.",
        in_a_block,
    ),
    Section(
        "matching-national",
        "Matching at the scale of a country",
        ("benchmarks/matching_scale.py", "--scale", "1", "--splink-rows", "0"),
        ("benchmarks/matching_scale.py", "--scale", "0.002", "--splink-rows", "0"),
        "1.28 million requests against 160 million person-addresses, on two processors and 24 GiB; the goals are those of the section "
        "above.",
        in_a_block,
    ),
    Section(
        "addresses",
        "Addresses",
        ("benchmarks/addresses.py",),
        ("benchmarks/addresses.py", "--rows", "10000", "--words", "2000"),
        "No deficient address of the lists passes; a genuine one is hardly ever refused.",
        in_a_block,
    ),
    Section(
        "addresses-labelled",
        "Addresses against usaddress",
        ("benchmarks/addresses_labelled.py",),
        ("benchmarks/addresses_labelled.py", "--rows", "800"),
        "House number and street right on at least .97, at 80 times the speed. The addresses are written by rule and are easier than real "
        "ones; the speed is not reached on single lines of text.",
        in_a_block,
    ),
    Section(
        "api",
        "The HTTP API",
        ("benchmarks/api.py", "--seconds", "10", "--no-upload"),
        ("benchmarks/api.py", "--seconds", "3", "--no-upload"),
        "200 signed batches of one request a second accepted on 2 processors with their ledger entries, 99 of 100 within 250 ms, in a "
        "closed loop from another process, on each store.",
    ),
    Section(
        "upload",
        "A large upload",
        ("benchmarks/api.py", "--store"),
        ("benchmarks/api.py", "--store", "--rows", "20000"),
        "An upload of 1.28 million rows in under 500 MB of the server's memory.",
    ),
    Section(
        "console",
        "The console",
        ("benchmarks/console.py",),
        ("benchmarks/console.py", "--scale", "0.002", "--looks", "3", "--large", "20000"),
        "Every screen under 50 ms (median) with 64,000 requests in a batch, against a register of a million persons; lists no slower with "
        "1.28 million requests.",
    ),
    Section(
        "kills",
        "Kills at random instants",
        (*_PYTEST, "-m", "faults", "tests/faults/test_killed.py"),
        (*_PYTEST, "-m", "not faults", "tests/faults/test_killed.py"),
        "SIGKILL of `batch run`, `release commit`, `release dispatch`, 200 on each store: the batch completes, one decision a request, one "
        "accounting leaf a disclosure, nothing dispatched twice, the ledger verifies.",
        faults,
    ),
    Section(
        "stays",
        "A stay among releases, and a full disk",
        (
            *_PYTEST,
            "-m",
            "faults",
            "tests/faults/test_stay_in_the_journey.py",
            "tests/faults/test_disk_full.py",
            "tests/faults/test_together.py",
        ),
        (*_PYTEST, "-m", "not faults", "tests/faults/test_stay_in_the_journey.py"),
        "Real batches are committed and dispatched by several processes as the stay comes; commands find no room, or are typed twice.",
        faults,
    ),
)


def measured(section: Section, *, quick: bool) -> tuple[str, bool]:
    """The section's Markdown, and whether its command ended well."""
    words = section.quick if quick else section.command
    load, begun = os.getloadavg()[0], datetime.now(UTC)
    ran = run(words, PYTHONPATH=str(ROOT / "tests"))
    lines = [
        f"## {section.title}",
        f"{section.goal}\n",
        f"`python {' '.join(words)}` · {begun:%d %B %Y} · {ran.seconds:.0f} s in all, at most {ran.peak:,} MiB in one process"
        + (f" · {load:.1f} other processes were running at its start" if load > 0.5 else ""),
        "",
        section.shown(ran).strip() if ran.code == 0 else f"It failed, with exit code {ran.code}.",
    ]
    return "\n".join(lines) + "\n", ran.code == 0


def replaced(page: str, sections: Sequence[str]) -> str:
    """The page with these sections in place of those of the same title; each says its own date."""
    parts = {part.split("\n", 1)[0]: part for part in page.split("\n## ")}
    for section in sections:
        text = section.removeprefix("## ")
        parts[text.split("\n", 1)[0]] = text
    return "\n\n## ".join(part.strip("\n") for part in parts.values()) + "\n"


def main() -> None:
    """Run the sections and write the page."""
    parser = argparse.ArgumentParser(description="Measure everything.")
    parser.add_argument("--quick", action="store_true", help="a small scale, to the terminal")
    parser.add_argument(
        "--only",
        nargs="*",
        choices=[section.name for section in SECTIONS],
        help="only these: to the terminal, or with --out in place of the old",
    )
    parser.add_argument("--out", type=Path, help="the page to write; docs/measurements.md by default for a full run")
    asked = parser.parse_args()
    chosen = [section for section in SECTIONS if not asked.only or section.name in asked.only]
    target = asked.out or (None if asked.quick or asked.only else ROOT / "docs" / "measurements.md")
    page = [_HEAD.format(machine=machine(), date=datetime.now(UTC), scale=" at a small scale (`--quick`)" if asked.quick else "")]
    good = True
    for section in chosen:
        print(f"{section.title} …", file=sys.stderr, flush=True)
        text, ended = measured(section, quick=asked.quick)
        page.append(text)
        good &= ended
    if target is None:
        print("\n".join(page))
    elif asked.only and target.exists():
        target.write_text(replaced(target.read_text(encoding="utf-8"), page[1:]), encoding="utf-8")
        print(f"Written anew in {target.name}: {', '.join(asked.only)}.", file=sys.stderr)
    else:
        target.write_text("\n".join(page), encoding="utf-8")
        print(f"Written to {target.relative_to(ROOT) if target.is_relative_to(ROOT) else target}.", file=sys.stderr)
    sys.exit(0 if good else 1)


_HEAD = """# Measurements

Written by `make bench`{scale}; do not edit. Machine: {machine}. Date: {date:%d %B %Y}. Figures hold for this machine, and as ratios.
"""


if __name__ == "__main__":
    main()
