"""The switches of the agreement in force: where each stands, since when, and who turned it (rules.md §3, "Switches"; R58).

A switch is turned when
 1. the agreement is in force, has this switch, and the switch stands in the other position,
 2. two different people have each signed exactly this change; one is counsel, the other counsel, authorizer, safeguards or overseer,
 3. it is dated the day it is recorded, or at most three days before, in the agreement's zone,
 4. `rules.changed` with both signatures goes to the ledger in the transaction that changes the position.
A batch keeps the positions it was received under, and they are part of what two people authorize: after a change nothing that was
authorized before it leaves (`may_release` A14, A27). Every position of all switches was proved when the agreement was adopted.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from portcullis.agreement.adopt import adopted
from portcullis.agreement.load import Agreement
from portcullis.crypto import canonical, signer_of
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import AgreementRef, record
from portcullis.ledger import decode
from portcullis.ledger.acts import ACTS, content_of
from portcullis.model import LeafType, Role
from portcullis.officers import Officer, accept_act
from portcullis.store import schema

__all__ = ["DATED_DAYS", "SWITCH_ACTION", "positions", "switch_changes", "switch_content", "turn_switch"]

SWITCH_ACTION = ACTS[LeafType.RULES_CHANGED].action
DATED_DAYS = 3
"""For so many days a change may be dated before it is recorded: an act stands for at most 72 hours."""
_MAY_SIGN = [Role(name) for name in sorted(ACTS[LeafType.RULES_CHANGED].roles or ())]


def switch_content(agreement: Agreement, switch: str, on: bool, dated: dt.date) -> str:
    """What two people sign: this switch of this version to this position, dated."""
    return content_of({"agreement": _ref(agreement).member(), **_members(switch, on, dated)})


def turn_switch(
    home: Home, conn: Connection, agreement_id: str, switch: str, on: bool, dated: dt.date, acts: Sequence[Mapping[str, object]]
) -> int:
    """Turn one switch; returns the index of its leaf. The caller holds the exclusive release lock. Raises Refused as the list above."""
    agreement = adopted(home, conn, agreement_id)
    if agreement is None:
        raise Refused(f"{agreement_id} is not in force.", "Only then has it switches to turn.", "Type: portcullis agreement list")
    standing = positions(conn, agreement)
    _check_turn(home, agreement, standing, switch, on, dated)
    content = switch_content(agreement, switch, on, dated)
    signed = [accept_act(home, conn, a, action=SWITCH_ACTION, content=content, agreement=agreement_id, roles=_MAY_SIGN)[0] for a in acts]
    _check_two(signed)
    fields = {**_members(switch, on, dated), "rules": agreement.rules.hash, "acts": [dict(act) for act in acts]}
    index = record(home, conn, LeafType.RULES_CHANGED, fields, agreement=_ref(agreement))
    a = schema.agreement
    text = canonical(standing | {switch: on}).decode()
    conn.execute(update(a).where(a.c.id == agreement.id, a.c.version == agreement.version).values(switches=text))
    return index


def positions(conn: Connection, agreement: Agreement) -> dict[str, bool]:
    """Where every switch of a version this home knows stands now."""
    a = schema.agreement
    text = conn.execute(select(a.c.switches).where(a.c.id == agreement.id, a.c.version == agreement.version)).scalar_one()
    found: dict[str, bool] = json.loads(text)
    return found


def switch_changes(conn: Connection, agreement: Agreement) -> list[dict[str, object]]:
    """Every change of a switch of this version, from the ledger, oldest first: switch, position, dated, recorded, leaf, signed_by."""
    leaf = schema.leaf
    rows = conn.execute(select(leaf.c.idx, leaf.c.body).where(leaf.c.type == LeafType.RULES_CHANGED.value).order_by(leaf.c.idx)).all()
    told = [(row.idx, decode(bytes(row.body)).fields) for row in rows]
    return [_told(conn, index, fields) for index, fields in told if fields["agreement"] == _ref(agreement).member()]


def _told(conn: Connection, index: int, fields: Mapping[str, Any]) -> dict[str, object]:
    k = schema.key
    signers = [signer_of(act) for act in fields["acts"]]
    people = {row.key_id: row.person for row in conn.execute(select(k.c.key_id, k.c.person).where(k.c.key_id.in_(signers)))}
    shown = {name: fields[name] for name in ("switch", "position", "dated")}
    return {**shown, "recorded": fields["time"], "leaf": index, "signed_by": [people[signer] for signer in signers]}


def _members(switch: str, on: bool, dated: dt.date) -> dict[str, object]:
    """The members of the leaf that are signed, beside the agreement."""
    return {"switch": switch, "position": "on" if on else "off", "dated": dated.isoformat()}


def _check_turn(home: Home, agreement: Agreement, standing: Mapping[str, bool], switch: str, on: bool, dated: dt.date) -> None:
    if switch not in standing:
        raise Refused(
            f"{agreement.id} has no switch of that name.", f"It has {', '.join(sorted(standing)) or 'none'}.", "Name one of them."
        )
    if standing[switch] == on:
        raise Refused(f"{switch} is {'on' if on else 'off'} already.", "There is nothing to change.", "Type: portcullis agreement show")
    today = agreement.day(home.now())
    if not today - DATED_DAYS <= (dated - dt.date(1970, 1, 1)).days <= today:
        raise Refused(
            "The change is dated another day.", f"It is recorded on its day or within {DATED_DAYS} days after.", "Date and sign it anew."
        )


def _check_two(signed: Sequence[Officer]) -> None:
    if len({officer.person for officer in signed}) < 2 or not any(Role.COUNSEL in officer.roles for officer in signed):
        raise Refused(
            "A switch is turned by two different people, one of them counsel.", "That is not who signed.", "Ask a second person to sign."
        )


def _ref(agreement: Agreement) -> AgreementRef:
    return AgreementRef(agreement.id, agreement.version, agreement.hash)
