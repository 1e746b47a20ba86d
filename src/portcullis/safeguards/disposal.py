"""Disposal (R52): what was received is returned, made undisclosable, or kept under a justification, when its use ends.

 1. The use clock of a release runs from its dispatch to the deadline of the agreement; the dispatch opens it (release/dispatch.py).
 2. An officer certifies, for all rows or some, with method and witness; a row is certified once.
 3. The witness, another person, signs for that certificate. When every disclosed row is disposed of the use ends.
 4. Keeping is justified with a code and a day, and counts only when the Office of Safeguards acknowledges it, for as long as the agreement
    allows; until then the deadline stands.
 5. Overdue is overdue: it is listed, and stops new dispatches as the agreement says (may_release, A31).
Source: 26 U.S.C. 6103(p)(4)(F)(ii) [T].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update

from portcullis.agreement.after import stops_from
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing, about_hash, instant_of
from portcullis.home import Home
from portcullis.matters import Matter, add_items, add_step, close, find, items, prolong, steps
from portcullis.model import LeafType
from portcullis.safeguards.filing import accept, acted, enter, matter_of, members, terms
from portcullis.safeguards.records import numbered
from portcullis.store import release_exclusive, schema

__all__ = ["METHODS", "answer_retention", "certify_disposal", "progress", "witness_disposal"]

METHODS = ("returned", "destroyed", "crypto_shredded", "retained")
_DAY = 86_400
_CERTIFICATE = "agency matter rows? method witness at until? why?"


def certify_disposal(home: Home, conn: Connection, filing: Filing) -> str:
    """Take in a certificate (2); returns the hash the witness signs. Raises Refused for rows that are not open."""
    officer = accept(home, conn, filing, LeafType.OBLIGATION_CERTIFIED, _CERTIFICATE)
    matter, about = matter_of(conn, filing, ("use",)), filing.about
    retained = about["method"] == "retained"
    if (
        about["method"] not in METHODS
        or about["witness"] == officer.person
        or retained != ("until" in about)
        or retained != ("why" in about)
    ):
        raise Refused(
            "This is no certificate of disposal.",
            f"The method is one of {', '.join(METHODS)}; the witness is another person; keeping states until when, and why.",
            "Certify anew.",
        )
    if instant_of(about["at"]) < matter.opened_at - terms(home, conn, matter.agreement).clock:
        raise Refused("The clocks disagree.", "The certificate is dated before the release.", "Set the clock, and sign anew.")
    rows = _rows(conn, matter, about)
    digest = about_hash(about)
    if not retained:
        add_items(conn, matter.id, ((str(matter.batch), ordinal, digest) for ordinal in rows), "certified")
    more = {"certificate": digest, "records": len(rows)}
    index = enter(home, conn, LeafType.OBLIGATION_CERTIFIED, matter.id, about, filing.act, agreement=matter.agreement, **more)
    add_step(home, conn, matter.id, LeafType.OBLIGATION_CERTIFIED, officer.person, index, dict(about) | more)
    return digest


def witness_disposal(home: Home, conn: Connection, filing: Filing) -> str:
    """The witness signs for a certificate (3); returns `open` or `disposed`. Raises Refused for anybody else."""
    officer = accept(home, conn, filing, LeafType.OBLIGATION_WITNESSED, "agency matter certificate at")
    matter, digest = matter_of(conn, filing, ("use",)), str(filing.about["certificate"])
    certified = next(
        (s["about"] for s in steps(conn, matter.id) if s["about"].get("certificate") == digest and "method" in s["about"]), None
    )
    if certified is None or certified["method"] == "retained":
        raise Refused("There is no such certificate.", "Its hash is of none that was filed for disposal.", "Name the one that was filed.")
    if officer.person != certified["witness"]:
        raise Refused("Another person has to sign this.", "The certificate names another witness.", "That person signs it.")
    i = schema.matter_item
    mine = (i.c.matter == matter.id, i.c.custodian == digest)
    if not conn.execute(update(i).where(*mine, i.c.state == "certified").values(state="disposed")).rowcount:
        raise Refused("This certificate was witnessed before.", "It counts once.", "Nothing was changed.")
    whole = progress(conn, matter)["disposed"] == progress(conn, matter)["records"]
    more = {"ends": 1} if whole else {}
    index = enter(home, conn, LeafType.OBLIGATION_WITNESSED, matter.id, filing.about, filing.act, agreement=matter.agreement, **more)
    add_step(home, conn, matter.id, LeafType.OBLIGATION_WITNESSED, officer.person, index, filing.about)
    if whole:
        close(home, conn, matter.id, "disposed")
    return "disposed" if whole else "open"


def answer_retention(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> int | None:
    """The Office of Safeguards answers a justified retention (4); returns the new deadline, None when it objects. Raises Refused."""
    members(about, "agency matter certificate verdict at")
    with release_exclusive(home.engine) as conn:
        found = find(conn, matter, ("use",))
        officer = acted(home, conn, LeafType.OBLIGATION_ANSWERED, about, act)
        asked = next((s["about"] for s in steps(conn, matter) if s["about"].get("certificate") == about["certificate"]), None)
        if asked is None or asked.get("method") != "retained" or about["matter"] != matter:
            raise Refused("Nothing of this certificate was asked to be kept.", "Its hash is of none that says so.", "Name the one filed.")
        after, due = terms(home, conn, found.agreement), None
        more: dict[str, Any] = {}
        if about["verdict"] == "acknowledged":
            due = int(asked["until"]) * _DAY
            if due > home.now() + after.days("disposal.retain_days"):
                raise Refused(
                    "It would be kept longer than the agreement allows.",
                    f"At most {after.number['disposal.retain_days']} days from now.",
                    "Object, or ask for an earlier day.",
                )
            stops = stops_from(after, "disposal", home.now(), due)
            more = {} if stops is None else {"stops_from": stops}
            prolong(conn, matter, due=due, stops_from=stops)
        index = enter(home, conn, LeafType.OBLIGATION_ANSWERED, matter, about, act, agreement=found.agreement, **more)
        add_step(home, conn, matter, LeafType.OBLIGATION_ANSWERED, officer.person, index, about)
        return due


def progress(conn: Connection, matter: Matter) -> dict[str, int]:
    """How many rows a use is about, and how many are certified and disposed of."""
    i = schema.matter_item
    rows = conn.execute(select(i.c.state, func.count()).where(i.c.matter == matter.id).group_by(i.c.state)).all()
    found: Counter[str] = Counter({state: count for state, count in rows})
    return {"records": int(matter.detail["records"]), "certified": found["certified"], "disposed": found["disposed"]}


def _rows(conn: Connection, matter: Matter, about: Mapping[str, Any]) -> list[int]:
    """The rows a certificate is about: those it names, else all that are still open. Raises Refused for one that is not."""
    q = schema.request
    sent = set(conn.execute(select(q.c.ordinal).where(q.c.batch_id == matter.batch, q.c.answered == 1)).scalars())
    open_rows = sent - {row["ordinal"] for row in items(conn, matter.id)}
    if "rows" not in about:
        wanted = open_rows
    else:
        spans = about["rows"]
        fine = isinstance(spans, list) and all(isinstance(s, list) and len(s) == 2 and all(type(n) is int for n in s) for s in spans)
        if not fine or sum(max(0, last - first + 1) for first, last in spans) > len(sent):
            raise Refused("The rows of the certificate cannot be read.", "They are ranges as [[1,40],[52,52]].", "Certify anew.")
        wanted = {n for first, last in spans for n in range(first, last + 1)}
    if not wanted or wanted - open_rows:
        raise Refused(
            "The certificate is about rows that are not open.",
            "They were never disclosed, or were certified before.",
            "Type: portcullis safeguard status",
        )
    return [ordinal for _, ordinal in numbered(str(matter.batch), wanted)]
