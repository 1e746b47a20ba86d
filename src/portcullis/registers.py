"""The register of a home: loaded from its owner's folder, and that it was loaded recorded in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from portcullis.home import Home
from portcullis.journal import record
from portcullis.matching.load import RegisterInfo, load_register
from portcullis.matching.register import Register, open_register
from portcullis.model import LeafType
from portcullis.publish import publish
from portcullis.store import release_exclusive

__all__ = ["load_into", "record_loaded"]


def load_into(home: Home, source: Path, mapping: Path | None = None, say: Callable[[str], None] = lambda _: None) -> RegisterInfo:
    """Prepare the register in `source` for this home; the old one stays in use until the new one is whole."""
    info = load_register(source, home.path / "register", mapping, say=say)
    record_loaded(home, open_register(home.path / "register"))
    return info


def record_loaded(home: Home, register: Register) -> None:
    """Write `register.loaded` with the version that every decision from here on names."""
    with release_exclusive(home.engine) as conn:
        record(
            home, conn, LeafType.REGISTER_LOADED, {"register": register.version, "synthetic": register.synthetic, "persons": register.size}
        )
    publish(home)
