"""The permanent accounting: one encrypted file per batch, a look-up beside it, and one person's rows out of all of them."""

from portcullis.accounting.entries import (
    COLUMNS,
    Entry,
    Staged,
    blind_name,
    blind_number,
    blind_person,
    entries,
    path_of,
    read,
    staged,
    write,
)
from portcullis.accounting.lookup import batches_with, reindex, rows_about

__all__ = [
    "COLUMNS",
    "Entry",
    "Staged",
    "batches_with",
    "blind_name",
    "blind_number",
    "blind_person",
    "entries",
    "path_of",
    "read",
    "reindex",
    "rows_about",
    "staged",
    "write",
]
