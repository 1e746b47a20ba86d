"""The published ledger over HTTP: every reader finds what its checkpoint covers, and nobody anything else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger_source import Leaves
from ledger_story import ORIGIN, seed_key
from portcullis.ledger import NoteKey, Publisher
from portcullis.ledger.checkpoint import open_checkpoint
from portcullis.ledger.edge import Edge
from portcullis.ledger.serve import CHECKPOINT_SECONDS, Reply, reply, wsgi
from portcullis.ledger.tiles import tiles_of

KEY = seed_key("log")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "ledger"
    Publisher(folder).publish(Leaves(700), KEY, ORIGIN)
    return folder


@pytest.fixture
def ledger(published: Path, tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("not of the ledger")
    return Path(shutil.copytree(published, tmp_path / "ledger"))


def public(ledger: Path, path: str, **how: Any) -> Reply:
    return reply(ledger, path, entitled=False, **how)


def test_a_public_reader_verifies_the_tiles_up_to_the_checkpoint(ledger: Path) -> None:
    head = open_checkpoint(public(ledger, "checkpoint").body, NoteKey(ORIGIN, KEY.public)).checkpoint
    assert head.size == 700
    assert Edge.read(head.size, lambda path: public(ledger, path).body).root() == head.root


def test_an_entitled_reader_has_every_file_byte_for_byte(ledger: Path) -> None:
    for path in tiles_of(700):
        got = reply(ledger, path, entitled=True)
        assert (got.status, got.body) == (200, (ledger / path).read_bytes())


def test_entry_bundles_are_for_entitled_readers_and_nobody_in_between_keeps_them(ledger: Path) -> None:
    bundles = [path for path in tiles_of(700) if "entries" in path]
    assert len(bundles) == 3
    for path in bundles:
        assert (public(ledger, path).status, (ledger / path).read_bytes() in public(ledger, path).body) == (403, False)
        assert reply(ledger, path, entitled=True).headers["Cache-Control"] == "private, no-store"


def test_how_long_a_copy_may_be_kept(ledger: Path) -> None:
    assert public(ledger, "checkpoint").headers["Cache-Control"] == f"public, max-age={CHECKPOINT_SECONDS}"
    for tile in ("tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2"):
        assert public(ledger, tile).headers["Cache-Control"] == "public, max-age=31536000, immutable", tile
    for nothing in ("tile/0/009", "tile/0/000.p/17"):
        assert (public(ledger, nothing).status, public(ledger, nothing).headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "path",
    [
        *("../secret", "tile/../../secret", "/etc/passwd", "", "tile", "tile/0", ".publishing", "tile/0/0", "tile/0/0000", "tile/00/000"),
        *("tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/257", "tile/64/000", "tile/entries/000/", "tile/0/000\n"),
        *("tile//0/000", "tile/0/٠٠٠", "checkpoint/", "./checkpoint", "manifest", "store.db", "tile/0/000%2f"),
    ],
)
def test_nothing_else_is_served(ledger: Path, path: str) -> None:
    for entitled in (False, True):
        assert reply(ledger, path, entitled=entitled).status == 404


def test_what_a_publisher_is_still_writing_is_not_served(ledger: Path) -> None:
    """A copy kept for ever of a tile that was never signed could not be recalled."""
    (ledger / "tile/0/002.p/189").write_bytes(bytes(189 * 32))
    (ledger / "tile/0/002").write_bytes(bytes(256 * 32))
    assert [public(ledger, path).status for path in ("tile/0/002.p/188", "tile/0/002.p/189", "tile/0/002")] == [200, 404, 404]


def test_a_torn_file_is_not_served(ledger: Path) -> None:
    for path in ("tile/0/001", "tile/entries/001"):
        (ledger / path).write_bytes((ledger / path).read_bytes()[:-1])
        assert reply(ledger, path, entitled=True).status == 404


def test_a_known_checkpoint_is_not_sent_again(ledger: Path) -> None:
    tag = public(ledger, "checkpoint").headers["ETag"]
    assert public(ledger, "checkpoint", if_none_match=tag).status == 304
    Publisher(ledger).publish(Leaves(701), KEY, ORIGIN)
    assert public(ledger, "checkpoint", if_none_match=tag).status == 200


def test_nothing_is_written_and_nothing_is_there_before_the_first_checkpoint(ledger: Path, tmp_path: Path) -> None:
    assert [public(ledger, "checkpoint", method=method).status for method in ("POST", "PUT", "DELETE", "GET")] == [405, 405, 405, 200]
    assert public(tmp_path / "absent", "checkpoint").status == 503


def test_the_wsgi_application_asks_who_reads(ledger: Path) -> None:
    def entitled(environment: Mapping[str, Any]) -> bool:
        return environment.get("HTTP_X_ROLE") == "overseer"

    def ask(path: str, **environment: str) -> tuple[str, dict[str, str], bytes]:
        said: list[Any] = []
        body = b"".join(wsgi(ledger, entitled)({"PATH_INFO": path, **environment}, lambda *what: said.extend(what)))
        return said[0], dict(said[1]), body

    whole = (ledger / "tile/entries/000").read_bytes()
    assert ask("/tile/entries/000")[0] == "403 Forbidden"
    assert ask("/tile/entries/000", HTTP_X_ROLE="overseer")[::2] == ("200 OK", whole)
    status, headers, body = ask("/tile/entries/000", HTTP_X_ROLE="overseer", REQUEST_METHOD="HEAD")
    assert (status, headers["Content-Length"], body) == ("200 OK", str(len(whole)), b"")
