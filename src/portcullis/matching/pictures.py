"""The frontier, the reliability and a waterfall as SVG: drawn here, without dependency or script, readable without colour.

Every picture carries its numbers as text and in its description; dark ink on its own light ground.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["frontier_svg", "reliability_svg", "waterfall_svg"]

_INK, _SOFT, _GROUND, _LINE, _FOR, _AGAINST = "#1b1b1b", "#454545", "#ffffff", "#8d9297", "#005ea2", "#b50909"
_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"
_WIDTH = 760


def _text(x: float, y: float, words: str, *, size: int = 13, fill: str = _INK, anchor: str = "start", weight: int = 400) -> str:
    where = f'x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{fill}" text-anchor="{anchor}"'
    return f"<text {where}>{escape(words)}</text>"


def _picture(name: str, title: str, said: str, height: float, body: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" height="{height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="{_FONT}">'
    )
    described = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(said)}</desc>'
    ground = f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1:g}" rx="8" fill="{_GROUND}" stroke="{_LINE}"/>'
    return "\n".join((head, described, ground, _text(24, 36, title, size=18, weight=700), *body, "</svg>")) + "\n"


def frontier_svg(points: Sequence[Mapping[str, Any]]) -> str:
    """Recall (bars) and wrong answers (figures) as strata are released one after the other; what the ladder never releases is hollow."""
    body = [
        _text(24, 62, "released up to", fill=_SOFT),
        _text(130, 62, "recall", fill=_SOFT),
        _text(736, 62, "wrong", fill=_SOFT, anchor="end"),
    ]
    for row, point in enumerate(points):
        y, recall = 76 + 30 * row, point["recall"] or 0.0
        fill = f'fill="{_FOR}"' if point["released_by_the_ladder"] else f'fill="none" stroke="{_INK}" stroke-dasharray="4 3"'
        body += [
            _text(24, y + 16, str(point["up_to"]), weight=600),
            f'<rect x="130" y="{y}" width="{max(recall * 440, 1):.1f}" height="22" {fill}/>',
            _text(140 + recall * 440, y + 16, f"{recall:.4f}"),
            _text(736, y + 16, str(point["wrong"]), anchor="end", weight=600),
        ]
    body.append(_text(24, 100 + 30 * len(points), "Dashed: what the ladder never releases by itself; a person decides.", fill=_SOFT))
    said = " ".join(f"Up to {p['up_to']}: recall {p['recall'] or 0:.4f}, {p['wrong']} wrong." for p in points)
    return _picture("frontier", "Recall and wrong answers, stratum by stratum", said, 120 + 30 * len(points), body)


def _wide(share: float) -> float:
    """A bar's width for a share, logarithmic from one in a million."""
    return 260 * (6 - min(6.0, max(0.0, -math.log10(max(share, 1e-6))))) / 6


def reliability_svg(bins: Sequence[Mapping[str, Any]]) -> str:
    """What the match weights claim against what was so, by how much they claim."""
    titles = ((24, "claimed between", "start"), (300, "requests", "end"), (330, "claimed wrong and found wrong, one bar each", "start"))
    body = [_text(x, 62, words, fill=_SOFT, anchor=anchor) for x, words, anchor in titles]
    for row, one in enumerate(bins):
        y = 76 + 40 * row
        shares = ((1 - one["claimed"], "none", 0), (1 - one["right"], _AGAINST, 15))
        body += [_text(24, y + 18, f"{one['from']:g} and {one['to']:g}"), _text(300, y + 18, f"{one['requests']:,}", anchor="end")]
        for share, fill, down in shares:
            width = _wide(share)
            body.append(f'<rect x="330" y="{y + down}" width="{max(width, 1):.1f}" height="12" fill="{fill}" stroke="{_INK}"/>')
            body.append(_text(340 + width, y + down + 11, f"{share:.1e}" if share else "none", size=11))
    note = "Hollow: the share the weights say is wrong. Filled: the share that was. Logarithmic, from one in a million."
    said = " ".join(
        f"Between {b['from']:g} and {b['to']:g}: {b['requests']} requests, claimed {b['claimed']:.6f}, right {b['right']:.6f}."
        for b in bins
    )
    body.append(_text(24, 100 + 40 * len(bins), note, fill=_SOFT))
    return _picture("reliability", "What the match weights claim, and what was so", said, 120 + 40 * len(bins), body)


def waterfall_svg(steps: Sequence[tuple[str, float]]) -> str:
    """One candidate's weights, step by step, in bits."""
    total, at, low, high = 0.0, [], 0.0, 1.0
    for _, bits in steps:
        at.append((total, total + bits))
        total += bits
        low, high = min(low, total), max(high, total)
    scale, body = 440 / max(high - low, 1.0), []
    for row, ((name, bits), (begin, end)) in enumerate(zip(steps, at, strict=True)):
        y, left = 60 + 30 * row, 230 + (min(begin, end) - low) * scale
        body += [
            _text(24, y + 16, name),
            f'<rect x="{left:.1f}" y="{y}" width="{max(abs(bits) * scale, 1):.1f}" height="20" fill="{_FOR if bits >= 0 else _AGAINST}"/>',
            _text(736, y + 16, f"{bits:+.1f}", anchor="end", weight=600),
        ]
    body.append(_text(736, 76 + 30 * len(steps), f"together {total:+.1f} bits", anchor="end", weight=700))
    said = " ".join(f"{name}: {bits:+.1f} bits." for name, bits in steps) + f" Together {total:+.1f} bits."
    return _picture("waterfall", "What each comparison adds, in bits", said, 96 + 30 * len(steps), body)
