"""The counters of the replay: what a process released, set against the hidden truth.

`unlawful` follows the reading of 26 February 2026 [R]: released without the supplied address having been confirmed on file for that person.
A release counts as unlawful when its path never compared the address (`path` is `number`), or when the address is not on file for the
person meant, or when it is about somebody else. `unlawful_all_rules` counts every release that is not lawful in all elements, with
veto, exclusion and institution. `lawful_matchable` are the requests that must be answered, `lawful_released` those of them that were.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import OutOfOrder
from portcullis.synthetic.draw import Bools

__all__ = ["score"]

_UNCOMPARED = "number"


def _bools(values: Any) -> Bools:
    """A boolean array, null as false."""
    out: Bools = np.asarray(pc.fill_null(values, False)).astype(np.bool_)
    return out


def _flags(table: pa.Table, name: str) -> Bools:
    """A boolean column, null as false."""
    return _bools(table[name])


def score(outcomes: pa.Table, truth: pa.Table) -> dict[str, int]:
    """Counts over one run: requests, released, unlawful, unlawful_all_rules, lawful_matchable, lawful_released, wrong_person;

    and more: matchable, not_on_file (released, the supplied address not on file), not_an_address (released, no address was supplied),
    differs (released, the answer is not the address supplied), by_number and by_address (released, by path; a run without paths compares).

    `outcomes`: request_id, released (bool), person_id, optionally path. Requests without an outcome count as not released.
    Raises OutOfOrder when an outcome is about no request of the truth, or two are about the same one.
    """
    at = pc.index_in(outcomes["request_id"], truth["request_id"].combine_chunks())
    if at.null_count or pc.count_distinct(at).as_py() != len(outcomes):
        why = "A request_id is unknown or stands twice."
        raise OutOfOrder("The outcomes are not one for each request.", why, "Score a run against its own truth.")
    due, matchable = (int(_flags(truth, name).sum()) for name in ("lawful_matchable", "matchable"))
    counts = {name: int(flags.sum()) for name, flags in _judged(outcomes, truth.take(at)).items()}
    return {"requests": len(truth), "lawful_matchable": due, "matchable": matchable} | counts


def _judged(outcomes: pa.Table, asked: pa.Table) -> dict[str, Bools]:
    """Every counter as a flag per outcome; `asked` is the truth in the order of the outcomes."""
    released = _flags(outcomes, "released")
    right = _bools(pc.equal(outcomes["person_id"], asked["person_id"]))
    path: Any = outcomes["path"] if "path" in outcomes.column_names else pa.nulls(len(outcomes), pa.string())
    compared = ~_bools(pc.equal(path, _UNCOMPARED))
    on_file, due = _flags(asked, "address_on_file"), _flags(asked, "lawful_matchable")
    lawful = right & compared & on_file
    return {
        "released": released,
        "unlawful": released & ~lawful,
        "unlawful_all_rules": released & ~(lawful & due),
        "lawful_released": released & lawful & due,
        "wrong_person": released & ~right,
        "not_on_file": released & ~on_file,
        "not_an_address": released & ~_flags(asked, "address_genuine"),
        "differs": released & ~(right & _flags(asked, "address_is_last_known")),
        "by_number": released & ~compared,
        "by_address": released & compared,
    }
