"""Checkpoints as C2SP tlog-checkpoint and Go's tlog write them, and witness cosignatures."""

from __future__ import annotations

import base64

import pytest

from ledger_story import seed_key
from portcullis.errors import PortcullisError, Tampered
from portcullis.ledger import Checkpoint, NoteKey, add_cosignature, cosign, open_checkpoint, sign_checkpoint, sign_note
from portcullis.ledger.checkpoint import parse_checkpoint
from portcullis.ledger.note import COSIGNATURE, parse_note
from portcullis.ledger.tree import leaf_hash

LOG = seed_key("log")
HEAD = Checkpoint("go.sum database tree", 123_456_789_012, leaf_hash(b"hello world"))
ORIGIN = "ledger.example/irs"


def test_the_text_is_gos_golden_tree() -> None:
    golden = "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
    assert HEAD.text() == golden
    assert parse_checkpoint(golden) == HEAD


@pytest.mark.parametrize(
    "text",
    [
        "x\n0xabcdef\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "x\n012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "x\n-1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "x\n١\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "x\n12\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBTOOBIG=\n",
        "x\n12\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb1=\n",
        "\n12\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "x\n12\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\nextension\n",
        "x\n12\n\n",
        "",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(PortcullisError):
        parse_checkpoint(text)


def signed() -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, 7, bytes(32)), LOG)


def test_a_checkpoint_opens_for_its_log_only() -> None:
    assert open_checkpoint(signed(), NoteKey(ORIGIN, LOG.public)).checkpoint.size == 7
    with pytest.raises(Tampered):
        open_checkpoint(signed(), NoteKey(ORIGIN, seed_key("other").public))
    with pytest.raises(Tampered):
        open_checkpoint(signed(), NoteKey("ledger.example/other", LOG.public))


def test_a_checkpoint_of_another_origin_signed_by_this_key_is_refused() -> None:
    other = sign_note(Checkpoint("ledger.example/other", 7, bytes(32)).text(), ORIGIN, LOG)
    with pytest.raises(Tampered, match="another log"):
        open_checkpoint(other, NoteKey(ORIGIN, LOG.public))


def test_a_witness_signs_the_time_and_the_text() -> None:
    """C2SP tlog-cosignature: `cosignature/v1`, `time`, the whole text; eight bytes of time before the signature."""
    key = seed_key("witness")
    line = cosign(signed(), "w.example/1", key, 1_700_000_000)
    witness = NoteKey("w.example/1", key.public, COSIGNATURE)
    note = add_cosignature(signed(), line)
    assert open_checkpoint(note, NoteKey(ORIGIN, LOG.public), [witness]).witnesses == (("w.example/1", 1_700_000_000),)
    assert line.signature[:8] == (1_700_000_000).to_bytes(8, "big")
    assert line.key_id == witness.id
    assert base64.b64encode(line.key_id + line.signature).decode() in note.decode()


def test_a_cosignature_does_not_stand_for_another_time_text_or_kind() -> None:
    key = seed_key("witness")
    witness, log = NoteKey("w.example/1", key.public, COSIGNATURE), NoteKey(ORIGIN, LOG.public)
    line = cosign(signed(), "w.example/1", key, 1_700_000_000)
    later = add_cosignature(signed(), type(line)(line.name, line.key_id, (1_800_000_000).to_bytes(8, "big") + line.signature[8:]))
    with pytest.raises(Tampered):
        open_checkpoint(later, log, [witness])
    other = sign_checkpoint(Checkpoint(ORIGIN, 8, bytes(32)), LOG)
    with pytest.raises(Tampered):
        open_checkpoint(add_cosignature(other, line), log, [witness])
    assert open_checkpoint(add_cosignature(signed(), line), log, [NoteKey("w.example/1", key.public)]).witnesses == ()


def test_a_second_cosignature_of_the_same_witness_replaces_the_first() -> None:
    key = seed_key("witness")
    note = add_cosignature(signed(), cosign(signed(), "w.example/1", key, 1))
    note = add_cosignature(note, cosign(note, "w.example/1", key, 2))
    assert len(parse_note(note).signatures) == 2


def test_nothing_is_cosigned_that_is_not_a_checkpoint() -> None:
    with pytest.raises(PortcullisError):
        cosign(sign_note("some text\n", ORIGIN, LOG), "w.example/1", seed_key("witness"), 1)
