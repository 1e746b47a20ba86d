"""`register profile`: what a prepared register, or a file of requests, holds and lacks, counted, before anybody relies on it.

No value of a row is shown. A file of requests is judged by itself, without a register: what is missing, what names nobody, which addresses
are deficient and why, and how many requests state evidence that a rung of the ladder could use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.names import standardise_names
from portcullis.matching.build import NOBODY
from portcullis.matching.register import Register
from portcullis.matching.shelf.names import NAME_GROUPS, NO_NUMBER
from portcullis.matching.shelf.places import PLACE_GROUPS

__all__ = ["profile", "profile_requests"]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


_FILLED = ("given_first", "family", "middle", "generation", "dob", "number")


def _weighed(register: Register, table: str, group: str, column: str, test: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> int:
    """How many rows have a value of which `test` holds; asked once for each distinct one."""
    codes = register.column(table, group)
    values = register.group(group)
    rows = np.bincount(codes, minlength=values.num_rows)
    return int(rows[np.asarray(pc.fill_null(test(values[column]), False))].sum())


def _several(register: Register, table: str) -> int:
    """Persons with more than one row."""
    return int((np.diff(register.column(table, "begin").astype(np.int64)) > 1).sum()) if table in register.tables else 0


def profile(register: Register) -> dict[str, Any]:
    """Counts and shares: persons, names, numbers, birth dates, second names, addresses, periods, occupancy, load warnings."""
    group_of = {column: group for group, columns in (NAME_GROUPS | PLACE_GROUPS).items() for column in columns}

    def names(column: str, test: Callable[[pa.ChunkedArray], pa.ChunkedArray] = pc.is_valid) -> int:
        return _weighed(register, "names", group_of[column], column, test)

    def places(column: str) -> int:
        return _weighed(register, "addresses", group_of[column], column, pc.is_valid)

    filled = {c: names(c) for c in _FILLED if c != "number"}
    filled["number"] = int((register.column("names", "number") != NO_NUMBER).sum())
    kinds = Counter[str]()
    for kind, rows in zip(
        register.group("spot")["kind"].to_pylist(), np.bincount(register.column("addresses", "spot")).tolist(), strict=False
    ):
        kinds[str(kind)] += rows
    given, against = register.tables["given"], register.column("persons", "stands_against")
    return {
        "version": register.version,
        "synthetic": register.synthetic,
        "persons": register.size,
        "filed_names": register.names,
        "persons_with_several_names": _several(register, "persons_names"),
        "names_with": {c: _share(n, register.names) for c, n in filled.items()},
        "numbers_not_usable": names("number_valid", lambda v: pc.equal(v, 0)),
        "birth_dates_not_usable": names("dob_valid", lambda v: pc.equal(v, 0)),
        "placeholder_names": names("name_placeholder", lambda v: pc.equal(v, 1)),
        "addresses": register.addresses,
        "persons_with_several_addresses": _several(register, "persons_addresses"),
        "addresses_by_kind": dict(kinds),
        "addresses_with_unit": _share(places("unit_key"), register.addresses),
        "addresses_with_period": _share(places("period_from"), register.addresses),
        "addresses_at_crowded_doors": int((register.column("addresses", "occupancy") > 10).sum()),
        "persons_without_answer": int((register.column("persons", "answer_row") == NOBODY).sum()),
        "vetoes": int((against & 1).sum()),
        "exclusions": int((against >> 1).sum()),
        "given_names": {
            "tokens": given.num_rows,
            "known": pc.sum(given["known"]).as_py() or 0,
            "rare": pc.sum(given["rare"]).as_py() or 0,
            "not_shared_by_relatives": pc.sum(given["unshared"]).as_py() or 0,
        },
        "warnings": dict(register.facts["warnings"]),
    }


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value occurs, most frequent first; null is left out."""
    found = [(str(v["values"]), int(v["counts"])) for v in pc.value_counts(column).to_pylist() if v["values"] is not None]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def profile_requests(raw: pa.Table) -> dict[str, Any]:
    """Counts and shares of a file of requests (the columns of a data file)."""
    names, places, rows = standardise_names(raw), standardise_addresses(raw), raw.num_rows
    genuine = places["genuine"]
    usable = [pc.fill_null(pc.equal(names[c], 1), False) for c in ("dob_valid", "number_valid")]
    evidence = pc.or_(pc.is_valid(names["middle"]), pc.or_(*usable))
    asked = pa.table({c: names[c] for c in ("given_first", "middle", "family", "dob")} | {c: places[c] for c in ("delivery_key", "zip5")})
    return {
        "requests": rows,
        "stated": {c: _share(rows - raw[c].null_count, rows) for c in raw.column_names if c not in ("ordinal", "request_id")},
        "names_missing": pc.sum(pc.or_(pc.is_null(names["given_first"]), pc.is_null(names["family"]))).as_py() or 0,
        "names_that_name_nobody": pc.sum(names["name_placeholder"]).as_py() or 0,
        "birth_dates_not_usable": pc.sum(pc.equal(names["dob_valid"], 0)).as_py() or 0,
        "numbers_not_usable": pc.sum(pc.equal(names["number_valid"], 0)).as_py() or 0,
        "addresses_genuine": pc.sum(pc.equal(genuine, 1)).as_py() or 0,
        "addresses_deficient": pc.sum(pc.equal(genuine, 0)).as_py() or 0,
        "addresses_to_be_looked_at": genuine.null_count,
        "addresses_by_reason": _counts(places["reason"]),
        "addresses_by_kind": _counts(places["kind"]),
        "with_evidence_beyond_name_and_address": _share(pc.sum(evidence).as_py() or 0, rows),
        "asked_more_than_once": rows - asked.group_by(asked.column_names).aggregate([]).num_rows,
    }
