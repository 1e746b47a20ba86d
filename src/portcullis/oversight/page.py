"""Print-ready pages: one self-contained HTML file, no script, nothing fetched, every value escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["page", "table"]

_STYLE = (
    "body{font:12pt/1.4 serif;margin:2em auto;max-width:60em;color:#000;background:#fff}table{border-collapse:collapse;margin:1em 0}"
    "th,td{border:1px solid #555;padding:.3em .6em;text-align:left}td.n{text-align:right}@media print{body{margin:0}}"
)


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page; `parts` are HTML already."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{escape(title)}</h1>{"".join(parts)}</body></html>\n'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a heading row; numbers are right-aligned, None is shown as suppressed."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    return f"<td>{'suppressed' if value is None else escape(str(value))}</td>"
