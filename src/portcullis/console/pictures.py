"""Pictures as SVG made here, without script or style: bars differ by length and label, and every number stands in a table beside them."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

__all__ = ["bars"]

_WIDTH, _ROW, _LABEL, _BAR = 720, 30, 220, 400


def bars(title: str, values: Mapping[str, int]) -> Markup:
    """Horizontal bars with their numbers, and the same as a table."""
    if not values:
        return Markup("")
    most = max(*values.values(), 1)
    drawn, rows = [], []
    for place, (name, value) in enumerate(values.items()):
        y, width = place * _ROW + 6, max(round(_BAR * value / most), 1 if value else 0)
        drawn.append(
            f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end" font-size="14" fill="#1b1b1b">{escape(_words(name))}</text>'
            f'<rect x="{_LABEL}" y="{y}" width="{width}" height="18" fill="#005ea2"/>'
            f'<text x="{_LABEL + width + 8}" y="{y + 14}" font-size="14" fill="#1b1b1b">{value:,}</text>'
        )
        rows.append(f'<tr><th scope="row">{escape(_words(name))}</th><td class="number">{value:,}</td></tr>')
    height = len(values) * _ROW + 8
    picture = f'<svg class="picture" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    table = (
        f'<details><summary>The same as a table</summary><table class="usa-table usa-table--compact"><caption>{escape(title)}</caption>'
        f'<thead><tr><th scope="col">What</th><th scope="col">Requests</th></tr></thead><tbody>{"".join(rows)}</tbody></table></details>'
    )
    return Markup(picture + table)  # noqa: S704 - every value in it was escaped


def _words(name: str) -> str:
    return name.replace("_", " ")
