"""The folder of a batch as it travels: one data file, its salts, its envelope, and the engagements.

    data.csv | data.parquet | data.jsonl     salts.bin     batch.json     engagements.jsonl     documents.jsonl (may be absent)

A folder is accepted only when
 1. it is a directory with exactly one data file of that name,
 2. each of the files is an ordinary file and no link, so that nothing outside the folder is read,
 3. salts and envelope are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portcullis.datafile.columns import refused
from portcullis.datafile.read import SUFFIXES

__all__ = ["DATA", "DOCUMENTS", "ENGAGEMENTS", "ENVELOPE", "SALTS", "BatchFolder"]

DATA, SALTS, ENVELOPE, ENGAGEMENTS, DOCUMENTS = "data", "salts.bin", "batch.json", "engagements.jsonl", "documents.jsonl"


@dataclass(frozen=True, slots=True)
class BatchFolder:
    """Where the parts of a batch are; `engagements` is None when nobody engaged, `documents` when none was filed."""

    data: Path
    salts: Path
    envelope: Path
    engagements: Path | None
    documents: Path | None = None

    @classmethod
    def find(cls, folder: Path) -> BatchFolder:
        """The parts in `folder`; checks 1 to 3. Raises Refused."""
        data = [folder / f"{DATA}{suffix}" for suffix in SUFFIXES if _is_plain(folder / f"{DATA}{suffix}")]
        if len(data) != 1:
            raise refused("The folder holds no batch.", f"It has {len(data)} data files named {DATA}.csv, .parquet or .jsonl.", _PACK)
        for name in (SALTS, ENVELOPE):
            if not _is_plain(folder / name):
                raise refused("The folder holds no whole batch.", f"{name} is not there as an ordinary file.", _PACK)
        beside = [path if _is_plain(path) else None for path in (folder / ENGAGEMENTS, folder / DOCUMENTS)]
        return cls(data[0], folder / SALTS, folder / ENVELOPE, *beside)


_PACK = "Type: portcullis recipient pack --help"


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
