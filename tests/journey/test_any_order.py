"""Whatever people do, in whatever order, right or wrong: what must never happen does not (hypothesis, on SQLite).

The machine knows nothing of the program's states. It receives, runs, reviews, samples, signs with the right and with the wrong keys,
returns, stays, lifts, commits, publishes, dispatches, revokes and enrols again; what is refused is refused. After every step the ledger
alone is read, as an auditor would, and beside it the outbox.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from journey_home import AGREEMENT, NOW, OFFICERS, ROWS, Scene, rows_of, stations, truth_of
from portcullis import journey
from portcullis.crypto import open_act
from portcullis.demo.play import check_sample, close_reviews
from portcullis.errors import PortcullisError
from portcullis.model import LeafType, Role
from portcullis.officers import content_hash, revoke_key
from portcullis.orders import Scope, impose, lift, lift_content, order_content
from portcullis.publish import publish
from portcullis.release import commit_release, deliver, dispatch
from portcullis.review import authorize, authorize_content, return_batch
from portcullis.store import schema

KINDS = (ROWS[0], ROWS[1], ROWS[3], ROWS[6])
PEOPLE = ("IRS-0001", "IRS-0002", "IRS-0004", "IRS-0005", "IRS-0006", "IRS-0008", OFFICERS[0])
REACHED: set[str] = set()
"""Batches that were dispatched in any example: a machine that never gets there would prove nothing."""
START = ("received", "reviewed", "sampled", "authorized", "committed")


class AnyOrder(RuleBasedStateMachine):
    """One home, one batch on its way and perhaps another."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="pc-any-"))
        self.scene: Scene
        self.orders = 0

    @initialize(station=st.sampled_from(START))
    def begin(self, station: str) -> None:
        self.scene = stations("sqlite").copy(station, self.folder / "home")

    def teardown(self) -> None:
        """Whatever came before, in the end everybody does what is right for a while, and all must hold once more."""
        try:
            for _ in range(4 if hasattr(self, "scene") else 0):
                self.next_right_thing()
            self.what_left_was_signed_by_two_sampled_and_not_stayed()
            self.one_decision_for_each_request_and_one_entry_for_each_answer()
        finally:
            if hasattr(self, "scene"):
                self.scene.home.engine.dispose()
            shutil.rmtree(self.folder, ignore_errors=True)

    def attempt(self, deed: Callable[[], Any]) -> None:
        """Do it; being refused is as good as being allowed, as long as nothing is half-done."""
        before = self.leaves_and_state()
        try:
            deed()
        except PortcullisError:
            after = self.leaves_and_state()
            looked = {"inspection", "authorization.voided", "release.withheld"}  # a look is on record; a refused commit voids
            assert {leaf["type"] for leaf in after[0][len(before[0]) :]} <= looked

    def leaves_and_state(self) -> tuple[list[dict[str, Any]], str]:
        return self.scene.leaves(), self.scene.state

    # ---- what people do ------------------------------------------------------------------------
    def next_right_thing(self) -> None:
        """What the person whose turn it is would do, and do right."""
        scene, state = self.scene, self.scene.state
        if scene.row()["held"]:
            self.lifted("IRS-0008")
        elif state in ("received", "checked"):
            self.attempt(lambda: journey.run(scene.home, scene.batch))
        elif state == "matched":
            self.attempt(lambda: close_reviews(scene.cast, scene.batch))
            self.attempt(lambda: journey.run(scene.home, scene.batch))
        elif state == "reviewed":
            self.attempt(lambda: check_sample(scene.cast, scene.batch, self.truth()))
            self.attempt(lambda: journey.run(scene.home, scene.batch))
        elif state == "sampled":
            for person in ("IRS-0004", "IRS-0005"):
                self.sign(person, 72, "")
        else:
            self.released()

    @rule()
    def go_on(self) -> None:
        self.next_right_thing()

    @rule(times=st.integers(1, 3))
    def go_on_further(self, times: int) -> None:
        for _ in range(times):
            self.next_right_thing()

    @rule()
    def run(self) -> None:
        self.attempt(lambda: journey.run(self.scene.home, self.scene.batch))

    @rule()
    def another_batch(self) -> None:
        if self.scene.count(schema.batch) < 2:
            self.attempt(lambda: self.scene.send(rows_of(KINDS)))

    @rule(verdict=st.sampled_from(["accept", "refuse"]))
    def review(self, verdict: str) -> None:
        self.attempt(lambda: close_reviews(self.scene.cast, self.scene.batch, {4: verdict, 7: verdict}))

    @rule(good=st.booleans())
    def sample(self, good: bool) -> None:
        truth = self.truth() if good else {}
        self.attempt(lambda: check_sample(self.scene.cast, self.scene.batch, truth))

    def truth(self) -> dict[int, tuple[str | None, bool]]:
        return truth_of(ROWS if self.scene.row()["count"] == len(ROWS) else KINDS)

    @rule(person=st.sampled_from(PEOPLE), hours=st.sampled_from([1, 72, 100]), content=st.sampled_from(["", "00" * 32]))
    def authorize(self, person: str, hours: int, content: str) -> None:
        self.sign(person, hours, content)

    def sign(self, person: str, hours: int, content: str) -> None:
        def deed() -> None:
            with self.scene.read() as conn:
                root = content or authorize_content(conn, self.scene.batch)
            authorize(self.scene.home, self.scene.batch, self.scene.cast.act(person, "release.authorize", root, AGREEMENT, hours))

        self.attempt(deed)

    @rule(first=st.sampled_from(["IRS-0004", "IRS-0005"]))
    def authorize_properly(self, first: str) -> None:
        for person in (first, "IRS-0005" if first == "IRS-0004" else "IRS-0004"):
            self.sign(person, 72, "")

    @rule(person=st.sampled_from(["IRS-0005", "IRS-0002"]))
    def send_back(self, person: str) -> None:
        content = content_hash({"batch": self.scene.row()["log_id"], "return": True})
        act = self.scene.cast.act(person, "release.return", content, AGREEMENT)
        self.attempt(lambda: return_batch(self.scene.home, self.scene.batch, act))

    @rule(mine=st.booleans())
    def stay(self, mine: bool) -> None:
        self.orders += 1
        order, scope = f"O-{self.orders}", Scope(batches=(self.scene.row()["log_id"],)) if mine else Scope(agencies=("FBI",))
        act = self.scene.cast.act("IRS-0006", "order.impose", order_content(order, scope, NOW))
        self.attempt(lambda: impose(self.scene.home, order, scope, NOW, act))

    @rule(second=st.sampled_from(["IRS-0008", "IRS-0006", OFFICERS[0]]))
    def lift(self, second: str) -> None:
        self.lifted(second)

    def lifted(self, second: str) -> None:
        order = f"O-{self.orders}"
        acts = [self.scene.cast.act(person, "order.lift", lift_content(order)) for person in ("IRS-0006", second)]
        self.attempt(lambda: lift(self.scene.home, order, acts))

    @rule()
    def commit(self) -> None:
        self.attempt(lambda: commit_release(self.scene.home, self.scene.batch))

    @rule()
    def dispatch(self) -> None:
        self.attempt(lambda: dispatch(self.scene.home, self.scene.batch))

    @rule()
    def release(self) -> None:
        """As an operator would type it: commit, checkpoint, dispatch, deliver."""
        self.released()

    def released(self) -> None:
        for deed in (commit_release, lambda home, _: publish(home), dispatch, deliver):
            self.attempt(lambda deed=deed: deed(self.scene.home, self.scene.batch))  # type: ignore[misc]

    @rule()
    def deliver(self) -> None:
        self.attempt(lambda: deliver(self.scene.home, self.scene.batch))

    @rule()
    def publish(self) -> None:
        publish(self.scene.home)

    @rule(person=st.sampled_from(["IRS-0004", "IRS-0004", "IRS-0005", OFFICERS[0]]))
    def revoke_and_enrol_again(self, person: str) -> None:
        agency, role = ("ICE", Role.OFFICER) if person.startswith("ICE") else ("IRS", Role.AUTHORIZER)
        key = self.scene.cast.keys[person].key_id
        act = self.scene.cast.act(f"root:{agency}", "key.revoke", content_hash({"key_id": key}))
        self.attempt(lambda: self.scene.step(lambda conn: revoke_key(self.scene.home, conn, key, act)))
        self.scene.newcomer(person, role, agency=agency)

    @rule(suspended=st.booleans())
    def standing(self, suspended: bool) -> None:
        self.scene.step(lambda conn: self.scene.cast.standing(conn, "suspended", int(suspended)))

    @rule(hours=st.sampled_from([1, 80]))
    @precondition(lambda self: self.orders < 5)
    def time_passes(self, hours: int) -> None:
        self.scene.clock.forward(hours=hours)

    # ---- what must hold --------------------------------------------------------------------------
    @invariant()
    def what_left_was_signed_by_two_sampled_and_not_stayed(self) -> None:
        if not hasattr(self, "scene"):
            return
        leaves = self.scene.leaves()
        for sent in (leaf for leaf in leaves if leaf["type"] == "release.dispatched"):
            past = leaves[: sent["index"]]
            of_batch = [leaf for leaf in past if leaf.get("batch") == sent["batch"]]
            kinds = [leaf["type"] for leaf in of_batch]
            signed = [leaf for leaf in of_batch if leaf["type"] == "release.authorized" and leaf["root"] == sent["root"]]
            void = [leaf["root"] for leaf in of_batch if leaf["type"] == "authorization.voided"]
            assert len({self.signer(leaf["act"]) for leaf in signed}) >= 2
            assert sent["root"] not in void
            assert kinds.count("sample.passed") == 1 and "sample.failed" not in kinds and "batch.blocked" not in kinds
            (committed,) = [leaf for leaf in of_batch if leaf["type"] == "release.committed" and leaf["root"] == sent["root"]]
            assert committed["index"] == sent["committed"] < sent["checkpoint"]["size"] <= sent["index"]
            assert max(leaf["index"] for leaf in signed) < committed["index"]
            assert max(leaf["index"] for leaf in of_batch if leaf["type"] == "request.decided") < signed[0]["index"]
            assert not self.stays_before(past, sent["batch"])

    def signer(self, act: dict[str, object]) -> str:
        """Who signed, by the keys as they were ever enrolled."""
        enrolled = {leaf["key_id"]: leaf["key"] for leaf in self.scene.leaves(LeafType.KEY_ENROLLED)}
        return open_act(act, lambda key: base64.b64decode(enrolled[key]) if key in enrolled else None).officer

    @staticmethod
    def stays_before(past: list[dict[str, Any]], batch: str) -> set[str]:
        """Orders over this batch that are imposed and not lifted, in log order."""
        standing: set[str] = set()
        for leaf in past:
            if leaf["type"] == "order.imposed" and leaf["scope"]["batches"] and batch in leaf["scope"]["batches"]:
                standing.add(leaf["order"])
            elif leaf["type"] == "order.lifted":
                standing.discard(leaf["order"])
        return standing

    @invariant()
    def one_decision_for_each_request_and_one_entry_for_each_answer(self) -> None:
        if not hasattr(self, "scene"):
            return
        q, o = schema.request, schema.outbox
        with self.scene.read() as conn:
            requests = conn.execute(q.select()).all()
            sent = {row.batch_id for row in conn.execute(o.select().where(o.c.state == "sent"))}
            batches = {row.id: row for row in conn.execute(schema.batch.select())}
        decided = [leaf["id"] for leaf in self.scene.leaves(LeafType.REQUEST_DECIDED)]
        assert sorted(decided) == sorted(row.log_request for row in requests)
        assert len({(row.batch_id, row.ordinal) for row in requests}) == len(requests)
        disclosed = sorted(leaf["request"] for leaf in self.scene.leaves(LeafType.DISCLOSURE))
        assert disclosed == sorted(row.log_request for row in requests if row.answered)
        dispatched = {leaf["batch"] for leaf in self.scene.leaves(LeafType.RELEASE_DISPATCHED)}
        event(f"{len(dispatched)} dispatched")
        REACHED.update(dispatched)
        assert dispatched == {batches[batch].log_id for batch in sent}
        assert dispatched == {row.log_id for row in batches.values() if row.state in ("dispatched", "acknowledged")}
        for batch, row in batches.items():
            answered = [r for r in requests if r.batch_id == batch and r.answered]
            assert len(answered) == (row.answers if row.log_id in dispatched else 0)
            assert all(r.decision in ("disclose", "confirm") for r in answered)
            handed_over = self.scene.home.path / "outbox" / batch / "release"
            assert not handed_over.exists() or row.log_id in dispatched


AnyOrder.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # ten steps can be read as they are; making them fewer takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAnyOrder = AnyOrder.TestCase


def test_the_machine_did_get_batches_dispatched() -> None:
    assert REACHED
