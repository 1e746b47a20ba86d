"""The names standardiser over a table: each column by its distinct values, then row by row from the columns only.

A row's result depends on nothing but that row, so a single request standardises as it does in a batch, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.names.identity import NOBODYS_NUMBERS, birth_date, taxpayer_number
from portcullis.intake.names.parts import family_parts, generation_of, given_parts, middle_parts
from portcullis.intake.names.placeholders import empty, strong

__all__ = ["NAME_INPUT", "NAME_SCHEMA", "STANDARDISER_VERSION", "standardise_names"]

STANDARDISER_VERSION = "names/1"
"""Changes whenever any output of this package can change; a prepared register carries it (R35)."""

NAME_INPUT = ("given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number")

NAME_SCHEMA = pa.schema(
    [
        ("given", pa.string()),  # all given tokens, compact
        ("given_first", pa.string()),  # the first of them
        ("given_rest", pa.string()),  # the others, with gaps
        ("given_initial", pa.string()),
        ("middle", pa.string()),  # the middle field, compact
        ("middle_initial", pa.string()),
        ("family", pa.string()),  # compact, particles kept
        ("family_tokens", pa.string()),  # core tokens with gaps, particles left out
        ("suffix", pa.string()),  # SR JR III IV V
        ("generation", pa.int8()),  # 1 … 5
        ("dob", pa.int32()),  # epoch days
        ("dob_valid", pa.int8()),  # 1 usable, 0 given but not usable, null not given
        ("number", pa.string()),  # nine digits
        ("number_valid", pa.int8()),
        ("name_placeholder", pa.int8()),  # 1 when the name names nobody
    ]
)
_SUFFIXES = {1: "SR", 2: "JR", 3: "III", 4: "IV", 5: "V"}


class _Column:
    """One raw column as distinct values and codes, so that work is done once per spelling."""

    def __init__(self, table: pa.Table, name: str) -> None:
        column = table[name] if name in table.column_names else pa.nulls(table.num_rows, pa.string())
        text = column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
        encoded = (text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text).dictionary_encode()
        self.codes: pa.Array = encoded.indices
        self.values: list[str] = encoded.dictionary.to_pylist()

    def spread(self, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        """Per-distinct results put back on the rows."""
        return pa.array(values, type=kind).take(self.codes)

    def each(self, function: Callable[[str], Any]) -> list[Any]:
        return [function(v) for v in self.values]


def _given_columns(table: pa.Table, spilled: pa.Array) -> dict[str, pa.Array]:
    source = _Column(table, "given_name")
    own = source.spread(source.values, pa.string())
    column = _Column(pa.table({"g": pc.coalesce(own, spilled)}), "g")
    parts = column.each(given_parts)
    # a title or relation alone ("Mrs", "Son of") names nobody: it is no given name to compare
    live = [p if not strong(p.compact, given=True) else given_parts(None) for p in parts]
    firsts = [p.first for p in live]
    return {
        "nobody": column.spread([strong(p.compact, given=True) for p in parts], pa.bool_()),
        "empty": column.spread([empty(p.compact) for p in parts], pa.bool_()),
        "any_john": column.spread([p.compact in ("JOHN", "JANE") for p in parts], pa.bool_()),
        "given": column.spread([p.compact for p in live], pa.string()),
        "given_first": column.spread(firsts, pa.string()),
        "given_rest": column.spread([p.rest for p in live], pa.string()),
        "given_initial": column.spread([f[:1] if f else None for f in firsts], pa.string()),
        "generation": column.spread([p.generation for p in parts], pa.int8()),
    }


def _family_columns(table: pa.Table) -> dict[str, pa.Array]:
    column = _Column(table, "family_name")
    parts = column.each(family_parts)
    live = [p.compact if not strong(p.compact, given=False) else None for p in parts]
    return {
        "nobody": column.spread([strong(p.compact, given=False) for p in parts], pa.bool_()),
        "empty": column.spread([empty(p.compact) for p in parts], pa.bool_()),
        "any_doe": column.spread([p.compact in ("DOE", "ROE") for p in parts], pa.bool_()),
        "family": column.spread(live, pa.string()),
        "family_tokens": column.spread([p.tokens if c else None for p, c in zip(parts, live, strict=True)], pa.string()),
        "generation": column.spread([p.generation for p in parts], pa.int8()),
        "spilled": column.spread([p.given for p in parts], pa.string()),
    }


def _placeholders(given: dict[str, pa.Array], family: dict[str, pa.Array]) -> pa.Array:
    """1 where a part names nobody, or both parts together do (`N/A N/A`, `John Doe`)."""
    together = pc.or_(_both(given["empty"], family["empty"]), _both(given["any_john"], family["any_doe"]))
    either = pc.or_(pc.fill_null(given["nobody"], False), pc.fill_null(family["nobody"], False))
    return pc.cast(pc.or_(together, either), pa.int8())


def _both(a: pa.Array, b: pa.Array) -> pa.Array:
    return pc.and_(pc.fill_null(a, False), pc.fill_null(b, False))


_PLAIN_NUMBER = r"^(?:[0-9]{9}|[0-9]{3}-[0-9]{2}-[0-9]{4})$"


def _numbers(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """(nine digits, whether usable). The two common spellings by column, everything else and every doubtful one by value."""
    name = "taxpayer_number"
    column = table[name] if name in table.column_names else pa.nulls(table.num_rows, pa.string())
    text = pc.cast(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column, pa.string())
    digits = pc.replace_substring(text, "-", "")
    plain = pc.and_(pc.match_substring_regex(text, _PLAIN_NUMBER), pc.invert(pc.is_in(digits, pa.array(NOBODYS_NUMBERS))))
    plain = pc.fill_null(plain, False)
    rest = _Column(pa.table({name: pc.if_else(plain, None, text)}), name)
    found = rest.each(taxpayer_number)
    number = pc.if_else(plain, digits, rest.spread([f[0] for f in found], pa.string()))
    return number, pc.if_else(plain, pa.scalar(1, pa.int8()), rest.spread([f[1] for f in found], pa.int8()))


def standardise_names(table: pa.Table) -> pa.Table:
    """Names, birth dates and numbers of `table` (columns of NAME_INPUT, any missing) as NAME_SCHEMA, same rows, same order."""
    family = _family_columns(table)
    given = _given_columns(table, family["spilled"])
    middle_column, suffix = _Column(table, "middle_name"), _Column(table, "suffix")
    middles = middle_column.each(middle_parts)
    born = _Column(table, "date_of_birth")
    births = born.each(birth_date)
    number, number_valid = _numbers(table)
    generation = pc.coalesce(
        suffix.spread(suffix.each(generation_of), pa.int8()),
        family["generation"],
        given["generation"],
        middle_column.spread([m.generation for m in middles], pa.int8()),
    )
    marks = pa.array([None, *_SUFFIXES.values()], pa.string())
    columns = {
        **{k: given[k] for k in ("given", "given_first", "given_rest", "given_initial")},
        "middle": middle_column.spread([m.compact for m in middles], pa.string()),
        "middle_initial": middle_column.spread([m.compact[:1] if m.compact else None for m in middles], pa.string()),
        **{k: family[k] for k in ("family", "family_tokens")},
        "suffix": marks.take(pc.fill_null(generation, 0)),
        "generation": generation,
        "dob": born.spread([b[0] for b in births], pa.int32()),
        "dob_valid": born.spread([b[1] for b in births], pa.int8()),
        "number": number,
        "number_valid": number_valid,
        "name_placeholder": _placeholders(given, family),
    }
    return pa.table([columns[f.name] for f in NAME_SCHEMA], schema=NAME_SCHEMA)
