"""The batch answer, `batch_answer.json`: what the gateway signs when it lets answers go.

It lists the deficient rows with the statutory element that is missing, and says one and the same of every other request that has
no sealed answer: whether a person is on the register is itself return information (26 U.S.C. 6103(b)(2), R39).

A payload is a batch answer only when
 1. it has exactly the members below, each of its form,
 2. deficient rows are in order, each once, none beyond the count, each with at least one element,
 3. answers and deficient rows together are no more than the requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portcullis.datafile.limits import DEFAULT
from portcullis.datafile.statement import CODE, HEX32, HEX64, malformed, members, text, whole

__all__ = ["ANSWER_TYPE", "UNIFORM", "BatchAnswer"]

ANSWER_TYPE = "application/vnd.portcullis.answer+json"
UNIFORM = "no disclosure for every other request"

_WHAT = "batch answer"
_MEMBERS = frozenset({"batch", "nonce", "state", "count", "deficient", "answers", "sealed_root", "uniform"})
_BATCH = re.compile(r"B-\d{4}-\d{6,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One batch's answer. `deficient` gives (ordinal, elements missing); `sealed_root` and `nonce` are hex."""

    batch: str
    nonce: str
    state: str
    count: int
    deficient: tuple[tuple[int, tuple[str, ...]], ...]
    answers: int
    sealed_root: str

    def payload(self) -> dict[str, object]:
        """The object that is signed, as canonical JSON."""
        return {
            "batch": self.batch,
            "nonce": self.nonce,
            "state": self.state,
            "count": self.count,
            "deficient": [{"ordinal": ordinal, "elements": list(elements)} for ordinal, elements in self.deficient],
            "answers": self.answers,
            "sealed_root": self.sealed_root,
            "uniform": UNIFORM,
        }

    @classmethod
    def parse(cls, payload: bytes) -> BatchAnswer:
        """The batch answer in a verified payload; checks 1 to 3. Raises Refused."""
        body = members(payload, _MEMBERS, _WHAT)  # 1
        count = whole(body["count"], "count", 1, DEFAULT.rows, _WHAT)
        deficient = _deficient(body["deficient"], count)  # 2
        if body["uniform"] != UNIFORM:
            raise malformed(_WHAT, "It does not say the same of every other request.")
        return cls(
            batch=text(body, "batch", _BATCH, _WHAT),
            nonce=text(body, "nonce", HEX32, _WHAT),
            state=text(body, "state", CODE, _WHAT),
            count=count,
            deficient=deficient,
            answers=whole(body["answers"], "number of answers", 0, count - len(deficient), _WHAT),  # 3
            sealed_root=text(body, "sealed_root", HEX64, _WHAT),
        )


def _deficient(value: object, count: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    if not isinstance(value, list):
        raise malformed(_WHAT, "Its deficient rows are not a list.")
    rows: list[tuple[int, tuple[str, ...]]] = []
    for entry in value:
        if not isinstance(entry, dict) or entry.keys() != {"ordinal", "elements"} or not isinstance(entry["elements"], list):
            raise malformed(_WHAT, "A deficient row must have exactly ordinal and elements.")
        ordinal = whole(entry["ordinal"], "ordinal", rows[-1][0] + 1 if rows else 1, count, _WHAT)
        elements = tuple(text({"element": element}, "element", CODE, _WHAT) for element in entry["elements"])
        if not elements:
            raise malformed(_WHAT, "A deficient row names no element.")
        rows.append((ordinal, elements))
    return tuple(rows)
