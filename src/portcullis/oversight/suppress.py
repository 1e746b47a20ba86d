"""Suppressing small cells so that nobody can compute them back from what is published beside them.

A table of quarters by outcome is published with its row and column totals. A cell above zero and below the threshold is suppressed. A
suppressed cell can be computed exactly when no other table of whole numbers, none below zero, has the same totals and published cells: when
nothing can be moved round a cycle of suppressed cells through it (one cell up, the next down, where it is not zero). So more cells are
suppressed, the smallest first, until every one can be moved and no line's suppressed cells add up to less than the threshold. Where that
cannot be reached everything is suppressed, and the caller suppresses the totals too.
Source: the cycle criterion of cell suppression (Gusfield 1988, K), with the bound at zero; our own implementation.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["suppress"]

Cell = tuple[int, int]
Node = tuple[str, int]


def suppress(table: Sequence[Sequence[int]], threshold: int) -> list[list[int | None]]:
    """The table with None where a cell is suppressed. A single row is published with its own total only."""
    if len(table) == 1:
        return [_line(table[0], threshold)]
    hidden = {(r, c) for r, row in enumerate(table) for c, value in enumerate(row) if 0 < value < threshold}
    while (cell := _exposed(table, hidden, threshold)) is not None:
        more = _next(table, hidden, cell)
        if not more:
            return [[None] * len(row) for row in table]
        hidden |= more
    return [[None if (r, c) in hidden else value for c, value in enumerate(row)] for r, row in enumerate(table)]


def _line(row: Sequence[int], threshold: int) -> list[int | None]:
    hidden = {c for c, value in enumerate(row) if 0 < value < threshold}
    others = sorted((value == 0, value, c) for c, value in enumerate(row) if c not in hidden)
    while hidden and others and (len(hidden) == 1 or sum(row[c] for c in hidden) < threshold):
        hidden.add(others.pop(0)[2])
    return [None if c in hidden else value for c, value in enumerate(row)]


def _exposed(table: Sequence[Sequence[int]], hidden: set[Cell], threshold: int) -> Cell | None:
    """A suppressed cell that could be computed, or whose line's suppressed cells are together too few."""
    for cell in sorted(hidden):
        row = sum(table[r][c] for r, c in hidden if r == cell[0])
        column = sum(table[r][c] for r, c in hidden if c == cell[1])
        if table[cell[0]][cell[1]] and (min(row, column) < threshold or not _movable(table, hidden, cell)):
            return cell
    return None


def _movable(table: Sequence[Sequence[int]], hidden: set[Cell], cell: Cell) -> bool:
    """Whether another table has the same totals and another value here: a way round from one end of the cell to the other."""
    arcs: dict[Node, set[Node]] = {}
    for r, c in hidden - {cell}:
        arcs.setdefault(("row", r), set()).add(("column", c))  # this cell may grow
        if table[r][c]:
            arcs.setdefault(("column", c), set()).add(("row", r))  # and shrink, unless it is zero
    row, column = ("row", cell[0]), ("column", cell[1])
    return _leads(arcs, row, column) or _leads(arcs, column, row)


def _leads(arcs: dict[Node, set[Node]], start: Node, end: Node) -> bool:
    reached, waiting = {start}, [start]
    while waiting:
        for node in arcs.get(waiting.pop(), ()):
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    return end in reached


def _next(table: Sequence[Sequence[int]], hidden: set[Cell], cell: Cell) -> set[Cell]:
    """The cheapest further cells: a rectangle with this one, its smallest values first, cells above zero preferred."""
    best: tuple[tuple[int, int], set[Cell]] | None = None
    for r in range(len(table)):
        for c in range(len(table[0])):
            if r == cell[0] or c == cell[1]:
                continue
            corners = {(cell[0], c), (r, cell[1]), (r, c)} - hidden
            cost = (sum(table[a][b] == 0 for a, b in corners), sum(table[a][b] for a, b in corners))
            if corners and (best is None or cost < best[0]):
                best = (cost, corners)
    return best[1] if best else set()
