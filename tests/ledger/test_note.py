"""Signed notes against the examples of golang.org/x/mod/sumdb/note, and strictness beyond them."""

from __future__ import annotations

import base64

import pytest

from portcullis.crypto import SigningKey
from portcullis.errors import OutOfOrder, PortcullisError, Refused, Tampered
from portcullis.ledger.note import MAX_SIGNATURES, NoteKey, open_note, parse_note, parse_vkey, sign_note, write_note

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"


def note(*lines: str) -> bytes:
    return (TEXT + "\n" + "".join(lines)).encode()


def test_gos_verifier_key_is_read_and_written_alike() -> None:
    assert parse_vkey(PETER).vkey() == PETER
    assert parse_vkey(PETER).name == "PeterNeumann"


def test_no_part_of_a_verifier_key_is_one() -> None:
    for i in range(len(PETER) + 1):
        for j in range(i + 1, len(PETER) + 1):
            if (i, j) != (0, len(PETER)):
                with pytest.raises(Refused):
                    parse_vkey(PETER[i:j])


def test_no_changed_letter_leaves_a_verifier_key() -> None:
    for i, letter in enumerate(PETER):
        with pytest.raises(Refused):
            parse_vkey(PETER[:i] + chr(ord(letter) + 1) + PETER[i + 1 :])


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER + "\n",
        "",
    ],
)
def test_keys_of_another_length_or_kind_or_spelling_are_refused(vkey: str) -> None:
    with pytest.raises(Refused):
        parse_vkey(vkey)


def test_gos_example_is_signed_to_the_same_bytes() -> None:
    key = SigningKey.from_private_bytes(base64.b64decode(PETER_SEED)[1:])
    assert sign_note(TEXT, "PeterNeumann", key) == note(PETER_LINE)


def test_notes_open_for_the_keys_that_signed() -> None:
    peter, enoch = parse_vkey(PETER), parse_vkey(ENOCH)
    assert open_note(note(PETER_LINE, ENOCH_LINE), [peter]) == (TEXT, (peter,))
    assert open_note(note(PETER_LINE, ENOCH_LINE), [enoch, peter]) == (TEXT, (peter, enoch))
    assert open_note(note(PETER_LINE, PETER_LINE), [peter]) == (TEXT, (peter,))


def test_a_note_signed_by_nobody_known_is_refused() -> None:
    with pytest.raises(Tampered):
        open_note(note(PETER_LINE), [])
    with pytest.raises(Tampered):
        open_note(note(ENOCH_LINE), [parse_vkey(PETER)])
    with pytest.raises(Tampered):
        open_note(note(PETER_LINE.replace("PeterNeumann", "CarmenSandiego")), [parse_vkey(PETER)])


def test_one_bad_signature_of_a_known_key_spoils_the_note() -> None:
    bad = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    with pytest.raises(Tampered):
        open_note(note(bad), [parse_vkey(PETER)])
    with pytest.raises(Tampered):
        open_note(note(ENOCH_LINE, bad), [parse_vkey(PETER), parse_vkey(ENOCH)])
    with pytest.raises(Tampered):
        open_note(note(PETER_LINE).replace(b"answer", b"awnser"), [parse_vkey(PETER)])


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode() + b"\n",
        note(PETER_LINE)[:-1],
        b"\x01" + note(PETER_LINE),
        b"\xff" + note(PETER_LINE),
        note("— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"),
        note(PETER_LINE, "Unexpected line.\n"),
        note(PETER_LINE.replace("—", "-")),
        note(*[PETER_LINE] * (MAX_SIGNATURES + 1)),
        note(PETER_LINE.replace("x08go", "=x08go")),
        note("— PeterNeumann x08g\n"),
        b"",
        b"\n\n",
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    with pytest.raises(PortcullisError):
        open_note(data, [parse_vkey(PETER)])


def test_slack_bits_in_a_signature_are_refused() -> None:
    encoded = PETER_LINE.rsplit(" ", maxsplit=1)[-1].strip()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(encoded.rstrip("=")) - 1
    other = encoded[:at] + alphabet[alphabet.index(encoded[at]) | 1] + encoded[at + 1 :]
    assert base64.b64decode(other) == base64.b64decode(encoded)
    assert other != encoded
    with pytest.raises(Refused):
        parse_note(note(PETER_LINE.replace(encoded, other)))


def test_names_and_texts_a_note_cannot_carry_are_not_written() -> None:
    for name in ("", "a b", "a+b", "a\u00a0b", "a\nb"):
        with pytest.raises(Refused):
            NoteKey(name, bytes(32))
    with pytest.raises(OutOfOrder):
        write_note("no newline", [])
    with pytest.raises(OutOfOrder):
        write_note("a\ttab\n", [])
