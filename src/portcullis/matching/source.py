"""A register as its owner keeps it: a folder, a manifest, two tables in any of four forms, and a mapping of column names.

1. `manifest.json` says `synthetic`, `source` and `date`; a folder without one is refused with what to write.
2. A mapping file (YAML or JSON) renames the owner's columns, table by table, and may name the files, or tables in PostgreSQL.
3. Only the identity and address columns below are ever selected, so income or family data cannot be read even by mistake (R36).
4. Everything arrives as text; a number column that lost its leading zeros to an integer type gets them back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import yaml

from portcullis.errors import Refused
from portcullis.matching.postgres import read_postgres
from portcullis.model import DATA_COLUMNS

__all__ = [
    "ADDRESS_COLUMNS",
    "PERSON_COLUMNS",
    "Manifest",
    "Mapped",
    "find_table",
    "read_manifest",
    "read_mapping",
    "read_owned",
    "read_table",
]

PERSON_COLUMNS = (
    "person_id", "taxpayer_number", "given_name", "middle_name", "family_name", "suffix", "date_of_birth", "veto", "exclusions",
)  # fmt: skip
ADDRESS_COLUMNS = (
    "person_id", "address_line", "unit", "city", "state", "postal_code", "period_from", "period_to", "last_known", "joint",
)  # fmt: skip
_COLUMNS = {"persons": PERSON_COLUMNS, "addresses": ADDRESS_COLUMNS, "requests": DATA_COLUMNS, "truth": ("request_id", "person_id")}
_NEEDED = {
    "persons": ("person_id", "given_name", "family_name"),
    "addresses": ("person_id", "address_line"),
    "requests": ("request_id",),
    "truth": _COLUMNS["truth"],
}
_WIDTH = {"taxpayer_number": 9, "postal_code": 5}
_FORMATS = ("parquet", "csv", "duckdb")
Read = TypeVar("Read")
Mapped = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the owner says of a register; without `synthetic: true` it counts as real."""

    synthetic: bool
    source: str
    date: str


def read_manifest(folder: Path, *, synthetic: bool = False) -> Manifest:
    """The folder's manifest. `synthetic` stands in for an absent one (`match evaluate --synthetic`).

    Raises Refused when there is none, or it is not the object it should be.
    """
    path = folder / "manifest.json"
    if not folder.is_dir():
        raise Refused("There is no register folder of that name.", "", "Give the folder that holds the persons and addresses tables.")
    if not path.exists():
        if synthetic:
            return Manifest(True, "stated on the command line", "")
        raise Refused(
            "The register folder has no manifest.json.",
            "Without it nobody has said whether these are real people.",
            'Write {"synthetic": true or false, "source": "who made it", "date": "YYYY-MM-DD"} into manifest.json.',
        )
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise Refused("The register's manifest.json is not JSON.", "", "Correct it and load again.") from None
    if not isinstance(stated, dict) or not isinstance(stated.get("synthetic"), bool):
        raise Refused("The register's manifest.json does not state `synthetic`.", "It must be true or false.", "Add it and load again.")
    return Manifest(stated["synthetic"], str(stated.get("source", "")), str(stated.get("date", "")))


def read_mapping(path: Path | None) -> Mapped:
    """The mapping file `{persons: {our column: theirs}, addresses: {…}, files: {persons: name}}`; nothing without one.

    Raises Refused when it is not of that form, or names a column that is not ours.
    """
    if path is None:
        return {}
    try:
        stated: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise Refused("The mapping file cannot be read.", "It must be YAML or JSON in UTF-8.", "Correct it and try again.") from None
    if not isinstance(stated, dict) or not all(isinstance(v, dict) for v in stated.values()):
        raise Refused("The mapping file is not a mapping.", "Each part maps our column names to yours.", "See `register load --help`.")
    for part, columns in stated.items():
        allowed = ("persons", "addresses") if part in ("files", "postgresql") else _COLUMNS.get(part)
        if allowed is None or any(c not in allowed for c in columns):
            known = f"`{part}` knows {', '.join(allowed)}." if allowed else f"The parts are files, postgresql, {', '.join(_COLUMNS)}."
            raise Refused("The mapping file names a part or a column that does not exist.", known, "Use the names of the interface.")
    return {part: {str(k): str(v) for k, v in columns.items()} for part, columns in stated.items()}


def read_owned(connection: duckdb.DuckDBPyConnection, folder: Path, table: str, mapping: Mapped, name: str) -> None:
    """Make the table `name` of a register's table as text, from PostgreSQL where the mapping says so, else from its one file.

    Raises Refused as `read_table` does.
    """
    if table not in mapping.get("postgresql", {}):
        _readable(connection, find_table(folder, table, mapping), table, mapping, lambda relation: relation.create(name))
        return
    renamed = mapping.get(table, {})
    rows, absent = read_postgres(mapping["postgresql"][table], {c: renamed.get(c, c) for c in _COLUMNS[table]}, _WIDTH)
    _require(table, renamed, [c for c in {*_NEEDED[table], *renamed} if c in absent])
    connection.from_arrow(_as_text(rows, table)).create(name)


def find_table(folder: Path, table: str, mapping: Mapped) -> Path:
    """The one file of a register's table. Raises Refused when there is none or several."""
    named = mapping.get("files", {}).get(table)
    paths = [folder / named] if named else [folder / f"{table}.{ext}" for ext in _FORMATS]
    found = [p for p in paths if p.is_file()]
    if len(found) != 1:
        why = "There are several." if found else f"Looked for {', '.join(f'{table}.{ext}' for ext in _FORMATS)}."
        raise Refused(
            f"The register has no single `{table}` table.", why, f"Keep one file, or name it in the mapping under files, {table}."
        )
    return found[0]


def _relation(connection: duckdb.DuckDBPyConnection, path: Path, table: str) -> duckdb.DuckDBPyRelation:
    kind = path.suffix.lower().lstrip(".")
    if kind == "parquet":
        return connection.from_parquet(str(path))
    if kind in {"duckdb", "db"}:
        connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS owner_{table} (READ_ONLY)")
        return connection.table(f"owner_{table}.{table}")
    return connection.read_csv(str(path), all_varchar=True, header=True, strict_mode=True)


def _select(ours: str, theirs: str, type_of: Mapping[str, str]) -> str:
    quoted = '"' + theirs.replace('"', '""') + '"'
    if ours in _WIDTH and type_of[theirs] in {"BIGINT", "INTEGER", "HUGEINT", "UINTEGER", "UBIGINT"}:
        return f"lpad(CAST({quoted} AS VARCHAR), {_WIDTH[ours]}, '0') AS {ours}"
    return f"CAST({quoted} AS VARCHAR) AS {ours}"


def read_table(connection: duckdb.DuckDBPyConnection, path: Path, table: str, mapping: Mapped) -> pa.Table:
    """The file `path` as the text columns of `table` (persons, addresses, requests, truth); columns the owner does not have are null.

    Raises Refused when the file is missing, unreadable, or lacks a needed column. The engine's own message is never passed
    on: it may quote a row.
    """
    return _as_text(_readable(connection, path, table, mapping, lambda relation: relation.to_arrow_table()), table)


def _readable(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, mapping: Mapped, use: Callable[[duckdb.DuckDBPyRelation], Read]
) -> Read:
    """What `use` makes of the file's text columns."""
    renamed = mapping.get(table, {})
    if not path.is_file():
        raise Refused(f"There is no `{table}` file of that name.", "", "Name an existing file.")
    try:
        relation = _relation(connection, path, table)
        types = {n: str(t) for n, t in zip(relation.columns, relation.types, strict=True)}
        present = {c: renamed.get(c, c) for c in _COLUMNS[table] if renamed.get(c, c) in types}
        lost = [c for c in {*_NEEDED[table], *renamed} if c not in present]
        _require(table, renamed, lost)
        columns = (_select(c, present[c], types) if c in present else f"CAST(NULL AS VARCHAR) AS {c}" for c in _COLUMNS[table])
        return use(relation.project(", ".join(columns)))
    except duckdb.Error:
        raise Refused(
            f"The `{table}` table cannot be read.",
            f"{path.suffix or 'The file'} content is damaged, not UTF-8, or of another format.",
            "Export it again as Parquet, or as UTF-8 CSV with a header.",
        ) from None


def _require(table: str, renamed: Mapping[str, str], lost: Sequence[str]) -> None:
    if lost:
        names = ", ".join(sorted(renamed.get(c, c) for c in lost))
        raise Refused(f"The `{table}` table has no column {names}.", "", "Name your own columns in a mapping file (--mapping).")


def _as_text(rows: pa.Table, table: str) -> pa.Table:
    """All columns of the table as text, null where the owner has none."""
    there = set(rows.column_names)
    return pa.table({c: rows[c].cast(pa.string()) if c in there else pa.nulls(rows.num_rows, pa.string()) for c in _COLUMNS[table]})
