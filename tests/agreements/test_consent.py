"""Under consent-verification: who may learn a yes or a no, and what keeps the answer from becoming a way to guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents_home import DAY, Desk, desk, form
from portcullis.crypto import canonical, decode64, encode64, strict_loads
from portcullis.demo import own
from portcullis.errors import OutOfOrder
from portcullis.intake.batch import citations
from portcullis.model import LeafType
from portcullis.publish import publish
from portcullis.recipient import attest
from portcullis.release import commit_release, dispatch
from portcullis.steps.again import decide_again
from portcullis.store import reading, schema

STRANGER = "BANK-6666"
ALMA = {"given_name": "Alma", "family_name": "Castillo", "date_of_birth": "1984-05-17", "taxpayer_number": "900112233"}
CHIARA = {"given_name": "Chiara", "family_name": "Lindqvist", "date_of_birth": "1990-01-30", "taxpayer_number": "900334455"}
FENNA = {"given_name": "Fenna", "family_name": "Oduya", "date_of_birth": "1988-03-03", "taxpayer_number": "900667788"}
BERTRAM = {"given_name": "Bertram", "family_name": "Okonkwo", "date_of_birth": "1971-11-02", "taxpayer_number": "900223344"}


def row(who: dict[str, str], consent: str | None, **changes: str | None) -> dict[str, str | None]:
    """A request about somebody, citing a consent."""
    good = {"request_id": f"v-{consent}-{who['given_name']}", "purpose": "account_opening", "attestations": "sole_use;no_redisclosure"}
    return {**good, **who, "consent_id": consent, **changes}


def consent(name: str, who: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A consent that the subject signed ten days ago."""
    stated = {"signatory": who["given_name"], "form": form(name), "purpose": "account_opening", "subjects": [who]}
    dates = {"signed_on": "2026-02-20", "kept_until": "2031-03-01"}
    return {"id": name, "kind": "consent", "stated": {**stated, **dates, **changes}}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = desk("consent-verification", tmp_path_factory.mktemp("bank"))
    yield made
    made.cast.home.engine.dispose()


def test_a_yes_a_no_and_where_nobody_can_tell(bank: Desk) -> None:
    off = {**BERTRAM, "date_of_birth": "1971-11-03"}
    got = bank.send([row(ALMA, "A-1"), row(off, "A-2")], [consent("A-1", ALMA), consent("A-2", off)])
    assert bank.run(got.batch_id) == [("confirm", ""), ("deny", "")]
    with reading(bank.cast.home.engine) as conn:
        again = decide_again(bank.cast.home, conn, got.batch_id)
    assert (again["decided"], again["same"]) == (2, 2), "the decisions can be made again from the record (R59)"


def test_a_consent_is_used_once_and_a_refused_request_uses_none_up(bank: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bank.decided([row(CHIARA, "B-1", attestations=None)], [consent("B-1", CHIARA)])
    assert first == [("deficient", "N-ATTEST-MISSING")]
    assert bank.decided([row(CHIARA, "B-1")], [consent("B-1", CHIARA)]) == [("confirm", "")], "perfected and sent again"
    again = ([row(CHIARA, "b 1")], [consent("B-1", CHIARA)])  # the same id in another spelling
    assert bank.decided(*again) == [("deficient", "N-CONSENT-USED")]
    monkeypatch.setattr("portcullis.steps.context.earlier_uses", lambda *_: {})
    assert bank.decided(*again) == [("confirm", "")], "without the register of what was cited it is used twice"


def test_of_two_batches_with_one_consent_only_the_first_is_answered_in_whatever_order(bank: Desk) -> None:
    sent = [bank.send([row(BERTRAM, "C-1")], [consent("C-1", BERTRAM)]).batch_id for _ in range(2)]
    assert bank.run(sent[1]) == [("deficient", "N-CONSENT-USED")]
    assert bank.run(sent[0]) == [("confirm", "")]


def test_a_consent_must_be_this_persons_and_filed_by_an_officer(bank: Desk) -> None:
    assert bank.decided([row(ALMA, "D-1")], [consent("D-1", BERTRAM)]) == [("deficient", "N-CONSENT-SUBJECT")]
    only_name = {name: ALMA[name] for name in ("given_name", "family_name")}
    assert bank.decided([row(ALMA, "D-2")], [consent("D-2", only_name)]) == [("deficient", "N-CONSENT-SUBJECT")]
    assert bank.decided([row(ALMA, "D-3")]) == [
        ("deficient", "N-CONSENT-MISSING;N-CONSENT-SUBJECT;N-CONSENT-EXPIRED;N-CONSENT-PURPOSE;N-CONSENT-KEPT")
    ]
    other_kind = {**consent("D-4", ALMA), "kind": "court_order"}
    assert bank.decided([row(ALMA, "D-4")], [other_kind])[0][1].startswith("N-CONSENT-MISSING")


def test_a_consent_filed_by_somebody_not_enrolled_as_officer_counts_for_nothing(bank: Desk) -> None:
    bank.cast.keys[STRANGER] = bank.cast.keys[bank.cast.signer]  # the signer is enrolled, but is no officer
    assert bank.decided([row(FENNA, "E-1")], [consent("E-1", FENNA)], filed_by=STRANGER) == [("deficient", "N-CONSENT-MISSING")]


def test_whoever_is_asked_about_again_and_again_is_for_a_person_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = desk("consent-verification", tmp_path)

    def ask(number: int) -> list[tuple[str, str]]:
        guess = {**ALMA, "date_of_birth": f"1984-05-{number + 1:02d}"}
        return bank.decided([row(guess, f"F-{number}")], [consent(f"F-{number}", guess)])

    assert [ask(number)[0][0] for number in range(4)] == ["deny"] * 4
    assert ask(4) == [("no_disclosure", "N-SUBJECT-ASKED")], "a fifth guess at the birth date is not answered"
    with monkeypatch.context() as without:
        without.setattr("portcullis.steps.context.earlier_asks", lambda _conn, batch, _agreement: {1: 0})
        assert ask(5)[0][0] == "deny", "without the count the guessing goes on"
    bank.clock[0] += 366 * DAY
    with reading(bank.cast.home.engine) as conn:
        batch = conn.execute(schema.batch.select().order_by(schema.batch.c.id.desc())).mappings().first()
        assert batch is not None
        assert citations.earlier_asks(conn, batch["id"], "consent-verification") == {1: 5}
    bank.cast.home.engine.dispose()


def test_a_no_is_sealed_and_accounted_for_like_a_yes(bank: Desk) -> None:
    wrong = {**CHIARA, "family_name": "Marlowe", "taxpayer_number": "900778899"}
    got = bank.send([row(FENNA, "G-1"), row(wrong, "G-2")], [consent("G-1", FENNA), consent("G-2", wrong)])
    assert [word for word, _ in bank.run(got.batch_id)] == ["confirm", "deny"]
    bank.authorized(got.batch_id, {1: ("P0006", True), 2: (None, True)})
    assert commit_release(bank.cast.home, got.batch_id) == 2
    publish(bank.cast.home)
    assert dispatch(bank.cast.home, got.batch_id) == 2
    assert sorted((one["outcome"], tuple(one["elements"])) for one in bank.entries(got.batch_id)) == [
        ("confirm", ()),
        ("deny", ()),
    ]
    leaf = schema.leaf
    with reading(bank.cast.home.engine) as conn:
        query = leaf.select().where(leaf.c.batch_id == got.batch_id, leaf.c.type == LeafType.DISCLOSURE.value)
        sizes = {len(one.body) for one in conn.execute(query)}
        assert len(conn.execute(query).all()) == 2 and len(sizes) == 1, "and nothing in the ledger tells which is which"


def test_a_consent_filed_with_another_batch_refuses_the_batch(bank: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []

    def copied(folder: Path, *how: Any) -> Any:
        done = attest(folder, *how)
        path = folder / "documents.jsonl"
        kept.append(path.read_bytes())
        path.write_bytes(kept[0])
        return done

    monkeypatch.setattr("portcullis.demo.play.attest", copied)
    assert bank.send([row(FENNA, "H-1")], [consent("H-1", FENNA)]).reason is None
    got = bank.send([row(FENNA, "H-1", request_id="v-again")], [consent("H-1", FENNA)])
    assert (got.rule, got.reason) == ("R10", "B-INTEGRITY"), "signed over another batch's root and nonce"


def test_one_byte_of_a_consent_changed_after_signing_files_nothing(bank: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(folder: Path, *how: Any) -> Any:
        done = attest(folder, *how)
        path = folder / "documents.jsonl"
        line: Any = strict_loads(path.read_bytes().removesuffix(b"\n"))
        payload = decode64(line["payload"], "payload").replace(b"2026-02-20", b"2026-02-21")
        path.write_bytes(canonical({**line, "payload": encode64(payload)}) + b"\n")
        return done

    monkeypatch.setattr("portcullis.demo.play.attest", changed)
    assert bank.decided([row(BERTRAM, "I-1")], [consent("I-1", BERTRAM)]) == [("deficient", "N-CONSENT-MISSING")]


def test_a_demonstration_in_which_another_decision_is_due_stops(bank: Desk) -> None:
    off = {**BERTRAM, "date_of_birth": "1971-11-04"}
    got = bank.send([row(off, "J-1")], [consent("J-1", off)])
    assert bank.run(got.batch_id) == [("no_disclosure", "N-SUBJECT-ASKED")]
    with pytest.raises(OutOfOrder, match="another decision than is due"):
        own.compare(bank.cast, got.batch_id, {1: (None, "deny")})
    own.compare(bank.cast, got.batch_id, {1: (None, "no_disclosure")})
