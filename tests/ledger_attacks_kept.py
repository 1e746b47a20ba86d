"""Attacks on what was to be kept and on who had to see it coming: legal holds before a destruction, witnesses before a dispatch.

And tricks with the spelling of openings, and with the folder that a bundle lies in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ledger_attacks import Evidence, Witness, attack, shown, witness
from ledger_attacks_more import ATTACKS
from ledger_story import DECISION, BatchStory, Story, seed_key
from portcullis.ledger import NoteKey, cosign
from portcullis.ledger.checkpoint import parse_checkpoint
from portcullis.ledger.cosigned import cosigned_member
from portcullis.ledger.note import COSIGNATURE, parse_note

__all__ = ["ATTACKS", "ON_DISK", "held", "seen_by", "witnessed"]

ONE, TWO = witness("overseer.example/w1"), witness("court.example/w2")


# ---------------------------------------------------------------- holds


def held(scope: dict[str, object] | None = None) -> Story:
    """A batch went the whole way, and counsel says it must be kept."""
    story = Story().begin()
    story.whole()
    story.hold(scope=scope or {"agencies": ["ICE"]})
    return story


@attack("working data is destroyed while a legal hold stands", "bundle", 4, "while counsel held it")
def _() -> Evidence:
    story = Story().begin()
    b = story.whole()
    story.hold(scope={"agreements": ["irs-ice-2025"]})
    story.destroy(b)
    return shown(story)


@attack("working data is destroyed, and the hold is lifted afterwards", "bundle", 4, "while counsel held it")
def _() -> Evidence:
    story = Story().begin()
    b = story.whole()
    story.hold(scope={"batches": [b.name]})
    story.destroy(b)
    story.let_go()
    return shown(story)


@attack("one of two holds is lifted, and the working data is destroyed", "bundle", 4, "while counsel held it")
def _() -> Evidence:
    story = Story().begin()
    b = story.whole()
    story.hold("H-1")
    story.hold("H-2")
    story.let_go("H-1")
    story.destroy(b)
    return shown(story)


@attack("a hold is lifted by somebody who is not counsel", "bundle", 3, "needs the role")
def _() -> Evidence:
    story = held()
    story.let_go(person="IRS-0002")
    return shown(story)


@attack("the leaf that placed a hold is taken away", "bundle", 4, "did not stand")
def _() -> Evidence:
    story = Story().begin()
    story.let_go()
    return shown(story)


@attack("a hold is placed a second time under one id, with a narrower scope", "bundle", 4, "twice")
def _() -> Evidence:
    story = held()
    story.hold(scope={"agencies": ["SSA"]})
    return shown(story)


@attack("working data is destroyed while the batch is worked with", "bundle", 4, "before the batch had ended")
def _() -> Evidence:
    story = Story().begin()
    story.destroy(story.to_committed())
    return shown(story)


@attack("working data is destroyed by somebody who is not a safeguards officer", "bundle", 3, "needs the role")
def _() -> Evidence:
    story = Story().begin()
    story.destroy(story.whole(), person="IRS-0001")
    return shown(story)


# ---------------------------------------------------------------- witnesses


def seen_by(story: Story, one: Witness, size: int | None = None, late: int = 0) -> dict[str, object]:
    """A witness's cosignature of the log as it stands, as the leaf of a dispatch carries it."""
    note = story.checkpoint(size)
    return cosigned_member(one.log, parse_checkpoint(parse_note(note).text), one.sign(note, story.now + late).signature)


def witnessed(quorum: int = 2, keys: tuple[Witness, ...] = (ONE, TWO)) -> tuple[Story, BatchStory]:
    """A batch is committed under an agreement that asks for witnesses."""
    story = Story().begin(witnesses={"keys": sorted(one.log.vkey() for one in keys), "quorum": quorum})
    return story, story.to_committed()


def dispatched(story: Story, b: BatchStory, cosigned: list[dict[str, object]]) -> Evidence:
    story.dispatch(b, **({"cosigned": cosigned} if cosigned else {}))
    return shown(story)


@attack("fewer witnesses saw a dispatch coming than the agreement asks for", "bundle", 4, "fewer witnesses")
def _() -> Evidence:
    story, b = witnessed()
    return dispatched(story, b, [seen_by(story, ONE)])


@attack("a dispatch names no witness though the agreement asks for one", "bundle", 4, "fewer witnesses")
def _() -> Evidence:
    story, b = witnessed(1)
    return dispatched(story, b, [])


@attack("one witness stands for two", "bundle", 4, "fewer witnesses")
def _() -> Evidence:
    story, b = witnessed()
    return dispatched(story, b, [seen_by(story, ONE), seen_by(story, ONE)])


@attack("one witness stands for two under a second name", "bundle", 4, "fewer witnesses")
def _() -> Evidence:
    key = seed_key("overseer.example/w1")
    alias = Witness(NoteKey("another.example/w", key.public, COSIGNATURE), lambda note, when: cosign(note, "another.example/w", key, when))
    story, b = witnessed(2, (ONE, alias))
    return dispatched(story, b, [seen_by(story, ONE), seen_by(story, alias)])


@attack("a witness counts that the agreement does not name", "bundle", 4, "A witness's signature")
def _() -> Evidence:
    story, b = witnessed(1, (ONE,))
    return dispatched(story, b, [seen_by(story, TWO)])


@attack("a witness had seen the log before the commit only", "bundle", 4, "A witness's signature")
def _() -> Evidence:
    story, b = witnessed(1)
    return dispatched(story, b, [seen_by(story, ONE, size=b.committed)])


@attack("a witness signed another history of the log", "bundle", 4, "A witness's signature")
def _() -> Evidence:
    story, b = witnessed(1)
    other = Story()
    other.leaves, other.now = [*story.leaves[:-2], story.leaves[-1], story.leaves[-2]], story.now
    return dispatched(story, b, [seen_by(other, ONE)])


@attack("a witness's signature is of another log", "bundle", 4, "A witness's signature")
def _() -> Evidence:
    story, b = witnessed(1)
    other = Story(origin="ledger.example/other")
    other.leaves, other.now = list(story.leaves), story.now
    return dispatched(story, b, [seen_by(other, ONE)])


@attack("a witness's signature is from after the dispatch", "bundle", 4, "A witness's signature")
def _() -> Evidence:
    story, b = witnessed(1)
    return dispatched(story, b, [seen_by(story, ONE, late=86_400)])


@attack("the log passes its own signature off as a witness's", "bundle", 4, "A witness's signature")
def _() -> Evidence:
    story, b = witnessed(1, (ONE,))
    mine = seen_by(story, ONE) | {"signature": seen_by(story, TWO)["signature"]}
    return dispatched(story, b, [mine])


# ---------------------------------------------------------------- other spellings of an opening


def respelled(bend: Callable[[bytes], bytes]) -> Evidence:
    """Two decisions opened, the file of openings bent and everything signed again."""
    story = Story().begin()
    b = story.receive()
    story.decisions[b.ids[0]] = {**DECISION, "name": "Andr\u00e9", "salt": "abcdefgh"}
    story.decide(b)
    story.opened = [story.open_decision(b, i) for i in range(2)]
    files = story.files()
    bent = bend(files["opened.jsonl"])
    assert bent != files["opened.jsonl"]
    return Evidence(story.signed(files | {"opened.jsonl": bent}))


for _name, _bend, _says in (
    ("an opening spells a name with a combining accent", lambda data: data.replace("\u00e9".encode(), "e\u0301".encode()), "does not open"),
    ("an opening escapes a letter", lambda data: data.replace("\u00e9".encode(), b"\\u00e9"), "canonical JSON"),
    ("an opening writes a number another way", lambda data: data.replace(b'"ordinal":1', b'"ordinal":1.0'), "canonical JSON"),
    ("an opening names a member twice", lambda data: data.replace(b'"ordinal":1', b'"ordinal":1,"ordinal":1'), "canonical JSON"),
    ("openings stand in another order than their leaves", lambda data: b"".join(data.splitlines(keepends=True)[::-1]), "order"),
    ("the last opening is cut", lambda data: data[:-1], "cut"),
):
    attack(_name, "bundle", 6, _says)(lambda bend=_bend: respelled(bend))  # type: ignore[misc]


# ---------------------------------------------------------------- the folder


def _linked(folder: Path, name: str) -> None:
    shutil.move(folder / name, folder.parent / name)
    (folder / name).symlink_to(folder.parent / name)


def _piped(folder: Path) -> None:
    (folder / "rules.json").unlink()
    os.mkfifo(folder / "rules.json")


ON_DISK: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link stands instead of a file": (lambda folder: _linked(folder, "vkey"), "link"),
    "a link stands instead of a folder": (lambda folder: _linked(folder, "tile"), "link"),
    "a named pipe stands instead of a file": (_piped, "special"),
    "a stray file lies in the folder": (lambda folder: (folder / "README").write_text("nothing to see"), "manifest"),
    "a stray empty folder lies in the folder": (lambda folder: (folder / "tile" / "9").mkdir(), "empty folder"),
    "a file is missing": (lambda folder: (folder / "tables.json").unlink(), "manifest"),
}
"""What somebody does to the folder that a bundle lies in, and a word of what is said. All are seen at step 1, from the bundle alone."""
