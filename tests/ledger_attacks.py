"""The attacks of ledger.md, each as evidence somebody might show, with the input that is needed to see through it.

`needs` is what the reader must have: "bundle" alone, "--trust", or "--since". Where the tamperer is said to hold the log's key, every
signature of the log in the bundle is good: only what the log says can give it away.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace

from ledger_story import AGREEMENT, HOUR, RULES, START, Story, digest, seed_key, tiles
from portcullis.crypto import canonical, encode64, sign_dsse
from portcullis.ledger import Checkpoint, NoteKey, add_cosignature, cosign, encode, sign_note
from portcullis.ledger.leaf import decode
from portcullis.ledger.note import COSIGNATURE, Signature, parse_note

Files = dict[str, bytes]


@dataclass(frozen=True)
class Evidence:
    """What a reader is shown, and what the reader holds."""

    files: Files
    trust: bytes | None = None
    since: bytes | None = None


@dataclass(frozen=True)
class Attack:
    """One attack: in words, what is needed to see it, and the first failure it must give."""

    name: str
    needs: str
    make: Callable[[], Evidence]
    step: int
    says: str


ATTACKS: list[Attack] = []


def attack(name: str, needs: str, step: int, says: str) -> Callable[[Callable[[], Evidence]], Callable[[], Evidence]]:
    """Put an attack on the list."""

    def put(make: Callable[[], Evidence]) -> Callable[[], Evidence]:
        ATTACKS.append(Attack(name, needs, make, step, says))
        return make

    return put


def honest() -> Story:
    """A log in which one batch went the whole way."""
    story = Story().begin()
    story.whole()
    return story


def shown(story: Story) -> Evidence:
    """The story's own bundle, everything signed by its log."""
    return Evidence(story.files())


def retold(story: Story, leaves: list[bytes]) -> Evidence:
    """The same log with other leaves, everything signed again with the log's key."""
    story.leaves = leaves
    return shown(story)


# ---------------------------------------------------------------- leaves dropped, reordered, duplicated, replaced, appended


def entry_file(files: Files) -> str:
    """The one entry bundle of a small log."""
    return next(name for name in files if name.startswith("tile/entries/"))


@attack("an entry is replaced in the bundle's files", "bundle", 1, "not the file that the manifest names")
def _() -> Evidence:
    files = honest().files()
    name = entry_file(files)
    return Evidence(files | {name: files[name].replace(b'"defects":0', b'"defects":1')})


@attack("an entry is replaced, and the manifest signed again with the log's key", "bundle", 2, "does not hold the hashes")
def _() -> Evidence:
    story = honest()
    files = story.files()
    name = entry_file(files)
    return Evidence(story.signed(files | {name: files[name].replace(b'"defects":0', b'"defects":1')}))


@attack("entry and tile are replaced, the old checkpoint kept", "bundle", 2, "do not give the signed root")
def _() -> Evidence:
    story = honest()
    old = story.checkpoint()
    story.leaves[-1] = story.leaves[-2]
    return Evidence(story.files(checkpoint=old))


@attack("a leaf is dropped, everything signed again", "bundle", 4, "no checkpoint of this log")
def _() -> Evidence:
    story = honest()
    return retold(story, [leaf for i, leaf in enumerate(story.leaves) if i != 0])


@attack("a decision is dropped, everything signed again", "bundle", 4, "before all decisions")
def _() -> Evidence:
    story = honest()
    gone = next(i for i, leaf in enumerate(story.leaves) if decode(leaf).type == "request.decided")
    return retold(story, [leaf for i, leaf in enumerate(story.leaves) if i != gone])


@attack("two leaves change places, everything signed again", "bundle", 4, "without two different people's authorizations")
def _() -> Evidence:
    story = honest()
    kinds = [decode(leaf).type for leaf in story.leaves]
    one, other = kinds.index("release.authorized"), kinds.index("release.committed")
    story.leaves[one], story.leaves[other] = story.leaves[other], story.leaves[one]
    return shown(story)


@attack("a leaf stands twice, everything signed again", "bundle", 3, "was used before")
def _() -> Evidence:
    story = honest()
    kinds = [decode(leaf).type for leaf in story.leaves]
    at = kinds.index("standing.changed")
    return retold(story, [*story.leaves[: at + 1], story.leaves[at], *story.leaves[at + 1 :]])


@attack("a decision stands twice, everything signed again", "bundle", 5, "decided twice")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b, [*b.ids[:3], b.ids[0]])
    return shown(story)


@attack("a leaf is appended by somebody without the log's key", "bundle", 1, "manifest")
def _() -> Evidence:
    story = honest()
    files, longer = story.files(), Story()
    longer.leaves = [*story.leaves, story.leaves[-1]]
    return Evidence(files | tiles(longer.leaves))


@attack("a decision is appended after the batch was closed", "bundle", 4, "after its batch was closed")
def _() -> Evidence:
    story = Story().begin()
    b = story.whole()
    story.decide(b, [digest("late")[:32]])
    return shown(story)


@attack("a decision is added after the sample's number was known", "bundle", 4, "after the sample's number")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.decide(b, [digest("late")[:32]])
    return shown(story)


@attack("a leaf of an unknown type is added", "bundle", 3, "cannot judge")
def _() -> Evidence:
    story = honest()
    text = encode("register.loaded", {"time": "2025-11-22T10:00:00Z"}).replace(b"register.loaded", b"register.leaded")
    return retold(story, [*story.leaves, text])


@attack("a leaf says something in free text", "bundle", 3, "leaf")
def _() -> Evidence:
    story = honest()
    good = encode("register.loaded", {"time": "2025-11-22T10:00:00Z", "why": "x" * 12})
    return retold(story, [*story.leaves, good.replace(b'"xxxxxxxxxxxx"', b'"Jane Q. Doe."')])


# ---------------------------------------------------------------- the log as a whole


@attack("the log is signed again with another key", "--trust", 1, "log key is not the trust file's")
def _() -> Evidence:
    return Evidence(Story(log_key="somebody else's").begin().files(), honest().trust())


@attack("people are enrolled under root keys of the operator's own making", "--trust", 1, "root keys are not the trust file's")
def _() -> Evidence:
    story = honest()
    forged = Story()
    forged.roots = {agency: seed_key(f"forged {agency}") for agency in forged.roots}
    forged.begin()
    return Evidence(forged.files(), story.trust())


@attack("leaves are cut off the end, everything signed again", "--since", 2, "more leaves")
def _() -> Evidence:
    story = honest()
    since = story.checkpoint()
    return replace(retold(story, story.leaves[:-2]), since=since, trust=story.trust())


@attack("the log is forked after a restore", "--since", 2, "not a prefix")
def _() -> Evidence:
    story = honest()
    since = story.checkpoint()
    story.leaves = story.leaves[:-5]
    for _ in range(8):
        story.standing()
    return Evidence(story.files(), story.trust(), since)


@attack("a whole batch is deleted with everything that mentions it", "--since", 2, "not a prefix")
def _() -> Evidence:
    told, untold = Story().begin(), Story().begin()
    told.whole()
    since = told.checkpoint()
    while len(untold.leaves) <= len(told.leaves):
        untold.standing()
    return Evidence(untold.files(), untold.trust(), since)


@attack("a fork is shown that no witness has seen", "--trust", 1, "witnesses")
def _() -> Evidence:
    story = honest()
    return Evidence(story.files(), story.trust(witnesses=[witness().log], quorum=1))


@dataclass(frozen=True)
class Witness:
    """A witness and its key."""

    log: NoteKey
    sign: Callable[[bytes, int], Signature]


def witness(name: str = "overseer.example/w1") -> Witness:
    """An overseer's witness."""
    key = seed_key(name)
    return Witness(NoteKey(name, key.public, COSIGNATURE), lambda note, when: cosign(note, name, key, when))


@attack("a witness's time lies in the future", "--trust", 1, "future")
def _() -> Evidence:
    story = honest()
    note = story.checkpoint()
    note = add_cosignature(note, witness().sign(note, START + 400 * 86_400))
    return Evidence(story.files(checkpoint=note), story.trust(witnesses=[witness().log], quorum=1))


@attack("one signature of a witness is bad among good ones", "--trust", 1, "not good")
def _() -> Evidence:
    story = honest()
    note = story.checkpoint()
    bad = replace(witness("w2.example").sign(note, story.now), signature=bytes(72))
    note = add_cosignature(add_cosignature(note, witness().sign(note, story.now)), bad)
    return Evidence(story.files(checkpoint=note), story.trust(witnesses=[witness().log, witness("w2.example").log], quorum=1))


@attack("the witness's key id is met by another key (collision)", "--trust", 1, "not good")
def _() -> Evidence:
    story = honest()
    note = story.checkpoint()
    forged = cosign(note, witness().log.name, seed_key("another"), story.now)
    note = add_cosignature(note, replace(forged, key_id=witness().log.id))
    return Evidence(story.files(checkpoint=note), story.trust(witnesses=[witness().log], quorum=1))


@attack("the checkpoint is one of another log", "bundle", 1, "checkpoint")
def _() -> Evidence:
    story = honest()
    other = sign_note(Checkpoint("ledger.example/other", len(story.leaves), story.head()).text(), story.origin, story.log_key)
    return Evidence(story.files(checkpoint=other))


@attack("the manifest of another bundle of this log is put in", "bundle", 1, "manifest")
def _() -> Evidence:
    story = honest()
    early = Story().begin().files()
    return Evidence(story.files() | {"manifest": early["manifest"]})


@attack("a checkpoint is passed off as the manifest", "bundle", 1, "manifest")
def _() -> Evidence:
    story = honest()
    return Evidence(story.files() | {"manifest": story.checkpoint()})


@attack("a partial tile contradicts the full one below it", "bundle", 2, "does not hold the hashes")
def _() -> Evidence:
    story = Story()
    b = story.begin().receive(count=300)
    story.decide(b)
    files = story.files()
    return Evidence(story.signed(files | {"tile/1/000.p/1": bytes(32)}))


@attack("an entry is longer than its bundle", "bundle", 2, "entr")
def _() -> Evidence:
    story = honest()
    files = story.files()
    name = entry_file(files)
    return Evidence(story.signed(files | {name: b"\xff\xff" + files[name][2:]}))


@attack("keys.json tells another history of keys than the log", "bundle", 3, "history of keys")
def _() -> Evidence:
    story = honest()
    files = story.files()
    return Evidence(story.signed(files | {"keys.json": files["keys.json"].replace(b'"IRS-0005"', b'"IRS-0007"')}))


# ---------------------------------------------------------------- other spellings


@attack("base64 of the checkpoint's root has slack bits set", "bundle", 1, "")
def _() -> Evidence:
    story = honest()
    text = parse_note(story.checkpoint()).text
    lines = text.split("\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    lines[2] = lines[2][:42] + alphabet[alphabet.index(lines[2][42]) | 1] + "="
    return Evidence(story.files(checkpoint=sign_note("\n".join(lines), story.origin, story.log_key)))


@attack("base64 of a signature line has slack bits set", "bundle", 1, "")
def _() -> Evidence:
    story = honest()
    note = story.checkpoint().decode()
    at = note.rindex("=") - 1
    while note[at] == "=":
        at -= 1
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = note[:at] + alphabet[alphabet.index(note[at]) | 1] + note[at + 1 :]
    if base64.b64decode(note.split(" ")[-1]) != base64.b64decode(other.split(" ")[-1]):
        raise AssertionError("this is not a slack bit")
    return Evidence(story.files(checkpoint=other.encode()))


def respelled(find: bytes, put: bytes) -> Evidence:
    """The log with one leaf's bytes spelled another way, of the same length."""
    story = honest()
    leaf = encode("register.loaded", {"time": "2025-11-22T10:00:00Z", "why": "abcdefgh", "zeta": 11})
    changed = leaf.replace(find, put)
    if len(put) > len(find):
        changed = changed.replace(b'"pad":"' + b"0" * (len(put) - len(find)), b'"pad":"', 1)
    if len(changed) != len(leaf) or changed == leaf:
        raise AssertionError("the respelling is not of the same length")
    return retold(story, [*story.leaves, changed])


@attack("a leaf names a member twice", "bundle", 3, "canonical JSON")
def _() -> Evidence:
    return respelled(b'"v":1', b'"v":1,"v":1')


@attack("a leaf escapes a letter", "bundle", 3, "leaf")
def _() -> Evidence:
    return respelled(b'"abcdefgh"', b'"\\u0061bcdefgh"')


@attack("a leaf writes a number another way", "bundle", 3, "canonical JSON")
def _() -> Evidence:
    return respelled(b":11}", b":1.1e+1}")


@attack("a leaf's members stand in another order", "bundle", 3, "canonical JSON")
def _() -> Evidence:
    return respelled(b'"v":1,"why":"abcdefgh"', b'"why":"abcdefgh","v":1')


@attack("a leaf's padding says something", "bundle", 3, "pad")
def _() -> Evidence:
    return respelled(b'"pad":"0000', b'"pad":"0010')


# ---------------------------------------------------------------- who signed


@attack("two authorizations are by one person with two keys", "bundle", 4, "two different people")
def _() -> Evidence:
    story = Story().begin()
    second = seed_key("a second key")
    story.enrol("IRS-0005", ["authorizer"], second)
    b = story.to_sampled()
    story.authorize(b, "IRS-0005")
    story.authorize(b, "IRS-0005", key=second)
    story.commit(b)
    story.go(b)
    return shown(story)


@attack("one authorization is copied from another leaf", "bundle", 3, "was used before")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005")
    story.leaves.append(story.leaves[-1])
    return shown(story)


@attack("an authorization is over other content", "bundle", 3, "other content")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005")
    story.authorize(b, "IRS-0006", release=digest("other content"))
    signed = decode(story.leaves.pop()).fields["act"]
    story.leaf("release.authorized", batch=b.name, agreement=AGREEMENT, rules=RULES, root=digest(f"release {b.name}"), act=signed)
    return shown(story)


@attack("the two authorizations are over different contents", "bundle", 4, "two different people")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005", release=digest("one content"))
    story.authorize(b, "IRS-0006", release=digest("other content"))
    story.commit(b)
    return shown(story)


@attack("an authorization has expired at the dispatch", "bundle", 4, "two different people")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005", expires=story.now + 2 * HOUR)
    story.authorize(b, "IRS-0006")
    story.commit(b)
    story.now += 3 * HOUR
    story.go(b)
    return shown(story)


@attack("an authorization is to stand for more than 72 hours", "bundle", 4, "72 hours")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005", expires=story.now + 80 * HOUR)
    return shown(story)


@attack("an authorization was given for another log", "bundle", 3, "another log")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005", origin="ledger.example/other")
    return shown(story)


@attack("an authorization was given under another agreement", "bundle", 3, "another agreement")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0005", agreement="irs-doj-2024")
    return shown(story)


@attack("an authorizer's key was enrolled by the operator, not by the root", "bundle", 3, "root key")
def _() -> Evidence:
    story = Story().begin()
    story.enrol("IRS-0008", ["authorizer"], seed_key("IRS-0008"), root=seed_key("the operator"))
    return shown(story)


@attack("an authorizer signs with a revoked key", "bundle", 3, "revoked")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.revoke(story.keys["IRS-0005"], "IRS")
    story.authorize(b, "IRS-0005")
    return shown(story)


@attack("an authorizer's key is revoked between authorization and commit", "bundle", 4, "revoked")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize_twice(b)
    story.revoke(story.keys["IRS-0005"], "IRS")
    story.commit(b)
    return shown(story)


@attack("somebody without the role authorizes", "bundle", 3, "role authorizer")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize(b, "IRS-0002")
    return shown(story)


@attack("a reviewer of the batch authorizes it", "bundle", 4, "reviewer and authorizer")
def _() -> Evidence:
    story = Story().begin()
    story.enrol("IRS-0007", ["authorizer", "reviewer"], seed_key("IRS-0007"))
    story.keys["IRS-0007"] = seed_key("IRS-0007")
    b = story.receive()
    story.review(b, "IRS-0007")
    story.decide(b)
    story.sample(b)
    story.authorize(b, "IRS-0007")
    return shown(story)


@attack("the operator of the batch authorizes it", "bundle", 4, "operator and authorizer")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive(operator="IRS-0005")
    story.decide(b)
    story.sample(b)
    story.authorize(b, "IRS-0005")
    return shown(story)


@attack("one key is enrolled for two people", "bundle", 3, "two people")
def _() -> Evidence:
    story = Story().begin()
    story.enrol("IRS-0008", ["authorizer"], story.keys["IRS-0005"])
    return shown(story)


@attack("the envelope of a batch is not by its signer", "bundle", 3, "")
def _() -> Evidence:
    story = Story().begin()
    envelope = sign_dsse(story.keys["ICE-0002"], "application/vnd.portcullis.batch+json", canonical({"agency": "ICE"}))
    story.receive(envelope=envelope)
    return shown(story)


@attack("the recipient's act is passed off as an envelope", "bundle", 3, "")
def _() -> Evidence:
    story = Story().begin()
    story.receive(envelope=story.by("ICE-0001", "receipt", digest("x")))
    return shown(story)


@attack("the receipt is over other answers than were sent", "bundle", 3, "other content")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b)
    story.receipt(b, content=digest("other answers"))
    return shown(story)


# ---------------------------------------------------------------- order, orders, changes


@attack("a release is dispatched while a stay covers it", "bundle", 4, "void since order.imposed")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.impose()
    story.go(b)
    return shown(story)


@attack("a stayed release is authorized and dispatched anew before the stay is lifted", "bundle", 4, "stayed by order D-1")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.impose(scope={"agencies": ["ICE"], "agreements": None, "batches": None, "gates": None})
    story.authorize_twice(b)
    story.commit(b)
    return shown(story)


@attack("lifting a stay revives what was committed before it", "bundle", 4, "void since order.imposed")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.impose()
    story.lift()
    story.go(b)
    return shown(story)


@attack("a stay is lifted by one person with two keys", "bundle", 3, "two different people")
def _() -> Evidence:
    story = Story().begin()
    story.impose()
    story.lift(people=("IRS-0001", "IRS-0001"))
    return shown(story)


@attack("a stay is lifted by two people without counsel", "bundle", 3, "one of them counsel")
def _() -> Evidence:
    story = Story().begin()
    story.impose()
    story.lift(people=("IRS-0002", "IRS-0003"))
    return shown(story)


@attack("a release is dispatched after its agreement was suspended", "bundle", 4, "agreement.suspended")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.stop_agreement()
    story.go(b)
    return shown(story)


@attack("an agreement comes into force that one agency has not signed", "bundle", 4, "two agencies")
def _() -> Evidence:
    story = Story()
    story.sign_agreement("IRS")
    story.leaf("agreement.in_force", agreement=AGREEMENT)
    return shown(story)


@attack("a batch is received without an agreement in force", "bundle", 4, "not in force")
def _() -> Evidence:
    story = Story().begin()
    story.stop_agreement("ended")
    story.receive()
    return shown(story)


@attack("the rule set is exchanged between authorization and dispatch", "bundle", 4, "rule set")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b, rules="7a" * 32)
    return shown(story)


@attack("a switch is turned between authorization and dispatch", "bundle", 4, "rules.changed")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.turn()
    story.go(b)
    return shown(story)


@attack("a switch is turned by one person", "bundle", 3, "two different people")
def _() -> Evidence:
    story = Story().begin()
    story.turn(people=("IRS-0001",))
    return shown(story)


@attack("a switch is turned by one person with two keys", "bundle", 3, "two different people")
def _() -> Evidence:
    story = Story().begin()
    story.enrol("IRS-0001", ["counsel"], seed_key("IRS-0001 again"))
    act = story.act(seed_key("IRS-0001 again"), "IRS-0001", "switch.turn", story.turn_content())
    story.turn(people=("IRS-0001",), more=[act])
    return shown(story)


@attack("a switch is turned by two people without counsel", "bundle", 3, "one of them counsel")
def _() -> Evidence:
    story = Story().begin()
    story.turn(people=("IRS-0002", "IRS-0003"))
    return shown(story)


@attack("a switch is turned by counsel and a reviewer", "bundle", 3, "needs the role")
def _() -> Evidence:
    story = Story().begin()
    story.turn(people=("IRS-0001", "IRS-0004"))
    return shown(story)


@attack("a switch is turned to the other position than was signed", "bundle", 3, "other content")
def _() -> Evidence:
    story = Story().begin()
    story.turn(signed="off")
    return shown(story)


@attack("a switch is turned of an agreement that was suspended", "bundle", 4, "not in force")
def _() -> Evidence:
    story = Story().begin()
    story.stop_agreement()
    story.turn()
    return shown(story)


@attack("the roster changes between authorization and dispatch", "bundle", 4, "roster.changed")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.roster()
    story.go(b)
    return shown(story)


@attack("the vault is exchanged between authorization and dispatch", "bundle", 4, "vault.enrolled")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.vault("V-2")
    story.go(b)
    return shown(story)


@attack("another register is loaded between authorization and dispatch", "bundle", 4, "register.loaded")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.leaf("register.loaded", register=digest("register"), synthetic=True)
    story.go(b)
    return shown(story)


@attack("a release is dispatched after its authorizations were voided", "bundle", 4, "authorization.voided")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.leaf("authorization.voided", batch=b.name, agreement=AGREEMENT, rules=RULES, root=b.root, why="returned")
    story.go(b)
    return shown(story)


@attack("a blocked batch is authorized", "bundle", 4, "blocked")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b)
    story.check(b, defects=1)
    story.authorize(b, "IRS-0005")
    return shown(story)


@attack("a release is authorized before its sample passed", "bundle", 4, "before its sample")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.authorize(b, "IRS-0005")
    return shown(story)


@attack("a dispatch names a checkpoint that does not cover its commit", "bundle", 4, "covers the commit")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b, size=b.committed)
    return shown(story)


@attack("a dispatch names a checkpoint this log never had", "bundle", 4, "covers the commit")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b, checkpoint={"size": len(story.leaves), "root": digest("elsewhere")})
    return shown(story)


@attack("something else is dispatched than was committed", "bundle", 4, "not what was committed")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b, committed=b.committed - 1)
    return shown(story)


@attack("a leaf is backdated", "bundle", 7, "backdated")
def _() -> Evidence:
    story = honest()
    story.now -= 40 * HOUR
    story.standing()
    return shown(story)


@attack("leaves added later are dated before the log was witnessed without them", "--since", 7, "witnessed without it")
def _() -> Evidence:
    story = honest()
    note = story.checkpoint()
    since = add_cosignature(note, witness().sign(note, story.now + 30 * HOUR))
    story.standing()
    return Evidence(story.files(), story.trust(witnesses=[witness().log]), since)


@attack("leaves are dated after the witnesses saw them", "--trust", 7, "after witnesses had seen it")
def _() -> Evidence:
    story = honest()
    note = story.checkpoint()
    note = add_cosignature(note, witness().sign(note, START - 10 * HOUR))
    return Evidence(story.files(checkpoint=note), story.trust(witnesses=[witness().log], quorum=1))


# ---------------------------------------------------------------- the sample


@attack("a sample is drawn twice", "bundle", 4, "drawn twice")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b)
    story.draw(b)
    return shown(story)


@attack("the sample's number is not the one committed", "bundle", 4, "chosen afterwards")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b, r=bytes(32))
    return shown(story)


@attack("the sample uses a number that another batch should have", "bundle", 4, "picked it")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b, k=2)
    return shown(story)


@attack("the commitment is laid after the decisions", "bundle", 4, "chosen afterwards")
def _() -> Evidence:
    story = Story().begin(stock=0)
    b = story.receive()
    story.decide(b)
    story.stock(1)
    story.reveal(b)
    return shown(story)


@attack("the sample's seed is somebody's choice", "bundle", 4, "chose the sample")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b, seed=digest("a seed one likes"))
    return shown(story)


@attack("the seed is bound to a checkpoint from before the last decision", "bundle", 4, "covers its decisions")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b, size=b.decided[-1])
    return shown(story)


@attack("fewer decisions are checked than were drawn", "bundle", 4, "fewer decisions")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b, n=4)
    story.check(b)
    return shown(story)


# ---------------------------------------------------------------- decisions and accounting


@attack("a disclosure is missing from the accounting", "bundle", 5, "accounting leaf")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, answers=b.answers[:1])
    return shown(story)


@attack("a disclosure is missing and the totals say so", "bundle", 5, "accounting leaf")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, answers=b.answers[:1])
    story.close(b, answered=1, other=2)
    return shown(story)


@attack("something is disclosed that was not committed", "bundle", 5, "More was disclosed")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, answers=[*b.answers, digest("one more")])
    return shown(story)


@attack("an answer is exchanged after it was committed", "bundle", 5, "exchanged")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, answers=[b.answers[0], digest("another answer")])
    story.close(b)
    return shown(story)


@attack("one request is answered twice", "bundle", 5, "answered twice")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, ids=[b.ids[0], b.ids[0]])
    return shown(story)


@attack("an answer is given to a request that was never decided", "bundle", 5, "never asked")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, ids=[digest("nobody")[:32], b.ids[0]])
    return shown(story)


@attack("something is disclosed before the dispatch", "bundle", 5, "without a release")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.disclose(b)
    return shown(story)


@attack("a disclosure goes to another agency", "bundle", 5, "another agency")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b, agency="FBI")
    return shown(story)


@attack("a batch is answered twice", "bundle", 4, "after the batch was dispatched")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b)
    story.dispatch(b)
    return shown(story)


@attack("the same signed file is received and answered as a second batch", "bundle", 4, "received twice")
def _() -> Evidence:
    story = Story().begin()
    envelope = story.envelope(4, "ab" * 16)
    story.receive("one", envelope=envelope)
    story.receive("two", envelope=envelope)
    return shown(story)


@attack("the count is not the one the signer stated", "bundle", 4, "signed envelope")
def _() -> Evidence:
    story = Story().begin()
    story.receive(count=4, envelope=story.envelope(5, "ab" * 16))
    return shown(story)


@attack("the totals of a closed batch do not add up", "bundle", 5, "add up")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b)
    story.close(b, deficient=0)
    return shown(story)


@attack("a batch speaks of decisions that no batch received", "bundle", 4, "never received")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.leaves.pop()
    story.decide(b)
    return shown(story)


# ---------------------------------------------------------------- openings


def opened(**change: object) -> Evidence:
    """A log with one opening, bent."""
    story = Story().begin()
    b = story.whole()
    story.opened = [story.open_decision(b) | change]
    return shown(story)


@attack("a commitment is opened to another value", "bundle", 6, "does not open")
def _() -> Evidence:
    return opened(value={"outcome": "disclose"})


@attack("a salt is exchanged", "bundle", 6, "does not open")
def _() -> Evidence:
    return opened(salt=encode64(bytes(32)))


@attack("a salt is not 32 bytes", "bundle", 6, "")
def _() -> Evidence:
    return opened(salt=encode64(bytes(31)))


@attack("an opening of one request is shown for another", "bundle", 6, "another record")
def _() -> Evidence:
    return opened(record=digest("somebody else")[:32])


@attack("an opening names a leaf that is not there", "bundle", 6, "not in the log")
def _() -> Evidence:
    return opened(leaf=10_000)
