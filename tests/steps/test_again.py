"""A batch decided in August 2025 is decided the same today, whatever became of the law since; what other law would change is counted."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from journey_home import AGREEMENT, PLAN, ROWS, Scene, at, rows_of
from portcullis import evidence, journey
from portcullis.agreement import adopt, adopted, end, law_on, propose, sign_agreement, switch_content, turn_switch
from portcullis.agreement.adopt import folder_of, state_content
from portcullis.demo.play import close_reviews
from portcullis.errors import Refused, Tampered
from portcullis.intake.batch import receive
from portcullis.journal import stamp
from portcullis.model import LeafType, Role
from portcullis.rules import diff_decisions, diff_outcomes, load
from portcullis.steps.again import NOT_MATCHED, basis_of, decide_again, decide_under, kept_of
from portcullis.store import schema

__all__ = ["at"]

At = Callable[[str], Scene]
AUGUST = 41  # days after the scene begins: 8 August 2025


def decided(scene: Scene) -> dict[int, str]:
    """Run the batch to its written decisions; ordinal → decision."""
    journey.run(scene.home, scene.batch)
    close_reviews(scene.cast, scene.batch)
    journey.run(scene.home, scene.batch)
    with scene.read() as conn:
        table = evidence.read(scene.home, conn, scene.batch, "decisions")
    return dict(zip(table["ordinal"].to_pylist(), table["decision"].to_pylist(), strict=True))


def in_august(scene: Scene) -> dict[int, str]:
    """The batch of every kind of row, received and decided on 8 August 2025."""
    scene.clock.forward(days=AUGUST)
    scene.send(rows_of(), plan=PLAN)
    found = decided(scene)
    assert found == {ordinal: kind.decision for ordinal, kind in enumerate(ROWS, 1)}
    return found


def turn(scene: Scene, switch: str, on: bool) -> None:
    """Counsel and the overseer turn a switch today."""
    with scene.read() as conn:
        agreement = adopted(scene.home, conn, AGREEMENT)
    assert agreement is not None
    dated = dt.date(1970, 1, 1) + dt.timedelta(days=agreement.day(scene.clock()))
    content = switch_content(agreement, switch, on, dated)
    acts = [scene.cast.act(scene.person(role), "switch.turn", content, AGREEMENT) for role in (Role.COUNSEL, Role.OVERSEER)]
    scene.step(lambda conn: turn_switch(scene.home, conn, AGREEMENT, switch, on, dated, acts))


def next_version(scene: Scene, change: Callable[[Path], None]) -> Path:
    """Version 2, changed, signed by both and adopted in place of version 1."""
    folder = scene.inbox / "version-2"
    shutil.copytree(folder_of(scene.home, AGREEMENT, 1), folder)
    terms = folder / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n"), encoding="utf-8")
    change(folder)
    cast, home = scene.cast, scene.home
    act = cast.act(scene.person(Role.COUNSEL), "agreement.ended", state_content(AGREEMENT, 1, "ended"), AGREEMENT)

    def adopted_anew(conn: Connection) -> None:
        end(home, conn, AGREEMENT, act)
        agreement = propose(home, conn, folder)
        for agency in ("IRS", "ICE"):
            sign_agreement(home, conn, AGREEMENT, 2, agency, cast.act(f"root:{agency}", "agreement.sign", agreement.hash))
        adopt(home, conn, AGREEMENT, 2)

    scene.step(adopted_anew)
    return folder


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def again(scene: Scene) -> dict[str, Any]:
    with scene.read() as conn:
        return decide_again(scene.home, conn, scene.batch)


def test_what_was_decided_in_august_2025_is_decided_the_same_today(at: At) -> None:
    scene = at("ready")
    in_august(scene)
    turn(scene, "R37_confirm", False)
    scene.clock.forward(days=100)
    next_version(scene, replaced("agreement.yaml", "load_cap: 100", "load_cap: 1"))
    scene.clock.forward(days=370)
    found = again(scene)
    assert (found["same"], found["different"], found["decided"]) == (len(ROWS), [], len(ROWS))
    assert (found["agreement"], found["day"]) == (f"{AGREEMENT}:1", "2025-08-08")
    assert found["switches"]["R37_confirm"] is True, "as it stood at the receipt, not as it was turned since"
    assert {leaf["rules"] for leaf in scene.leaves(LeafType.REQUEST_DECIDED)} == {found["rules"]}


def test_under_the_law_of_today_it_would_be_decided_otherwise_and_the_changes_are_counted(at: At) -> None:
    """The same facts show that the rules since changed matter: so that they come out the same above is no accident."""
    scene = at("ready")
    then = in_august(scene)
    folder = shutil.copytree(folder_of(scene.home, AGREEMENT, 1), scene.inbox / "changed")
    replaced("agreement.yaml", "load_cap: 100", "load_cap: 1")(folder)
    with scene.read() as conn:
        basis = basis_of(scene.home, conn, scene.batch)
        kept = kept_of(scene.home, conn, scene.batch, basis)
    new, switches = load(folder), {**basis.switches, "R37_confirm": False}
    before, after = decide_under(kept, basis.rules, basis.switches, "address"), decide_under(kept, new, switches, "address")
    changes = diff_decisions(before, after)
    assert sum(change["requests"] for change in changes) == sum(one != two for one, two in zip(*_pairs(before, after), strict=True)) > 0
    confirmed = next(change for change in changes if change["old"] == {"decision": "confirm", "reason": None})
    assert confirmed["examples"] == [ordinal for ordinal, decision in then.items() if decision == "confirm"]
    loads = [one for one in diff_outcomes(basis.rules, new, "check", kept.facts) if one["rule"] == "R27"]
    assert [(one["requests"], one["new"]["reason"]) for one in loads] == [(len(ROWS), "O-LOAD-IMPLAUSIBLE")]
    assert {example for change in changes for example in change["examples"]} <= set(then)


def _pairs(*tables: Any) -> list[list[tuple[str, str | None]]]:
    return [list(zip(table["decision"].to_pylist(), table["reason"].to_pylist(), strict=True)) for table in tables]


def test_what_was_never_matched_is_not_looked_up_for_a_comparison(at: At) -> None:
    scene = at("ready")
    in_august(scene)
    before = len(scene.leaves(LeafType.INSPECTION))
    with scene.read() as conn:
        basis = basis_of(scene.home, conn, scene.batch)
        kept = kept_of(scene.home, conn, scene.batch, basis)
        outcome = decide_under(kept, basis.rules.without("R12", "R13", "R14", "R15"), basis.switches, "address")
    (ordinal,) = [number for number, kind in enumerate(ROWS, 1) if kind.decision == "deficient"]
    assert outcome["decision"].to_pylist()[ordinal - 1] == NOT_MATCHED
    assert outcome["decision"].to_pylist().count(NOT_MATCHED) == 1
    assert len(scene.leaves(LeafType.INSPECTION)) == before


def test_a_decision_that_was_changed_afterwards_is_found(at: At) -> None:
    """An insider rewrites a kept decision and its hash in the store: made again from the record it comes out as it was."""
    scene = at("reviewed")
    with scene.read() as conn:
        table = evidence.read(scene.home, conn, scene.batch, "decisions")
        words = table["decision"].to_pylist()
        words[3] = "disclose"
        key = evidence.batch_key(scene.home, conn, scene.batch)
        changed = table.set_column(table.column_names.index("decision"), "decision", [words])
        digest = evidence.seal_file(scene.home, key, scene.batch, "decisions", changed)
        old = evidence._noted(conn, scene.batch)
    noted = '{"' + '","'.join(f'{name}":"{value}' for name, value in sorted({**old, "decisions": digest}.items())) + '"}'
    scene.step(lambda conn: conn.execute(update(schema.batch).where(schema.batch.c.id == scene.batch).values(evidence_sha256s=noted)))
    assert again(scene)["different"] == [4]


def test_a_rule_exchanged_in_the_kept_version_stops_it(at: At) -> None:
    scene = at("reviewed")
    rule = folder_of(scene.home, AGREEMENT, 1) / "rules" / "R33.yaml"
    rule.write_bytes(rule.read_bytes().replace(b"on_false: fail", b"on_false: refer"))
    with pytest.raises(Tampered, match="not the one that was signed"):
        again(scene)


def test_before_it_is_matched_or_decided_there_is_nothing_to_make_again(at: At) -> None:
    scene = at("received")
    with pytest.raises(Refused, match="not decided yet"):
        again(scene)
    with scene.read() as conn, pytest.raises(Refused, match="not matched yet"):
        kept_of(scene.home, conn, scene.batch, basis_of(scene.home, conn, scene.batch))


def from_new_year(folder: Path) -> None:
    """R24 in two texts: from 2026 on a reason needs a word about address or whereabouts, whatever the switch."""
    old = folder / "rules" / "R24.yaml"
    text = old.read_text(encoding="utf-8")
    (folder / "rules" / "R24-2026.yaml").write_text(
        text.replace("valid: {from: 1982-09-04}", "valid: {from: 2026-01-01}").replace("switch: R24_relevance", "switch: null"),
        encoding="utf-8",
    )
    old.write_text(text.replace("valid: {from: 1982-09-04}", "valid: {from: 1982-09-04, to: 2026-01-01}"), encoding="utf-8")


def test_a_batch_is_judged_by_the_text_of_the_day_it_was_received(at: At) -> None:
    scene = at("ready")
    next_version(scene, from_new_year)
    with scene.read() as conn:
        agreement = adopted(scene.home, conn, AGREEMENT)
    assert agreement is not None and len(agreement.rules.rules) == len(law_on(agreement, 20_300).rules) + 1
    rows = [dict(row) | {"reason": "The investigation of this subject turned up the attached papers."} for row in rows_of(ROWS[:2])]
    outcomes = []
    for days in (AUGUST, 150):  # 8 August 2025; 5 January 2026
        scene.clock.forward(days=days)
        agency, folder = scene.agency(["ICE-1001"]), scene.folder()
        agency.pack(folder, rows, time=stamp(scene.clock()), agreement_version=2)
        agency.engage_all(folder, len(rows))
        scene.lay_stock()
        scene.batch = receive(scene.home, folder).batch_id
        journey.run(scene.home, scene.batch)
        outcomes.append(scene.count(schema.referral, batch_id=scene.batch))
        with scene.read() as conn:
            basis = basis_of(scene.home, conn, scene.batch)
        assert len([rule for rule in basis.rules.rules if rule.id == "R24"]) == 1
    assert outcomes == [0, 2]
