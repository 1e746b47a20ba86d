"""The accounting of one person: every request and disclosure about them, and nobody else's (26 U.S.C. 6103(p)(3)(A); R42, R43)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from journey_home import NOW, OFFICERS, ROWS, Scene, row_of, small
from portcullis import accounting, journey
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.errors import Refused, Tampered
from portcullis.intake.batch import receive
from portcullis.journal import stamp
from portcullis.model import LeafType
from portcullis.oversight import Identity, accounting_of
from portcullis.publish import publish
from portcullis.release import commit_release, dispatch
from portcullis.store import schema

At = Callable[[str], Scene]
MOVED = row_of(ROWS[1])


def named(row: dict[str, str | None]) -> Identity:
    return Identity(given_name=row["given_name"], family_name=row["family_name"], date_of_birth=row["date_of_birth"])


def found(scene: Scene, identity: Identity) -> list[dict[str, object]]:
    return accounting_of(scene.home, identity, "IRS-0006")


def outcomes(scene: Scene, identity: Identity) -> list[tuple[object, object]]:
    return [(one["outcome"], one["disclosed"]) for one in found(scene, identity)]


def test_everything_asked_about_one_person_is_found_in_every_batch_whatever_became_of_it(at_both: At) -> None:
    """Disclosed; asked again without an address; in a batch that was refused at the door; in one nobody has decided yet."""
    scene = at_both("dispatched")
    stranger = row_of(ROWS[0])
    scene.send([MOVED | {"request_id": "A-1", "address_line": None, "address": None}, stranger | {"request_id": "A-2"}])
    journey.run(scene.home, scene.batch)
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    agency.pack(folder, [MOVED | {"request_id": "A-3"}, stranger | {"request_id": "A-4"}], gate="6103(i)(1)", time=stamp(NOW))
    assert receive(scene.home, folder).reason == "B-WRONG-GATE"
    scene.send([MOVED | {"request_id": "A-5"}])
    entries = found(scene, named(MOVED))
    assert [(one["outcome"], one["disclosed"]) for one in entries] == [("disclose", True), ("deficient", False), ("refused", False)]
    assert [one["subject"]["request_id"] for one in entries if "request_id" in one["subject"]] == ["A-3"]  # type: ignore[index,operator]
    first = entries[0]
    assert first["request"] == f"{first['batch']}/2"
    assert (first["agency"], first["authority"], first["recipient"]) == ("ICE", "6103(i)(2)", ["ICE-1001"])
    assert first["reason"] == MOVED["reason"]
    assert first["requested_on"] == "2025-06-28T14:00:00Z"
    assert first["elements"] == ["address_line", "unit", "city", "state", "postal_code"]


def test_nobody_elses_entries_are_shown(at: At) -> None:
    scene = at("dispatched")
    for row in (row_of(kind) for kind in ROWS):
        entries = found(scene, named(row))
        assert len(entries) == 1
        assert entries[0]["subject"]["family_name"] == row["family_name"]  # type: ignore[index]
    assert found(scene, Identity(given_name="Zora", family_name="Quillsby", date_of_birth="1970-01-01")) == []
    assert found(scene, Identity(taxpayer_number="900700001")) == []


def test_a_request_without_number_and_birth_date_is_found_by_them_when_it_was_matched_to_the_person(at: At) -> None:
    """The person asks with a number; the agency had asked with name and address only, and got the answer."""
    scene = at("ready")
    moved = next(n for n, kind in enumerate(ROWS) if kind.name == "moved too")
    row = row_of(ROWS[moved]) | {"taxpayer_number": None}
    person = small().clean.truth["person_id"][ROWS[moved].ordinal - 1].as_py()
    number = next(one["taxpayer_number"] for one in small().register.persons.to_pylist() if one["person_id"] == person)
    scene.send([row])
    assert to_sampled(scene.cast, scene.batch, {1: (person, True)})
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == 1
    for identity in (Identity(taxpayer_number=number), Identity(person_id=person), named(row)):
        assert outcomes(scene, identity) == [("disclose", True)]


def test_a_person_nobody_asked_about_has_no_entry_even_when_on_the_register(at: At) -> None:
    scene = at("dispatched")
    meant = {one["person_id"] for name in ("clean", "mixed", "hostile") for one in getattr(small(), name).truth.to_pylist()}
    stated = {row_of(kind)["taxpayer_number"] for kind in ROWS}
    others = (one for one in small().register.persons.to_pylist() if one["person_id"] not in meant and one["taxpayer_number"] not in stated)
    other = next(others)
    assert found(scene, Identity(taxpayer_number=other["taxpayer_number"])) == []
    assert found(scene, Identity(person_id=other["person_id"])) == []


def test_an_entry_says_disclosed_only_once_it_has_left(at: At) -> None:
    for station, disclosed in (("reviewed", False), ("committed", False), ("dispatched", True)):
        assert outcomes(at(station), named(MOVED)) == [("disclose", disclosed)]


def test_looking_is_on_record_first(at: At) -> None:
    scene = at("dispatched")
    before = len(scene.leaves(LeafType.INSPECTION))
    found(scene, Identity(taxpayer_number="900700001"))
    last = scene.leaves(LeafType.INSPECTION)[-1]
    assert (len(scene.leaves(LeafType.INSPECTION)), last["who"], last["why"]) == (before + 1, "IRS-0006", "accounting")
    assert scene.count(schema.inspection, why="accounting") == 1


def test_the_register_is_not_opened_before_the_look_is_on_record(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, module = at("dispatched"), sys.modules["portcullis.oversight.person"]
    real, before = module.kept_register, len(scene.leaves(LeafType.INSPECTION))  # type: ignore[attr-defined]

    def opened(folder: Path) -> object:
        assert len(scene.leaves(LeafType.INSPECTION)) == before + 1
        return real(folder)

    monkeypatch.setattr(module, "kept_register", opened)
    assert outcomes(scene, named(MOVED)) == [("disclose", True)]


def test_an_altered_accounting_is_not_believed(at: At) -> None:
    scene = at("dispatched")
    path = accounting.path_of(scene.home, scene.batch)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Tampered):
        found(scene, named(MOVED))


def test_the_accounting_stays_when_the_working_data_of_a_batch_is_destroyed(at: At) -> None:
    scene = at("dispatched")
    b = schema.batch
    scene.step(lambda conn: conn.execute(b.update().values(wrapped_key=None, key_destroyed_at=NOW)))
    assert outcomes(scene, named(MOVED)) == [("disclose", True)]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '"x"', '{"ssn":"1"}', '{"taxpayer_number":1}', '{"taxpayer_number":null}', '{"given_name":"A","x":"y"}']
)
def test_an_identity_that_cannot_be_read_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Refused, match="identity cannot be read") as refusal:
        Identity.parse(text)
    assert "ssn" not in str(refusal.value)


def test_an_identity_that_finds_nobody_by_its_nature_is_refused(at: At) -> None:
    scene = at("dispatched")
    for identity in (Identity(given_name="Ana"), Identity(taxpayer_number="12"), Identity(date_of_birth="1970-01-01")):
        with pytest.raises(Refused, match="Nobody can be found by this identity"):
            found(scene, identity)
    assert scene.count(schema.inspection, why="accounting") == 0, "nobody was looked at"


def test_an_identity_is_read_from_its_json() -> None:
    stated = {"given_name": "Ana", "family_name": "Lima", "date_of_birth": "1970-01-01"}
    assert Identity.parse(json.dumps(stated)) == Identity(**stated)
