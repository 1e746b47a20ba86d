"""`register profile`: what a prepared register, or a file of requests, holds and lacks, counted, before anybody relies on it.

No value of a row is shown. A file of requests is judged by itself, without a register: what is missing, what names nobody, which addresses
are deficient and why, and how many requests state evidence that a rung of the ladder could use.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.names import standardise_names
from portcullis.matching.register import Register

__all__ = ["profile", "profile_requests"]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def profile(register: Register) -> dict[str, Any]:
    """Counts and shares: persons, names, numbers, birth dates, second names, addresses, periods, occupancy, load warnings."""
    names, places, persons = (register.tables[t] for t in ("names", "addresses", "persons"))
    filled = {c: names.num_rows - names[c].null_count for c in ("given_first", "family", "middle", "generation", "dob", "number")}
    kinds = pc.value_counts(places["kind"]).to_pylist()
    crowd = register.column("addresses", "occupancy")
    return {
        "version": register.version,
        "synthetic": register.synthetic,
        "persons": register.size,
        "filed_names": names.num_rows,
        "persons_with_several_names": int((np.diff(register.name_starts) > 1).sum()),
        "names_with": {c: _share(n, names.num_rows) for c, n in filled.items()},
        "numbers_not_usable": pc.sum(pc.equal(names["number_valid"], 0)).as_py() or 0,
        "birth_dates_not_usable": pc.sum(pc.equal(names["dob_valid"], 0)).as_py() or 0,
        "placeholder_names": pc.sum(names["name_placeholder"]).as_py() or 0,
        "addresses": places.num_rows,
        "persons_with_several_addresses": int((np.diff(register.address_starts) > 1).sum()),
        "addresses_by_kind": {str(k["values"]): k["counts"] for k in kinds},
        "addresses_with_unit": _share(places.num_rows - places["unit_key"].null_count, places.num_rows),
        "addresses_with_period": _share(places.num_rows - places["period_from"].null_count, places.num_rows),
        "addresses_at_crowded_doors": int((crowd > 10).sum()),
        "persons_without_answer": int((register.column("persons", "answer_row") < 0).sum()),
        "vetoes": pc.sum(persons["veto"]).as_py() or 0,
        "exclusions": pc.sum(persons["exclusions"]).as_py() or 0,
        "given_names": {
            "tokens": register.tables["given"].num_rows,
            "known": pc.sum(register.tables["given"]["known"]).as_py() or 0,
            "rare": pc.sum(register.tables["given"]["rare"]).as_py() or 0,
            "not_shared_by_relatives": pc.sum(register.tables["given"]["unshared"]).as_py() or 0,
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
