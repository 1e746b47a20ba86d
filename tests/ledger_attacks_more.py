"""More attacks for the list of ledger_attacks: openings that do not follow, the sample's places, passkeys, keys, parts, decision tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger_attacks import ATTACKS, Evidence, attack, honest, shown
from ledger_story import DECISION, PEOPLE, RULE_SET, RULES, START, Story, digest, seed_key, stamp
from passkeys import SoftPasskey
from portcullis.crypto import canonical, commit, encode64
from portcullis.decision import tables
from portcullis.ledger.acts import content_of
from portcullis.model import Act

__all__ = ["ATTACKS", "passkey_story"]

Fields = Mapping[str, Any]


# ---------------------------------------------------------------- a decision that does not follow


def decided(value: dict[str, object], table: object = None, rules: object = None) -> Evidence:
    """A log whose first decision is this one, committed to from the beginning, and opened. The gateway itself has lied."""
    story = Story().begin()
    b = story.receive()
    story.decisions[b.ids[0]] = value
    story.decide(b)
    story.opened = [story.open_decision(b)]
    files = story.files()
    bent = {"tables.json": canonical(table)} if table is not None else {}
    bent |= {"rules.json": canonical(rules)} if rules is not None else {}
    return Evidence(story.signed(files | bent))


def facts(**change: object) -> dict[str, object]:
    """A request that nothing stands against: exactly one person is meant, at another address."""
    return {"answer": "address", "deficient": 0, "open": 0, "persons": 1, "refused": 0, "same_address": 0} | change


LAWFUL: dict[str, object] = {"check": "111", "decision": "disclose", "facts": facts(), "match": "11", "ordinal": 1, "reasons": []}


@attack("an opened disclosure was decided though a rule refused it", "bundle", 6, "facts of an opened decision")
def _() -> Evidence:
    return decided(LAWFUL | {"match": "13", "reasons": ["M-AMBIGUOUS"]})


@attack("an opened disclosure was decided though a statutory element was missing", "bundle", 6, "facts of an opened decision")
def _() -> Evidence:
    return decided(LAWFUL | {"check": "113", "reasons": ["P-ADDR-BLANK"]})


@attack("an opened disclosure was decided though nobody reviewed what a rule had referred", "bundle", 6, "findings give")
def _() -> Evidence:
    return decided(LAWFUL | {"match": "12", "reasons": ["M-AMBIGUOUS"], "facts": facts(open=1)})


@attack("an opened decision is another than its facts give", "bundle", 6, "findings give")
def _() -> Evidence:
    return decided(LAWFUL | {"facts": facts(persons=0)})


@attack("an opened refusal was lawful to answer", "bundle", 6, "findings give")
def _() -> Evidence:
    """The other side: a lawful request refused is seen as well."""
    return decided(LAWFUL | {"decision": "no_disclosure"})


@attack("an opened decision leaves out the reason of a finding", "bundle", 6, "one reason for each finding")
def _() -> Evidence:
    return decided(LAWFUL | {"match": "13", "facts": facts(refused=1), "decision": "no_disclosure"})


@attack("an opened decision names a reason its rule set does not have", "bundle", 6, "rule set does not have")
def _() -> Evidence:
    return decided(DECISION | {"reasons": ["M-INVENTED"]})


@attack("an opened decision is for a row the file does not have", "bundle", 6, "facts of an opened decision")
def _() -> Evidence:
    return decided(LAWFUL | {"ordinal": 5})


@attack("an opened decision answers with what the agreement does not permit", "bundle", 6, "facts of an opened decision")
def _() -> Evidence:
    return decided(LAWFUL | {"decision": "confirm", "facts": facts(answer="yes_no")})


@attack("an opened decision has not the form of one", "bundle", 6, "form")
def _() -> Evidence:
    return decided({"outcome": "disclose"})


def lenient() -> dict[str, Any]:
    """The decision tables with a row on top that answers whatever the findings are."""
    table: dict[str, Any] = tables()  # type: ignore[assignment]
    table["decide"]["rows"] = [{"id": "D0", "says": "Answer.", "then": "disclose", "when": []}, *table["decide"]["rows"]]
    return table


@attack("the decision table is exchanged for one that answers in spite of a finding", "bundle", 6, "no table may say so")
def _() -> Evidence:
    return decided(LAWFUL | {"match": "13", "reasons": ["M-AMBIGUOUS"], "facts": facts(refused=1)}, table=lenient())


@attack("the decision tables are not there", "bundle", 6, "form it must have")
def _() -> Evidence:
    return decided(LAWFUL, table={})


@attack("the rule set of an opened decision is exchanged", "bundle", 1, "another hash")
def _() -> Evidence:
    return decided(DECISION, rules={RULES: RULE_SET | {"agreement": "other"}})


@attack("the rule set of an opened decision is left out", "bundle", 6, "rule set is not in the bundle")
def _() -> Evidence:
    return decided(DECISION, rules={})


# ---------------------------------------------------------------- an accounting entry that is not its disclosure's


def accounted(**change: object) -> Evidence:
    """A dispatched batch whose first accounting entry is this one, committed to by its leaf, and opened."""
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    entry: dict[str, object] = {
        "agency": "ICE",
        "elements": ["address_line", "city", "postal_code", "state", "unit"],
        "outcome": "disclose",
        "purpose": "8-USC-1253",
        "request": b.ids[0],
    }
    entry |= change
    salt = bytes(range(32))
    story.disclose(b, b.answers[:1], b.ids[:1], accounting=commit(salt, "accounting", b.ids[0], "irs-ice-2025", entry).hex())
    at = len(story.leaves) - 1
    story.disclose(b, b.answers[1:], b.ids[1:2])
    story.close(b)
    story.opened = [
        {"agreement": "irs-ice-2025", "field": "accounting", "leaf": at, "record": b.ids[0], "salt": encode64(salt), "value": entry}
    ]
    return shown(story)


@attack("an answer had one extra field", "bundle", 6, "may not leave")
def _() -> Evidence:
    return accounted(elements=["address_line", "city", "phone"])


@attack("a confirmation told an address", "bundle", 6, "than its outcome")
def _() -> Evidence:
    return accounted(outcome="confirm")


@attack("an accounting entry is of another request", "bundle", 6, "that of its disclosure")
def _() -> Evidence:
    return accounted(request=digest("somebody else")[:32])


@attack("an accounting entry says that a refused request was answered", "bundle", 6, "that of its disclosure")
def _() -> Evidence:
    return accounted(outcome="no_disclosure", elements=[])


# ---------------------------------------------------------------- the sample's places


@attack("other decisions are checked than the seed draws", "bundle", 4, "one its seed gives")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b, positions=content_of([0, 1, 2]))
    if story.leaves[-1] == honest_draw():
        raise AssertionError("these are the places that the seed draws")
    return shown(story)


def honest_draw() -> bytes:
    """The leaf of the honest draw."""
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b)
    return story.leaves[-1]


@attack("fewer decisions are drawn than the agreement asks for", "bundle", 4, "Fewer decisions were drawn")
def _() -> Evidence:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b, n=1)
    return shown(story)


# ---------------------------------------------------------------- passkeys


def passkey_story(alg: str = "ES256") -> tuple[Story, SoftPasskey]:
    """A log in which the first authorizer signs with a passkey; nothing is received yet."""
    story, key = Story(), SoftPasskey("an authorizer's passkey", alg)
    for person, roles in PEOPLE.items():
        if person != "IRS-0005":
            story.enrol(person, roles)
    enrol_passkey(story, key)
    story.sign_agreement("IRS", "ICE")
    story.leaf("agreement.in_force", agreement={"hash": "a9" * 32, "id": "irs-ice-2025", "version": 1}, rules=RULES)
    story.vault()
    story.stock(1)
    return story, key


def enrol_passkey(story: Story, key: SoftPasskey, **change: object) -> int:
    """The agency's root enrols it."""
    member = key.passkey.member() | change
    body = {"agency": "IRS", "person": "IRS-0005", "roles": ["authorizer"], "key": encode64(key.public), "webauthn": member}
    act = story.root_act("IRS", "key.enroll", content_of(body))
    return story.leaf("key.enrolled", **body, key_id=key.key_id, act=act)


def authorized(says_what: str, **client: Any) -> Story:
    """A batch authorized by a passkey whose client data is bent, and by a second person."""
    story, key = passkey_story()
    b = story.to_sampled()
    b.root = digest("release")
    act = Act(story.origin, "irs-ice-2025", "release.authorize", b.root, "IRS-0005", says_what, story.now + 7200)
    envelope = key.forge(act, canonical(act.payload()), *key.assertion(act, **client))
    story.leaf("release.authorized", batch=b.name, agreement={"hash": "a9" * 32, "id": "irs-ice-2025", "version": 1}, rules=RULES,
               root=b.root, act=envelope)  # fmt: skip
    story.authorize(b, "IRS-0006", release=b.root)
    story.commit(b)
    story.go(b)
    return story


for _name, _bent in {
    "a passkey's signature was made for another act": {"challenge": "AAAA"},
    "a passkey's signature was made on another page": {"origin": "https://evil.example"},
    "a passkey's signature was made for another relying party": {"rp_id": "evil.example"},
    "a passkey signed without asking who was there": {"flags": 0x01},
}.items():
    attack(_name, "bundle", 3, "")(lambda name=_name, bent=_bent: shown(authorized(name, **bent)))  # type: ignore[misc]


@attack("a passkey enrolled for one page is enrolled for another by the operator", "bundle", 3, "other content")
def _() -> Evidence:
    story = Story()
    key = SoftPasskey("an authorizer's passkey")
    signed = {"agency": "IRS", "person": "IRS-0005", "roles": ["authorizer"], "key": encode64(key.public)}
    act = story.root_act("IRS", "key.enroll", content_of(signed | {"webauthn": key.passkey.member()}))
    other = key.passkey.member() | {"origins": ["https://evil.example"]}
    story.leaf("key.enrolled", **signed, webauthn=other, key_id=key.key_id, act=act)
    return shown(story)


@attack("a key of small order is enrolled, under which one signature fits anything", "bundle", 3, "that is none")
def _() -> Evidence:
    story = Story()
    public = (2707385501144840649318225287225658788936804267575313519463743609750303402022).to_bytes(32, "little")
    from portcullis.crypto import key_id_of  # noqa: PLC0415 - only this attack names a key nobody made

    body = {"agency": "IRS", "person": "IRS-0005", "roles": ["authorizer"], "key": encode64(public)}
    story.leaf("key.enrolled", **body, key_id=key_id_of(public), act=story.root_act("IRS", "key.enroll", content_of(body)))
    return shown(story)


# ---------------------------------------------------------------- two keys, one body


@attack("a person authorizes with an old and a new key, both in force", "bundle", 4, "two different people")
def _() -> Evidence:
    story = Story().begin()
    second = seed_key("IRS-0005, rotated")
    story.enrol("IRS-0005", ["authorizer"], second)
    b = story.to_sampled()
    story.authorize(b, "IRS-0005")
    story.authorize(b, "IRS-0005", key=second, release=b.root)
    story.commit(b)
    return shown(story)


@attack("a key revoked at a leaf signs after it, dated before it", "bundle", 3, "revoked")
def _() -> Evidence:
    story = Story().begin()
    b = story.to_sampled()
    story.revoke(story.keys["IRS-0005"], "IRS", since=START)
    story.now -= 600
    story.authorize(b, "IRS-0005")
    return shown(story)


def compromised() -> Story:
    """Lawful, but to be looked at: a key signed after the day from which it was later said to be compromised."""
    story = honest()
    story.revoke(story.keys["IRS-0005"], "IRS", since=START)
    assert stamp(START) in story.leaves[-1].decode()
    return story
