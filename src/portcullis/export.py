"""The evidence of a home as a bundle, and the trust file that says whose it is (interface.md, "Bundle").

The bundle holds the published log with its entry bundles, or the part of one agreement, batch or person; the history of keys, every rule
set a leaf names, the decision tables, and for a named authority the openings.
The trust file is only as good as the way it reaches the reader: hand it over apart from the bundle.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from portcullis.agreement import adopted, load_agreement
from portcullis.agreement.adopt import folder_of
from portcullis.crypto import decode64
from portcullis.decision import tables
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.ledger import NoteKey, open_checkpoint, parse_vkey
from portcullis.ledger.bundle import export
from portcullis.ledger.trust import Trust
from portcullis.parts import Asked, Given, Scope, given, openings, part_of
from portcullis.publish import publish
from portcullis.rules import rules_json
from portcullis.store import reading, schema
from portcullis.witnesses import listed

__all__ = ["WHOLE", "export_bundle", "trust_of"]

WHOLE = Scope()
"""The whole log."""


def trust_of(home: Home) -> Trust:
    """Log key, agencies' roots, and witnesses with the highest quorum that an agreement in force asks for, as this home knows them."""
    p = schema.party
    with reading(home.engine) as conn:
        roots = {row.agency: decode64(row.root_public, "root key") for row in conn.execute(select(p).order_by(p.c.agency))}
        agreements = [adopted(home, conn, name) for name in conn.execute(select(schema.agreement.c.id).distinct()).scalars()]
    asked = max((one.witness_quorum for one in agreements if one), default=0)
    keys = [one.key for one in listed(home)]
    keys += [key for one in agreements if one for key in map(parse_vkey, sorted(one.witnesses)) if key not in keys]
    # A quorum that the known witnesses cannot reach is not stated lower: nothing was let go under it either.
    return Trust(NoteKey(home.settings.origin, home.log_key.public), roots, tuple(keys), min(asked, len(keys)))


def export_bundle(
    home: Home, target: Path, *, trust: Path | None = None, scope: Scope = WHOLE, asked: Asked | None = None, since: bytes | None = None
) -> int:
    """Publish, write the bundle of `scope` into `target`, and the trust file beside it; returns the number of leaves of the log.

    With `asked` the openings of the scope are in it, and are on record. `since` is a checkpoint that the reader holds: a part is cut there.
    Raises Refused for an unknown scope, a folder that is not empty, or a checkpoint of another log.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refused(f"A bundle cannot be written to {target.name}.", "Something is there already.", "Name an empty or absent folder.")
    log = NoteKey(home.settings.origin, home.log_key.public)
    older = None if since is None else open_checkpoint(since, log).checkpoint.size
    what = given(home, scope, asked) if scope.kind or asked else Given({}, ())
    head = publish(home)
    if head is None:
        raise OutOfOrder("A bundle cannot be written in a rehearsal.")
    known = trust_of(home)
    size = export(
        home.ledger,
        target,
        signer=home.log_key,
        origin=home.settings.origin,
        agency_roots=known.agency_roots,
        rules=_rule_sets(home),
        tables=tables(),
        opened=openings(home, what, head.size) if asked else (),
        part=part_of(home, scope, what, head.size, older) if scope.kind else None,
    )
    if trust is not None:
        trust.write_bytes(known.text())
    return size


def _rule_sets(home: Home) -> dict[str, object]:
    """Rule-set hash → rule set, for every agreement version this home was ever shown."""
    a = schema.agreement
    with reading(home.engine) as conn:
        known = conn.execute(select(a.c.id, a.c.version).order_by(a.c.id, a.c.version)).all()
    loaded = [load_agreement(folder_of(home, row.id, row.version)).rules for row in known]
    return {rules.hash: rules_json(rules) for rules in loaded}
