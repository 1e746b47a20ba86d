"""`register load`: from a folder as its owner keeps it to a prepared register.

1. Manifest and mapping (source.py). 2. Both tables as text, byte-identical duplicate rows once. 3. A row without an id, or a
person under no name at all, is refused or counted as said below. 4. Standard forms, a million persons at a time. 5. Numbers, counts
and indexes (build.py). 6. Written beside, then renamed (folder.py).

Refused: rows without `person_id` (a person left out could be a rival), no persons, no address of any person.
Counted as warnings: duplicate rows, addresses of unknown persons (left out: nobody can be named by them), persons without an
address, several or no last-known addresses, addresses that have no delivery point.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import Refused
from portcullis.intake import addresses as address_standard
from portcullis.intake import names as name_standard
from portcullis.matching.build import Builder
from portcullis.matching.folder import unwritten, work_folder, write_folder
from portcullis.matching.lexicon import LEXICON_VERSION
from portcullis.matching.people import people
from portcullis.matching.places import places
from portcullis.matching.source import ADDRESS_COLUMNS, PERSON_COLUMNS, read_manifest, read_mapping, read_owned

__all__ = ["RegisterInfo", "load_register", "standardisers"]

PORTION = 1_000_000
"""Persons standardised at a time."""


@dataclass(frozen=True, slots=True)
class RegisterInfo:
    """What a load made: version (SHA-256 hex), whether synthetic, how many persons and addresses, and counted warnings."""

    version: str
    synthetic: bool
    persons: int
    addresses: int
    warnings: dict[str, int] = field(default_factory=dict)


def standardisers() -> dict[str, str]:
    """The versions a prepared register is bound to (R35)."""
    return {
        "names": name_standard.STANDARDISER_VERSION,
        "addresses": str(address_standard.STANDARDISER_VERSION),
        "lexicon": LEXICON_VERSION,
    }


def _distinct(connection: duckdb.DuckDBPyConnection, rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """`rows` once each, in an order of their content, so that the version does not depend on the order of a file."""
    connection.register("raw", rows)
    try:
        return connection.sql(f"SELECT DISTINCT {', '.join(columns)} FROM raw ORDER BY ALL").to_arrow_table()
    finally:
        connection.unregister("raw")


def _require_ids(rows: pa.Table, table: str) -> None:
    missing = pc.sum(pc.equal(pc.utf8_trim_whitespace(pc.fill_null(rows["person_id"], "")), "")).as_py() or 0
    if missing:
        raise Refused(
            f"{missing} rows of `{table}` have no person_id.",
            "Left out, such a person could not be seen as a rival.",
            "Give every row its id.",
        )


def _read(folder: Path, mapping: Path | None) -> tuple[pa.Table, pa.Table, int]:
    """(persons, addresses, byte-identical rows left out), each in the order of its content, persons' ids first."""
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    columns = read_mapping(mapping)
    filed = {t: read_owned(connection, folder, t, columns) for t in ("persons", "addresses")}
    for table, raw in filed.items():
        _require_ids(raw, table)
    persons = _distinct(connection, filed["persons"], PERSON_COLUMNS)
    addresses = _distinct(connection, filed["addresses"], ADDRESS_COLUMNS)
    return persons, addresses, sum(t.num_rows for t in filed.values()) - persons.num_rows - addresses.num_rows


def _portions(person_rows: pa.Table, address_rows: pa.Table) -> Iterator[tuple[pa.Array, pa.Table, pa.Table]]:
    """(ids, rows of persons, rows of addresses) of so many persons at a time; both tables are in the order of the ids."""
    ids = pc.unique(person_rows["person_id"])
    first = np.append(np.flatnonzero(_changes(person_rows["person_id"])), person_rows.num_rows)
    known = np.asarray(pc.fill_null(pc.index_in(address_rows["person_id"], ids), -1)).astype(np.int64)
    filed = np.flatnonzero(known >= 0)
    edges = np.searchsorted(known[filed], np.arange(0, len(ids) + PORTION, PORTION))
    for at, (begin, end) in enumerate(pairwise(edges)):
        low, high = at * PORTION, min((at + 1) * PORTION, len(ids))
        mine = ids.slice(low, high - low)
        yield mine, person_rows.slice(first[low], first[high] - first[low]), address_rows.take(pa.array(filed[begin:end]))


def _changes(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Whether each value is another than the one before."""
    flat = column.combine_chunks()
    same = np.asarray(pc.equal(flat.slice(1), flat.slice(0, max(len(flat) - 1, 0))))
    return np.append(True, ~same) if len(flat) else np.zeros(0, np.bool_)


def _prepare(folder: Path, mapping: Path | None, builder: Builder, say: Callable[[str], None]) -> dict[str, int]:
    """Fill the builder; what to warn of."""
    say("reading")
    person_rows, address_rows, repeated = _read(folder, mapping)
    if not person_rows.num_rows:
        raise Refused("The register holds no persons.", "The persons table is empty.", "Export it again.")
    unplaced = 0
    for ids, persons, addresses in _portions(person_rows, address_rows):
        say(f"standardising from person {builder.persons + 1:,} on")
        owner = np.asarray(pc.index_in(addresses["person_id"], ids)).astype(np.int32)
        place = places(addresses, owner)
        unplaced += place["delivery_key"].null_count
        builder.add(people(persons, ids), place)
    if not builder.addresses:
        raise Refused(
            "No address in the register belongs to a person in it.",
            "The ids of the two tables have nothing in common.",
            "Check the mapping.",
        )
    orphans = address_rows.num_rows - builder.addresses
    counts = {"duplicate_rows": repeated, "addresses_of_unknown_persons": orphans, "addresses_without_delivery_point": unplaced}
    return {k: v for k, v in (counts | builder.warnings).items() if v}


def load_register(
    source: Path | str,
    destination: Path | str,
    mapping: Path | str | None = None,
    *,
    synthetic: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> RegisterInfo:
    """Build the prepared register `destination` from the folder `source`; `say` hears each step (for a progress line).

    `synthetic` stands in for an absent manifest and is for evaluation only. The old destination stays in use until the new one
    is complete. Raises Refused with what to correct.
    """
    manifest = read_manifest(Path(source), synthetic=synthetic)
    scratch = work_folder(Path(destination))
    builder = Builder(scratch)
    try:
        warnings = _prepare(Path(source), Path(mapping) if mapping else None, builder, say)
        facts: dict[str, Any] = {
            "synthetic": manifest.synthetic,
            "source": manifest.source,
            "date": manifest.date,
            "persons": builder.persons,
            "addresses": builder.addresses,
            "standardisers": standardisers(),
            "warnings": warnings,
        }
        index = write_folder(Path(destination), builder.tables(say), facts)
    except OSError as error:
        raise unwritten(error) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return RegisterInfo(index["version"], manifest.synthetic, facts["persons"], facts["addresses"], warnings)
