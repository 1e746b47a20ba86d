"""A release folder as it arrived: `answers.jsonl` and `batch_answer.json`.

It is accepted only when
 1. the batch answer is signed by the gateway's log key,
 2. it is about our batch: nonce and count are those we sent, where they are given,
 3. each line of the answers is canonical JSON with exactly `request` (32 hex digits, each once) and `jwe`,
 4. there are as many lines as the batch answer says, and their root is the one it states.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portcullis.crypto import Lookup, open_dsse, read_dsse, strict_loads
from portcullis.datafile import ANSWER_TYPE, BatchAnswer, sealed_root
from portcullis.errors import Refused

__all__ = ["ANSWERS", "BATCH_ANSWER", "Arrived", "receive"]

ANSWERS, BATCH_ANSWER = "answers.jsonl", "batch_answer.json"
_MAX_LINE = 64 << 10
_MAX_ANSWER = 512 << 20
_REQUEST = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class Arrived:
    """An accepted release folder: its batch answer and where its sealed answers are."""

    folder: Path
    answer: BatchAnswer

    def sealed(self) -> Iterator[tuple[str, str]]:
        """Each (request, JWE) in the order of the file."""
        return _lines(self.folder / ANSWERS)


def receive(folder: Path, gateway: Lookup, *, nonce: str | None = None, count: int | None = None) -> Arrived:
    """The release in `folder`; checks 1 to 4. `gateway` gives the log key for its id. Raises Refused."""
    answer = _batch_answer(folder / BATCH_ANSWER, gateway)
    if (nonce is not None and nonce != answer.nonce) or (count is not None and count != answer.count):  # 2
        raise _refused("It answers another batch.")
    seen: set[str] = set()

    def tokens() -> Iterator[str]:
        for request, token in _lines(folder / ANSWERS):
            if request in seen:  # 3
                raise _refused("It answers one request twice.")
            seen.add(request)
            yield token

    root = sealed_root(tokens()).hex()
    if len(seen) != answer.answers or root != answer.sealed_root:  # 4
        raise _refused("Its sealed answers are not those the gateway signed for.")
    return Arrived(folder, answer)


def _batch_answer(path: Path, gateway: Lookup) -> BatchAnswer:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_ANSWER + 1)
    except OSError as error:
        raise _refused(f"{BATCH_ANSWER} cannot be read: {error.strerror}.") from error
    statement = read_dsse(data, limit=_MAX_ANSWER)
    return BatchAnswer.parse(open_dsse(statement, gateway, ANSWER_TYPE, limit=_MAX_ANSWER))  # 1


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise _refused(f"{ANSWERS} cannot be read: {error.strerror}.") from error
    with file:
        while line := file.readline(_MAX_LINE + 1):
            if len(line) > _MAX_LINE:
                raise _refused("A line of its answers is too long.")
            yield _entry(strict_loads(line.removesuffix(b"\n")))


def _entry(body: object) -> tuple[str, str]:
    if not isinstance(body, dict) or body.keys() != {"request", "jwe"}:  # 3
        raise _refused("A line of its answers has other members than request and jwe.")
    request, token = body["request"], body["jwe"]
    if not isinstance(request, str) or not _REQUEST.match(request) or not isinstance(token, str) or not token.isascii():
        raise _refused("A line of its answers is not of the form it must have.")
    return request, token


def _refused(why: str) -> Refused:
    return Refused("The release is not accepted.", why, "Keep it unopened and ask the source agency, naming the batch.")
