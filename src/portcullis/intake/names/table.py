"""The names standardiser over a table: each column by its distinct values, then row by row from the columns only.

A row's result depends on nothing but that row, so a single request standardises as it does in a batch, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.names.identity import birth_date, taxpayer_number
from portcullis.intake.names.letters import sound
from portcullis.intake.names.parts import family_parts, generation_of, given_parts, middle_parts
from portcullis.intake.names.placeholders import is_placeholder_pair, strong

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
        ("given_sound", pa.string()),  # spelling-blind form of the first
        ("middle", pa.string()),  # the middle field, compact
        ("middle_initial", pa.string()),
        ("family", pa.string()),  # compact, particles kept
        ("family_tokens", pa.string()),  # core tokens with gaps, particles left out
        ("family_sound", pa.string()),
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
        "written": column.spread([p.compact for p in parts], pa.string()),
        "given": column.spread([p.compact for p in live], pa.string()),
        "given_first": column.spread(firsts, pa.string()),
        "given_rest": column.spread([p.rest for p in live], pa.string()),
        "given_initial": column.spread([f[:1] if f else None for f in firsts], pa.string()),
        "given_sound": column.spread([sound(f) if f else None for f in firsts], pa.string()),
        "generation": column.spread([p.generation for p in parts], pa.int8()),
    }


def _family_columns(table: pa.Table) -> dict[str, pa.Array]:
    column = _Column(table, "family_name")
    parts = column.each(family_parts)
    live = [p.compact if not strong(p.compact, given=False) else None for p in parts]
    return {
        "written": column.spread([p.compact for p in parts], pa.string()),
        "family": column.spread(live, pa.string()),
        "family_tokens": column.spread([p.tokens if c else None for p, c in zip(parts, live, strict=True)], pa.string()),
        "family_sound": column.spread([sound(c) if c else None for c in live], pa.string()),
        "generation": column.spread([p.generation for p in parts], pa.int8()),
        "spilled": column.spread([p.given for p in parts], pa.string()),
    }


def _placeholders(given: pa.Array, family: pa.Array) -> pa.Array:
    """1 where the two parts together name nobody, judged once per distinct pair that could."""
    pairs = pc.binary_join_element_wise(pc.fill_null(given, ""), pc.fill_null(family, ""), "|")
    encoded = pairs.dictionary_encode()
    split = (v.split("|", 1) for v in encoded.dictionary.to_pylist())
    marks = [int(is_placeholder_pair(g or None, f or None)) for g, f in split]
    return pa.array(marks, pa.int8()).take(encoded.indices)


def standardise_names(table: pa.Table) -> pa.Table:
    """Names, birth dates and numbers of `table` (columns of NAME_INPUT, any missing) as NAME_SCHEMA, same rows, same order."""
    family = _family_columns(table)
    given = _given_columns(table, family["spilled"])
    middle_column, suffix = _Column(table, "middle_name"), _Column(table, "suffix")
    middles = middle_column.each(middle_parts)
    born, numbered = _Column(table, "date_of_birth"), _Column(table, "taxpayer_number")
    births, numbers = born.each(birth_date), numbered.each(taxpayer_number)
    generation = pc.coalesce(
        suffix.spread(suffix.each(generation_of), pa.int8()),
        family["generation"],
        given["generation"],
        middle_column.spread([m.generation for m in middles], pa.int8()),
    )
    marks = pa.array([None, *_SUFFIXES.values()], pa.string())
    columns = {
        **{k: given[k] for k in ("given", "given_first", "given_rest", "given_initial", "given_sound")},
        "middle": middle_column.spread([m.compact for m in middles], pa.string()),
        "middle_initial": middle_column.spread([m.compact[:1] if m.compact else None for m in middles], pa.string()),
        **{k: family[k] for k in ("family", "family_tokens", "family_sound")},
        "suffix": marks.take(pc.fill_null(generation, 0)),
        "generation": generation,
        "dob": born.spread([b[0] for b in births], pa.int32()),
        "dob_valid": born.spread([b[1] for b in births], pa.int8()),
        "number": numbered.spread([n[0] for n in numbers], pa.string()),
        "number_valid": numbered.spread([n[1] for n in numbers], pa.int8()),
        "name_placeholder": _placeholders(given["written"], family["written"]),
    }
    return pa.table([columns[f.name] for f in NAME_SCHEMA], schema=NAME_SCHEMA)
