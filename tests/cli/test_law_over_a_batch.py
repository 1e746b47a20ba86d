"""`rules diff … --batch` and `batch redecide`: what other law would change in a real batch; on record first, in counts and ordinals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from cli_desk import Desk
from journey_home import ROWS, rows_of
from portcullis.agreement import find
from portcullis.model import Role

At = Callable[[str], Desk]


def looks(desk: Desk) -> list[str]:
    return [leaf["command"] for leaf in desk.leaves("inspection")]


def stricter(desk: Desk) -> Path:
    folder = desk.folder / "stricter"
    shutil.copytree(find("irs-ice-2025"), folder)
    path = folder / "agreement.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("load_cap: 100", "load_cap: 1"), encoding="utf-8")
    return folder


def test_a_stricter_law_over_a_batch_is_counted_by_reason_with_ordinals_only(at: At) -> None:
    desk = at("sampled")
    who, before = desk.cast.person(Role.OVERSEER), looks(desk)
    words = ("rules", "diff", "recorded", stricter(desk), "--batch", desk.batch, "--as", who)
    done = desk.run(*words, "--json").ok()
    assert looks(desk) == [*before, "rules.diff"]
    found = done.json
    assert {"text", "switches", "batch", "requests", "decisions", "outcomes"} <= set(found)
    (load,) = [one for one in found["outcomes"]["check"] if one["rule"] == "R27"]
    assert (load["requests"], load["examples"], load["new"]["reason"]) == (len(ROWS), [1, 2, 3, 4, 5], "O-LOAD-IMPLAUSIBLE")
    assert sum(one["requests"] for one in found["decisions"]) > 0
    told = desk.run(*words).ok().out
    assert "would be decided otherwise or for another reason" in told and "threshold load_cap: 100 to 1" in told
    personal = {value for row in rows_of() for name, value in row.items() if name in ("family_name", "address_line", "reason") and value}
    assert [value for value in personal if value in done.out + told + done.err] == []


def test_the_law_it_was_decided_under_changes_nothing(at: At) -> None:
    desk = at("sampled")
    who = desk.cast.person(Role.OVERSEER)
    for other in ("today", "irs-ice-2025:1", "irs-ice-2025"):
        found = desk.run("rules", "diff", "recorded", other, "--batch", desk.batch, "--as", who, "--json").ok().json
        assert (found["decisions"], found["switches"], found["text"]) == ([], [], [])
        assert all(changes == [] for changes in found["outcomes"].values())


def test_a_switch_turned_since_counts_where_today_is_asked_about(at: At) -> None:
    desk = at("sampled")
    counsel, who = desk.cast.person(Role.COUNSEL), desk.cast.person(Role.OVERSEER)
    turn = ("agreement", "switch", "irs-ice-2025", "--switch", "R37_confirm", "--off", "--as", counsel, "--key", desk.key(counsel))
    desk.run(*turn, "--second-as", who, "--second-key", desk.key(who)).ok()
    found = desk.run("rules", "diff", "recorded", "today", "--batch", desk.batch, "--as", who, "--json").ok().json
    assert found["switches"] == [{"switch": "R37_confirm", "old": True, "new": False}]
    (change,) = found["decisions"]
    assert (change["old"]["decision"], change["new"]["decision"], change["examples"]) == ("confirm", "disclose", [1, 10])
    assert "switch R37_confirm: on to off" in desk.run("rules", "diff", "recorded", "today", "--batch", desk.batch, "--as", who).ok().out
    assert desk.run("rules", "diff", "recorded", "irs-ice-2025", "--batch", desk.batch, "--as", who, "--json").ok().json["decisions"] == []


def test_nobody_looks_without_a_name_or_a_home_and_an_unknown_version_is_refused(at: At) -> None:
    desk = at("sampled")
    before = looks(desk)
    desk.run("rules", "diff", "recorded", "today", "--batch", desk.batch).refused("by somebody")
    desk.run("rules", "diff", "recorded", "today", "--batch", "B-2031-000009", "--as", "IRS-0008").refused("no batch")
    assert looks(desk) == before
    desk.run("rules", "diff", "today", "irs-ice-2025:7").refused("no version 7")


def test_the_decisions_are_made_again_from_the_record(at: At) -> None:
    desk = at("sampled")
    before = looks(desk)
    found = desk.run("batch", "redecide", desk.batch, "--as", desk.cast.person(Role.OVERSEER), "--json").ok().json
    assert (found["same"], found["different"], found["agreement"]) == (len(ROWS), [], "irs-ice-2025:1")
    assert looks(desk) == [*before, "batch.redecide"]
    assert json.dumps(found).isascii()
    early = at("received")
    early.run("batch", "redecide", early.batch, "--as", early.cast.person(Role.OVERSEER)).refused("not decided yet")
