"""`portcullis rules diff`: what changed between two readings of the law, in text and in outcomes, counted by reason.

Over the synthetic file of June 2025 (`--replay`) it tells ruling by ruling what each changed. Outcomes are counts and ordinals, never a
value of a row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from portcullis.cli.output import JsonOption, log, result
from portcullis.cli.sides import Side, day, side
from portcullis.errors import Refused
from portcullis.readings import AsOf
from portcullis.reread import REPLAY, reread
from portcullis.rules import diff

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
    as_json: JsonOption = False,
) -> None:
    """What changed between two rule sets, days or versions: text, and outcomes by reason with counts and examples."""
    sides = [_dated(side(old, name), old_on), _dated(side(new, name), new_on)]
    if replay is not None:
        _replayed(sides, replay, scale, as_json)
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
    for stage, changes in found.get("outcomes", {}).items():
        lines += [f"{stage} {one['rule']}: {one['requests']} requests from {_said(one['old'])} to {_said(one['new'])}" for one in changes]
    return "\n".join(lines) or "No difference."


def _sides(change: dict[str, Any]) -> str:
    if change["change"] != "changed":
        return ""
    if isinstance(change["old"], dict):
        return ": " + ", ".join(sorted(change["old"]))
    return f": {change['old']} to {change['new']}"


def _said(one: dict[str, Any]) -> str:
    return f"{one['verdict']} {one['reason']}" if one["reason"] else str(one["verdict"])


# ---- ruling by ruling


def _replayed(sides: list[Side], replay: str, scale: float, as_json: bool) -> None:
    if replay != REPLAY:
        raise Refused("There is no such replay.", f"There is {REPLAY}.", f"Type: portcullis rules diff 2025-08-07 today --replay {REPLAY}")
    old, new = (one.when for one in sides)
    if old is None or new is None:
        raise Refused(
            "A replay is between two days.", "One of the two has none.", f"Type: portcullis rules diff 2025-08-07 today --replay {REPLAY}"
        )
    text = diff(sides[0].rules, sides[1].rules)
    found = {**text, **reread(old, new, scale, say=lambda step: log("replay", step=step))}
    result(found, as_json, lambda: "\n".join(_read_again(found)))


def _read_again(found: dict[str, Any]) -> list[str]:
    head = (
        f"The June 2025 file, synthetic, at scale {found['scale']:g}; applied on {found['applied']['on']} [R]: {found['applied']['says']}"
    )
    lines = [head, f"{found['released_old']:,} released, as read {found['old']}", ""]
    for step in found["steps"]:
        lines += _ruling(step, found["new"])
    lines += [f"{found['released_new']:,} of them would still leave, as read {found['new']}."]
    lines += [f"{found['released_all_rules']:,} pass every rule of the agreement, whatever the courts said."]
    texts = len(found["text"])
    return [*lines, f"Text of the rules between the two: {f'{texts} changes' if texts else 'no difference'}.", _CAUTION]


_CAUTION = (
    "Rulings are tagged R, reported, or I, inferred; none was read in full, none is certain, and they are in force only in this replay."
)


def _ruling(step: dict[str, Any], new: str) -> list[str]:
    lines = [f"{step['decided']}  {step['court']}  {step['kind']} [{step['source']}]  {step['case']}", f"  {step['says']}"]
    for change in step["changes"]:
        where = "" if change["in_force"] else f"; an order, not in force on {new.partition('@')[0]}"
        lines.append(
            f"  {change['rule']} {change['as']} [{change['source']}]: {change['released_contrary']:,} releases{where}. {change['says']}"
        )
        lines += [f"      {count:,} {code} ({word})" for word, codes in change["by_reason"].items() for code, count in codes.items()]
        lines += [f"      {change['check_not_made']:,} would pass, but the check was not made"] if change["check_not_made"] else []
        lines += [f"      for example requests {', '.join(map(str, change['examples']))}"] if change["examples"] else []
    return [*lines, f"  by itself {step['stopped_alone']:,}; released {step['released_before']:,} → {step['released_after']:,}", ""]
