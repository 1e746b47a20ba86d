"""Columns of a register on their way to disk: appended portion by portion, read back one at a time, so that memory holds few at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Spool", "narrow"]


class Spool:
    """A private folder of raw columns."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        self.folder, self._types = folder, dict[str, np.dtype[Any]]()

    def append(self, name: str, values: npt.NDArray[Any]) -> None:
        """Add a portion of the column."""
        kind = self._types.setdefault(name, values.dtype)
        with (self.folder / name).open("ab") as stream:
            np.ascontiguousarray(values, kind).tofile(stream)

    def read(self, name: str) -> npt.NDArray[Any]:
        """The whole column; its file is gone afterwards."""
        path = self.folder / name
        values = np.fromfile(path, self._types[name])
        path.unlink()
        return values

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def narrow(values: npt.NDArray[Any], top: int | None = None) -> npt.NDArray[Any]:
    """Counting numbers in the narrowest type that holds `top`, or the largest of them."""
    most = int(values.max(initial=0)) if top is None else top
    return values.astype(np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32 if most < 1 << 32 else np.uint64)
