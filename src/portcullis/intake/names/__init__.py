"""Names: one symmetric, deterministic, versioned standard form for both sides of a comparison (R35)."""

from __future__ import annotations

from portcullis.intake.names.letters import sound
from portcullis.intake.names.table import NAME_INPUT, NAME_SCHEMA, STANDARDISER_VERSION, standardise_names

__all__ = ["NAME_INPUT", "NAME_SCHEMA", "STANDARDISER_VERSION", "sound", "standardise_names"]
