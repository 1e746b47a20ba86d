"""Attacks on what was to be kept and on who had to see it coming: legal holds before a destruction, witnesses before a dispatch."""

from __future__ import annotations

from ledger_attacks import Evidence, Witness, attack, shown, witness
from ledger_attacks_more import ATTACKS
from ledger_story import BatchStory, Story, seed_key
from portcullis.ledger import NoteKey, cosign
from portcullis.ledger.checkpoint import parse_checkpoint
from portcullis.ledger.cosigned import cosigned_member
from portcullis.ledger.note import COSIGNATURE, parse_note

__all__ = ["ATTACKS", "held", "seen_by", "witnessed"]

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
