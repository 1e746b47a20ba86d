"""Recall: every custodian is ordered, nothing new leaves meanwhile, and it ends only with the proof (R53)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from afterwards import FIRST, SECOND, THIRD, Afterwards
from journey_home import Scene
from portcullis.crypto import key_id_of
from portcullis.errors import Refused
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.recipient import flag, flagged, open_order
from portcullis.release import Withheld
from portcullis.safeguards import acknowledge_recall, certify_recall, close_recall, read_records, witness_recall
from portcullis.safeguards.recall import custodians, recalled
from portcullis.synthetic import SIGNER

At = Callable[[str], Scene]
LATE = 6


def orders(after: Afterwards, matter: str) -> dict[str, list[tuple[str, int]]]:
    """What each custodian's order names, opened in the agency's vault."""
    public = after.home.log_key.public
    found = {}
    for file in sorted((after.home.path / "outbox" / matter).iterdir()):
        order, rows = open_order(file.read_bytes(), lambda k: public if k == key_id_of(public) else None, after.scene.cast.vault)
        found[order.custodian] = rows
    return found


def proved(after: Afterwards, matter: str) -> None:
    """Every custodian acknowledges, certifies, and another person witnesses."""
    with after.scene.read() as conn:
        ordered = custodians(conn, matter)
    for who, found in ordered.items():
        other = SECOND if who != SECOND else THIRD
        common = {"matter": matter, "custodian": who}
        counted = common | {"records": found["records"]}
        after.file(acknowledge_recall, "recall.acknowledged", counted, who)
        digest = after.file(certify_recall, "recall.certified", counted | {"method": "destroyed", "witness": other}, who)
        after.file(witness_recall, "recall.witnessed", common | {"certificate": digest}, other)


def test_every_custodian_is_ordered_and_each_order_names_exactly_what_that_officer_has(at: At) -> None:
    after = Afterwards(at("dispatched"))
    done = after.recall()
    assert (done.records, done.custodians) == (4, 2)
    named = orders(after, done.matter)
    assert named == {FIRST: [(after.batch, 1), (after.batch, 2), (after.batch, 3)], SECOND: [(after.batch, 10)]}
    assert len(after.scene.leaves(LeafType.RECALL_ORDERED)) == 2
    with after.scene.read() as conn:
        assert recalled(conn, after.batch) == {1, 2, 3, 10}


def test_an_open_recall_stops_the_next_dispatch_and_a_closed_one_does_not(at_both: At, tmp_path: Path) -> None:
    after = Afterwards(at_both("dispatched"))
    first = after.batch
    after.commit_next()
    done = after.recall(tuple((first, n) for n in (1, 2, 3)))
    from portcullis.release import dispatch  # noqa: PLC0415

    withheld = dispatch(after.home, after.scene.batch)
    assert isinstance(withheld, Withheld)
    assert withheld.reasons == ("A28 X-RECALL-OPEN",)
    proved(after, done.matter)
    about = after.about(done.matter)
    close_recall(after.home, done.matter, about, after.act(Role.SAFEGUARDS, "recall.closed", about))
    assert after.dispatch_again() == 4


def test_the_verifier_accepts_the_history_and_refuses_a_dispatch_during_a_recall(at: At, tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from portcullis import matters, release  # noqa: PLC0415

    after = Afterwards(at("dispatched"))
    after.commit_next()
    after.recall()
    root = Path(__file__).parents[2]

    def verdict(folder: Path) -> subprocess.CompletedProcess[str]:
        trust = folder.with_name(folder.name + ".trust.json")
        words = [sys.executable, str(root / "verifier" / "verify.py"), str(folder), "--trust", str(trust)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    assert verdict(after.evidence(tmp_path / "good")).returncode == 0
    with pytest.MonkeyPatch.context() as patch:  # a gateway that does not look
        gather = sys.modules["portcullis.release.gather"]
        patch.setattr(gather, "stopping", lambda *_: dict.fromkeys(matters.STOPPING.values(), 0))
        assert release.dispatch(after.home, after.scene.batch) == 4
    bad = verdict(after.evidence(tmp_path / "bad"))
    assert bad.returncode == 4
    assert "stopped the flow" in bad.stdout

    found = verify(tmp_path / "bad", (tmp_path / "bad.trust.json").read_bytes(), now=after.scene.clock())
    assert found["verified"] is False


def test_a_recall_ends_only_when_every_disposal_is_witnessed(at: At) -> None:
    after = Afterwards(at("dispatched"))
    done = after.recall()
    about = after.about(done.matter)
    act = after.act(Role.SAFEGUARDS, "recall.closed", about)
    with pytest.raises(Refused, match="2 custodians have not proved"):
        close_recall(after.home, done.matter, about, act)
    counted = {"matter": done.matter, "custodian": FIRST, "records": 3}
    after.file(acknowledge_recall, "recall.acknowledged", counted)
    after.file(certify_recall, "recall.certified", counted | {"method": "destroyed", "witness": SECOND})
    with pytest.raises(Refused, match="2 custodians have not proved"):  # certified, and nobody saw it
        close_recall(after.home, done.matter, about, after.act(Role.SAFEGUARDS, "recall.closed", about))
    assert after.matter(done.matter).state == "open"


@pytest.mark.parametrize(
    ("what", "about", "how"),
    [
        ("number of records", {"records": 2}, {}),
        ("no order for this custodian", {"custodian": "ICE-9999"}, {}),
        ("Another person", {}, {"officer": SECOND}),
        ("cannot be accepted|signature", {}, {"signed_by": SECOND}),
        ("another ledger", {}, {"origin": "portcullis.invalid/other"}),
        ("clocks disagree", {}, {"at": 4_000_000_000}),
        ("clocks disagree", {}, {"at": 1_700_000_000}),
        ("no such matter", {"matter": "M-2025-999999"}, {}),
    ],
    ids=["partial", "unknown custodian", "somebody else", "forged", "another ledger", "future", "before the recall", "unknown recall"],
)
def test_an_acknowledgement_that_is_not_good_is_refused_and_that_is_on_record(
    at: At, what: str, about: dict[str, object], how: dict[str, object]
) -> None:
    after = Afterwards(at("dispatched"))
    matter = after.recall().matter
    good = {"matter": matter, "custodian": FIRST, "records": 3}
    with pytest.raises(Refused):
        after.file(acknowledge_recall, "recall.acknowledged", good | about, **how)
    (leaf,) = after.scene.leaves(LeafType.FILING_REFUSED)
    assert leaf["kind"] == "recall.acknowledged"
    assert after.file(acknowledge_recall, "recall.acknowledged", good) == "acknowledged"  # nothing was lost: the honest one counts


def test_a_second_and_a_contradictory_filing_are_refused(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = after.recall().matter
    good = {"matter": matter, "custodian": FIRST, "records": 3}
    data = after.filing("recall.acknowledged", good)
    from portcullis.safeguards import take  # noqa: PLC0415

    take(after.home, data, acknowledge_recall)
    with pytest.raises(Refused, match="used before"):
        take(after.home, data, acknowledge_recall)
    with pytest.raises(Refused, match="not expected now"):
        after.file(acknowledge_recall, "recall.acknowledged", good)
    after.file(certify_recall, "recall.certified", good | {"method": "destroyed", "witness": SECOND})
    with pytest.raises(Refused, match="not expected now"):
        after.file(certify_recall, "recall.certified", good | {"method": "returned", "witness": SECOND})
    assert len(after.scene.leaves(LeafType.FILING_REFUSED)) == 3


def test_a_witness_is_another_person_and_the_one_who_was_named(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = after.recall().matter
    counted = {"matter": matter, "custodian": FIRST, "records": 3}
    after.file(acknowledge_recall, "recall.acknowledged", counted)
    with pytest.raises(Refused, match="no certificate"):
        after.file(certify_recall, "recall.certified", counted | {"method": "destroyed", "witness": FIRST})
    with pytest.raises(Refused, match="no certificate"):
        after.file(certify_recall, "recall.certified", counted | {"method": "retained", "witness": SECOND})
    digest = after.file(certify_recall, "recall.certified", counted | {"method": "destroyed", "witness": SECOND})
    signed = {"matter": matter, "custodian": FIRST, "certificate": digest}
    for officer, wrong in ((FIRST, signed), (THIRD, signed), (SECOND, signed | {"certificate": "0" * 64})):
        with pytest.raises(Refused):
            after.file(witness_recall, "recall.witnessed", wrong, officer)
    assert after.file(witness_recall, "recall.witnessed", signed, SECOND) == FIRST


def test_who_certifies_for_a_custodian_is_no_witness_of_it(at: At) -> None:
    """The agency's signer may sign for a custodian: then that is one person's word, and the witness has to be another's."""
    after = Afterwards(at("dispatched"))
    counted = {"matter": after.recall().matter, "custodian": FIRST, "records": 3}
    after.file(acknowledge_recall, "recall.acknowledged", counted, SIGNER)
    for witness in (SIGNER, FIRST):
        with pytest.raises(Refused, match="no certificate"):
            after.file(certify_recall, "recall.certified", counted | {"method": "destroyed", "witness": witness}, SIGNER)
    after.file(certify_recall, "recall.certified", counted | {"method": "destroyed", "witness": SECOND}, SIGNER)


def test_a_late_acknowledgement_counts_and_its_lateness_stands_in_the_record(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = after.recall().matter
    after.scene.clock.forward(days=LATE)
    assert after.file(acknowledge_recall, "recall.acknowledged", {"matter": matter, "custodian": FIRST, "records": 3}) == "late"
    (leaf,) = after.scene.leaves(LeafType.RECALL_ACKNOWLEDGED)
    assert leaf["late"] == 1


def test_records_that_were_never_disclosed_cannot_be_recalled(at: At) -> None:
    after = Afterwards(at("dispatched"))
    before = len(after.scene.leaves())
    for wrong in ((after.batch, 4), (after.batch, 99), ("B-2025-999999", 1)):  # decided no, no such row, no such batch
        with pytest.raises(Refused, match="1 of 5 records were never disclosed"):
            after.recall((*after.records, wrong))
    assert len(after.scene.leaves()) == before
    assert after.recall().records == 4


def test_only_the_office_of_safeguards_opens_a_recall(at: At) -> None:
    after = Afterwards(at("dispatched"))
    with pytest.raises(Refused, match="needs the role safeguards"):
        after.recall(role=Role.REVIEWER)
    assert after.scene.leaves(LeafType.RECALL_OPENED, LeafType.RECALL_ORDERED) == []


def test_a_recall_leaves_our_evidence_whole(at: At) -> None:
    after = Afterwards(at("dispatched"))
    files = {p: p.read_bytes() for name in ("evidence", "accounting") for p in (after.home.path / name).rglob("*.parquet")}
    proved(after, after.recall().matter)
    assert files
    assert {p: p.read_bytes() for p in files} == files


def test_a_list_of_records_is_read_strictly(tmp_path: Path) -> None:
    file = tmp_path / "affected.txt"
    file.write_text("record\nB-2025-000001/2\n\nB-2025-000001/1\nB-2025-000001/2\n")
    assert read_records(file) == (("B-2025-000001", 1), ("B-2025-000001", 2))
    for line in ("B-2025-000001", "B-2025-000001/0", "Ada Lovelace", "B-2025-000001/1;2"):
        file.write_text(f"B-2025-000001/2\n{line}\n")
        with pytest.raises(Refused, match="Line 2 names no record") as refused:
            read_records(file)
        assert "Lovelace" not in str(refused.value)
    file.write_text("record\n")
    with pytest.raises(Refused, match="no record"):
        read_records(file)


def test_the_no_use_list_keeps_what_it_has_and_a_damaged_one_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / "no-use.txt"
    flag(file, [("B-2025-000001", 1)])
    flag(file, [("B-2025-000001", 1), ("B-2025-000001", 7)])
    assert flagged(file) == {("B-2025-000001", 1), ("B-2025-000001", 7)}
    assert len(file.read_text().splitlines()) == 2
    file.write_text("B-2025-000001/x\n")
    with pytest.raises(Refused, match="no-use list cannot be read"):
        flagged(file)
