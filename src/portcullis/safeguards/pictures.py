"""What happened afterwards, as pictures: the clock of an incident, a recall by custodian, what an order met. SVG drawn here, no script.

On its own light ground with dark text, so that it reads on any page; what colour says stands beside it in words, and every word of a
picture stands in its description too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from portcullis.exchange.filing import instant_of

__all__ = ["Event", "effects_picture", "matter_picture", "progress", "timeline"]

_WIDTH, _LEFT, _ROW = 860, 30, 34
_INK, _SOFT, _GROUND, _LINE = "#1b1b1b", "#454545", "#ffffff", "#8d9297"
_DONE, _LATE, _OPEN = "#005ea2", "#b50909", "#dfe1e2"
_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"
_STEPS = ("ordered", "acknowledged", "certified", "disposed")
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Event:
    """Something at a time (RFC 3339): in words, and whether it is bad."""

    at: str
    words: str
    bad: bool = False


def timeline(title: str, events: Sequence[Event], note: str = "") -> str:
    """Events one below the other, in their order, each with its time and how long after the first it was."""
    ordered = sorted(events, key=lambda event: event.at)
    rows, y = [f'<line x1="{_LEFT + 6}" y1="70" x2="{_LEFT + 6}" y2="{70 + _ROW * max(len(ordered) - 1, 0)}" stroke="{_LINE}"/>'], 70
    for event in ordered:
        fill = _LATE if event.bad else _DONE
        rows.append(f'<circle cx="{_LEFT + 6}" cy="{y}" r="6" fill="{fill}"/>')
        rows.append(_text(_LEFT + 24, y + 5, _when(event.at)) + _text(_LEFT + 190, y + 5, _after(ordered[0].at, event.at), fill=_SOFT))
        rows.append(_text(_LEFT + 300, y + 5, event.words, weight=600 if event.bad else 400, fill=fill if event.bad else _INK))
        y += _ROW
    said = ". ".join(f"{_when(event.at)}: {event.words}" for event in ordered)
    return _svg(title, f"{said}. {note}".strip(), rows + ([_text(_LEFT, y + 10, note, fill=_SOFT)] if note else []), y + 30)


def progress(title: str, parts: Mapping[str, Mapping[str, Any]]) -> str:
    """How far each custodian of a recall is: ordered, acknowledged, certified, disposed."""
    rows, y, width = [], 92, 120
    rows += [_text(_LEFT + 260 + width * n, 70, step, size=12, fill=_SOFT) for n, step in enumerate(_STEPS)]
    for who, each in sorted(parts.items()):
        reached = _STEPS.index(str(each["state"]))
        rows.append(_text(_LEFT, y + 13, who, weight=600) + _text(_LEFT + 110, y + 13, f"{each['records']:,} records", fill=_SOFT))
        for n in range(len(_STEPS)):
            fill = (_LATE if each.get("late") and n == 1 else _DONE) if n <= reached else _OPEN
            rows.append(f'<rect x="{_LEFT + 260 + width * n}" y="{y}" width="{width - 8}" height="18" fill="{fill}"/>')
        rows.append(_text(_LEFT + 260 + width * 4, y + 13, "late" if each.get("late") else "", fill=_LATE))
        y += _ROW
    said = [f"{who}: {each['records']} records, {each['state']}{', late' if each.get('late') else ''}" for who, each in parts.items()]
    return _svg(title, ". ".join(said), rows, y + 16)


def matter_picture(found: Mapping[str, Any]) -> str:
    """The picture of one matter as `safeguard status --matter` shows it: a recall by custodian, anything else as its steps in time."""
    title = f"{found['matter']}: {found['kind'].replace('_', ' ')}, {found['state'].replace('_', ' ')}"
    if found["kind"] == "recall":
        return progress(title, found["custodians"])
    if found["kind"] == "incident":
        return timeline(title, _incident(found), "Red: after the 24 hours for the report, or later than a day for telling.")
    return timeline(title, [Event(found["opened"], "opened"), *(Event(step["at"], step["step"]) for step in found["steps"])])


def _incident(found: Mapping[str, Any]) -> list[Event]:
    identified = found["detail"]["identified"]
    events = [Event(identified, "identified: the clock runs"), Event(found["opened"], "entered")]
    for step in found["steps"]:
        kind, about = step["step"], step["about"]
        if kind == "incident.told":
            events.append(Event(about["told"], f"{about['whom']} told", _hours(identified, about["told"]) > 24))
        elif kind == "incident.reported":
            events.append(Event(step["at"], "reported" + (", LATE" if about["late"] else ", in time"), bool(about["late"])))
        else:
            events.append(Event(step["at"], kind.partition(".")[2]))
    return events


def effects_picture(found: Mapping[str, Any]) -> str:
    """What an order met, in time: what had left, the court's time and ours, what was withheld."""
    events = [Event(found["court_time"], f"the court makes the order {found['order']}"), Event(found["imposed"], "imposed here")]
    for left in found["already_left"]:
        late = bool(left["after_the_court"])
        words = f"{left['batch']} leaves, {left['answers']:,} answers" + (": AFTER the court's time" if late else "")
        events.append(Event(left["dispatched"], words, late))
    for held in found["withheld"]:
        taken = f", {held['answers_withheld']:,} sealed answers withheld" if held["answers_withheld"] else ""
        events.append(Event(held["held"], f"{held['batch']} held, was {held['state']}{taken}"))
    events += [Event(found["lifted"], "lifted: nothing revives")] if found["lifted"] else []
    refused = found["refused_at_receipt"]
    return timeline(f"Order {found['order']}", events, f"{refused} batches were refused at receipt while it was in force.")


def _hours(first: str, then: str) -> float:
    return (instant_of(then) - instant_of(first)) / _HOUR


def _after(first: str, then: str) -> str:
    hours = _hours(first, then)
    return "" if hours == 0 else f"+ {hours:,.0f} h" if hours < 72 else f"+ {hours / 24:,.0f} days"


def _when(at: str) -> str:
    return f"{at[:10]} {at[11:16]}"


def _text(x: float, y: float, words: str, *, size: int = 14, weight: int = 400, fill: str = _INK) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{fill}">{escape(words)}</text>' if words else ""


def _svg(title: str, described: str, rows: Sequence[str], height: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-labelledby="title desc" font-family="{_FONT}">'
    )
    told = f'<title id="title">{escape(title)}</title><desc id="desc">{escape(described)}</desc>'
    ground = f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8" fill="{_GROUND}" stroke="{_LINE}"/>'
    return "\n".join((head, told, ground, _text(_LEFT, 36, title, size=18, weight=700), *(row for row in rows if row), "</svg>")) + "\n"
