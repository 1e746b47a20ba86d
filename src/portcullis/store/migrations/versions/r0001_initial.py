"""The first tables, from the text beside this file, and the empty ledger's head row.

The text is frozen once a version is published; `make_sql` wrote it from the schema and a test compares the two.
"""

from __future__ import annotations

from importlib.resources import files

from alembic import op

from portcullis.store.migrations.make_sql import WORDS

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of revision 0001."""
    words = WORDS[op.get_bind().dialect.name]
    script = (files("portcullis.store") / "migrations" / "versions" / "r0001_initial.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement.format_map(words))
