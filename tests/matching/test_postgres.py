"""A register that stands in PostgreSQL gives the same prepared register; what is not mapped is never selected."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

import pg_cluster
from matching_world import ELSEWHERE, HOME, World, named
from portcullis.errors import Refused
from portcullis.matching.load import load_register

pytestmark = pytest.mark.postgresql
MAPPING = """
postgresql: {persons: irs.taxpayer, addresses: irs.address}
persons: {person_id: id, given_name: 'first "name"', family_name: last, middle_name: middle, taxpayer_number: tin}
addresses: {person_id: id, address_line: street, postal_code: zip}
"""


@pytest.fixture
def served(postgresql: pg_cluster.Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    url = postgresql.url()
    parts = urlsplit(url)
    for name, value in (("PGHOST", parse_qs(parts.query)["host"][0]), ("PGUSER", "tests"), ("PGDATABASE", parts.path[1:])):
        monkeypatch.setenv(name, value)
    with psycopg.connect(url) as connection:
        connection.execute(
            'CREATE SCHEMA irs; CREATE TABLE irs.taxpayer (id text, "first ""name""" text, last text, middle text, tin int8, income int8)'
        )
        connection.execute("CREATE TABLE irs.address (id text, street text, city text, state text, zip int4, last_known bool)")
        connection.execute("INSERT INTO irs.taxpayer VALUES ('subject', 'Walter', 'Haines', 'E', 12345678, 98765)")
        connection.execute("INSERT INTO irs.taxpayer VALUES ('wife', 'Rosalind', 'Haines', 'T', NULL, 1)")
        for person, home in (("subject", HOME), ("wife", HOME), ("wife", ELSEWHERE)):
            row = (person, home["address_line"], home["city"], home["state"], int(str(home["postal_code"])), home is HOME)
            connection.execute("INSERT INTO irs.address VALUES (%s, %s, %s, %s, %s, %s)", row)
    return url


def loaded(tmp_path: Path, mapping: str) -> str:
    source = tmp_path / "owners"
    source.mkdir(exist_ok=True)
    (source / "manifest.json").write_text(json.dumps({"synthetic": True, "source": "a test", "date": "2026-01-01"}))
    (source / "map.yaml").write_text(mapping)
    return load_register(source, tmp_path / "register", source / "map.yaml").version


def test_the_same_register_as_from_files(tmp_path: Path, served: str) -> None:
    (tmp_path / "files").mkdir()
    world = World(tmp_path / "files")
    world.persons = [
        {"person_id": "subject", **named("Walter", "Haines", "E", taxpayer_number="012345678")},
        {"person_id": "wife", **named("Rosalind", "Haines", "T")},
    ]
    homes = (("subject", HOME, "true"), ("wife", HOME, "true"), ("wife", ELSEWHERE, "false"))
    world.addresses = [{"person_id": person, **home, "last_known": last} for person, home, last in homes]
    assert loaded(tmp_path, MAPPING) == world.load().version
    everything = b"".join(p.read_bytes() for p in (tmp_path / "register").iterdir())
    assert b"98765" not in everything and served


def test_a_table_or_column_that_is_not_there_is_refused_without_the_servers_words(tmp_path: Path, served: str) -> None:
    with pytest.raises(Refused, match="cannot be read from PostgreSQL") as refused:
        loaded(tmp_path, MAPPING.replace("irs.taxpayer", 'irs.x"; DROP TABLE irs.address; --'))
    assert "DROP" not in str(refused.value)
    with pytest.raises(Refused, match="no column surname"):
        loaded(tmp_path, MAPPING.replace("family_name: last", "family_name: surname"))
    assert loaded(tmp_path, MAPPING) and served


def test_a_server_that_does_not_answer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", str(tmp_path))
    with pytest.raises(Refused, match="cannot be read from PostgreSQL"):
        loaded(tmp_path, MAPPING)
