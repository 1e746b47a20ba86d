"""`rules diff … --replay june-2025`: ruling by ruling, what each changed, as a person reads it."""

from __future__ import annotations

from typing import Any

from portcullis.cli.output import log, result
from portcullis.cli.sides import Side
from portcullis.errors import Refused
from portcullis.reread import REPLAY, reread
from portcullis.rules import diff

__all__ = ["replayed"]


def replayed(sides: list[Side], replay: str, scale: float, as_json: bool) -> None:
    """Print the steps between two days. Raises Refused for another replay, or a side without a day."""
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
