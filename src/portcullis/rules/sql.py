"""Pieces of a sqlglot syntax tree: exactly what compiled rules need, each built new, so that no node ever has two parents."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

__all__ = ["both", "case", "column", "either", "known", "literal", "named", "negate", "query", "relate", "table"]


def column(name: str, source: str | None = None) -> exp.Column:
    """A column, of a named source where there are several."""
    return exp.column(name, table=source)


def table(name: str, alias: str | None = None) -> exp.Table:
    """A table by name."""
    return exp.Table(this=exp.to_identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias)) if alias else None)


def literal(value: str | int) -> exp.Expr:
    """A constant: text or a whole number."""
    if isinstance(value, str):
        return exp.Literal.string(value)
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def relate(kind: type[exp.Expression], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """A comparison or an operation of two sides."""
    return kind(this=left, expression=right)


def known(expression: exp.Expr) -> exp.Expr:
    """It is not null."""
    return exp.Not(this=exp.Is(this=expression, expression=exp.Null()))


def negate(expression: exp.Expr) -> exp.Expr:
    """NOT, with its own parentheses."""
    return exp.Not(this=exp.Paren(this=expression))


def both(*parts: exp.Expr) -> exp.Expr:
    """All of the parts, each in its own parentheses."""
    return _chain(exp.And, parts)


def either(*parts: exp.Expr) -> exp.Expr:
    """At least one of the parts, each in its own parentheses."""
    return _chain(exp.Or, parts)


def _chain(kind: type[exp.Expression], parts: Sequence[exp.Expr]) -> exp.Expr:
    if len(parts) == 1:
        return parts[0]
    chained: exp.Expr = exp.Paren(this=parts[0])
    for part in parts[1:]:
        chained = kind(this=chained, expression=exp.Paren(this=part))
    return chained


def case(whens: Sequence[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr | None = None) -> exp.Expr:
    """CASE WHEN … THEN …, first that is true; null where none is and nothing else is said."""
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in whens], default=otherwise)


def named(expression: exp.Expr, name: str) -> exp.Expr:
    """A column of the result under its name."""
    return exp.Alias(this=expression, alias=exp.to_identifier(name))


def query(columns: Sequence[exp.Expr], source: exp.Expr, where: exp.Expr | None = None) -> exp.Select:
    """SELECT columns FROM source WHERE condition."""
    select = exp.select(*columns, copy=False).from_(source, copy=False)
    return select if where is None else select.where(where, copy=False)
