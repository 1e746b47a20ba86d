"""Which path an agreement's requests are matched on: what agreement.yaml says must agree, and no other.

There is one path for every request of an agreement, and none stands in for another (R32). By address: match.py, with the whole ladder or,
where the birth date must agree, only with those rungs that need it. By number: by_number.py. Rungs that rest on a kind of evidence the
agreement has closed (no wrong answers allowed in its budget) are not climbed: such requests go to a person.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.by_number import match_by_number
from portcullis.matching.ladder import LADDER
from portcullis.matching.match import MEMORY, Plan, match
from portcullis.matching.register import Register

__all__ = ["match_on"]


def match_on(
    agree: Collection[str], requests: pa.Table, register: Register, closed: Collection[str] = (), *, memory: int = MEMORY
) -> pa.Table:
    """The match facts of each request, in order, on the one path that `agree` (agreement.terms) names, without the `closed` kinds.

    `memory` bounds what comparing addresses holds at a time, in bytes.
    """
    born = "date_of_birth" in agree
    ladder = tuple(rung for rung in LADDER if rung.kind not in closed and ("dob" in rung.evidence or not born))
    if "address" not in agree:
        return match_by_number(requests, register, born=born)
    found = match(requests, register, Plan(ladder=ladder), memory=memory)
    if not born:
        return found
    agrees = pc.is_in(found["ladder_rule"], pa.array([rung.id for rung in ladder], pa.string())).cast(pa.int8())
    return found.append_column("birth_agrees", agrees)
