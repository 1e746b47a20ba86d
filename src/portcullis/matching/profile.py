"""`register profile`: what a prepared register holds and lacks, counted, before anybody relies on it. No value of a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc

from portcullis.matching.register import Register

__all__ = ["profile"]


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
