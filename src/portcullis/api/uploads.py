"""A batch as multipart/form-data, streamed to a private folder of the home in bounded memory.

1. Exactly the parts `envelope`, `salts`, `data` are needed, `engagements` and `documents` may be there; each once, nothing else.
2. File names in the home are ours; of the sender's only the ending of the data file counts (.csv, .parquet, .jsonl).
3. Each part is cut off at its limit (413), a stream that stalls or dribbles is ended (408, bodies.py), one that ends early refused (400).
4. Rows are personal values: the folder is private, overwritten and gone when the call is over (engine.workdir).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from portcullis.api.bodies import chunks
from portcullis.api.problems import Problem
from portcullis.datafile import SUFFIXES
from portcullis.datafile.folder import DATA, DOCUMENTS, ENGAGEMENTS, ENVELOPE, SALTS

__all__ = ["PartLimits", "store_parts"]

_NAMES = {"envelope": ENVELOPE, "salts": SALTS, "engagements": ENGAGEMENTS, "documents": DOCUMENTS}
_NEEDED = {"envelope", "salts", "data"}
_MAX_HEADER = 4096
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class PartLimits:
    """The most bytes of each part."""

    rows: int
    data: int

    def of(self, part: str) -> int:
        """The limit of one part."""
        beside = {"engagements": max(_MIB, 64 * self.rows), "documents": self.data}
        return {"envelope": _MIB, "salts": 32 * self.rows, "data": self.data, **beside}[part]


async def store_parts(request: Request, folder: Path, limits: PartLimits) -> None:
    """Write the parts of this call's body into `folder` as a batch folder. Raises Problem."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Problem(
            415, "A batch is sent as multipart/form-data.", "", "Send the parts envelope, salts, engagements, documents and data."
        )
    with ExitStack() as files:
        parts = _Parts(folder, limits, files)
        parser = MultipartParser(options[b"boundary"], parts.callbacks())  # type: ignore[arg-type]
        async for chunk in chunks(request):
            try:
                await run_in_threadpool(parser.write, chunk)
            except MultipartParseError as error:
                raise _malformed() from error
        if not parts.ended:
            raise Problem(400, "The upload ended before its last part did.", "", "Send it again with the same Idempotency-Key.")
    if missing := sorted(_NEEDED - parts.seen):
        raise Problem(400, "A part of the batch is missing.", f"Not there: {', '.join(missing)}.")


def _malformed() -> Problem:
    return Problem(400, "The parts of the upload cannot be read.", "They are not multipart/form-data.")


@dataclass
class _Parts:
    """What the parser calls: the headers of a part, its bytes, its end."""

    folder: Path
    limits: PartLimits
    files: ExitStack
    seen: set[str] = field(default_factory=set)
    ended: bool = False
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _file: BinaryIO | None = None
    _left: int = 0
    _part: str = ""

    def callbacks(self) -> dict[str, object]:
        """In the names the parser knows."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._add(self._value, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._write(data[start:end]),
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    @staticmethod
    def _add(buffer: bytearray, data: bytes) -> None:
        buffer += data
        if len(buffer) > _MAX_HEADER:
            raise _malformed()

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        part = options.get(b"name", b"").decode("ascii", "replace")
        if part in self.seen or part not in {*_NAMES, "data"}:  # 1
            raise Problem(400, "The upload has a part that is not known, or one twice.", f"Known: data, {', '.join(sorted(_NAMES))}.")
        self.seen.add(part)
        self._part, self._left = part, self.limits.of(part)
        self._file = self.files.enter_context((self.folder / _name(part, options.get(b"filename", b""))).open("xb"))

    def _write(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:  # 3
            raise Problem(413, f"The part {self._part} is too large.", f"At most {self.limits.of(self._part)} bytes are read.")
        if self._file is not None:
            self._file.write(data)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end(self) -> None:
        self.ended = True


def _name(part: str, sent: bytes) -> str:
    if part != "data":
        return _NAMES[part]
    ending = "." + sent.decode("ascii", "replace").rpartition(".")[2].lower()  # 2
    if ending not in SUFFIXES:
        raise Problem(415, "The data file is of a kind that is not read.", f"Its name ends in {', '.join(SUFFIXES)}.")
    return f"{DATA}{ending}"
