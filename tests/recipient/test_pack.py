"""The recipient packs and engages; what it sends, a gateway can check with nothing but the formats and the keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from portcullis import recipient
from portcullis.crypto import open_dsse, read_dsse, signer_of
from portcullis.datafile import (
    ENGAGEMENT_LIMIT,
    ENGAGEMENT_TYPE,
    ENVELOPE_TYPE,
    BatchFolder,
    Envelope,
    FileRoot,
    read,
    read_engagements,
    read_salts,
)
from portcullis.errors import Refused
from recipient_agency import BATCH_MISDEEDS, ENGAGEMENT_MISDEEDS, RecipientAgency, lawful_rows, write_rows

AGENCY = RecipientAgency()


def check_batch(folder: Path) -> Envelope:
    """What any gateway can check of a batch by itself, before it asks its roster."""
    parts = BatchFolder.find(folder)
    statement = read_dsse(parts.envelope.read_bytes())
    envelope = Envelope.parse(open_dsse(statement, AGENCY.lookup, ENVELOPE_TYPE))
    if AGENCY.people[AGENCY.signer].key_id != signer_of(statement) or envelope.signer != AGENCY.signer or envelope.agency != AGENCY.code:
        raise Refused("The signer is not on the roster.")
    if (envelope.agreement_id, envelope.agreement_version, envelope.gate) != ("irs-ice-2025", 1, "6103(i)(2)"):
        raise Refused("There is no such agreement.")
    if envelope.data_class != "mailing_address" or envelope.delegation is not None:
        raise Refused("The gate does not give this.")
    root = FileRoot(read_salts(parts.salts, envelope.count))
    for batch in read(parts.data):
        root.update(batch)
    if root.digest().hex() != envelope.root or root.rows != envelope.count:
        raise Refused("The root differs.")
    return envelope


def check_engagements(folder: Path, envelope: Envelope) -> list[str]:
    def open_line(line: bytes) -> bytes:
        return open_dsse(read_dsse(line, limit=2 * ENGAGEMENT_LIMIT), AGENCY.lookup, ENGAGEMENT_TYPE, limit=ENGAGEMENT_LIMIT)

    found = []
    for line, engagement in read_engagements(folder / "engagements.jsonl", envelope, open_line):
        if AGENCY.people[engagement.officer].key_id != signer_of(read_dsse(line)):
            raise Refused("Another person's key.")
        found.append(engagement.officer)
    return found


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_an_honest_batch_passes_every_check(tmp_path: Path, suffix: str) -> None:
    envelope = AGENCY.pack(tmp_path / "batch", suffix=suffix)
    AGENCY.engage_all(tmp_path / "batch", envelope.count)
    assert check_batch(tmp_path / "batch") == envelope and envelope.count == 5
    assert check_engagements(tmp_path / "batch", envelope) == AGENCY.engaged
    assert sorted(path.name for path in (tmp_path / "batch").iterdir()) == ["batch.json", f"data{suffix}", "engagements.jsonl", "salts.bin"]


@pytest.mark.parametrize("misdeed", BATCH_MISDEEDS)
def test_every_misdeed_in_a_batch_is_refused_without_a_value(tmp_path: Path, misdeed: str) -> None:
    rows = [{**row, "family_name": "CANARY"} for row in lawful_rows(5)]
    AGENCY.pack(tmp_path / "batch", rows, misdeed=misdeed)
    with pytest.raises(Refused) as raised:
        check_batch(tmp_path / "batch")
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize("misdeed", ENGAGEMENT_MISDEEDS)
def test_every_misdeed_in_an_engagement_is_refused(tmp_path: Path, misdeed: str) -> None:
    envelope = AGENCY.pack(tmp_path / "batch")
    ENGAGEMENT_MISDEEDS[misdeed](AGENCY, tmp_path / "batch", envelope)
    with pytest.raises(Refused):
        check_engagements(tmp_path / "batch", envelope)


def test_only_the_owner_can_read_what_was_packed(tmp_path: Path) -> None:
    AGENCY.pack(tmp_path / "batch")
    assert (tmp_path / "batch").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "batch").iterdir()} == {0o600}


def test_packing_twice_gives_other_salts_and_another_root(tmp_path: Path) -> None:
    first, second = AGENCY.pack(tmp_path / "one"), AGENCY.pack(tmp_path / "two")
    assert first.root != second.root
    assert (tmp_path / "one" / "data.csv").read_bytes() == (tmp_path / "two" / "data.csv").read_bytes()


def test_a_file_the_gateway_would_refuse_is_not_signed(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.csv", [{"income": "CANARY", "city": "x"}])
    with pytest.raises(Refused, match="'income'"):
        recipient.pack(data, tmp_path / "batch", AGENCY.people[AGENCY.signer], AGENCY.asking())
    assert not (tmp_path / "batch").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_nothing_is_packed_over_something(tmp_path: Path) -> None:
    (tmp_path / "batch").mkdir()
    data = write_rows(tmp_path / "data.csv", lawful_rows(1))
    with pytest.raises(Refused, match="already"):
        recipient.pack(data, tmp_path / "batch", AGENCY.people[AGENCY.signer], AGENCY.asking())


@pytest.mark.parametrize("change", [{"nonce": "x"}, {"time": "today"}, {"agency": ""}, {"agreement_id": "../x"}, {"agreement_version": 0}])
def test_an_envelope_that_would_be_refused_is_not_signed(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(Refused):
        AGENCY.pack(tmp_path / "batch", **change)
    assert not (tmp_path / "batch").exists()


def test_an_officer_signs_only_what_was_packed_and_only_once(tmp_path: Path) -> None:
    folder, officer = tmp_path / "batch", AGENCY.engaged[0]
    AGENCY.pack(folder)
    recipient.engage(folder, AGENCY.people[officer], officer, [2, 1, 5], signers=AGENCY.lookup)
    before = (folder / "engagements.jsonl").read_bytes()
    with pytest.raises(Refused, match="already"):
        recipient.engage(folder, AGENCY.people[officer], officer, [3])
    with pytest.raises(Refused, match="beyond"):
        recipient.engage(folder, AGENCY.people[AGENCY.engaged[1]], AGENCY.engaged[1], [6])
    with pytest.raises(Refused, match="no rows"):
        recipient.engage(folder, AGENCY.people[AGENCY.engaged[1]], AGENCY.engaged[1], [])
    (folder / "data.csv").write_bytes((folder / "data.csv").read_bytes().replace(b"Elm", b"Oak", 1))
    with pytest.raises(Refused, match="not those that were packed"):
        recipient.engage(folder, AGENCY.people[AGENCY.engaged[1]], AGENCY.engaged[1], [3])
    assert (folder / "engagements.jsonl").read_bytes() == before


def test_an_officer_can_ask_that_the_envelope_is_the_signers(tmp_path: Path) -> None:
    AGENCY.pack(tmp_path / "batch", misdeed="stranger signs")
    with pytest.raises(Refused, match="not enrolled"):
        recipient.engage(tmp_path / "batch", AGENCY.people[AGENCY.engaged[0]], AGENCY.engaged[0], [1], signers=AGENCY.lookup)
