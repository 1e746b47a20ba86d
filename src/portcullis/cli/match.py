"""`portcullis match evaluate|explain`: measure matching on labelled data, and say why one pair was or was not taken.

`evaluate` runs R12-R15 and R32-R34 only, through the same pipeline as a batch, on a register marked synthetic. `explain` on a real
register needs a home and writes an inspection leaf before the register is read.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import typer

from portcullis import pipeline
from portcullis.agreement import find, load_agreement
from portcullis.cli.output import JsonOption, log, result
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.inspections import inspection
from portcullis.matching.evaluate import RELEASED, score
from portcullis.matching.explain import explain
from portcullis.matching.inputs import read_requests, read_truth
from portcullis.matching.load import load_register
from portcullis.matching.match import match_in_full
from portcullis.matching.register import Register, is_prepared, open_register
from portcullis.matching.requests import prepare_requests
from portcullis.matching.source import read_manifest
from portcullis.store import writing

app = typer.Typer(help="Measure matching on labelled synthetic data; explain one pair.", no_args_is_help=True)

AGREEMENT, RULES = "irs-ice-2025", frozenset({"R12", "R13", "R14", "R15", "R32", "R33", "R34"})
RegisterOption = Annotated[Path, typer.Option("--register", help="A register's folder, as its owner keeps it or prepared.")]
RequestsOption = Annotated[Path, typer.Option("--requests", help="Requests: CSV, Parquet or JSON Lines.")]
MappingOption = Annotated[Path | None, typer.Option("--mapping", help="YAML or JSON that maps our column names to yours.")]
SyntheticOption = Annotated[bool, typer.Option("--synthetic", help="State that a register without a manifest holds made-up people.")]


@contextmanager
def _opened(folder: Path, mapping: Path | None, synthetic: bool) -> Iterator[Register]:
    """The register, prepared in a private temporary folder when it is not yet."""
    if is_prepared(folder):
        yield open_register(folder)
        return
    with tempfile.TemporaryDirectory(prefix="portcullis-") as scratch:
        load_register(folder, Path(scratch) / "register", mapping, synthetic=synthetic, say=lambda step: log("register", step=step))
        yield open_register(Path(scratch) / "register")


def _require_synthetic(folder: Path, synthetic: bool) -> None:
    stated = open_register(folder).synthetic if is_prepared(folder) else read_manifest(folder, synthetic=synthetic).synthetic
    if not stated:
        raise Refused(
            "The register is not marked synthetic.",
            "Measuring on real people would read their records for no request (26 U.S.C. 6103(b)(7)).",
            "Use synthetic data; its manifest.json says so.",
        )


def decide_all(raw: pa.Table, register: Register) -> pa.Table:
    """Decisions of R12-R15 and R32-R34 over `raw`: the columns of `pipeline.decide_all`."""
    terms = load_agreement(find(AGREEMENT))
    rules = terms.rules.without(*[rule.id for rule in terms.rules.rules if rule.id not in RULES])
    checked = pipeline.check(raw, None, 0, rules)
    matched = pipeline.match(checked, register, rules)
    return pipeline.decide_all(checked, matched, {}, terms.answer)


def evaluate(register: Register, raw: pa.Table, truth: dict[str, str | None]) -> tuple[dict[str, Any], pa.Table]:
    """(the figures of interface.md, one row a request: request_id, decision, person_id of a release, reason)."""
    begun = time.monotonic()
    decided = decide_all(raw, register)
    released = pc.is_in(decided["decision"], pa.array(sorted(RELEASED)))
    table = pa.table(
        {
            "request_id": raw["request_id"],
            "decision": decided["decision"],
            "person_id": pc.if_else(released, decided["person_id"], pa.scalar(None, pa.string())),
            "reason": decided["reason"],
        }
    )
    figures = score(table["request_id"].to_pylist(), table["decision"].to_pylist(), table["person_id"].to_pylist(), truth)
    return figures | {"match_seconds": round(time.monotonic() - begun, 3)}, table


def _write(path: Path, table: pa.Table) -> None:
    try:
        if path.suffix.lower() == ".parquet":
            pa.parquet.write_table(table, path)
        else:
            pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))
    except OSError as error:
        raise Refused(
            "The decisions cannot be written.", f"{error.strerror or 'No space or no permission'}.", "Name another file with --out."
        ) from None


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB (Linux counts kilobytes, macOS bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


@app.command("evaluate", epilog="Example: portcullis match evaluate --register DIR --requests FILE --truth FILE --json")
def evaluate_(
    register: RegisterOption,
    requests: RequestsOption,
    truth: Annotated[Path, typer.Option("--truth", help="request_id, person_id; empty where the person is not on the register.")],
    synthetic: SyntheticOption = False,
    mapping: MappingOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write request_id, decision, person_id, reason (CSV or Parquet).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Match labelled requests and count what was right; only on a register marked synthetic."""
    begun = time.monotonic()
    _require_synthetic(register, synthetic)
    raw, known = read_requests(requests, mapping), read_truth(truth, mapping)
    with _opened(register, mapping, synthetic) as opened:
        figures, table = evaluate(opened, raw, known)
    if out is not None:
        _write(out, table)
    figures |= {"seconds": round(time.monotonic() - begun, 3), "peak_mb": peak_mb()}
    result(figures, as_json, lambda: _words(figures))


def _words(figures: dict[str, Any]) -> str:
    share = "–" if figures["recall"] is None else f"{figures['recall']:.4f}"
    return (
        f"{figures['requests']} requests, {figures['matchable']} on the register: {figures['released']} released, "
        f"{figures['wrong']} of them wrong; recall {share}; {figures['referred']} referred; {figures['seconds']} s.\n"
        f"Wrong per request at most {figures['wrong_per_request_upper']:.1e}, per disclosure at most "
        f"{figures['wrong_per_disclosure_upper']:.1e} (95 %)."
    )


def _record_look(home: Path | None, register: Register) -> None:
    if register.synthetic:
        return
    if home is None:
        raise Refused("This register counts as real.", "Every look at it is recorded in a ledger first.", "Name the home with --home.")
    opened = open_home(home)
    with writing(opened.engine) as conn:
        inspection(opened, conn, person=opened.settings.operator, why="explain", command="match.explain")


@app.command("explain", epilog="Example: portcullis match explain --register DIR --requests FILE --request q000814")
def explain_(
    register: RegisterOption,
    requests: RequestsOption,
    request: Annotated[str, typer.Option("--request", help="The request_id to explain.")],
    person: Annotated[str | None, typer.Option("--person", help="Only the pair with this person_id.")] = None,
    synthetic: SyntheticOption = False,
    mapping: MappingOption = None,
    home: Annotated[Path | None, typer.Option("--home", envvar="PORTCULLIS_HOME", help="Needed for a real register.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say of everybody met at the address why they were, or were not, taken for the subject."""
    raw = read_requests(requests, mapping)
    row = raw.filter(pc.equal(raw["request_id"], request))
    if not row.num_rows:
        raise Refused("There is no request of that id in the file.", "", "Name one with --request.")
    if not is_prepared(register) and not read_manifest(register, synthetic=synthetic).synthetic:
        raise Refused(
            "This register counts as real.", "It is read only as a prepared register of a home.", "Load it with `register load` first."
        )
    with _opened(register, mapping, synthetic) as opened:
        _record_look(home, opened)
        matched = match_in_full(prepare_requests(row), opened)
        found = explain(row, opened, person, matched)
    facts = {k: v for k, v in matched.facts.to_pylist()[0].items() if k not in ("ordinal", "person")}
    result({"facts": facts, "met": found}, as_json, lambda: _told(found))


def _told(found: list[dict[str, Any]]) -> str:
    parts = ["\n".join([f"{one['person_id']}: {one['verdict']}", *(f"  - {line}" for line in one["lines"])]) for one in found]
    return "\n".join(parts) or "Nobody on the register has an address that could be the supplied one."
