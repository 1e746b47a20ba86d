"""Proofs from tiles, the `.tlog-proof` text, bundles and trust files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger_source import Leaves
from ledger_story import ORIGIN, RULE_SET, RULES, Story, seed_key
from portcullis.crypto import encode64
from portcullis.decision import tables
from portcullis.errors import PortcullisError, Refused, Tampered
from portcullis.ledger import NoteKey, Publisher
from portcullis.ledger.bundle import export
from portcullis.ledger.proof import open_tlog_proof, prove_consistency, prove_inclusion
from portcullis.ledger.tree import leaf_hash, root, verify_consistency, verify_inclusion
from portcullis.ledger.trust import Trust, read_trust
from portcullis.ledger.verify import verify

KEY = seed_key("log")
LOG = NoteKey(ORIGIN, KEY.public)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger")
    Publisher(path).publish(Leaves(66_000), KEY, ORIGIN)
    return path


@pytest.mark.parametrize("index", [0, 1, 255, 256, 257, 65_535, 65_536, 65_999])
def test_any_leaf_is_proved_from_the_tiles(index: int, published: Path) -> None:
    proof = prove_inclusion(published, index, LOG)
    assert proof.entry == f"leaf {index}".encode()
    assert verify_inclusion(leaf_hash(proof.entry), index, 66_000, proof.hashes, proof.checkpoint.root)
    assert open_tlog_proof(proof.text(), LOG)[:2] == (index, proof.entry)


@pytest.mark.parametrize("old", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000])
def test_any_prefix_is_proved_from_the_tiles(old: int, published: Path) -> None:
    head, proof = prove_consistency(published, old, LOG)
    before = root(leaf_hash(entry) for entry in Leaves(old).leaves)
    assert verify_consistency(old, head.size, before, head.root, proof)


def test_a_proof_is_of_the_c2sp_form(published: Path) -> None:
    lines = prove_inclusion(published, 3, LOG).text().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + encode64(b"leaf 3")
    assert lines[2] == "index 3"
    assert lines[lines.index("") + 1] == ORIGIN


def test_no_changed_letter_leaves_a_proof(published: Path) -> None:
    text = prove_inclusion(published, 300, LOG).text()
    for at in range(0, len(text), 3):
        bad = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(PortcullisError):
            open_tlog_proof(bad, LOG)


def test_leaves_and_prefixes_that_are_not_published_are_refused(published: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        prove_inclusion(published, 66_000, LOG)
    with pytest.raises(Refused):
        prove_consistency(published, 66_001, LOG)
    with pytest.raises(Refused):
        prove_inclusion(tmp_path, 0, LOG)


def test_a_changed_file_gives_no_proof(tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(5), KEY, ORIGIN)
    name = tmp_path / "tile" / "entries" / "000.p" / "5"
    name.write_bytes(name.read_bytes().replace(b"leaf 3", b"LEAF 3"))
    with pytest.raises(Tampered):
        prove_inclusion(tmp_path, 3, LOG)
    name.unlink()
    with pytest.raises(Tampered):
        prove_inclusion(tmp_path, 3, LOG)


# ---------------------------------------------------------------- bundles


def exported(story: Story, tmp_path: Path) -> Path:
    source = Leaves(0)
    source.leaves = story.leaves
    Publisher(tmp_path / "ledger").publish(source, story.log_key, story.origin)
    roots = {agency: key.public for agency, key in story.roots.items()}
    names = {"signer": story.log_key, "origin": story.origin, "agency_roots": roots, "rules": {RULES: RULE_SET}, "tables": tables()}
    assert export(tmp_path / "ledger", tmp_path / "bundle", **names, opened=story.opened) == len(story.leaves)  # type: ignore[arg-type]
    return tmp_path / "bundle"


def test_an_exported_bundle_verifies_and_says_so_in_json(tmp_path: Path) -> None:
    story = Story().begin()
    b = story.whole()
    story.revoke(story.keys["IRS-0004"], "IRS")
    story.opened = [story.open_decision(b)]
    found = verify(exported(story, tmp_path), story.trust())
    assert {k: found[k] for k in ("verified", "authenticated", "size", "first_failure")} == {
        "verified": True,
        "authenticated": True,
        "size": len(story.leaves),
        "first_failure": None,
    }
    assert json.loads(json.dumps(found))["checked"]["5"] == {"decisions": 4, "disclosures": 2}
    alone = verify(tmp_path / "bundle")
    assert (alone["verified"], alone["consistent"]) == (False, True)


def test_a_bundle_is_not_written_over_anything(tmp_path: Path) -> None:
    story = Story().begin()
    bundle = exported(story, tmp_path)
    with pytest.raises(Refused):
        exported(story, tmp_path)
    assert verify(bundle, story.trust())["verified"] is True


def test_nothing_published_gives_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        export(tmp_path, tmp_path / "b", signer=KEY, origin=ORIGIN, agency_roots={}, rules={}, tables={})


def test_a_part_that_a_killed_export_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "bundle.part").mkdir()
    (tmp_path / "bundle.part" / "stray").write_text("x")
    assert verify(exported(Story().begin(), tmp_path), Story().trust())["verified"] is True


# ---------------------------------------------------------------- trust files


def test_a_trust_file_comes_back_however_it_is_spaced() -> None:
    trust = Trust(LOG, {"IRS": seed_key("a").public})
    assert read_trust(trust.text()).agency_roots == trust.agency_roots
    assert read_trust(json.dumps(json.loads(trust.text()), indent=2).encode()).log == LOG


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "x"},
        {"more": 1},
        {"quorum": 1},
        {"quorum": -1},
        {"quorum": True},
        {"quorum": "0"},
        {"agency_roots": []},
        {"agency_roots": {"IRS": "AAAA"}},
        {"log_vkey": "x"},
        {"witnesses": ["x"]},
        {"witnesses": None},
    ],
)
def test_other_trust_files_are_refused(change: dict[str, object]) -> None:
    good = json.loads(Trust(LOG, {"IRS": seed_key("a").public}).text())
    with pytest.raises(Refused):
        read_trust(json.dumps(good | change).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"origin": 1}', b'{"quorum": 0, "quorum": 0}', b"[" * 100_000])
def test_what_is_no_trust_file_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read_trust(data)
