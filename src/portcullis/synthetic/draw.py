"""Draws: named random streams, Zipf-Mandelbrot picks, word lookups. Everything synthetic is a function of one seed.

A stream is `numpy.random.default_rng([seed, crc32(name)])`, so a change in one generator does not move the draws of
another. The same seed, size and numpy give the same data to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Bools", "Floats", "Ints", "cumulative", "join", "listed", "mixed", "padded", "pick", "present", "stream", "unit_hash", "words"]

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of that name under that seed."""
    return np.random.default_rng([seed, crc32(name.encode())])


def cumulative(count: int, shift: float, exponent: float) -> Floats:
    """Cumulative Zipf-Mandelbrot weights 1 / (rank + shift) ** exponent for ranks 1..count, ending at 1."""
    weights = (np.arange(1, count + 1) + shift) ** -exponent
    total: Floats = np.cumsum(weights) / weights.sum()
    return total


def pick(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """`count` indices drawn by cumulative weights (the last weight is 1)."""
    return np.minimum(np.searchsorted(weights, rng.random(count), side="right"), len(weights) - 1).astype(np.int64)


def mixed(values: Ints, salt: int) -> npt.NDArray[np.uint64]:
    """splitmix64 of `values + salt`: a fixed scramble, the same on every machine."""
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out: npt.NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return out


def unit_hash(values: Ints, salt: int) -> Floats:
    """A fixed number in [0, 1) for each value."""
    out: Floats = (mixed(values, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return out


def present(values: Ints, mask: Bools | None = None) -> pa.Array:
    """Codes as an Arrow int64 array, null where negative or where `mask` is false."""
    keep = values >= 0 if mask is None else (values >= 0) & mask
    return pa.array(values, type=pa.int64(), mask=~keep)


def words(vocabulary: pa.Array | Sequence[str], codes: Ints, mask: Bools | None = None) -> pa.Array:
    """The word of each code, null where the code is negative or masked out."""
    stock = vocabulary if isinstance(vocabulary, pa.Array | pa.ChunkedArray) else pa.array(list(vocabulary), type=pa.string())
    return stock.take(present(codes, mask))


def join(*parts: Any, by: str = " ") -> pa.Array:
    """Row-wise join of the parts that are not null; scalars are repeated."""
    return pc.binary_join_element_wise(*parts, by, null_handling="skip")


def listed(text: str, by: str | None = None) -> tuple[str, ...]:
    """The words of a text, apart at blanks or at `by`."""
    return tuple(" ".join(part.split()) for part in text.split(by))


def padded(values: Ints | pa.Array, width: int) -> pa.Array:
    """Integers as decimal text, filled with zeros on the left to `width`."""
    return pc.utf8_lpad(pc.cast(pa.array(values), pa.string()), width, "0")
