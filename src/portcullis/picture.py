"""The replay as a picture and as a table: text and bars in SVG, drawn here, without any dependency or script.

The picture is on its own light ground with dark text, so it reads on a light and on a dark page. Bars differ by pattern and label as
well as by colour; every number in it stands in its description too. `result` is what `portcullis replay june-2025 --json` prints:
`runs` (as_it_was_done, gateway, perfected) and `layers`, each with `layer`, `rules` (ids), `stopped` and `released`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["keep_replay", "kept_replay", "replay_rows", "replay_svg", "replay_table"]

FILE = "replay.json"

RUNS = (("as_it_was_done", "As it was done"), ("gateway", "Through the gateway"), ("perfected", "The same people, lawfully"))
ROWS = (
    ("requests", "requests"), ("released", "released"), ("unlawful", "of them unlawful (address not confirmed)"),
    ("unlawful_all_rules", "of them unlawful (all rules)"), ("lawful_matchable", "requests that must be answered"),
    ("lawful_released", "of them answered"), ("wrong_person", "about somebody else"), ("seconds", "seconds"),
)  # fmt: skip
_WIDTH, _PANEL, _GAP, _BAR = 960, 290, 25, 250
_ROW = 40
_INK, _SOFT, _GROUND, _LINE = "#1b1b1b", "#454545", "#ffffff", "#8d9297"
_LAWFUL, _UNLAWFUL = "#005ea2", "#b50909"
_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def _number(value: object) -> str:
    """1,234 or 1.2; a dash when there is none."""
    if value is None:
        return "–"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def _text(x: float, y: float, words: str, *, size: int = 14, weight: int = 400, fill: str = _INK) -> str:
    """One line of text."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{fill}">{escape(words)}</text>'


def _bar(x: float, y: float, width: float, fill: str, height: int = 26) -> str:
    """One bar; nothing when it has no width, never thinner than one unit."""
    return f'<rect x="{x:g}" y="{y:g}" width="{max(width, 1):g}" height="{height}" fill="{fill}"/>' if width > 0 else ""


def _panel(left: float, title: str, run: Mapping[str, Any], largest: int) -> list[str]:
    """One run: its name, the bar of what was released, what was due, and the numbers."""
    scale = _BAR / largest
    released, unlawful, due = int(run["released"]), int(run["unlawful"]), int(run["lawful_matchable"])
    lawful = released - unlawful
    frame = (
        f'<rect x="{left:g}" y="88" width="{due * scale:g}" height="36" fill="none" stroke="{_INK}" stroke-dasharray="4 3"/>' if due else ""
    )
    lines = (
        f"{_number(released)} released of {_number(run['requests'])}",
        f"{_number(unlawful)} without the address confirmed",
        f"{_number(run['unlawful_all_rules'])} against any rule",
        f"{_number(run['lawful_released'])} answered of {_number(due)} that must be",
        f"{_number(run['wrong_person'])} about somebody else",
    )
    bars = [_bar(left, 93, lawful * scale, _LAWFUL), _bar(left + lawful * scale, 93, unlawful * scale, "url(#unlawful)")]
    nothing = [] if released else [_text(left, 111, "nothing released", fill=_SOFT)]
    written = [_text(left, 152 + 22 * row, line, weight=600 if row == 0 else 400) for row, line in enumerate(lines)]
    return [_text(left, 74, title, size=16, weight=700), frame, *bars, *nothing, *written]


def _layer_rows(layers: Sequence[Mapping[str, Any]], top: float) -> list[str]:
    """What each layer stops by itself, the others switched off."""
    largest = max([int(layer["stopped"]) for layer in layers] + [1])
    out = [_text(30, top, "What each layer stops by itself, the others switched off", size=16, weight=700)] if layers else []
    for row, layer in enumerate(layers):
        y = top + 20 + _ROW * row
        width = 300 * int(layer["stopped"]) / largest
        out += [
            _text(30, y + 10, str(layer["layer"])),
            _text(30, y + 26, ", ".join(map(str, layer["rules"])), size=11, fill=_SOFT),
            _bar(440, y, width, _LAWFUL, 22),
            _text(450 + width, y + 17, f"{_number(layer['stopped'])} stopped, {_number(layer['released'])} released"),
        ]
    return out


def _description(result: Mapping[str, Any]) -> str:
    """Every number of the picture in sentences."""
    runs = (
        f"{title}: {_number(run['released'])} of {_number(run['requests'])} released, {_number(run['unlawful'])} of them unlawful; "
        f"{_number(run['lawful_released'])} of {_number(run['lawful_matchable'])} lawful requests answered; "
        f"{_number(run['wrong_person'])} about somebody else."
        for title, run in _runs(result)
    )
    layers = (f"{layer['layer']}: {_number(layer['stopped'])} stopped." for layer in result.get("layers", ()))
    return " ".join((*runs, *layers))


def _runs(result: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The runs that are there, in their order, with their titles."""
    return [(title, result["runs"][name]) for name, title in RUNS if name in result["runs"]]


def replay_svg(result: Mapping[str, Any]) -> str:
    """The picture of one replay as a whole SVG document."""
    runs, layers = list(_runs(result)), list(result.get("layers", ()))
    largest = max([max(int(run["released"]), int(run["lawful_matchable"])) for _, run in runs] + [1])
    height = 300 + (64 + _ROW * len(layers) if layers else 0)
    body = [line for at, (title, run) in enumerate(runs) for line in _panel(30 + at * (_PANEL + _GAP), title, run, largest)]
    body += _layer_rows(layers, 322)
    title = "The data file of June 2025, replayed on synthetic data"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-labelledby="replay-title replay-desc" font-family="{_FONT}">'
    )
    pattern = (
        '<defs><pattern id="unlawful" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="8" height="8" fill="{_UNLAWFUL}"/><rect width="2" height="8" fill="{_GROUND}"/></pattern></defs>'
    )
    ground = f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8" fill="{_GROUND}" stroke="{_LINE}"/>'
    outline = f'<rect x="410" y="272" width="18" height="14" fill="none" stroke="{_INK}" stroke-dasharray="4 3"/>'
    named = ((54, "address confirmed"), (234, "address not confirmed"), (434, "must be answered"))
    legend = [_text(30, 38, title, size=20, weight=700), _bar(30, 272, 18, _LAWFUL, 14), _bar(210, 272, 18, "url(#unlawful)", 14), outline]
    legend += [_text(x, 284, words, fill=_SOFT) for x, words in named]
    described = f'<title id="replay-title">{escape(title)}</title><desc id="replay-desc">{escape(_description(result))}</desc>'
    return "\n".join((head, described, pattern, ground, *legend, *(line for line in body if line), "</svg>")) + "\n"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]


def replay_table(result: Mapping[str, Any]) -> str:
    """The numbers of one replay as text for a terminal."""
    runs = list(_runs(result))
    table = [["", *(title for title, _ in runs)]]
    table += [[label, *(_number(run.get(key)) for _, run in runs)] for key, label in ROWS]
    lines = _aligned(table)
    layers = list(result.get("layers", ()))
    if layers:
        cells = [["layer by itself", "stopped", "released"]]
        cells += [
            [f"{layer['layer']} ({', '.join(map(str, layer['rules']))})", _number(layer["stopped"]), _number(layer["released"])]
            for layer in layers
        ]
        lines += ["", *_aligned(cells)]
    return "\n".join(lines) + "\n"


def replay_rows(result: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and the rows of a table of one replay, every cell as text."""
    runs = list(_runs(result))
    rows = [(label, *(_number(run.get(key)) for _, run in runs)) for key, label in ROWS]
    return ("", *(title for title, _ in runs)), rows


def keep_replay(home: Path, result: Mapping[str, Any]) -> None:
    """Lay the figures of a replay into a home, for its console to draw; they are counts over synthetic people."""
    told = {"runs": result["runs"], "layers": result.get("layers", [])}
    (home / FILE).write_text(json.dumps(told, sort_keys=True), encoding="utf-8")


def kept_replay(home: Path) -> dict[str, Any] | None:
    """The figures that were laid there; None when there are none, or they cannot be read."""
    with suppress(OSError, ValueError):
        found = json.loads((home / FILE).read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("runs"), dict):
            return found
    return None
