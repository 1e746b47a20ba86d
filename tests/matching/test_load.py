"""Loading a register: what is refused with what to do, what is counted and goes on, and that the old one stays until the new is whole."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from matching_world import ELSEWHERE, HOME, World, named, text_table
from portcullis.cli.register import app as register_app
from portcullis.errors import Refused, Tampered
from portcullis.intake import names as name_standard
from portcullis.matching import folder as folder_module
from portcullis.matching.load import load_register
from portcullis.matching.profile import profile
from portcullis.matching.register import open_register

WHO = named("Walter", "Haines", "E", taxpayer_number="900-11-2233")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.add("subject", WHO)
    made.add("wife", named("Rosalind", "Haines", "T"), homes=[HOME, ELSEWHERE])
    return made


def test_a_folder_without_a_manifest_is_refused_with_what_to_write(world: World) -> None:
    source = world.write()
    (source / "manifest.json").unlink()
    with pytest.raises(Refused, match=r"manifest\.json") as refusal:
        load_register(source, world.folder / "register")
    assert '"synthetic"' in refusal.value.next_step
    assert load_register(source, world.folder / "register", synthetic=True).synthetic


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"synthetic": "yes"}', '{"synthetic": 1}', "\udcff"])
def test_a_manifest_that_does_not_say_whether_people_are_real_is_refused(world: World, text: str) -> None:
    source = world.write()
    (source / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Refused):
        load_register(source, world.folder / "register", synthetic=True)


def test_rows_without_an_id_are_refused_because_they_could_be_rivals(world: World) -> None:
    world.persons.append({"person_id": " ", **named("Walter", "Haines", "E")})
    with pytest.raises(Refused, match="1 rows of `persons` have no person_id"):
        world.load()


def test_identical_rows_orphans_and_missing_homes_are_counted(world: World) -> None:
    world.persons.append(dict(world.persons[0]))
    world.addresses.append({"person_id": "nobody", **world.addresses[0], **{"person_id": "nobody"}})
    world.persons.append({"person_id": "homeless", **named("Osbert", "Quimby")})
    info = world.load()
    assert info.warnings == {"duplicate_rows": 1, "addresses_of_unknown_persons": 1, "persons_without_address": 1}
    assert world.answered(WHO) == "subject"


def test_two_last_known_addresses_leave_the_answer_open(world: World) -> None:
    world.add("torn", named("Osbert", "Quimby", "Q"), homes=[HOME, ELSEWHERE])
    world.addresses[-1]["last_known"] = True
    assert world.load().warnings == {"last_known_left_open": 1}
    facts = world.ask(named("Osbert", "Quimby", "Q"))
    assert (facts["candidates"], facts["answer_row"]) == (1, None)
    world.addresses[-1]["period_to"] = 2024  # the later one is the last
    assert world.ask(named("Osbert", "Quimby", "Q"))["answer_row"] is not None


def test_no_persons_and_tables_of_two_registers_are_refused(world: World) -> None:
    for row in world.addresses:
        row["person_id"] += "-other"
    with pytest.raises(Refused, match="No address in the register belongs"):
        world.load()


@pytest.mark.parametrize("form", ["csv", "duckdb", "parquet"])
def test_every_format_gives_the_same_register(world: World, tmp_path: Path, form: str) -> None:
    version = world.load().version
    source = tmp_path / "again"
    source.mkdir()
    (source / "manifest.json").write_text(json.dumps(world.manifest))
    for name, rows in (("persons", world.persons), ("addresses", world.addresses)):
        table = text_table(rows)
        if form == "csv":
            pa.csv.write_csv(table, source / f"{name}.csv")
        elif form == "parquet":
            pq.write_table(table, source / f"{name}.parquet")
        else:
            connection = duckdb.connect(str(source / f"{name}.duckdb"))
            connection.register("given", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            connection.close()
    assert load_register(source, tmp_path / "other").version == version


def test_a_mapping_renames_the_owners_columns_and_leading_zeros_come_back(world: World, tmp_path: Path) -> None:
    source = tmp_path / "owners"
    source.mkdir()
    (source / "manifest.json").write_text(json.dumps(world.manifest))
    pq.write_table(
        pa.table({"ID": ["a"], "FIRST": ["Walter"], "LAST": ["Haines"], "SSN": pa.array([10223344], pa.int64()), "INCOME": [98765]}),
        source / "taxpayers.parquet",
    )
    pq.write_table(
        pa.table({"ID": ["a"], "STREET": ["12 Hill St"], "TOWN": ["Boston"], "ST": ["MA"], "ZIP": pa.array([2108], pa.int32())}),
        source / "addresses.parquet",
    )
    mapping = tmp_path / "map.yaml"
    mapping.write_text(
        "files: {persons: taxpayers.parquet}\n"
        "persons: {person_id: ID, given_name: FIRST, family_name: LAST, taxpayer_number: SSN}\n"
        "addresses: {person_id: ID, address_line: STREET, city: TOWN, state: ST, postal_code: ZIP}\n"
    )
    load_register(source, tmp_path / "register", mapping)
    register = open_register(tmp_path / "register")
    assert register.take("names", np.array([0]), ("number",)).to_pylist() == [{"number": "010223344"}]
    assert register.take("addresses", np.array([0]), ("zip5",)).to_pylist() == [{"zip5": "02108"}]
    everything = b"".join(p.read_bytes() for p in (tmp_path / "register").iterdir())
    assert b"98765" not in everything  # what is not mapped is never read


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "- a",
        "persons: [a]",
        "nobody: {a: b}",
        "persons: {shoe_size: SHOE}",
        "persons: {person_id: ABSENT}",
        "files: {persons: none.parquet}",
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(world: World, text: str) -> None:
    source = world.write()
    (world.folder / "map.yaml").write_text(text)
    with pytest.raises(Refused):
        load_register(source, world.folder / "register", world.folder / "map.yaml")


@pytest.mark.parametrize("damage", [b"", b"not parquet at all", b"PAR1 PAR1"])
def test_a_damaged_table_is_refused_without_a_word_of_its_rows(world: World, damage: bytes) -> None:
    source = world.write()
    (source / "persons.parquet").write_bytes(damage)
    with pytest.raises(Refused, match="`persons` table cannot be read"):
        load_register(source, world.folder / "register")


def test_a_csv_of_another_encoding_or_shape_is_refused_without_its_values(world: World) -> None:
    source = world.write()
    (source / "persons.parquet").unlink()
    for rows in (
        b"person_id,given_name,family_name\n1,Canaryna\xefve,Haines\n",
        b'person_id,given_name,family_name\n1,"Canary,Haines\n2,b\n',
    ):
        (source / "persons.csv").write_bytes(rows)
        with pytest.raises(Refused) as refusal:
            load_register(source, world.folder / "register")
        assert "Canary" not in str(refusal.value)
        assert refusal.value.__cause__ is None


def test_words_other_than_yes_and_no_are_refused(world: World) -> None:
    world.persons[0]["veto"] = "perhaps"
    with pytest.raises(Refused, match="veto"):
        world.load()


def test_a_failed_load_leaves_the_old_register_in_use(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    version = world.load().version
    world.add("new", named("Osbert", "Quimby"))

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_module, "_flush", full_disk)
    with pytest.raises(Refused, match="old one stays in use"):
        world.load()
    monkeypatch.undo()
    assert open_register(world.folder / "register").version == version
    assert world.load().version != version


def test_a_kill_between_the_two_renames_loses_nothing(world: World) -> None:
    version = world.load().version
    (world.folder / "register").rename(world.folder / ".register.old")
    assert open_register(world.folder / "register").version == version
    assert world.load().version == version
    assert not (world.folder / ".register.old").exists()


def test_a_folder_of_something_else_is_not_replaced(world: World) -> None:
    (world.folder / "register").mkdir()
    (world.folder / "register" / "thesis.txt").write_text("years of work")
    with pytest.raises(Refused):
        world.load()
    assert (world.folder / "register" / "thesis.txt").exists()


def test_any_flipped_byte_of_a_prepared_register_is_found(world: World) -> None:
    world.load()
    for path in sorted((world.folder / "register").iterdir()):
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(Tampered):
                open_register(world.folder / "register")
        path.write_bytes(whole)
    assert open_register(world.folder / "register").size == 2


def test_a_register_of_another_standardiser_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.load()
    monkeypatch.setattr(name_standard, "STANDARDISER_VERSION", "names/0")
    with pytest.raises(Refused, match="other versions of the standardisers") as refusal:
        open_register(world.folder / "register")
    assert refusal.value.code == "X-MATCH-VERSION"


def test_a_register_arranged_by_another_version_is_refused_and_not_called_damaged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "FORMAT", "portcullis/register/1")
    world.load()
    monkeypatch.undo()
    with pytest.raises(Refused, match="another version of this program") as refused:
        open_register(world.folder / "register")
    assert refused.value.code == "X-MATCH-VERSION"
    world.load()
    assert open_register(world.folder / "register").size == 2


def test_the_same_register_has_the_same_version_and_any_change_another(world: World) -> None:
    first = world.load().version
    assert world.load().version == first
    world.persons[0]["middle_name"] = "F"
    assert world.load().version != first


def test_the_profile_counts_and_names_nobody(world: World) -> None:
    found = profile(world.register())
    assert (found["persons"], found["addresses"], found["persons_with_several_addresses"]) == (2, 3, 1)
    assert "Haines" not in json.dumps(found)
    assert "HAINES" not in json.dumps(found)


def test_the_profile_of_a_file_of_requests_needs_no_home_and_names_nobody(world: World, tmp_path: Path) -> None:
    twice = {"request_id": "b", **named("Walter", "Haines"), **HOME}
    rows = [{"request_id": "a", **WHO, **HOME}, twice, twice | {"request_id": "c"}, twice | {"request_id": "d", "address_line": "NA NA"}]
    pq.write_table(
        text_table([*rows, {"request_id": "e", **named("Unknown", "Unknown"), **HOME, "date_of_birth": "99"}]), tmp_path / "r.parquet"
    )
    told = CliRunner().invoke(register_app, ["profile", "--requests", str(tmp_path / "r.parquet"), "--json"], catch_exceptions=False).stdout
    found = json.loads(told)
    wanted = {"requests": 5, "names_that_name_nobody": 1, "birth_dates_not_usable": 1, "addresses_deficient": 1, "asked_more_than_once": 1}
    assert {k: found[k] for k in wanted} == wanted
    assert found["stated"]["middle_name"] == 0.2
    assert found["with_evidence_beyond_name_and_address"] == 0.2
    assert sum(found["addresses_by_reason"].values()) == 1
    assert not any(word in told for word in ("Walter", "Haines", "Larkspur", "900"))
    with pytest.raises(Refused, match="nothing to count"):
        CliRunner().invoke(register_app, ["profile"], catch_exceptions=False, env={"PORTCULLIS_HOME": ""})


def test_a_register_without_a_single_usable_name_or_address_matches_nobody(world: World) -> None:
    for person in world.persons:
        person["given_name"] = None
    for address in world.addresses:
        address["address_line"] = "see file"
    facts = world.ask(WHO)
    assert (facts["candidates"], facts["address_confirmed"]) == (0, 0)
