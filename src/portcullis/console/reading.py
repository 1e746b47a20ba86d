"""Screens that only read: agreement, rules, safeguards, ledger, accounting."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import select
from starlette.responses import Response

from portcullis import export
from portcullis.agreement import Agreement, adopted
from portcullis.agreement.switches import positions, switch_changes
from portcullis.console.memory import while_unwritten
from portcullis.console.request import Request
from portcullis.console.two_people import MAY_TURN, half_turned
from portcullis.errors import Refused
from portcullis.ledger.verify import verify
from portcullis.oversight import Identity, accounting_of
from portcullis.publish import publish
from portcullis.rules import RuleSet
from portcullis.rules.explain import explain_rule
from portcullis.safeguards import due, status
from portcullis.standing import facts
from portcullis.store import published, reading, schema, size

__all__ = ["accounting", "accounting_page", "agreement", "agreements", "in_force", "ledger", "rule", "rules", "safeguards", "verify_now"]


def agreements(request: Request) -> Response:
    """Every version of every agreement."""
    a = schema.agreement
    with reading(request.home.engine) as conn:
        rows = conn.execute(select(a).order_by(a.c.id, a.c.version.desc())).mappings().all()
    return request.page("agreements.html", rows=rows)


def agreement(request: Request) -> Response:
    """The version in force: parties, authority, what may leave, rules, switches, signatures."""
    name, s = request.values["agreement"], schema.agreement_signature
    with reading(request.home.engine) as conn:
        found = adopted(request.home, conn, name)
        if found is None:
            raise Refused(
                "No agreement of that name is in force.", "It was suspended, ended, or never adopted.", "See the list of agreements."
            )
        signed = conn.execute(select(s.c.agency).where(s.c.agreement_id == name, s.c.version == found.version)).scalars().all()
        switches = positions(conn, found)
        changes = while_unwritten(request.home, conn, f"switches {found.hash}", lambda: switch_changes(conn, found))
        firsts = half_turned(request, conn, name)
    may = {"turn": bool(MAY_TURN & request.roles), "meanings": {key: one.meaning for key, one in found.rules.switches.items()}}
    return request.page("agreement.html", firsts=firsts, may=may, found=found, signed=signed, switches=switches, changes=changes)


def in_force(request: Request) -> Agreement | None:
    """The first agreement in force, whose rules are shown."""
    a = schema.agreement
    with reading(request.home.engine) as conn:
        for name in conn.execute(select(a.c.id).where(a.c.state == "in_force").order_by(a.c.id)).scalars():
            if (found := adopted(request.home, conn, name)) is not None:
                return found
    return None


def _law(request: Request) -> RuleSet | None:
    found = in_force(request)
    return found.rules if found else None


def rules(request: Request) -> Response:
    """Every rule of the agreement in force."""
    law = _law(request)
    return request.page("rules.html", rules=law.rules if law else ())


def rule(request: Request) -> Response:
    """One rule as a person would read it aloud."""
    law = _law(request)
    if law is None or request.values["rule"] not in {one.id for one in law.rules}:
        raise Refused("There is no such rule.", "The agreement in force does not have it.", "See the list of rules.")
    return request.page("rule.html", rule=explain_rule(law, request.values["rule"]))


def safeguards(request: Request) -> Response:
    """The receiving agencies' standing, officers and vaults."""
    p, o, v = schema.party, schema.officer, schema.vault
    day = request.home.now() // 86_400
    with reading(request.home.engine) as conn:
        agencies = conn.execute(select(p.c.agency).where(p.c.side == "recipient").order_by(p.c.agency)).scalars().all()
        a = schema.agreement
        ids = conn.execute(select(a.c.id).where(a.c.state == "in_force")).scalars().all()
        terms = [found for each in ids if (found := adopted(request.home, conn, each)) is not None]
        standing = [(agency, facts(conn, agency, day, terms[0].report_days if terms else 0)) for agency in agencies]
        people = conn.execute(select(o).order_by(o.c.agency, o.c.person).limit(100)).mappings().all()
        after, owed = status(request.home, conn), due(request.home, conn)
        vaults = conn.execute(select(v.c.id, v.c.agency, v.c.storage, v.c.attested, v.c.revoked_at).order_by(v.c.id)).mappings().all()
    return request.page("safeguards.html", standing=standing, people=people, vaults=vaults, after=after, owed=owed)


def ledger(request: Request) -> Response:
    """How long the ledger is, what of it is published, and the checkpoint as anybody reads it."""
    with reading(request.home.engine) as conn:
        leaves, (covered, root) = size(conn), published(conn)
    checkpoint = request.home.ledger / "checkpoint"
    note = checkpoint.read_text(encoding="utf-8") if checkpoint.is_file() else ""
    return request.page("ledger.html", leaves=leaves, covered=covered, root=root, note=note, found=None)


def verify_now(request: Request) -> Response:
    """Export the evidence into the private folder and verify it, step by step, with the program's own verifier."""
    home = request.home
    publish(home)
    with tempfile.TemporaryDirectory(dir=home.tmp) as folder:
        bundle, trust = Path(folder) / "bundle", Path(folder) / "trust.json"
        export.export_bundle(home, bundle, trust=trust)
        found = verify(bundle, trust.read_bytes())
    with reading(home.engine) as conn:
        leaves, (covered, root) = size(conn), published(conn)
    note = (home.ledger / "checkpoint").read_text(encoding="utf-8")
    return request.page("ledger.html", leaves=leaves, covered=covered, root=root, note=note, found=found)


def accounting_page(request: Request) -> Response:
    """The form for one identity."""
    return request.page("accounting.html", entries=None)


def accounting(request: Request) -> Response:
    """Every request and disclosure about one identity; the identity comes in the form and stands in no address."""
    named = {name: request.form[name].strip() for name in Identity.__slots__ if request.form.get(name, "").strip()}
    if not named:
        raise Refused("Nobody is named.", "All fields are empty.", "Fill in a taxpayer number, or a name with the date of birth.")
    entries = accounting_of(request.home, Identity(**named), request.person)
    publish(request.home)
    return request.page("accounting.html", entries=entries)
