"""Recall (R53): from the discovery that something was wrongly disclosed to the proof that the copies are gone.

 1. Every record named was disclosed to that agency; a list that is wrong in part is refused whole.
 2. Opening freezes: it holds the release lock alone, and from its leaf on the flow stops as the agreement says.
 3. Every custodian gets an order, sealed: the officers named in the answers, and whoever has the records by a redisclosure since.
 4. A custodian acknowledges once and whole, then certifies the disposal with method and witness; the witness, another person, signs.
 5. The Office of Safeguards closes a recall only when every custodian's disposal is witnessed.
A recall destroys the recipient's copy, never our evidence: nothing here touches ledger, accounting or working data.
Source: declaration of 11 February 2026 [R]; 6103(p)(4)(F)(ii) [T].
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from portcullis.agreement.after import After, stops_from
from portcullis.crypto import signer_of
from portcullis.crypto.wrap import sync_folder
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing, about_hash, instant_of
from portcullis.exchange.order import Order
from portcullis.home import Home
from portcullis.journal import leaf, record_many, stamp
from portcullis.matters import Matter, add_items, add_step, close, find, number, open_matter, ref_of, steps
from portcullis.model import LeafType
from portcullis.officers import officer_of_key
from portcullis.release.orders_out import seal_order
from portcullis.safeguards.filing import accept, acted, enter, matter_of, members, terms
from portcullis.safeguards.records import Records, by_batch, check_disclosed, holders, ranges, records_root
from portcullis.standing import vault_of
from portcullis.store import insert_many, reading, rehearsing, release_exclusive, schema

__all__ = [
    "METHODS",
    "Prepared",
    "Recalled",
    "acknowledge_recall",
    "certify_recall",
    "close_recall",
    "open_recall",
    "prepare_recall",
    "witness_recall",
]

METHODS = ("destroyed", "crypto_shredded", "returned")
"""How a copy may end; keeping it is no end of a recall."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A recall before it is signed: what counsel or safeguards sign is `about`."""

    about: Mapping[str, Any]
    records: Records
    holders: Mapping[str, Records]
    agreement: str | None
    salt: bytes


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recall that was opened: its number, and how many records and custodians it is about."""

    matter: str
    records: int
    custodians: int
    acknowledge_by: int


def prepare_recall(home: Home, agency: str, records: Records, reason: str, discovered: int, incident: str | None = None) -> Prepared:
    """Check the list and find the custodians (1, 3). Raises Refused; nothing is changed."""
    with reading(home.engine) as conn:
        agreement = check_disclosed(conn, records, agency)
        found, salt = holders(home, conn, records), secrets.token_bytes(32)
    about: dict[str, Any] = {
        "agency": agency,
        "reason": reason,
        "records": len(records),
        "root": records_root(records, salt),
        "discovered": stamp(discovered),
    }
    if discovered > home.now():
        raise Refused("A defect cannot be discovered in the future.", "Its time is after now.", "Correct the time.")
    return Prepared(about | ({"incident": incident} if incident else {}), records, found, agreement, salt)


def open_recall(home: Home, prepared: Prepared, act: Mapping[str, Any]) -> Recalled:
    """Open it: one leaf for the recall, one for each custodian's order, and the orders in the outbox (2, 3). Raises Refused."""
    with reading(home.engine) as conn:
        vault, after = vault_of(conn, str(prepared.about["agency"])), terms(home, conn, prepared.agreement)
        named = number(home, conn, lock=False)
    if vault is None:
        raise Refused("There is no vault to seal the orders to.", "The agency has none enrolled.", "Type: portcullis safeguard vault")
    files = {who: _order(home, prepared, after, vault, named, who) for who in prepared.holders}
    with release_exclusive(home.engine) as conn:
        if number(home, conn) != named:
            raise Refused("Another matter was opened meanwhile.", "The orders bear a number.", "Type the command again.")
        officer = acted(home, conn, LeafType.RECALL_OPENED, prepared.about, act)
        due = home.now() + after.days("recall.acknowledge_days")
        _write(home, named, {who: content for who, (content, _) in files.items()})
        stops = stops_from(after, "recall", home.now(), due)
        stated: dict[str, Any] = {"agreement": prepared.agreement, "stops_from": stops}
        index = enter(home, conn, LeafType.RECALL_OPENED, named, prepared.about, act, **stated)
        kept = {"salt": prepared.salt.hex(), "dispose_by": home.now() + after.days("recall.dispose_days")}
        detail = dict(prepared.about) | kept | {"opened_by": officer.person}
        about: dict[str, Any] = {"agency": prepared.about["agency"], "due": due, "detail": detail}
        open_matter(home, conn, index, id=named, kind="recall", **stated, **about)
        _record_orders(home, conn, named, prepared, files, due)
        return Recalled(named, len(prepared.records), len(files), due)


def acknowledge_recall(home: Home, conn: Connection, filing: Filing) -> str:
    """A custodian's acknowledgement (4); returns `acknowledged`, or `late`. Raises Refused for one that is partial or the second."""
    matter, custodian = _custodian(home, conn, filing, LeafType.RECALL_ACKNOWLEDGED, "agency matter custodian records at", "ordered")
    late = matter.due_at is not None and home.now() > matter.due_at
    _advance(home, conn, filing, matter, custodian, "acknowledged", late=int(late))
    return "late" if late else "acknowledged"


def certify_recall(home: Home, conn: Connection, filing: Filing) -> str:
    """A custodian's certificate of disposal, with method and witness (4); returns the hash the witness signs. Raises Refused."""
    wanted = "agency matter custodian records method witness at"
    matter, custodian = _custodian(home, conn, filing, LeafType.RECALL_CERTIFIED, wanted, "acknowledged")
    if filing.about["method"] not in METHODS or filing.about["witness"] in (custodian, _signer(conn, filing)):
        raise Refused(
            "This is no certificate of disposal.",
            f"The method is one of {', '.join(METHODS)}, and the witness is another person.",
            "Certify anew.",
        )
    digest = about_hash(filing.about)
    _advance(home, conn, filing, matter, custodian, "certified", certificate=digest, witness=str(filing.about["witness"]))
    return digest


def witness_recall(home: Home, conn: Connection, filing: Filing) -> str:
    """The witness named in a certificate signs for it (4). Raises Refused for anybody else, or another certificate."""
    matter, custodian = _custodian(
        home, conn, filing, LeafType.RECALL_WITNESSED, "agency matter custodian certificate at", "certified", witness=True
    )
    _advance(home, conn, filing, matter, custodian, "disposed")
    return custodian


def close_recall(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> None:
    """The Office of Safeguards closes a recall (5). Raises Refused while a custodian's disposal is not proved."""
    members(about, "agency matter at")
    with release_exclusive(home.engine) as conn:
        found = find(conn, matter, ("recall",))
        officer = acted(home, conn, LeafType.RECALL_CLOSED, about, act)
        if about["matter"] != matter or about["agency"] != found.agency:
            raise Refused("The signature is over another recall.", "It does not cover what is asked here.", "Sign anew.")
        states = Counter(row["state"] for row in custodians(conn, matter).values())
        if open_ones := sum(states.values()) - states["disposed"]:
            raise Refused(
                f"{open_ones} custodians have not proved the disposal.",
                "A recall ends with the proof (R53).",
                "Type: portcullis safeguard status",
                code="X-RECALL-OPEN",
            )
        index = enter(home, conn, LeafType.RECALL_CLOSED, matter, about, act, agreement=found.agreement, ends=1)
        add_step(home, conn, matter, LeafType.RECALL_CLOSED, officer.person, index, about)
        close(home, conn, matter, "proved")


def custodians(conn: Connection, matter: str) -> dict[str, dict[str, Any]]:
    """Custodian → how many records, and how far it is: ordered, acknowledged, certified, disposed."""
    found: dict[str, dict[str, Any]] = {}
    progress = {
        LeafType.RECALL_ACKNOWLEDGED.value: "acknowledged",
        LeafType.RECALL_CERTIFIED.value: "certified",
        LeafType.RECALL_WITNESSED.value: "disposed",
    }
    for step in steps(conn, matter):
        who, about = step["person"], step["about"]
        if step["step"] == LeafType.RECALL_ORDERED.value:
            found[who] = {"records": about["records"], "state": "ordered", "certificate": None, "witness": None, "late": 0}
        elif step["step"] in progress and who in found:
            found[who]["state"] = progress[step["step"]]
            for name in ("certificate", "witness", "late"):
                found[who][name] = about.get(name, found[who][name])
    return found


def recalled(conn: Connection, batch: str) -> frozenset[int]:
    """The rows of a batch that were ever recalled: they must not be used, redisclosed, or counted as in use."""
    i, m = schema.matter_item, schema.matter
    query = select(i.c.ordinal).join(m, m.c.id == i.c.matter).where(i.c.batch_id == batch, m.c.kind == "recall")
    return frozenset(conn.execute(query).scalars())


def _order(home: Home, prepared: Prepared, after: After, vault: Any, matter: str, who: str) -> tuple[bytes, list[str]]:
    records = prepared.holders[who]
    spans = [(batch, span) for batch, ordinals in by_batch(records).items() for span in ranges(ordinals)]
    times = (home.now(), home.now() + after.days("recall.acknowledge_days"), home.now() + after.days("recall.dispose_days"))
    about = prepared.about
    order = Order(
        matter, str(about["agency"]), prepared.agreement or "", who, str(about["reason"]), len(records), *(stamp(time) for time in times)
    )
    return seal_order(home.log_key, vault, order, spans)


def _write(home: Home, matter: str, files: Mapping[str, bytes]) -> None:
    """The orders as files, before the transaction that names them commits; a rehearsal writes none."""
    if rehearsing():
        return
    folder = home.path / "outbox" / matter
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for who, content in files.items():
        (folder / f"{_file(who)}.json").write_bytes(content)
    sync_folder(folder)


def _file(who: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in who)


def _record_orders(
    home: Home, conn: Connection, matter: str, prepared: Prepared, files: Mapping[str, tuple[bytes, list[str]]], due: int
) -> None:
    """One leaf, one step and the rows of each custodian, in bulk."""
    agreement = ref_of(conn, prepared.agreement)
    kind, leaves, rows = LeafType.RECALL_ORDERED, [], []
    for who, (content, sealed) in files.items():
        count = len(prepared.holders[who])
        fields = {"matter": matter, "custodian": who, "records": count, "sealed": sealed, "due": stamp(due)}
        leaves.append((kind, None, leaf(home, kind, fields, agreement=agreement)))
        detail = f'{{"custodian":"{who}","records":{count},"sha256":"{hashlib.sha256(content).hexdigest()}"}}'
        rows.append((matter, kind.value, who, home.now(), detail))
    add_items(conn, matter, ((*record, who) for who, records in prepared.holders.items() for record in records), "ordered")
    first = record_many(conn, leaves)
    columns = ("matter", "step", "person", "at", "detail", "leaf_idx")
    insert_many(conn, schema.matter_step, columns, ((*row, first + n) for n, row in enumerate(rows)))


def _custodian(
    home: Home, conn: Connection, filing: Filing, kind: LeafType, wanted: str, state: str, *, witness: bool = False
) -> tuple[Matter, str]:
    """The filing's recall and custodian: the right person signed, it is its turn, and it is about all of the records (4)."""
    officer = accept(home, conn, filing, kind, wanted)
    matter, custodian = matter_of(conn, filing, ("recall",)), str(filing.about["custodian"])
    if instant_of(filing.about["at"]) < matter.opened_at - terms(home, conn, matter.agreement).clock:
        raise Refused("The clocks disagree.", "The filing is dated before the recall it answers.", "Set the clock, and sign anew.")
    found = custodians(conn, matter.id).get(custodian)
    if found is None:
        raise Refused(f"{matter.id} has no order for this custodian.", "Nobody of that id was ordered anything.", "Correct the filing.")
    if found["state"] != state:
        raise Refused(
            f"This is not expected now: the custodian has {found['state']}.",
            f"It would have to be {state}: an order is acknowledged, certified and witnessed once, in this order.",
            "Nothing was changed. If the two contradict each other, ask the Office of Safeguards.",
        )
    signer_may = not witness and "signer" in {role.value for role in officer.roles}
    expected = found["witness"] if witness else custodian
    if officer.person != expected and not signer_may:
        raise Refused("Another person has to sign this.", "It is neither the custodian's nor the named witness's.", "That person signs it.")
    if witness and filing.about["certificate"] != found["certificate"]:
        raise Refused("The witness signed for another certificate.", "Its hash differs.", "Sign for the one that was filed.")
    if not witness and filing.about["records"] != found["records"]:
        raise Refused(
            f"The filing is about another number of records than the {found['records']} ordered.",
            "An order is fulfilled whole.",
            "File again when it is.",
        )
    return matter, custodian


def _signer(conn: Connection, filing: Filing) -> str:
    """Who signed a filing that was accepted: the agency's signer may certify for a custodian, and then is no witness of it."""
    officer = officer_of_key(conn, signer_of(filing.act))
    return officer.person if officer else ""


def _advance(home: Home, conn: Connection, filing: Filing, matter: Matter, custodian: str, state: str, **more: Any) -> None:
    kind, i = LeafType(filing.kind), schema.matter_item
    index = enter(home, conn, kind, matter.id, filing.about, filing.act, agreement=matter.agreement, custodian=custodian, **more)
    add_step(home, conn, matter.id, kind, custodian, index, dict(filing.about) | more)
    conn.execute(update(i).where(i.c.matter == matter.id, i.c.custodian == custodian).values(state=state))
