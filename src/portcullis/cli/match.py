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

from portcullis.agreement import find, load_agreement
from portcullis.cli.output import JsonOption, log, result
from portcullis.errors import Refused
from portcullis.evaluation import AGREEMENT, evaluate, reliability
from portcullis.home import open_home
from portcullis.inspections import inspection
from portcullis.matching.explain import explain
from portcullis.matching.inputs import read_requests, read_truth
from portcullis.matching.load import load_register
from portcullis.matching.match import match_in_full
from portcullis.matching.pictures import frontier_svg, reliability_svg, waterfall_svg
from portcullis.matching.register import Register, is_prepared, open_register
from portcullis.matching.requests import prepare_requests
from portcullis.matching.source import read_manifest
from portcullis.store import writing

app = typer.Typer(help="Measure matching on labelled synthetic data; explain one pair.", no_args_is_help=True)

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
    agreement: Annotated[str, typer.Option("--agreement", help="Whose budget and what must agree: a folder or a shipped one.")] = AGREEMENT,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0.0, max=1.0, help="Wrong answers per request in place of the agreement's, in its parts."),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", help="Write frontier.svg and reliability.svg into this folder; takes a second look at every candidate."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Match labelled requests and count what was right; only on a register marked synthetic."""
    begun = time.monotonic()
    _require_synthetic(register, synthetic)
    raw, known = read_requests(requests, mapping), read_truth(truth, mapping)
    with _opened(register, mapping, synthetic) as opened:
        found = evaluate(opened, raw, known, budget, load_agreement(find(agreement)))
        figures = found.figures
        if pictures is not None:
            figures = figures | {"reliability": reliability(opened, raw, found.facts, known)}
    if out is not None:
        _write(out, found.table)
    if pictures is not None:
        _draw(pictures / "frontier.svg", frontier_svg(figures["frontier"]))
        _draw(pictures / "reliability.svg", reliability_svg(figures["reliability"]))
    figures |= {"seconds": round(time.monotonic() - begun, 3), "peak_mb": peak_mb()}
    result(figures, as_json, lambda: _words(figures))


def _draw(path: Path, svg: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise Refused("The picture cannot be written.", f"{error.strerror or 'No permission'}.", "Name another place for it.") from None


def _words(figures: dict[str, Any]) -> str:
    share = "–" if figures["recall"] is None else f"{figures['recall']:.4f}"
    lines = [_stratum(row) for row in figures["strata"] if row["candidates"]]
    over = f"\nSurely over their part of the budget: {', '.join(figures['over_budget'])}." if figures["over_budget"] else ""
    lost = "\n".join(f"  {count:7d} {reason}" for reason, count in figures["lost"].items())
    wrong = "\n".join(f"  {e['request_id']} ({e['stratum']})" for e in figures["errors"])
    told = "\n".join(
        part for part in ("By evidence:", *lines, "Not released though on the register:", lost, "Wrong:", wrong or "  none") if part
    )
    return f"{_summary(figures, share)}{over}\n{told}"


_BUDGET = {True: "within", False: "surely over", None: "not shown within"}


def _stratum(row: dict[str, Any]) -> str:
    found = f"{row['released']:7d} released, {row['wrong']:4d} wrong (per disclosure at most {row['per_disclosure_upper']:.1e})"
    budget = "" if row["budget_per_request"] is None else f"; {_BUDGET[row['within_budget']]} {row['budget_per_request']:.1e} a request"
    return f"  {row['stratum']:3s} {found}{budget}  {row['sentence']}"


def _summary(figures: dict[str, Any], share: str) -> str:
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
    picture: Annotated[Path | None, typer.Option("--picture", help="Draw the match weights of the first pair told as SVG.")] = None,
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
        prepared = prepare_requests(row)
        matched = match_in_full(prepared, opened)
        found = explain(prepared, opened, person, matched)
    if picture is not None and found:
        _draw(picture, waterfall_svg([(step["compared"], step["bits"]) for step in found[0]["waterfall"]]))
    facts = {k: v for k, v in matched.facts.to_pylist()[0].items() if k not in ("ordinal", "person")}
    result({"facts": facts, "met": found}, as_json, lambda: _told(found))


def _told(found: list[dict[str, Any]]) -> str:
    parts = ["\n".join([f"{one['person_id']}: {one['verdict']}", *(f"  - {line}" for line in one["lines"]), *_bars(one)]) for one in found]
    return "\n".join(parts) or "Nobody on the register has an address that could be the supplied one."


def _bars(one: dict[str, Any]) -> list[str]:
    """The match weights as lines; they explain and decided nothing."""
    lines = [f"    {s['compared']:28s} {s['bits']:+7.1f}  {'#' * min(40, round(abs(s['bits'])))}" for s in one["waterfall"] if s["bits"]]
    return ["  Match weights in bits, which decided nothing:", *lines, f"    {'together':28s} {one['weight']:+7.1f}"]
