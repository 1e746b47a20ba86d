"""The class letters of each row as one short text, and the parse of each different one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.grammar import Parse
from portcullis.intake.addresses.parsing import parse
from portcullis.intake.addresses.stream import Ints, Stream

__all__ = ["Parsed", "parse_rows"]

_MAX_TOKENS = 36
"""Rows of more tokens are no address."""
_MILITARY = ("AA", "AE", "AP")


class Parsed:
    """`parses[which[row]]` is the parse of a row; `roles` are the role letters of all tokens of the stream."""

    def __init__(self, parses: list[Parse], which: Ints) -> None:
        self.parses, self.which = parses, which
        taken = pa.array([found.roles.encode() for found in parses], pa.binary()).take(pa.array(which))
        data = taken.buffers()[2]
        self.roles: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)

    def per_row(self, values: list[Any], kind: Any) -> npt.NDArray[Any]:
        """One value per parse as one value per row."""
        return np.array(values, kind)[self.which]


def parse_rows(stream: Stream, tail: Ints, free: npt.NDArray[np.bool_], stated: npt.NDArray[Any]) -> Parsed:
    """Parse every row by its signature. `tail` is where state and ZIP of a `free` text begin, `stated` the state of each row."""
    signatures = _signatures(_classes(stream, tail, free, stated), stream.bounds)
    encoded = pc.dictionary_encode(signatures)
    texts = [signature.decode("ascii") for signature in encoded.dictionary.to_pylist()]
    parses = [parse(text) if len(text) <= _MAX_TOKENS else Parse("X" * len(text), None) for text in texts]
    return Parsed(parses, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64))


def _signatures(classes: npt.NDArray[np.uint8], bounds: Ints) -> Any:
    offsets, data = pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(classes.tobytes())
    return pa.BinaryArray.from_buffers(pa.binary(), len(bounds) - 1, [None, offsets, data])


def _classes(stream: Stream, tail: Ints, free: npt.NDArray[np.bool_], stated: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Class letters of all tokens; a row's field mark becomes its region (capital for free text), the tail of a free text becomes Z."""
    classes: npt.NDArray[np.uint8] = stream.facts.letter[stream.codes]
    region = np.full(len(free), ord("n"), np.uint8)
    region[np.isin(stated.astype("U2"), _MILITARY)] = ord("m")
    region[stated == "PR"] = ord("r")
    region[free] -= 32
    rows = np.flatnonzero(free)
    size = len(classes) + 1
    edges = np.bincount(tail[rows], minlength=size) - np.bincount(stream.bounds[rows + 1], minlength=size)
    classes[np.cumsum(edges[:-1]) > 0] = ord("Z")
    classes[stream.bounds[:-1]] = region
    return classes
