"""The register of a home: loaded from its owner's folder, and that it was loaded recorded in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.ledger.leaf import decode
from portcullis.matching.load import RegisterInfo, load_register
from portcullis.matching.register import Register, open_register
from portcullis.model import LeafType
from portcullis.publish import publish
from portcullis.store import reading, release_exclusive, schema

__all__ = ["load_into", "loaded", "record_loaded"]


def load_into(home: Home, source: Path, mapping: Path | None = None, say: Callable[[str], None] = lambda _: None) -> RegisterInfo:
    """Prepare the register in `source` for this home; the old one stays in use until the new one is whole."""
    info = load_register(source, home.path / "register", mapping, say=say)
    record_loaded(home, open_register(home.path / "register"))
    return info


def loaded(home: Home) -> Register:
    """The register of this home, open, if it is the one that the ledger says was loaded last.

    Raises Refused when none is loaded, or another lies there than the ledger names: nobody's word but the ledger's says which register
    decisions rest on.
    """
    register = open_register(home.path / "register")
    t = schema.leaf.c
    with reading(home.engine) as conn:
        last = select(t.body).where(t.type == LeafType.REGISTER_LOADED.value, t.batch_id.is_(None)).order_by(t.idx.desc()).limit(1)
        leaf = conn.execute(last).scalar_one_or_none()
    if leaf is None or decode(leaf).fields.get("register") != register.version:
        raise Refused(
            "The register in this home is not the one that was loaded last.",
            "Its version is not the one in the ledger.",
            "Load the register with `portcullis register load`, or put the right one back.",
            code="X-MATCH-VERSION",
        )
    return register


def record_loaded(home: Home, register: Register) -> None:
    """Write `register.loaded` with the version that every decision from here on names."""
    with release_exclusive(home.engine) as conn:
        record(
            home, conn, LeafType.REGISTER_LOADED, {"register": register.version, "synthetic": register.synthetic, "persons": register.size}
        )
    publish(home)
