"""How much of a data file is read before it is refused whole."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, all inclusive. The reference batch has 1.28 M rows and 0.4 GB as CSV."""

    rows: int = 10_000_000
    """Rows of one data file."""
    file_bytes: int = 8_000_000_000
    """Size on disk."""
    uncompressed_bytes: int = 16_000_000_000
    """Parquet: what the file says it unpacks to, and what it has unpacked to so far."""
    field_bytes: int = 65_536
    """One value, in UTF-8."""
    row_bytes: int = 4_194_304
    """One line of CSV or JSON Lines, and so the memory one row can ask for."""


DEFAULT = Limits()
