"""What a flow rests on, as the log tells it: agreements in force, court orders that stay it, and legal holds (ledger.md, verifier step 4).

1. An agreement is in force once two agencies' root keys have signed exactly its hash; counsel suspends or ends it.
2. An order stays what its scope covers, from its imposing leaf to its lifting leaf, in log order. One limited by statutes or persons
   covers the batches that `order.reached` leaves name.
3. Lifting takes two different people, one of them counsel.
4. So does turning a switch of an agreement, which must be in force.
5. What counsel holds is not destroyed, from the hold's placing leaf to its lifting leaf, in log order.
6. A matter that is open afterwards (a recall, a notice, a disposal, an incident) stops its agency's flow from the time its leaf states
   (`stops_from`) until a leaf ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portcullis.crypto import decode64
from portcullis.errors import PortcullisError
from portcullis.ledger.acts import ACTS, ENDS, act_content, content_of
from portcullis.ledger.batchlog import BatchLog
from portcullis.ledger.leaf import Leaf
from portcullis.ledger.members import seconds
from portcullis.ledger.people import People, broken
from portcullis.model import LeafType

__all__ = ["Terms", "covers", "key_bytes"]

Fields = Mapping[str, Any]


def covers(scope: Fields, batch: BatchLog) -> bool:
    """Whether an order of this scope covers the batch; what a scope does not name it does not limit, and `reached` are batches by name."""
    if (scope.get("statutes") or scope.get("persons")) and batch.name not in scope["reached"]:
        return False
    pairs = (("agreements", batch.agreement["id"]), ("agencies", batch.agency), ("gates", batch.gate), ("batches", batch.name))
    return all(scope.get(member) is None or value in scope[member] for member, value in pairs)


def key_bytes(text: object) -> bytes:
    """A key in a leaf. Raises Tampered when it cannot be read."""
    try:
        return decode64(text, "A key")
    except PortcullisError as error:
        raise broken(3, "A key in the leaf cannot be read.", error.why) from error


class Terms:
    """Agreements, orders and holds of one log, leaf by leaf."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.orders: dict[str, Fields] = {}
        self._known: set[str] = set()
        self._holds: dict[str, Fields] = {}
        self._held: set[str] = set()
        self._signed: dict[str, set[str]] = {}
        self._in_force: dict[str, Fields] = {}
        self._stopping: dict[str, tuple[str, str | None, int]] = {}

    def matter(self, leaf: Leaf, agency: str) -> None:
        """A leaf that opens, prolongs or ends a matter (6)."""
        f: Fields = leaf.fields
        if f.get("stops_from") is not None:
            agreement = f.get("agreement")
            self._stopping[f["matter"]] = (agency, agreement["id"] if agreement else None, seconds(f["stops_from"]))
        elif f.get("ends") == 1 and leaf.type in ENDS:
            self._stopping.pop(f["matter"], None)

    def stopped(self, batch: BatchLog, time: int) -> str:
        """The matters that stop a dispatch of this batch at that time, as text; empty when there are none (6)."""
        found = [
            matter
            for matter, (agency, agreement, start) in self._stopping.items()
            if agency == batch.agency and agreement in (None, batch.agreement["id"]) and start <= time
        ]
        return ", ".join(found)

    def sign(self, leaf: Leaf) -> None:
        """`agreement.signed`: by the agency's own root key."""
        f: Fields = leaf.fields
        if self._people.roots.get(f["agency"]) != key_bytes(f["root"]):
            raise broken(3, "The agreement was signed by another key than the agency's root.", "The agency did not sign it.")
        self._people.check_root(leaf, f["agency"])
        self._signed.setdefault(f["agreement"]["hash"], set()).add(f["agency"])

    def into_force(self, leaf: Leaf) -> None:
        """`agreement.in_force`: only when two agencies have signed this hash (1)."""
        f: Fields = leaf.fields
        if len(self._signed.get(f["agreement"]["hash"], ())) < 2:
            raise broken(4, "An agreement came into force that two agencies had not signed.", "There was none.")
        self._in_force[f["agreement"]["id"]] = f

    def out_of_force(self, leaf: Leaf) -> None:
        """`agreement.suspended`, `agreement.ended`: by counsel (1)."""
        f: Fields = leaf.fields
        a, state = f["agreement"], leaf.type.removeprefix("agreement.")
        content = content_of({"agreement": a["id"], "version": a["version"], "state": state})
        self._people.check_act(leaf, f["act"], leaf.type, ("counsel",), content)
        if not self.holds(a):
            raise broken(4, "An agreement was stopped that was not in force.", "Its history is not whole.")
        del self._in_force[a["id"]]

    def switch(self, leaf: Leaf) -> None:
        """`rules.changed`: a switch of an agreement in force, by two different people, one of them counsel (4)."""
        rule, f = ACTS[leaf.type], leaf.fields
        content = act_content(leaf.type, f)
        acts: Any = f["acts"]
        keys = [self._people.check_act(leaf, act, rule.action, rule.roles or (), content)[0] for act in acts]
        if len({key.person for key in keys}) < 2 or not any("counsel" in key.roles for key in keys):
            raise broken(3, "A switch was not turned by two different people, one of them counsel.", "It stays.")
        agreement: Any = f["agreement"]
        if not self.holds(agreement):
            raise broken(4, "A switch was turned of an agreement that was not in force.", "It has none to turn.")

    def holds(self, agreement: Fields) -> bool:
        """Whether exactly this agreement is in force now."""
        return bool(self.of(agreement))

    def of(self, agreement: Fields) -> Fields:
        """The members of the leaf that put exactly this agreement into force; empty when it is not in force."""
        f = self._in_force.get(agreement["id"], {})
        return f if f and f["agreement"]["hash"] == agreement["hash"] else {}

    def impose(self, leaf: Leaf) -> Fields:
        """`order.imposed`: by counsel, once; returns the scope (2)."""
        f: Fields = leaf.fields
        self._people.check(leaf)
        if f["order"] in self._known:
            raise broken(4, "An order was imposed twice.", "An order has one id, once.")
        self._known.add(f["order"])
        scope: Fields = f["scope"] | {"reached": set()}
        self.orders[f["order"]] = scope
        return scope

    def reach(self, leaf: Leaf) -> Fields:
        """`order.reached`: a batch has a row that an order in force is limited to; returns its scope (2)."""
        f: Fields = leaf.fields
        scope = self.orders.get(f["order"], {})
        if not (scope.get("statutes") or scope.get("persons")):
            raise broken(4, "A batch was reached by an order that is not in force, or not limited by rows.", "Its history is not whole.")
        scope["reached"].add(f["batch"])
        return scope

    def lift(self, leaf: Leaf) -> Fields:
        """`order.lifted`: by two different people, one of them counsel; returns the scope (3)."""
        f: Fields = leaf.fields
        content = content_of({"order": f["order"], "lift": True})
        keys = [self._people.check_act(leaf, act, "order.lift", (), content)[0] for act in f["acts"]]
        if len({key.person for key in keys}) < 2 or not any("counsel" in key.roles for key in keys):
            raise broken(3, "An order was lifted by fewer than two different people, one of them counsel.", "It was not lifted.")
        if f["order"] not in self.orders:
            raise broken(4, "An order was lifted that was not in force.", "The history of orders is not whole.")
        return self.orders.pop(f["order"])

    def stays(self, batch: BatchLog) -> str:
        """The orders in force that cover the batch, as text; empty when there are none."""
        return ", ".join(order for order, scope in self.orders.items() if covers(scope, batch))

    def hold(self, leaf: Leaf) -> None:
        """`hold.placed`, `hold.lifted`: by counsel; a hold has one id, once (5)."""
        f: Fields = leaf.fields
        self._people.check(leaf)
        if leaf.type == LeafType.HOLD_PLACED:
            if f["hold"] in self._held:
                raise broken(4, "A hold was placed twice.", "A hold has one id, once.")
            self._held.add(f["hold"])
            self._holds[f["hold"]] = {name: f["scope"].get(name) for name in ("agreements", "agencies", "gates", "batches")}
        elif self._holds.pop(f["hold"], None) is None:
            raise broken(4, "A hold was lifted that did not stand.", "The history of holds is not whole.")

    def destroyed(self, leaf: Leaf, batch: BatchLog) -> None:
        """`disposal`: by a safeguards officer, and not while a hold covers the batch (5)."""
        self._people.check(leaf)
        batch.dispose()
        if held := ", ".join(hold for hold, scope in self._holds.items() if covers(scope, batch)):
            raise broken(4, f"Working data was destroyed while counsel held it: {held}.", "It had to be kept.")
