"""Raw rows to facts as a batch would get them, for rule cases, tests and the console's "try a request"; nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.facts import type_facts
from portcullis.intake.names import standardise_names
from portcullis.model import DATA_COLUMNS

__all__ = ["raw_table", "typed_rows"]


def raw_table(rows: Sequence[Mapping[str, str | None]]) -> pa.Table:
    """Rows as a data file gives them: `ordinal` from 1, every data column as text."""
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in DATA_COLUMNS}
    return pa.table({"ordinal": pa.array(range(1, len(rows) + 1), pa.int64()), **columns})


def typed_rows(rows: Sequence[Mapping[str, str | None]], received_on: int) -> pa.Table:
    """Facts of stage check for these rows; nobody is engaged in them. A `Typer` for portcullis.rules.run_cases."""
    raw = raw_table(rows)
    return type_facts(raw, standardise_addresses(raw), standardise_names(raw), received_on=received_on)
