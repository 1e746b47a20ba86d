"""Tokens remembered from other batches, and the bound that spares a look for misspellings: neither changes a result."""

from __future__ import annotations

import random

import pyarrow as pa

from address_samples import labelled
from portcullis.intake.addresses import standardise, standardise_addresses, stream
from portcullis.intake.addresses.known import Known
from portcullis.intake.addresses.lexicon import classify
from portcullis.intake.addresses.suspicion import far, near, vocabulary

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _slip(dice: random.Random, word: str) -> str:
    at, letter = dice.randrange(len(word)), dice.choice(LETTERS)
    kind = dice.randrange(4)
    if kind == 0:
        return word[:at] + letter + word[at + 1 :]
    if kind == 1:
        return word[:at] + letter + word[at:]
    return word[:at] + word[at + 1 :] if kind == 2 else word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]


def test_no_misspelling_is_called_far() -> None:
    dice = random.Random(11)
    known = sorted(vocabulary("strong") | vocabulary("custody"))
    found = [word for word in known if word.isalpha()]
    for _ in range(3):
        found += [_slip(dice, word) for word in found if len(word) > 2][:4000]
    found += ["".join(dice.choices(LETTERS, k=dice.randrange(1, 14))) for _ in range(2000)]
    told = far(found)
    assert [word for word, surely in zip(found, told, strict=True) if surely and near(word) is not None] == []
    assert sum(told) > 1000  # and it spares something
    assert far(["12", "UNKNOVVN", "~", "A1"]) == [False] * 4
    assert all(classify(word, surely) == classify(word) for word, surely in zip(found, told, strict=True))


def test_what_a_process_has_seen_before_changes_no_result(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    rows = [row for name in ("genuine", "deficient") for row in labelled(name)][::3]
    table = pa.table({c: pa.array([row[c] or None for row in rows], pa.string()) for c in rows[0] if c != "expect"})
    whole = standardise_addresses(table)
    monkeypatch.setattr(stream, "shared", Known(limit=50))  # begun anew with nearly every portion
    monkeypatch.setattr(standardise, "_CHUNK", 37)
    assert standardise_addresses(table).equals(whole)
    assert standardise_addresses(table.slice(5, 1)).equals(whole.slice(5, 1).combine_chunks())
