"""Why one person was, or was not, taken for the subject of a request: each comparison in words, the rung, the veto, the rivals.

No value of a row stands in an explanation, only how two values agree, so it can be shown and logged where the values may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place
from portcullis.matching.ladder import LADDER, VETOES
from portcullis.matching.match import Matched, match_in_full
from portcullis.matching.register import Register
from portcullis.matching.weigh import given_share, waterfall

__all__ = ["explain", "explain_evidence"]

_GIVEN = {
    Given.UNKNOWN: "one of the given names is missing",
    Given.OTHER: "the given names are different names",
    Given.LOOSE: "the given names are alike, but not certainly the same",
    Given.INITIAL: "one given name is the initial of the other",
    Given.CALLED: "one's given name is the other's second name",
    Given.TYPO: "the given name is a slip of the pen of the one on file",
    Given.SHORT: "one given name is a short form of the other",
    Given.SPELLING: "the given names are spellings of one name, or the same words stand in other fields",
    Given.SAME: "the given names are the same",
}
_FAMILY = {
    Family.UNKNOWN: "one of the family names is missing",
    Family.OTHER: "the family names are different names",
    Family.KIN: "the family names share a part only, as relatives' do",
    Family.TYPO: "the family names differ by a slip of the pen",
    Family.PART: "one family name is part of the other",
    Family.ORDER: "the family names have the same parts in another order",
    Family.SAME: "the family names are the same",
}
_PLACE = {
    Place.ELSEWHERE: "the person was found by number or household, not at the address",
    Place.NEAR: "an address on file is near the supplied one, not equal to it",
    Place.WITHIN: "an address on file is one edit in the street name from the supplied one",
    Place.EQUAL: "an address on file is equal to the supplied one in normal form",
}
_STATES = {
    "unit": {1: "units agree or there are none", 0: "a unit is stated on one side only", -1: "the units differ"},
    "middle": {1: "second names agree", 0: "second names decide nothing", -1: "the second names differ"},
    "dob": {1: "birth dates agree", 0: "birth dates decide nothing", -1: "the birth dates differ"},
    "number": {1: "the number given is this person's", 0: "numbers decide nothing", -1: "the number given is not this person's"},
    "generation": {
        1: "generations agree",
        0: "no generation is stated",
        -1: "the generations differ",
        -2: "a generation (Jr, Sr) is stated on one side only",
    },
}


def _verdict(row: Mapping[str, Any]) -> str:
    if row["accepted"]:
        return f"Accepted by {LADDER[row['rung'] - 1].id}: {LADDER[row['rung'] - 1].sentence}"
    if row["rival"]:
        return "A rival: this person could be meant as well, so a person must decide."
    if row["veto"]:
        return f"Not accepted, {VETOES[row['veto'] - 1].id}: {VETOES[row['veto'] - 1].sentence}"
    if not row["confirmed"]:
        return "Not accepted: the supplied address is not confirmed on file for this person."
    if row["arguable"]:
        return "Not accepted: name and address agree, but nothing beyond them shows that no relative is meant. A person must decide."
    return "Not accepted: no rung of the ladder takes this combination."


def explain_evidence(row: Mapping[str, Any], share: float, persons: int) -> dict[str, Any]:
    """One row of the evidence table in words: `person_id`, `lines` (one a comparison), `rung`, `veto`, `verdict`, and the `waterfall`
    of match weights in bits (weigh.py), which decided nothing."""
    steps = waterfall(row, share, persons)
    lines = [_GIVEN[Given(row["given"])], _FAMILY[Family(row["family"])], _PLACE[Place(row["place"])]]
    lines += [words[row[column]] for column, words in _STATES.items()]
    return {
        "person_id": row["person_id"],
        "lines": [line[0].upper() + line[1:] + "." for line in lines],
        "rung": LADDER[row["rung"] - 1].id if row["rung"] else None,
        "veto": VETOES[row["veto"] - 1].id if row["veto"] else None,
        "verdict": _verdict(row),
        "waterfall": [{"compared": name, "bits": round(bits, 2)} for name, bits in steps],
        "weight": round(sum(bits for _, bits in steps), 2),
    }


def explain(requests: pa.Table, register: Register, person_id: str | None = None, matched: Matched | None = None) -> list[dict[str, Any]]:
    """Explain every meeting of a single prepared request, or only the one with `person_id`; empty when they never met."""
    found = (matched or match_in_full(requests.slice(0, 1), register)).evidence
    if person_id is not None:
        found = found.filter(pc.equal(found["person_id"], person_id))
    share = given_share(requests.slice(0, 1), register)[0]
    return [explain_evidence(row, share, register.size) for row in found.to_pylist()]
