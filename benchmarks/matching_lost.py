"""What stops recall: every lawful request about somebody on the register that was not answered, by its cause.

    python benchmarks/matching_lost.py [--data examples/pseudopeople] [--list CAUSE]

Each request is counted once, under the first cause that stands in its way: the address as stated, the address on file, the name on either
side, then what the ladder lacked. Ceilings are what no rule could pass without giving up the one before it. --list prints the request ids.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from portcullis.evaluation import evaluate
from portcullis.intake.addresses import standardise_addresses
from portcullis.matching import load_register, open_register
from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place
from portcullis.matching.inputs import read_requests, read_truth
from portcullis.matching.match import match_in_full
from portcullis.matching.requests import prepare_requests

Row = dict[str, Any]
ADDRESS, NAME, LADDER = "address", "name", "evidence"
ORDER = (
    (ADDRESS, "R13: no house number is stated"),
    (ADDRESS, "R13: no street is stated"),
    (ADDRESS, "R13: otherwise not deliverable"),
    (ADDRESS, "R13-R15: for a person to decide"),
    (ADDRESS, "R33: only a post office box is on file in that ZIP"),
    (ADDRESS, "R33: another ZIP is on file"),
    (ADDRESS, "R33: another house number is on file"),
    (ADDRESS, "R33: another street is on file"),
    (ADDRESS, "R33: on file without a house number"),
    (ADDRESS, "R33: the units differ"),
    (NAME, "R32: the request states no given name or none that names anybody"),
    (NAME, "R32: the request states no family name or none that names anybody"),
    (NAME, "R32: no given name is on file"),
    (NAME, "R32: no family name is on file"),
    (NAME, "R32: the names differ"),
    (NAME, "R32: the given names are alike only"),
    (LADDER, "R34: the second names differ"),
    (LADDER, "R34: nothing beyond name and address"),
    (LADDER, "R34: somebody else could be meant"),
)


def _stated(asked: Row, decision: Row) -> str | None:
    if decision["decision"] == "deficient":
        bare = not any(c.isalpha() for c in asked["address_line"] or "")
        numbered = any(c.isdigit() for c in (asked["address_line"] or "").split(" ")[0])
        return "R13: no street is stated" if bare else "R13: otherwise not deliverable" if numbered else "R13: no house number is stated"
    return "R13-R15: for a person to decide" if (decision["reason"] or "").startswith("P-ADDR") else None


def _on_file(asked: Row, filed: list[Row]) -> str:
    """Why none of the addresses on file confirms the one stated; the nearest of them speaks."""
    here = [f for f in filed if f["zip5"] == asked["zip5"]]
    if not here:
        return "R33: another ZIP is on file"
    if any(f["kind"] == "street" and f["number"] == asked["number"] for f in here):
        return "R33: another street is on file"
    if any(f["kind"] is None for f in here):
        return "R33: on file without a house number"
    return (
        "R33: another house number is on file"
        if any(f["kind"] == "street" for f in here)
        else "R33: only a post office box is on file in that ZIP"
    )


def _named(pair: Row, asked: Row) -> str | None:
    for part, level in (("given", "given_first"), ("family", "family")):
        if pair[part] < 0:
            return f"R32: {'the request states no' if asked[level] is None else 'no'} {part} name " + (
                "or none that names anybody" if asked[level] is None else "is on file"
            )
    if pair["family"] < Family.TYPO or pair["given"] < Given.LOOSE:
        return "R32: the names differ"
    return "R32: the given names are alike only" if pair["given"] in (Given.LOOSE, Given.INITIAL) and not pair["accepted"] else None


def _cause(pair: Row | None, asked: Row, filed: list[Row]) -> str:
    if pair is None or pair["place"] < Place.WITHIN or not pair["confirmed"]:
        return _on_file(asked, filed)
    if pair["unit"] < 0:
        return "R33: the units differ"
    found = _named(pair, asked)
    if found:
        return found
    if pair["middle"] < 0:
        return "R34: the second names differ"
    return "R34: somebody else could be meant" if pair["rung"] else "R34: nothing beyond name and address"


def _by_person(table: pa.Table, ids: pa.Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = collections.defaultdict(list)
    for person, row in zip(ids["person_id"].to_pylist(), table.to_pylist(), strict=True):
        found[person].append(row)
    return found


def lost(data: Path) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The figures of `match evaluate`, and the ids of the requests lost to each cause."""
    raw, truth = read_requests(data / "requests.parquet"), read_truth(data / "truth.parquet")
    with tempfile.TemporaryDirectory() as scratch:
        load_register(data / "register", Path(scratch) / "r", synthetic=True)
        register = open_register(Path(scratch) / "r")
        found = evaluate(register, raw, truth)
        missed = [row["person_id"] is None and truth.get(row["request_id"]) is not None for row in found.table.to_pylist()]
        mine = raw.filter(pa.array(missed))
        prepared = prepare_requests(mine)
        pairs = {(row["ordinal"], row["person_id"]): row for row in match_in_full(prepared, register).evidence.to_pylist()}
    homes = pq.read_table(data / "register" / "addresses.parquet")
    filed = _by_person(standardise_addresses(homes), homes)
    asked = [n | a for a, n in zip(standardise_addresses(mine).to_pylist(), prepared.to_pylist(), strict=True)]
    causes: dict[str, list[str]] = collections.defaultdict(list)
    decisions = found.table.filter(pa.array(missed)).to_pylist()
    for row, request, decision in zip(mine.to_pylist(), asked, decisions, strict=True):
        person = truth[row["request_id"]] or ""
        cause = _stated(row, decision) or _cause(pairs.get((row["ordinal"], person)), request, filed[person])
        causes[cause].append(row["request_id"])
    return found.figures, causes


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parent.parent / "examples" / "pseudopeople")
    parser.add_argument("--list", help="a cause, or the beginning of one")
    chosen = parser.parse_args()
    figures, causes = lost(chosen.data)
    matchable = figures["matchable"]
    print(f"{matchable} requests about somebody on the register; {figures['correct']} answered rightly, {figures['wrong']} wrongly")
    left = matchable
    for group, title in ((ADDRESS, "address"), (NAME, "name"), (LADDER, "evidence")):
        for kind, cause in ORDER:
            if kind == group and causes.get(cause):
                print(f"  {len(causes[cause]):6d}  {cause}")
                left -= len(causes[cause])
        print(f"  ceiling after {title}: {left / matchable:.4f}")
    for cause in sorted(causes):
        if chosen.list and cause.startswith(chosen.list):
            print(cause, *causes[cause], sep="\n  ")


if __name__ == "__main__":
    main()
