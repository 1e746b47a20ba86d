"""The process reported for the release of 7 August 2025, simulated from secondary sources [R] and applied to synthetic data.

1. A row is answered by one of two mutually exclusive paths, by whether it states a taxpayer number [R].
2. Number path: the name and the number equal those of one registered person. Of the supplied address it is asked only that it is not
   blank and that a number of five or nine digits stands in it [R].
3. Address path: the name and the address equal those of one registered person, at any time on file [R; "at any time" is I].
4. Equal means equal after upper case and single blanks; middle names and birth dates are not compared [I]. Where several persons fit,
   none is answered [I].
5. The answer is the last-known address on file [R].
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from portcullis.model import DATA_COLUMNS

__all__ = ["NUMBER_PATH", "run"]

NUMBER_PATH, ADDRESS_PATH = "number", "address"
_ANY_FIVE_OR_NINE = "(^|[^0-9])([0-9]{5}|[0-9]{9})([^0-9]|$)"
_TEXT = "upper(trim(regexp_replace({0}, '\\s+', ' ', 'g')))"


def _plain(*columns: str) -> str:
    """SQL for the columns in upper case with single blanks, joined."""
    parts = (_TEXT.format(f"coalesce({column}, '')") for column in columns)
    return " || '|' || ".join(parts)


_SQL = f"""
WITH asked AS (
    SELECT request_id, {_plain("given_name", "family_name")} AS name,
           {_plain("address_line", "unit")} || '|' || left(postal_code, 5) AS place,
           nullif(regexp_replace(coalesce(taxpayer_number, ''), '[^0-9]', '', 'g'), '') AS number,
           concat_ws(' ', address_line, unit, city, state, postal_code, address) AS supplied
    FROM requests
), known AS (
    SELECT person_id, {_plain("given_name", "family_name")} AS name, taxpayer_number AS number FROM persons
), by_number AS (
    SELECT a.request_id, k.person_id FROM asked a JOIN known k ON k.number = a.number AND k.name = a.name
    WHERE trim(a.supplied) <> '' AND regexp_matches(a.supplied, $digits)
), by_address AS (
    SELECT a.request_id, k.person_id
    FROM asked a
    JOIN known k ON k.name = a.name
    JOIN addresses h ON h.person_id = k.person_id AND {_plain("h.address_line", "h.unit")} || '|' || left(h.postal_code, 5) = a.place
    WHERE a.number IS NULL
), answered AS (
    SELECT request_id, min(person_id) AS person_id, path
    FROM (SELECT *, $number_path AS path FROM by_number UNION ALL SELECT *, $address_path FROM by_address)
    GROUP BY request_id, path HAVING count(DISTINCT person_id) = 1
)
SELECT r.request_id, w.person_id IS NOT NULL AS released, w.path, w.person_id
FROM requests r LEFT JOIN answered w USING (request_id) ORDER BY r.request_id
"""


def run(requests: pa.Table, persons: pa.Table, addresses: pa.Table) -> pa.Table:
    """What the reported process answers.

    Columns: request_id, released (bool), path (`number`, `address` or null), person_id (null if not released), ordered by request_id.
    """
    absent = [name for name in DATA_COLUMNS if name not in requests.column_names]
    for name in absent:
        requests = requests.append_column(name, pa.nulls(len(requests), pa.string()))
    values = {"digits": _ANY_FIVE_OR_NINE, "number_path": NUMBER_PATH, "address_path": ADDRESS_PATH}
    with duckdb.connect() as connection:
        for name, table in (("requests", requests), ("persons", persons), ("addresses", addresses)):
            connection.register(name, table)
        return connection.sql(_SQL, params=values).to_arrow_table()
