"""Pictures as SVG made here, without script or style. Nothing is told by colour alone, and every number stands in a table beside.

`bars` compare counts; `funnel` shows what is left after each step, and what was lost; `waterfall` adds weights up; `columns` go through
time; `timeline` puts events in order. Each takes plain values and returns the picture with its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

__all__ = ["bars", "beside", "columns", "funnel", "timeline", "waterfall"]

_WIDTH, _ROW, _LABEL, _BAR = 720, 30, 220, 400
_INK, _SOFT, _BLUE, _RED, _LINE = "#1b1b1b", "#454545", "#005ea2", "#b50909", "#71767a"
_TALL, _MOST_COLUMNS, _NAMED = 160, 24, 6


def _text(x: float, y: float, words: object, anchor: str = "start", fill: str = _INK) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="14" fill="{fill}">{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, paint: str = f'fill="{_BLUE}"') -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {paint}/>'


def _picture(title: str, height: float, drawn: Iterable[str]) -> str:
    return f'<svg class="picture" viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'


def beside(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table of a picture; the first column names the row, numbers stand to the right."""
    named = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f'<td class="number">{one:,}</td>' if isinstance(one, (int, float)) else f"<td>{escape(one)}</td>" for one in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<details><summary>The same as a table</summary><table class="usa-table usa-table--compact"><caption>{escape(title)}</caption>'
        f"<thead><tr>{named}</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _whole(title: str, height: float, drawn: Iterable[str], head: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    return Markup(_picture(title, height, drawn) + beside(title, head, rows))  # noqa: S704 - every value in it was escaped


def bars(title: str, values: Mapping[str, int], unit: str = "Requests") -> Markup:
    """Horizontal bars with their numbers; nothing when there are none."""
    if not values:
        return Markup("")
    most, drawn = max(*values.values(), 1), []
    for place, (name, value) in enumerate(values.items()):
        y, width = place * _ROW + 6, max(round(_BAR * value / most), 1 if value else 0)
        drawn += [_text(_LABEL - 8, y + 14, _words(name), "end"), _rect(_LABEL, y, width, 18)]
        drawn.append(_text(_LABEL + width + 8, y + 14, f"{value:,}"))
    rows = [(_words(name), value) for name, value in values.items()]
    return _whole(title, len(values) * _ROW + 8, drawn, ("What", unit), rows)


def funnel(title: str, steps: Sequence[tuple[str, int]]) -> Markup:
    """What is left after each step, in the middle, and beside it what was lost on the way; nothing without a step."""
    if not steps:
        return Markup("")
    most, middle, drawn = max(steps[0][1], 1), _LABEL + _BAR / 2, []
    rows: list[tuple[str, int, int]] = []
    for place, (name, value) in enumerate(steps):
        lost = steps[place - 1][1] - value if place else 0
        y, width = place * 40 + 6, max(_BAR * value / most, 1 if value else 0)
        said = f"{value:,} (−{lost:,})" if lost else f"{value:,}"
        drawn += [_text(_LABEL - 8, y + 18, name, "end"), _rect(middle - width / 2, y, width, 26), _text(_WIDTH - 4, y + 18, said, "end")]
        rows.append((name, value, lost))
    return _whole(title, len(steps) * 40 + 8, drawn, ("After this step", "Requests", "Lost at it"), rows)


def waterfall(title: str, steps: Sequence[Mapping[str, Any]]) -> Markup:
    """Match weights added up, in bits: to the right speaks for, to the left against; `compared` and `bits` of each step."""
    total, spans, low, high = 0.0, [], 0.0, 1.0
    for step in steps:
        begin, total = total, total + float(step["bits"])
        spans.append((min(begin, total), max(begin, total)))
        low, high = min(low, total), max(high, total)
    scale, drawn, rows = 380 / max(high - low, 1.0), [], []
    for place, (step, (begin, end)) in enumerate(zip(steps, spans, strict=True)):
        y, bits, name = place * _ROW + 6, float(step["bits"]), _words(str(step["compared"]))
        paint = f'fill="{_BLUE}"' if bits >= 0 else f'fill="none" stroke="{_RED}" stroke-width="2" stroke-dasharray="4 2"'
        bar = _rect(_LABEL + (begin - low) * scale, y, max((end - begin) * scale, 1), 18, paint)
        drawn += [_text(_LABEL - 8, y + 14, name, "end"), bar if bits else "", _text(_WIDTH - 4, y + 14, _bits(bits), "end")]
        rows.append((name, _bits(bits)))
    y, zero = len(steps) * _ROW + 20, _LABEL - low * scale
    drawn.append(f'<line x1="{zero:g}" y1="0" x2="{zero:g}" y2="{y - 16:g}" stroke="{_LINE}"/>')
    drawn.append(_text(_WIDTH - 4, y, f"together {_bits(total)} bits", "end"))
    return _whole(title, y + 8, drawn, ("Compared", "Bits"), [*rows, ("together", _bits(total))])


def columns(title: str, values: Mapping[str, int], unit: str) -> Markup:
    """Upright bars through time, the latest to the right; at most two years of months are drawn, the table has all."""
    if not values:
        return Markup("")
    shown = list(values.items())[-_MOST_COLUMNS:]
    most, wide, drawn = max(*(value for _, value in shown), 1), _WIDTH / max(len(shown), 6), []
    few, last = len(shown) <= _NAMED, len(shown) - 1
    for place, (name, value) in enumerate(shown):
        tall, x = max(_TALL * value / most, 1 if value else 0), place * wide
        drawn.append(_rect(x + wide * 0.15, 20 + _TALL - tall, wide * 0.7, tall))
        drawn.append(_text(x + wide / 2, 14 + _TALL - tall, f"{value:,}", "middle"))
        if few or place in (0, last):
            at, anchor = (x + wide / 2, "middle") if few else (x, "start") if place == 0 else (x + wide, "end")
            drawn.append(_text(at, _TALL + 38, name, anchor))
    drawn.append(f'<line x1="0" y1="{20 + _TALL}" x2="{_WIDTH}" y2="{20 + _TALL}" stroke="{_LINE}"/>')
    return _whole(title, _TALL + 46, drawn, ("When", unit), list(values.items()))


def timeline(title: str, events: Sequence[tuple[str, str, int | None]]) -> Markup:
    """Events in their order, from above: when, what, and the leaf that says so where there is one."""
    if not events:
        return Markup("")
    end, drawn = (len(events) - 1) * 34 + 16, []
    drawn.append(f'<line x1="240" y1="16" x2="240" y2="{end}" stroke="{_LINE}" stroke-width="2"/>')
    for place, (when, what, leaf) in enumerate(events):
        y = place * 34 + 16
        said = what if leaf is None else f"{what}, leaf {leaf:,}"
        drawn += [_text(228, y + 5, when, "end"), f'<circle cx="240" cy="{y}" r="6" fill="{_INK}"/>', _text(254, y + 5, said)]
    rows = [(what, when, "–" if leaf is None else leaf) for when, what, leaf in events]
    return _whole(title, len(events) * 34, drawn, ("What", "When", "Leaf"), rows)


def _bits(value: float) -> str:
    """+7.5, −9.0 with a minus that is read as one, 0 for nothing."""
    return f"{value:+.1f}".replace("-", "−") if value else "0"


def _words(name: str) -> str:
    return name.replace("_", " ")
