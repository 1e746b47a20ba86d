"""Run a compiled stage: DuckDB over a batch, SQLite over one request or a few, PostgreSQL over its own connection.

Every engine gives the same table, equal to the bit: `ordinal` int64 in the order given; per rule `Rxx` int8 (0 not applicable,
1 pass, 2 refer, 3 fail) and `Rxx_reason` text or null. Facts are checked before: a flag is 0 or 1, a date lies within the years 1 to
9999, so that no engine meets arithmetic it does differently.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from portcullis.errors import OutOfOrder
from portcullis.model import Finding, Verdict
from portcullis.rules.compile import Plan, plan, render
from portcullis.rules.engines import on_duckdb, on_rows, schema
from portcullis.rules.fields import FIRST_DAY, LAST_DAY
from portcullis.rules.rule import Rule
from portcullis.rules.ruleset import RuleSet

__all__ = ["Single", "evaluate", "evaluate_batch"]

_Ordinals = npt.NDArray[np.int64]

_FEW = 200

_KINDS = {"text": pa.string(), "flag": pa.int8(), "date": pa.int32(), "int": pa.int64()}
_LIMITS = {"flag": (0, 1), "date": (FIRST_DAY, LAST_DAY), "int": (-(2**63), 2**63 - 1)}


def evaluate(
    ruleset: RuleSet,
    stage: str,
    facts: pa.Table,
    *,
    switches: Mapping[str, bool] | None = None,
    engine: str | None = None,
    con: Any = None,
) -> pa.Table:
    """Every rule of one stage over every row of `facts` (`ordinal` and the fields the rules read; others are ignored).

    `engine` is duckdb, sqlite or postgres (`con` is then a psycopg connection); by default DuckDB, and SQLite for up to 200 rows. DuckDB
    and SQLite use a private connection unless `con` is given.
    Raises OutOfOrder when a fact is missing, of the wrong type or out of its range.
    """
    compiled = plan(ruleset, stage, switches)
    table = _checked(facts, ruleset, compiled)
    engine = engine or ("duckdb" if con is not None or table.num_rows > _FEW else "sqlite")
    return on_duckdb(compiled, table, con) if engine == "duckdb" else on_rows(compiled, table, engine, con)


def evaluate_batch(ruleset: RuleSet, facts: Mapping[str, int | str | None], *, switches: Mapping[str, bool] | None = None) -> list[Finding]:
    """The rules about the batch as a whole (R01-R08, R10) over its facts. Raises OutOfOrder when a fact is missing."""
    key = (ruleset.hash, tuple(sorted(ruleset.positions(switches).items())))
    with _COMPILING:
        single = _COMPILED.pop(key, None) or Single(ruleset, "check", switches=switches, frame="batch")
        _COMPILED[key] = single  # the one used last stands last
        while len(_COMPILED) > _MOST_COMPILED:
            del _COMPILED[next(iter(_COMPILED))]
        return single.explained(single.findings({**facts, "ordinal": 1}))


_COMPILED: dict[tuple[str, tuple[tuple[str, bool], ...]], Single] = {}
_COMPILING = Lock()
_MOST_COMPILED = 16
"""The batch rules as compiled last, by rule set and switches: compiling takes longer than all else that a small batch needs."""


class Single:
    """One request at a time on SQLite: compiled once, then some microseconds each. Counts within the batch see that one row."""

    def __init__(self, ruleset: RuleSet, stage: str, *, switches: Mapping[str, bool] | None = None, frame: str = "request") -> None:
        """Compile the stage. Raises OutOfOrder as `plan` does."""
        self._ruleset, self.plan = ruleset, plan(ruleset, stage, switches, frame)
        self._names = ("ordinal", *self.plan.fields)
        row = exp.select(*[exp.alias_(exp.Placeholder(), name) for name in self._names])
        self._sql = render(self.plan.tree.with_("facts", as_=row), "sqlite")
        self._con = sqlite3.connect(":memory:", check_same_thread=False)
        self._columns = schema(self.plan).names
        self._limits = {name: _LIMITS[ruleset.fields[name].type] for name in self.plan.fields if ruleset.fields[name].type != "text"}

    def findings(self, facts: Mapping[str, int | str | None]) -> dict[str, int | str | None]:
        """Verdict and reason per rule. Raises OutOfOrder when a fact is missing or out of range."""
        missing = [name for name in self._names if name not in facts]
        if missing:
            raise _missing(missing)
        for name, (low, high) in self._limits.items():
            value = facts[name]
            if value is not None and not (isinstance(value, int) and low <= value <= high):
                raise _out_of_range(name)
        return dict(zip(self._columns, self._con.execute(self._sql, [facts[name] for name in self._names]).fetchone(), strict=True))

    def explained(self, found: Mapping[str, int | str | None]) -> list[Finding]:
        """The same as findings with message and citation, one per rule."""
        return [_finding(self._ruleset.rule(rule), found[rule], found[f"{rule}_reason"]) for rule in self.plan.rules]


def _finding(rule: Rule, verdict: object, reason: object) -> Finding:
    cited = next((check.citation for check in rule.checks if check.reason == reason), rule.citation)
    return Finding(rule.id, Verdict(int(str(verdict))), str(reason) if reason is not None else None, cited, rule.message)


def _missing(names: Sequence[str]) -> OutOfOrder:
    return OutOfOrder(f"Facts are missing: {', '.join(names)}.", "The rules of this stage read them.", "See agreements/fields.yaml.")


def _out_of_range(name: str) -> OutOfOrder:
    return OutOfOrder(f"The fact {name!r} holds a value outside its type.", "Flags are 0 or 1, days lie in the years 1 to 9999.")


def _checked(facts: pa.Table, ruleset: RuleSet, compiled: Plan) -> pa.Table:
    """The columns the plan reads, each of its catalogue type and range."""
    names = ["ordinal", *compiled.fields]
    missing = [name for name in names if name not in facts.column_names]
    if missing:
        raise _missing(missing)
    for name in compiled.fields:
        column, wanted = facts.column(name), ruleset.fields[name].type
        if pa.types.is_null(column.type):
            continue
        if wanted == "text":
            if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
                raise _out_of_range(name)
        elif not pa.types.is_integer(column.type) or not _inside(column, *_LIMITS[wanted]):
            raise _out_of_range(name)
    _refuse_twice(facts.column("ordinal").to_numpy())
    typed = {name: pa.int64() if name == "ordinal" else _KINDS[ruleset.fields[name].type] for name in names}
    return facts.select(names).cast(pa.schema(typed.items()))


def _refuse_twice(ordinals: _Ordinals) -> None:
    steps = np.diff(ordinals)
    if (steps <= 0).any() and len(np.unique(ordinals)) != len(ordinals):
        raise OutOfOrder("Two rows of facts have one ordinal.", "Findings are by ordinal.", "Number the rows.")


def _inside(column: pa.ChunkedArray, low: int, high: int) -> bool:
    extremes = pc.min_max(column).as_py()
    return extremes["min"] is None or (low <= extremes["min"] and extremes["max"] <= high)
