"""A signed agreement in public: black bars hide exactly what both parties signed, and later versions are the same agreement.

Each attack makes a public version that an honest reader would believe if one check of agreement/public.py were missing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import shutil
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journey_home import AGREEMENT, Scene
from portcullis.agreement import adopted, agreement_hash, find, load_agreement
from portcullis.agreement.adopt import folder_of
from portcullis.agreement.content import SALTS, add_salts, document_of, parts_of, read_salts
from portcullis.agreement.public import check_public
from portcullis.agreement.public_page import public_page
from portcullis.agreement.redact import Bars, redact
from portcullis.crypto import SigningKey, canonical, encode64
from portcullis.errors import Refused, Tampered
from portcullis.export import trust_of
from portcullis.ledger.trust import Trust
from portcullis.model import LeafType
from portcullis.officers import sign
from portcullis.store import schema, writing

At = Callable[[str], Scene]
Body = dict[str, Any]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home whose agreement both parties signed; read, and added to, by every test here."""
    from journey_home import stations  # noqa: PLC0415 - its homes are made when first asked for

    scene = stations("sqlite").copy("ready", tmp_path_factory.mktemp("public") / "home")
    yield scene
    scene.home.engine.dispose()


def published(scene: Scene, *clauses: str, **more: Any) -> bytes:
    with writing(scene.home.engine) as conn:
        return redact(scene.home, conn, AGREEMENT, 1, Bars(clauses, **more))


def trust(scene: Scene) -> Trust:
    return trust_of(scene.home)


def changed(data: bytes, change: Callable[[Body], object]) -> bytes:
    body = json.loads(data)
    change(body)
    return canonical(body) + b"\n"


def refused(data: bytes, why: str, known: Trust | None = None) -> None:
    with pytest.raises(Tampered, match=why):
        check_public(data, known)


# ---- two sides: what is honest is believed -------------------------------------------------------------------------------------------
def test_redacted_and_later_unsealed_are_one_agreement_in_force(signed: Scene) -> None:
    first, later, whole = published(signed, "2", "5"), published(signed, "5"), published(signed)
    found = [check_public(data, trust(signed)) for data in (first, later, whole)]
    assert [each.hidden for each in found] == [
        ["clause/2", "clause/5", "file/agreement.yaml"],
        ["clause/5", "file/agreement.yaml"],
        [],
    ]
    with signed.read() as conn:
        force = adopted(signed.home, conn, AGREEMENT)
    assert force is not None and {each.hash for each in found} == {force.hash}
    assert {each.authenticated for each in found} == {True}
    (leaf,) = [leaf for leaf in signed.leaves(LeafType.AGREEMENT_IN_FORCE)]
    assert leaf["agreement"]["hash"] == force.hash
    assert found[1].shown["clause/2"] == load_clause(signed, 2)


def load_clause(scene: Scene, number: int) -> object:
    return parts_of(folder_of(scene.home, AGREEMENT, 1))[f"clause/{number}"]


def test_what_is_hidden_stands_nowhere_in_it(signed: Scene) -> None:
    data, clause = published(signed, "4", terms=["standing"]), load_clause(signed, 4)
    assert isinstance(clause, Mapping)
    salt = read_salts(folder_of(signed.home, AGREEMENT, 1))["clause/4"]
    page = public_page(check_public(data)).encode()
    for text in (clause["text"], "safeguard_report_days", encode64(salt)):
        assert str(text).encode() not in data + page
    assert b"safeguard_report_days" in published(signed, "4")


def test_each_publication_is_on_record(signed: Scene) -> None:
    before = len(signed.leaves(LeafType.REPORT_PUBLISHED))
    data = published(signed, "1")
    leaf = signed.leaves(LeafType.REPORT_PUBLISHED)[before]
    assert (leaf["report"], leaf["period"], leaf["content"]) == ("agreement", "irs-ice-2025/1", hashlib.sha256(data).hexdigest())


# ---- attacks -----------------------------------------------------------------------------------------------------------------------
def test_swapped_salts_open_nothing(signed: Scene) -> None:
    def swap(body: Body) -> None:
        one, two = body["opened"]["clause/1"], body["opened"]["clause/3"]
        one["salt"], two["salt"] = two["salt"], one["salt"]

    refused(changed(published(signed, "2"), swap), "clause/1 is not what was signed there")


def test_a_clause_does_not_open_in_another_place(signed: Scene) -> None:
    def move(body: Body) -> None:
        body["opened"]["clause/1"], body["opened"]["clause/3"] = body["opened"]["clause/3"], body["opened"]["clause/1"]

    def move_with_its_commitment(body: Body) -> None:
        parts = body["document"]["parts"]
        parts["clause/1"], parts["clause/3"] = parts["clause/3"], parts["clause/1"]
        move(body)

    refused(changed(published(signed, "2"), move), "clause/1 is not what was signed there")
    refused(changed(published(signed, "2"), move_with_its_commitment), "clause/1 is not what was signed there")


def test_a_clause_does_not_open_to_another_text(signed: Scene) -> None:
    def reword(body: Body) -> None:
        body["opened"]["clause/1"]["value"]["text"] = "The asking agency requests whatever it likes."

    refused(changed(published(signed), reword), "clause/1 is not what was signed there")


def test_a_hidden_clause_is_not_unsealed_to_a_text_of_the_publishers_making(signed: Scene) -> None:
    def invent(body: Body) -> None:
        opened = dict(body["opened"]["clause/1"], value={"number": "2", "text": "Nothing was ever agreed."})
        body["opened"]["clause/2"] = opened

    refused(changed(published(signed, "2"), invent), "clause/2 is not what was signed there")


def test_a_bar_over_a_clause_that_was_never_signed_is_found(signed: Scene) -> None:
    def add_bar(body: Body) -> None:
        body["document"]["parts"]["clause/7"] = encode64(bytes(32))

    def add_opened(body: Body) -> None:
        body["opened"]["clause/7"] = body["opened"]["clause/1"]

    refused(changed(published(signed), add_bar), "agreement.yaml says otherwise|signed something else")
    refused(changed(published(signed, "2"), add_bar), "has signed something else")
    refused(changed(published(signed), add_opened), "clause/7 is shown and was never signed")


def test_a_clause_that_was_signed_is_not_left_out(signed: Scene) -> None:
    def leave_out(body: Body) -> None:
        del body["document"]["parts"]["clause/6"]
        del body["opened"]["clause/6"]

    def leave_a_gap(body: Body) -> None:
        del body["document"]["parts"]["clause/2"]

    refused(changed(published(signed, "2"), leave_out), "has signed something else")
    refused(changed(published(signed, "2"), leave_a_gap), "leaves out a part")


def test_a_new_document_under_the_old_signatures_is_another_agreement(signed: Scene, tmp_path: Path) -> None:
    """The attacker makes the whole document anew, every commitment opening; only the signature tells."""
    folder = tmp_path / "other"
    shutil.copytree(find(AGREEMENT), folder)
    terms = folder / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("kept safe, not redisclosed", "shared with anybody"), encoding="utf-8")
    salts = add_salts(folder)

    def replaced(body: Body) -> None:
        parts = parts_of(folder)
        body["document"] = document_of(parts, salts)
        body["opened"] = {place: {"salt": encode64(salts[place]), "value": value} for place, value in parts.items()}

    refused(changed(published(signed), replaced), "has signed something else")


def test_keys_of_nobodys_agency_sign_nothing_for_it(signed: Scene) -> None:
    """All is consistent, but the roots are the attacker's: only the trust file tells."""
    digest = check_public(published(signed, "2")).hash

    def resign(body: Body) -> None:
        for agency in ("IRS", "ICE"):
            key = SigningKey.generate()
            act = sign(signed.home.settings.origin, key, f"root:{agency}", "agreement.sign", digest, "", signed.clock() + 3600)
            body["signatures"][agency] = {"act": act, "root": encode64(key.public)}

    forged = changed(published(signed, "2"), resign)
    assert check_public(forged).authenticated is False
    refused(forged, "was not signed by", trust(signed))


@pytest.mark.parametrize("how", ["one party", "one key for both", "another act", "another party", "another log"])
def test_both_parties_sign_exactly_this(signed: Scene, how: str) -> None:
    data = published(signed, "2")
    digest, root = check_public(data).hash, signed.cast.roots["IRS"]

    def act(action: str, origin: str = "", who: str = "root:IRS") -> Body:
        made = sign(origin or signed.home.settings.origin, root, who, action, digest, "", signed.clock() + 3600)
        return {"act": made, "root": encode64(root.public)}

    def forge(body: Body) -> None:
        match how:
            case "one party":
                del body["signatures"]["ICE"]
            case "one key for both":
                body["signatures"]["ICE"] = act("agreement.sign", who="root:ICE")
            case "another act":
                body["signatures"]["IRS"] = act("key.enroll")
            case "another party":
                body["signatures"]["FBI"] = body["signatures"].pop("ICE")
            case "another log":
                body["signatures"]["IRS"] = act("agreement.sign", origin="portcullis.example/another")

    refused(changed(data, forge), "signed")


def test_the_same_json_spelled_otherwise_is_refused(signed: Scene) -> None:
    data = published(signed, "2")
    body = json.loads(data)
    assert check_public(data).id == AGREEMENT
    for other in (
        json.dumps(body).encode(),
        json.dumps(body, indent=1, sort_keys=True).encode(),
        data.replace(b'{"document"', b'{"document":{},"document"', 1),
        data.replace(b"Purpose", b"Purpos\\u0065", 1),
        b"\xef\xbb\xbf" + data,
        data + b"\n",
    ):
        refused(other, "not written in the one way")
    slack = re.sub(
        rb'"salt":"([A-Za-z0-9+/]{42})([A-Za-z0-9+/])="', lambda m: m[0][:-3] + bytes([m[2][0] ^ 1 or 65]) + b'="', data, count=1
    )
    refused(slack, "cannot be read|is not what was signed|one way")


def test_a_short_clause_cannot_be_guessed_without_its_salt(signed: Scene, tmp_path: Path) -> None:
    """The attacker knows everything but one yes or no: all that is published, the ledger, and every text the clause could have."""
    plain = tmp_path / AGREEMENT
    shutil.copytree(find(AGREEMENT), plain)
    terms = plain / "agreement.yaml"
    text = terms.read_text(encoding="utf-8")
    words = "Every request and every disclosure is recorded permanently."
    short = {answer: text.replace(words, answer) for answer in ("yes", "no")}
    terms.write_text(short["yes"], encoding="utf-8")
    assert guessed({agreement_hash(plain)}, plain, short) == ["yes"], "without salts the hash in the ledger gives it away"

    salts = add_salts(plain)
    document = document_of(parts_of(plain), salts)
    seen = {agreement_hash(plain), *document["parts"].values()}  # type: ignore[attr-defined]
    known = [salt for place, salt in salts.items() if place not in ("clause/6", "file/agreement.yaml")]
    (plain / SALTS).unlink()
    assert guessed(seen, plain, short, known) == []


def guessed(seen: set[str], folder: Path, texts: Mapping[str, str], salts: list[bytes] | None = None) -> list[str]:
    """The answers that give one of the values seen, as a whole folder, or as a clause under a salt that is known or trivial."""
    found = []
    for answer, text in texts.items():
        (folder / "agreement.yaml").write_text(text, encoding="utf-8")
        parts = parts_of(folder)
        tries = {agreement_hash(folder), hashlib.sha256(answer.encode()).hexdigest()}
        tries |= {encode64(hashlib.sha256(canonical(parts["clause/6"])).digest()), encode64(hashlib.sha256(answer.encode()).digest())}
        for salt in [bytes(32), *(salts or [])]:
            committed = document_of(parts, dict.fromkeys(parts, salt))["parts"]
            tries |= {committed["clause/6"], committed["file/agreement.yaml"]}  # type: ignore[index]
        found += [answer] if tries & seen else []
    return found


# ---- bars that would hide nothing -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bars", "why"),
    [
        (Bars(terms=["thresholds"]), "cannot be hidden"),
        (Bars(terms=["parties"]), "cannot be hidden"),
        (Bars(files=["rules/R27.yaml"]), "cannot be hidden"),
        (Bars(clauses=["99"]), "no one clause 99"),
        (Bars(terms=["no_such_term"]), "no such part"),
    ],
)
def test_a_bar_that_would_hide_nothing_is_refused(signed: Scene, bars: Bars, why: str) -> None:
    with pytest.raises(Refused, match=why), writing(signed.home.engine) as conn:
        redact(signed.home, conn, AGREEMENT, 1, bars)


def test_a_clause_whose_words_stand_elsewhere_is_not_hidden(signed: Scene, tmp_path: Path) -> None:
    from portcullis.agreement.public import public_version  # noqa: PLC0415 - used here alone

    folder = tmp_path / AGREEMENT
    shutil.copytree(find(AGREEMENT), folder)
    quoted = "As agreed: every request and every\ndisclosure is recorded permanently."
    (folder / "notes.md").write_text(quoted.replace("every request", "Every request"), encoding="utf-8")
    salts, parts = add_salts(folder), parts_of(folder)
    with pytest.raises(Refused, match=r"also stand in file/notes\.md"):
        public_version(document_of(parts, salts), parts, salts, ["clause/6"], {})
    assert b'"clause/6":{' not in public_version(document_of(parts, salts), parts, salts, ["clause/6", "file/notes.md"], {})


# ---- older agreements --------------------------------------------------------------------------------------------------------------
def test_an_agreement_signed_before_there_were_commitments_holds_as_it_was(at: At) -> None:
    scene = at("ready")
    folder = folder_of(scene.home, AGREEMENT, 1)
    (folder / SALTS).unlink()
    old = agreement_hash(folder)
    listing = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }
    assert old == hashlib.sha256(json.dumps(dict(sorted(listing.items())), separators=(",", ":")).encode()).hexdigest()
    a = schema.agreement
    scene.step(lambda conn: conn.execute(a.update().values(hash=old)))
    with scene.read() as conn:
        assert adopted(scene.home, conn, AGREEMENT) == load_agreement(folder)
    with pytest.raises(Refused, match="cannot be published in part"), writing(scene.home.engine) as conn:
        redact(scene.home, conn, AGREEMENT, 1, Bars(["2"]))


@pytest.mark.parametrize("change", ["a salt", "a word", "a file more", "no yaml any more"])
def test_nothing_of_what_was_signed_changes_in_the_home(at: At, change: str) -> None:
    scene = at("ready")
    folder = folder_of(scene.home, AGREEMENT, 1)
    terms = folder / "agreement.yaml"
    match change:
        case "a salt":
            salts = json.loads((folder / SALTS).read_bytes())
            salts["salts"]["clause/1"] = encode64(bytes(32))
            (folder / SALTS).write_bytes(canonical(salts))
        case "a word":
            terms.write_text(terms.read_text(encoding="utf-8").replace("recorded permanently", "recorded"), encoding="utf-8")
        case "a file more":
            (folder / "annex.md").write_text("And also this.", encoding="utf-8")
        case _:
            terms.write_bytes(b"\x00")
    with scene.read() as conn, pytest.raises(Tampered, match="not the one that was signed"):
        adopted(scene.home, conn, AGREEMENT)


# ---- the page ------------------------------------------------------------------------------------------------------------------------
class Outline(HTMLParser):
    """Tags in their order, and what is read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.text = list[tuple[str, dict[str, str | None]]](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_in_words_what_its_bars_show(signed: Scene) -> None:
    public = check_public(published(signed, "2", terms=["standing"], files=["statute.md"]))
    page = public_page(public)
    outline = Outline()
    outline.feed(page)
    names = [tag for tag, _ in outline.tags]
    assert ("html", {"lang": "en"}) in outline.tags and names.count("h1") == names.count("main") == names.count("title") == 1
    assert not {"script", "link", "img", "iframe", "form"} & set(names) and "http" not in page
    assert all(attrs.get("scope") for tag, attrs in outline.tags if tag == "th") and "caption" in names
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    bars = [tag for tag, attrs in outline.tags if attrs.get("class") == "bar"]
    assert len(bars) == len(public.hidden) == 4
    for said in ("The clause in place 2", "This clause is hidden.", "1 of 6 clauses are hidden.", "print-color-adjust:exact"):
        assert said in outline.text
    assert all(commitment in outline.text for commitment in public.parts.values())


def test_a_page_made_from_a_hostile_agreement_runs_nothing(signed: Scene) -> None:
    from dataclasses import replace  # noqa: PLC0415 - used here alone

    public = check_public(published(signed))
    hostile = "<script>alert(1)</script><img src=x onerror=y>"
    shown = dict(public.shown) | {
        "clause/1": {"number": hostile, "title": hostile, hostile: [hostile]},
        "term/title": hostile,
        "term/zone": hostile,
    }
    outline = Outline()
    outline.feed(public_page(replace(public, shown=shown, id=hostile, origin=hostile)))
    assert not {"script", "img"} & {tag for tag, _ in outline.tags}


def test_salts_are_32_bytes_one_for_each_part_and_private(signed: Scene) -> None:
    folder = folder_of(signed.home, AGREEMENT, 1)
    salts = json.loads((folder / SALTS).read_bytes())["salts"]
    assert salts.keys() == parts_of(folder).keys() and len(set(salts.values())) == len(salts)
    assert {len(base64.b64decode(salt)) for salt in salts.values()} == {32}
    assert (folder / SALTS).stat().st_mode & 0o077 == 0


def test_no_salt_serves_two_versions(signed: Scene, tmp_path: Path) -> None:
    """A version made from the home's copy of the one before: an opened clause of one must not open a hidden one of the other."""
    first, second = folder_of(signed.home, AGREEMENT, 1), tmp_path / AGREEMENT
    shutil.copytree(first, second)
    assert add_salts(second) == read_salts(first)
    terms = second / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n"), encoding="utf-8")
    assert not set(add_salts(second).values()) & set(read_salts(first).values())
    (second / "annex.md").write_text("And also this.", encoding="utf-8")
    with pytest.raises(Refused, match="not of this agreement"):
        agreement_hash(second)


def test_another_program_checks_it_by_the_page_of_the_format_alone(signed: Scene) -> None:
    """docs/formats/public-agreement.md, followed with nothing of this package."""
    data = published(signed, "2")

    def spelled(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    body = json.loads(data)
    assert spelled(body) + b"\n" == data  # 1
    document = body["document"]
    for place, opening in body["opened"].items():  # 3
        text = spelled(["portcullis/commitment/1", place, document["id"], str(document["version"]), opening["value"]])
        found = hmac.digest(base64.b64decode(opening["salt"]), text, "sha256")
        assert base64.b64encode(found).decode() == document["parts"][place]
    agencies = {side["code"] for side in body["opened"]["term/parties"]["value"].values()}
    assert body["signatures"].keys() == agencies
    for agency, one in body["signatures"].items():  # 4
        payload, kind = base64.b64decode(one["act"]["payload"]), one["act"]["payloadType"].encode()
        stated = json.loads(payload)
        assert (stated["content"], stated["officer"]) == (hashlib.sha256(spelled(document)).hexdigest(), f"root:{agency}")
        signature = base64.b64decode(one["act"]["signatures"][0]["sig"])
        encoded = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(one["root"])).verify(signature, encoded)
