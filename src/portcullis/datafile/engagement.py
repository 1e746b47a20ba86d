"""Engagements, `engagements.jsonl`: each named officer's own signed statement (R26).

A payload is an engagement only when
 1. it has exactly the members below,
 2. its ordinals are ranges [first, last], in order, apart from each other, so that one set has one spelling,
 3. it is over the agreement, nonce and root of this envelope, and no ordinal is beyond its count.
A file of them is read line by line, and no officer stands in it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from portcullis.datafile.envelope import Envelope
from portcullis.datafile.limits import DEFAULT
from portcullis.datafile.read import open_plain
from portcullis.datafile.statement import CODE, HEX32, HEX64, agreement_of, malformed, members, text, whole

__all__ = ["ENGAGEMENT_LIMIT", "ENGAGEMENT_TYPE", "Engagement", "ranges_of", "read_engagements"]

ENGAGEMENT_TYPE = "application/vnd.portcullis.engagement+json"
ENGAGEMENT_LIMIT = 16 << 20
"""The longest payload in bytes; a line may have twice as many. Every second of 1.28 M rows takes 11 MB."""

_WHAT = "engagement"
_MEMBERS = frozenset({"agreement", "nonce", "root", "officer", "ordinals"})


@dataclass(frozen=True, slots=True)
class Engagement:
    """The rows one officer is personally and directly engaged in, as inclusive ranges of ordinals."""

    agreement_id: str
    agreement_version: int
    nonce: str
    root: str
    officer: str
    ranges: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """How many rows."""
        return sum(last - first + 1 for first, last in self.ranges)

    def ordinals(self) -> Iterator[int]:
        """Every row, in order."""
        for first, last in self.ranges:
            yield from range(first, last + 1)

    def payload(self) -> dict[str, object]:
        """The object that is signed, as canonical JSON."""
        return {
            "agreement": {"id": self.agreement_id, "version": self.agreement_version},
            "nonce": self.nonce,
            "root": self.root,
            "officer": self.officer,
            "ordinals": [list(pair) for pair in self.ranges],
        }

    @classmethod
    def parse(cls, payload: bytes) -> Engagement:
        """The engagement in a verified payload; checks 1 and 2. Raises Refused."""
        body = members(payload, _MEMBERS, _WHAT)  # 1
        agreement_id, version = agreement_of(body, _WHAT)
        return cls(
            agreement_id=agreement_id,
            agreement_version=version,
            nonce=text(body, "nonce", HEX32, _WHAT),
            root=text(body, "root", HEX64, _WHAT),
            officer=text(body, "officer", CODE, _WHAT),
            ranges=_ranges(body["ordinals"]),  # 2
        )

    def check(self, envelope: Envelope) -> None:
        """Check 3. Raises Refused when this is a statement about another batch."""
        theirs = (self.agreement_id, self.agreement_version, self.nonce, self.root)
        if theirs != (envelope.agreement_id, envelope.agreement_version, envelope.nonce, envelope.root):
            raise malformed(_WHAT, "It is over another agreement, nonce or file root.")
        if self.ranges[-1][1] > envelope.count:
            raise malformed(_WHAT, f"It names a row beyond the {envelope.count} of the batch.")


def ranges_of(ordinals: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """The one spelling of a set of ordinals."""
    ranges: list[tuple[int, int]] = []
    for ordinal in sorted(set(ordinals)):
        if ranges and ordinal == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], ordinal)
        else:
            ranges.append((ordinal, ordinal))
    return tuple(ranges)


def read_engagements(path: Path, envelope: Envelope, open_line: Callable[[bytes], bytes]) -> Iterator[tuple[bytes, Engagement]]:
    """Each line of the file with its engagement, checked against the envelope. Raises Refused.

    `open_line` verifies one line and gives its payload, in intake:
    `lambda line: open_dsse(read_dsse(line, limit=...), lookup, ENGAGEMENT_TYPE, limit=ENGAGEMENT_LIMIT)`.
    """
    seen: set[str] = set()
    with open_plain(path, links=False) as file:
        while line := file.readline(2 * ENGAGEMENT_LIMIT + 1):
            if len(line) > 2 * ENGAGEMENT_LIMIT:
                raise malformed(_WHAT, f"A line has more than {2 * ENGAGEMENT_LIMIT} bytes.")
            engagement = Engagement.parse(open_line(line.removesuffix(b"\n")))
            engagement.check(envelope)
            if engagement.officer in seen:
                raise malformed(_WHAT, "One officer stands in the file twice.")
            seen.add(engagement.officer)
            yield line, engagement


def _ranges(value: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not value:
        raise malformed(_WHAT, "It names no rows.")
    ranges: list[tuple[int, int]] = []
    after = 0
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise malformed(_WHAT, "Its ordinals are not ranges of two numbers.")
        first = whole(pair[0], "ordinal", 1, DEFAULT.rows, _WHAT)
        last = whole(pair[1], "ordinal", first, DEFAULT.rows, _WHAT)
        if first <= after:
            raise malformed(_WHAT, "Its ranges are not in order, or touch each other.")
        ranges.append((first, last))
        after = last + 1
    return tuple(ranges)
