"""One subject asked for again: for how many different addresses was the same person asked within twelve months (R39)?

Whoever tries one address after another for one name would learn from the first answer which of them is on file. So the addresses asked
for one subject are counted over all batches and agreements, and above a threshold a person decides.

 1. Two requests may be about the same subject when their names are equal (in either order of the parts) and nothing both state differs:
    second initial, birth date, number. Two people whom any of these tells apart share no count.
 2. Requests with equal numbers are about the same subject, however the name is written.
 3. A request that states nothing beyond a name may be about anyone of that name. It is counted with all of them; they are not counted
    with it, because it says of nobody in particular who is meant.
 4. Equal addresses in normal form are one. A request without an address that could be compared asks for none.
 5. What is kept of a request are keyed fingerprints of 64 bits and nothing else. `blind` makes them; without it they are numbers that
    mean something within one table only, for batches of which nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["ASKED", "Blind", "asked", "subject_addresses"]

ASKED = pa.schema([(name, pa.int64()) for name in ("ordinal", "name", "middle", "born", "number", "address")])
"""Columns of what was asked: `ordinal`, then one fingerprint each; null where nothing is stated."""

Blind = Callable[[str, str], int]
"""A fingerprint of a value of one kind, under a key that never leaves the source agency."""

_MARKS = ("middle", "born", "number")


def asked(names: pa.Table, facts: pa.Table, blind: Blind | None = None) -> pa.Table:
    """The fingerprints (ASKED) of every row that states a name and an address, from its standardised name and its facts."""
    columns = {"name": _name(names), "middle": _middle(names), "born": names["dob"].cast(pa.string()), "number": names["number"]}
    columns["address"] = facts["address_key"]
    marks = {name: _fingerprints(name, column, blind) for name, column in columns.items()}
    table = pa.table({"ordinal": facts["ordinal"], **marks}, ASKED)
    return table.filter(pc.and_(pc.is_valid(table["name"]), pc.is_valid(table["address"])))


def _name(names: pa.Table) -> pa.ChunkedArray:
    """First given name and family name, the lesser first: whoever swaps the fields says the same."""
    given, family = pc.coalesce(names["given_first"], names["given"]), names["family"]
    swapped = pc.fill_null(pc.greater(given, family), False)
    first, second = pc.if_else(swapped, family, given), pc.if_else(swapped, given, family)
    both = pc.binary_join_element_wise(pc.fill_null(first, ""), pc.fill_null(second, ""), "|")
    return pc.if_else(pc.equal(both, "|"), None, both)


def _middle(names: pa.Table) -> pa.ChunkedArray:
    rest = pc.utf8_slice_codeunits(names["given_rest"], 0, 1)
    return pc.coalesce(names["middle_initial"], pc.if_else(pc.equal(rest, ""), None, rest))


def _fingerprints(kind: str, column: pa.ChunkedArray, blind: Blind | None) -> pa.Array:
    """One number per row, once per different value; null stays null."""
    encoded = pa.concat_arrays([chunk.cast(pa.string()) for chunk in column.chunks] or [pa.array([], pa.string())]).dictionary_encode()
    if blind is None:
        return encoded.indices.cast(pa.int64())
    return pa.array([blind(kind, value) for value in encoded.dictionary.to_pylist()], pa.int64()).take(encoded.indices)


def subject_addresses(ordinals: pa.ChunkedArray, own: pa.Table, earlier: Sequence[pa.Table] = ()) -> pa.Array:
    """Per ordinal, how many different addresses were asked for its subject, its own included; null for a row that is not among `own`.

    `own` and `earlier` are tables of ASKED whose fingerprints were made alike.
    """
    connection = duckdb.connect(":memory:", config={"temp_directory": ""})
    try:
        connection.register("own", own)
        connection.register("every", pa.concat_tables([table.select(list(ASKED.names)[1:]) for table in (own, *earlier)]))
        found = connection.sql(_COUNTED).to_arrow_table()
    finally:
        connection.close()
    counts = found["n"].combine_chunks().take(pc.index_in(ordinals, found["ordinal"].combine_chunks()).combine_chunks())
    there = pc.is_in(ordinals, own["ordinal"].combine_chunks()).combine_chunks()
    return pc.if_else(there, pc.coalesce(counts, pa.scalar(1, pa.int64())), None)


_BARE = " AND ".join(f"{{0}}.{mark} IS NULL" for mark in _MARKS)
_SAME = " AND ".join(f"coalesce(o.{mark} = e.{mark}, true)" for mark in _MARKS)
_COUNTED = f"""
WITH stated AS (SELECT DISTINCT name, middle, born, number, address FROM every),
     several AS (SELECT name FROM stated GROUP BY name HAVING count(DISTINCT address) > 1),
     numbers AS (SELECT number FROM stated WHERE number IS NOT NULL GROUP BY number HAVING count(DISTINCT address) > 1)
SELECT ordinal, count(DISTINCT address) AS n FROM (
    SELECT o.ordinal, e.address FROM own o SEMI JOIN several USING (name) JOIN stated e USING (name)
        WHERE {_SAME} AND (({_BARE.format("o")}) OR NOT ({_BARE.format("e")}) OR e.address = o.address)
    UNION ALL
    SELECT o.ordinal, e.address FROM own o SEMI JOIN numbers USING (number) JOIN stated e USING (number)
) GROUP BY ordinal
"""
"""Only names and numbers with several addresses are compared; every other row has its own address and no other."""
