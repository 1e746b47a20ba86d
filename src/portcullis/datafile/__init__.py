"""The data file, its envelope and its engagements: the formats that both agencies share."""

from portcullis.datafile.answer import ANSWER_TYPE, BatchAnswer
from portcullis.datafile.columns import SCHEMA
from portcullis.datafile.csv_text import neutral_cell, write_csv
from portcullis.datafile.engagement import ENGAGEMENT_LIMIT, ENGAGEMENT_TYPE, Engagement, ranges_of, read_engagements
from portcullis.datafile.envelope import ENVELOPE_TYPE, Envelope
from portcullis.datafile.folder import BatchFolder
from portcullis.datafile.limits import Limits
from portcullis.datafile.read import SUFFIXES, read
from portcullis.datafile.root import FileRoot, canonical_row, canonical_rows, file_root, new_salts, read_salts, sealed_root

__all__ = [
    "ANSWER_TYPE",
    "ENGAGEMENT_LIMIT",
    "ENGAGEMENT_TYPE",
    "ENVELOPE_TYPE",
    "SCHEMA",
    "SUFFIXES",
    "BatchAnswer",
    "BatchFolder",
    "Engagement",
    "Envelope",
    "FileRoot",
    "Limits",
    "canonical_row",
    "canonical_rows",
    "file_root",
    "neutral_cell",
    "new_salts",
    "ranges_of",
    "read",
    "read_engagements",
    "read_salts",
    "sealed_root",
    "write_csv",
]
