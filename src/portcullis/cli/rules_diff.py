"""`portcullis rules diff`: what changed between two readings of the law, in text and in outcomes, counted by reason.

Over the synthetic file of June 2025 (`--replay`) it tells ruling by ruling what each changed. Outcomes are counts and ordinals, never a
value of a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from sqlalchemy import Connection

from portcullis.batches import get
from portcullis.cli.output import JsonOption, result
from portcullis.cli.rulings import replayed
from portcullis.cli.sides import Side, day, side
from portcullis.cli.typed import batch_option, code_option
from portcullis.errors import Refused
from portcullis.home import Home, open_home
from portcullis.inspections import inspection
from portcullis.publish import publish
from portcullis.readings import AsOf
from portcullis.rules import RuleSet, diff, diff_decisions, diff_outcomes
from portcullis.steps.again import Basis, basis_of, decide_under, kept_of, switches_on
from portcullis.store import reading, writing

__all__ = ["diff_"]

DEFAULT = "irs-ice-2025"
_SIDE = "A day (2025-08-07, today), a day as known on another (2025-08-07@today), an agreement's name or folder, or NAME:VERSION of a home."


def diff_(
    old: Annotated[str, typer.Argument(help=_SIDE)],
    new: Annotated[str, typer.Argument(help="The other, written in the same ways.")],
    name: Annotated[str, typer.Option("--agreement", "-a", help="Whose law a bare day speaks of.")] = DEFAULT,
    old_on: Annotated[str | None, typer.Option(help="The day the first is read on.")] = None,
    new_on: Annotated[str | None, typer.Option(help="The day the second is read on.")] = None,
    facts: Annotated[Path | None, typer.Option(help="A Parquet file of typed facts (stage check): compare outcomes on it too.")] = None,
    replay: Annotated[
        str | None, typer.Option(help="june-2025: what each court reading between the two changed, over synthetic people.")
    ] = None,
    scale: Annotated[float, typer.Option(help="Of the replay: 1 is 1.28 million requests.", min=0.0005, max=1.0)] = 0.05,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch", help="A batch of a home: compare its outcomes too. `recorded` is what it was decided under.", callback=batch_option
        ),
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", envvar="PORTCULLIS_HOME", help="Needed for a batch, and for a version it keeps.")
    ] = None,
    person: Annotated[str | None, typer.Option("--as", help="Who looks at the batch; it is on record first.", callback=code_option)] = None,
    as_json: JsonOption = False,
) -> None:
    """What changed between two rule sets, days or versions: text, and outcomes by reason with counts and examples."""
    opened = open_home(home) if home is not None and (batch or ":" in f"{old}{new}") else None
    if batch is not None:
        found = _of_batch(opened, batch, person, name, (old, new))
        result(found, as_json, lambda: "\n".join([_words(found), *_decisions(found)]))
        return
    sides = [_dated(side(old, name, opened), old_on), _dated(side(new, name, opened), new_on)]
    if replay is not None:
        replayed(sides, replay, scale, as_json)
        return
    found = diff(sides[0].rules, sides[1].rules, {"check": _facts(facts)} if facts else None)
    result(found, as_json, _words(found))


def _dated(one: Side, on: str | None) -> Side:
    if on is None:
        return one
    when = AsOf(day(on), day(on))
    return Side(one.typed, one.rules.as_of(when.valid, when.known), when)


def _facts(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise Refused(
            "The file of facts cannot be read.", "It is not there, or not Parquet.", "Give a Parquet file of typed facts."
        ) from error


def _words(found: dict[str, Any]) -> str:
    lines = [f"{change['change']:8} {change['what']}{_sides(change)}" for change in found["text"]]
    lines += [f"switch {one['switch']}: {_position(one['old'])} to {_position(one['new'])}" for one in found.get("switches", ())]
    for stage, changes in found.get("outcomes", {}).items():
        lines += [f"{stage} {one['rule']}: {one['requests']} requests from {_said(one['old'])} to {_said(one['new'])}" for one in changes]
    return "\n".join(lines) or "No difference."


def _position(on: bool | None) -> str:
    return "absent" if on is None else "on" if on else "off"


def _sides(change: dict[str, Any]) -> str:
    if change["change"] != "changed":
        return ""
    if isinstance(change["old"], dict):
        return ": " + ", ".join(sorted(change["old"]))
    return f": {change['old']} to {change['new']}"


def _said(one: dict[str, Any]) -> str:
    return f"{one['verdict']} {one['reason']}" if one["reason"] else str(one["verdict"])


# ---- over a batch


def _of_batch(home: Home | None, batch: str, person: str | None, name: str, typed: tuple[str, str]) -> dict[str, Any]:
    """Both sides over what was kept of a real batch; the look is a leaf before anything is read."""
    if home is None or person is None:
        raise Refused("A batch is looked at in its home, by somebody.", "Who looks is on record first.", "Add --home and --as.")
    with writing(home.engine) as conn:
        get(conn, batch)
        inspection(home, conn, person=person, why="diff", command="rules.diff", batch_id=batch)
    publish(home)
    with reading(home.engine) as conn:
        basis = basis_of(home, conn, batch)
        kept = kept_of(home, conn, batch, basis)
        sides = [_under(conn, text, name, home, basis) for text in typed]
    (old, old_switches), (new, new_switches) = sides
    decided = [decide_under(kept, rules, switches, basis.agreement.answer) for rules, switches in sides]
    outcomes = {
        stage: diff_outcomes(old, new, stage, facts, (old_switches, new_switches))
        for stage, facts in (("check", kept.facts), ("match", kept.joined))
    }
    changed = {"batch": batch, "requests": decided[0].num_rows, "decisions": diff_decisions(*decided), "outcomes": outcomes}
    return diff(old, new) | {"switches": _positions(old_switches, new_switches)} | changed


def _under(conn: Connection, text: str, name: str, home: Home, basis: Basis) -> tuple[RuleSet, Mapping[str, bool]]:
    """A side's rules and switches for a batch: `recorded` is what the ledger says, and where a side has no day, the batch's is meant.

    Switches are those of the day in this home, or the recorded ones; another agreement's stand as it states them.
    """
    if text == "recorded":
        return basis.rules, basis.switches
    one = side(text, name, home)
    rules = one.rules if one.when is not None else one.rules.as_of(*[dt.date(1970, 1, 1) + dt.timedelta(days=basis.day)] * 2)
    stood = basis.switches if one.when is None else switches_on(conn, basis.agreement, one.when.valid, one.when.known)
    standing = rules.positions()
    own = {switch: on for switch, on in stood.items() if switch in standing and rules.agreement == basis.rules.agreement}
    return rules, standing | own


def _positions(old: Mapping[str, bool], new: Mapping[str, bool]) -> list[dict[str, object]]:
    names = sorted(set(old) | set(new))
    return [{"switch": name, "old": old.get(name), "new": new.get(name)} for name in names if old.get(name) != new.get(name)]


def _decisions(found: dict[str, Any]) -> list[str]:
    lines = [
        f"{one['requests']:,} requests from {_decided(one['old'])} to {_decided(one['new'])}{_examples(one)}" for one in found["decisions"]
    ]
    changed = sum(one["requests"] for one in found["decisions"])
    return [*lines, f"{changed:,} of {found['requests']:,} requests of {found['batch']} would be decided otherwise or for another reason."]


def _examples(one: dict[str, Any]) -> str:
    return f", for example {', '.join(map(str, one['examples']))}"


def _decided(one: dict[str, Any]) -> str:
    return f"{one['decision']} {one['reason']}" if one["reason"] else str(one["decision"])
