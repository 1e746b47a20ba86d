"""The store: SQLite or PostgreSQL through SQLAlchemy Core. Ids, states, codes, counts, commitments; no personal value.

State change, leaf and outbox row go into one transaction, opened by one of the four doors of `lock`.
"""

from __future__ import annotations

from portcullis.store import outbox, schema
from portcullis.store.bulk import insert_many
from portcullis.store.leaves import CHUNK, StoredLeaves, append, iterate, published, set_published, size
from portcullis.store.lock import reading, release_exclusive, release_shared, writing
from portcullis.store.open import current, open_store
from portcullis.store.rehearsal import rehearse, rehearsing
from portcullis.store.steps import done, once, steps
from portcullis.store.upgrade import create_store, upgrade

__all__ = [
    "CHUNK",
    "StoredLeaves",
    "append",
    "create_store",
    "current",
    "done",
    "insert_many",
    "iterate",
    "once",
    "open_store",
    "outbox",
    "published",
    "reading",
    "rehearse",
    "rehearsing",
    "release_exclusive",
    "release_shared",
    "schema",
    "set_published",
    "size",
    "steps",
    "upgrade",
    "writing",
]
