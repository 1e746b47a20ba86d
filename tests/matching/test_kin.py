"""What the register says of relatives who share a given name, and that only a name they do not share is evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching_world import HOME, World, named
from portcullis.matching import frequency, kin


def households(world: World, given: str, count: int, *, relative: str, family: str = "Marlowe") -> None:
    """`count` homes, each of two people of one surname: one of the name and a relative of another."""
    for i in range(count):
        home = [HOME | {"address_line": f"{i + 2} Quarry Road"}]
        world.add(f"a{given}{i}", named(given, f"{family}{'abcdefghij'[i % 10]}"), homes=home)
        world.add(f"b{given}{i}", named(relative, f"{family}{'abcdefghij'[i % 10]}"), homes=home)


def marks(world: World) -> dict[str, tuple[int, int, int, int]]:
    rows = world.register().tables["given"].to_pylist()
    return {r["token"]: (r["with_kin"], r["namesakes"], r["rare"], r["unshared"]) for r in rows}


def test_relatives_are_counted_by_door_and_surname(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("sr", named("Walter", "Haines"))
    world.add("jr", named("Walter", "Haines"))
    world.add("wife", named("Rosalind", "Haines"))
    world.add("lodger", named("Walter", "Quimby"))
    world.add("alone", named("Rosalind", "Haines"), homes=[HOME | {"address_line": "9 Quarry Road"}])
    assert {k: v[:2] for k, v in marks(world).items()} == {"WALTER": (2, 2), "ROSALIND": (1, 0)}


def test_limits_of_a_count() -> None:
    assert (kin.lower_bound(0), kin.upper_bound(0)) == (0.0, pytest.approx(3.0, rel=0.02))
    assert kin.lower_bound(10) == pytest.approx(5.43, rel=0.01)
    assert kin.upper_bound(10) == pytest.approx(16.96, rel=0.01)


def test_a_name_that_relatives_do_not_share_is_evidence_and_one_they_share_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kin, "UNSHARED_SHARE", 0.15)  # a register of forty, not of fifteen thousand
    world = World(tmp_path)
    households(world, "Rosalind", 30, relative="Osbert")
    households(world, "Walter", 15, relative="Walter", family="Haines")
    assert marks(world)["ROSALIND"] == (30, 0, 0, 1)
    assert marks(world)["WALTER"][3] == 0
    subject, junior = HOME | {"address_line": "7 Quarry Road"}, HOME | {"address_line": "88 Quarry Road"}
    assert world.ask(named("Rosalind", "Marlowef"), subject)["ladder_rule"] == "L8"
    assert world.answered(named("Rosalind", "Marlowef"), subject) == "aRosalind5"
    assert world.answered(named("Rosalind", "Marlowef", suffix="Jr"), subject) is None
    assert world.answered(named("Rosalynd", "Marlowef"), subject) is None  # to the letter only
    world.add("father", named("Walter", "Quimby"), homes=[junior])  # his son of one name asked for, who is not on the register
    assert world.answered(named("Walter", "Quimby"), junior) is None
    monkeypatch.setattr(frequency, "_unshared", lambda with_kin, namesakes: with_kin > 0)
    world.opened = None
    assert world.answered(named("Walter", "Quimby"), junior) == "father"


def test_a_rare_name_that_runs_in_a_family_is_no_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    for i in range(9000):
        world.add(f"c{i}", named("Walter", "Quimby"), homes=[HOME | {"address_line": f"{i + 5} Quarry Road"}])
    world.add("sr", named("Ottoline", "Marlowe"), homes=[HOME | {"address_line": "4 Quarry Road"}])
    world.add("jr", named("Ottoline", "Marlowe"), homes=[HOME | {"address_line": "4 Quarry Road"}])
    world.add("subject", named("Ottoline", "Haines"))
    world.add("other", named("Cornelius", "Marlowe"), homes=[HOME | {"address_line": "3 Quarry Road"}])
    assert world.answered(named("Ottoline", "Haines")) is None  # her mother may be meant, as the other household shows
    assert world.answered(named("Cornelius", "Marlowe"), HOME | {"address_line": "3 Quarry Road"}) == "other"
    monkeypatch.setattr(frequency, "_shared", lambda with_kin, namesakes: False)
    world.opened = None
    assert world.answered(named("Ottoline", "Haines")) == "subject"
