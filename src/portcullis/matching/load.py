"""`register load`: from a folder as its owner keeps it to a prepared register.

1. Manifest and mapping (source.py). 2. Both tables as text, byte-identical duplicate rows once. 3. A row without an id, or a
person under no name at all, is refused or counted as said below. 4. Standard forms, integer ids, clustered by person.
5. Answer rows, occupancy, given-name frequencies. 6. Indexes. 7. Written beside, then renamed (folder.py).

Refused: rows without `person_id` (a person left out could be a rival), no persons, no address of any person.
Counted as warnings: duplicate rows, addresses of unknown persons (left out: nobody can be named by them), persons without an
address, several or no last-known addresses, addresses that have no delivery point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
from portcullis.matching.direct import marks_of, sorted_index
from portcullis.matching.folder import write_folder
from portcullis.matching.frequency import given_table
from portcullis.matching.hashing import combine, text_keys
from portcullis.matching.kin import relatives
from portcullis.matching.lexicon import LEXICON_VERSION
from portcullis.matching.namesakes import name_marks
from portcullis.matching.occupancy import occupancy, surname_of
from portcullis.matching.people import People, people
from portcullis.matching.places import answer_rows, look_up_keys, places
from portcullis.matching.source import ADDRESS_COLUMNS, PERSON_COLUMNS, read_manifest, read_mapping, read_owned

__all__ = ["RegisterInfo", "build", "load_register", "standardisers"]


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


def _indexes(names: pa.Table, place: pa.Table) -> dict[str, pa.Table]:
    by_zip, by_city = look_up_keys(place)
    rows = np.arange(place.num_rows, dtype=np.int64)
    person = np.asarray(names["person"]).astype(np.int64)
    marks, name = marks_of(place), combine(text_keys(names["given_first"]), text_keys(names["family"]))
    found = {
        "index_zip": sorted_index(by_zip, rows, marks),
        "index_city": sorted_index(by_city, rows, marks),
        "index_number": sorted_index(text_keys(names["number"]), person),
        "index_name": sorted_index(name, person),
    }
    return {k: v[0] for k, v in found.items()} | {f"{k}_begin": v[1] for k, v in found.items()}


def _known_addresses(rows: pa.Table, ids: pa.Array) -> tuple[pa.Table, npt.NDArray[np.int32], int]:
    person = pc.index_in(rows["person_id"], ids)
    known = pc.is_valid(person)
    kept = rows.filter(known)
    return kept, np.asarray(pc.drop_null(person)).astype(np.int32), rows.num_rows - kept.num_rows


def _prepare(folder: Path, mapping: Path | None, say: Callable[[str], None]) -> tuple[dict[str, pa.Table], dict[str, int]]:
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    columns = read_mapping(mapping)
    say("reading")
    filed = {t: read_owned(connection, folder, t, columns) for t in ("persons", "addresses")}
    for table, raw in filed.items():
        _require_ids(raw, table)
    person_rows = _distinct(connection, filed["persons"], PERSON_COLUMNS)
    address_rows = _distinct(connection, filed["addresses"], ADDRESS_COLUMNS)
    warnings = {"duplicate_rows": sum(t.num_rows for t in filed.values()) - person_rows.num_rows - address_rows.num_rows}
    if not person_rows.num_rows:
        raise Refused("The register holds no persons.", "The persons table is empty.", "Export it again.")
    say("standardising names")
    ids = pc.unique(person_rows["person_id"])  # sorted, since the rows are
    folk = people(person_rows, ids)
    kept, owner, warnings["addresses_of_unknown_persons"] = _known_addresses(address_rows, ids)
    if not kept.num_rows:
        raise Refused(
            "No address in the register belongs to a person in it.",
            "The ids of the two tables have nothing in common.",
            "Check the mapping.",
        )
    say("standardising addresses")
    place = places(kept, owner)
    warnings["addresses_without_delivery_point"] = place["delivery_key"].null_count
    tables, more = build(folk, place, say)
    return tables, {k: v for k, v in (warnings | more).items() if v}


def build(folk: People, place: pa.Table, say: Callable[[str], None] = lambda _: None) -> tuple[dict[str, pa.Table], dict[str, int]]:
    """The tables of a prepared register from standardised persons and addresses, and what to warn of."""
    size, owner = folk.persons.num_rows, np.asarray(place["person"])
    answer, left_open = answer_rows(place, size)
    say("counting names and households")
    connection = duckdb.connect()
    place = place.append_column("occupancy", pa.array(occupancy(connection, place, surname_of(folk.names, size))))
    persons = folk.persons.append_column("answer_row", pa.array(answer))
    given = given_table(folk.names, size, relatives(connection, folk.names, place, size))
    say("indexing")
    names = folk.names
    for mark, values in name_marks(names).items():
        names = names.append_column(mark, pa.array(values))
    tables = {"persons": persons, "names": names, "addresses": place, "given": given, **_indexes(folk.names, place)}
    return tables, {"last_known_left_open": left_open, "persons_without_address": size - len(np.unique(owner))}


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
    tables, warnings = _prepare(Path(source), Path(mapping) if mapping else None, say)
    say("writing")
    facts: dict[str, Any] = {
        "synthetic": manifest.synthetic,
        "source": manifest.source,
        "date": manifest.date,
        "persons": tables["persons"].num_rows,
        "addresses": tables["addresses"].num_rows,
        "standardisers": standardisers(),
        "warnings": warnings,
    }
    index = write_folder(Path(destination), tables, facts)
    return RegisterInfo(index["version"], manifest.synthetic, facts["persons"], facts["addresses"], warnings)
