"""From a folder to an agreement in force: both parties' roots sign its hash, and not a letter changes under a signature."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from journey_home import AGREEMENT, NOW, OFFICERS, Scene
from portcullis.agreement import adopt, adopted, agreement_hash, end, find, kept_hash, load_agreement, propose, sign_agreement, suspend
from portcullis.agreement.adopt import folder_of, state_content
from portcullis.agreement.kept_hash import hash_of_kept
from portcullis.crypto import SigningKey
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.model import LeafType
from portcullis.officers import enrol_root

At = Callable[[str], Scene]
COUNSEL = "IRS-0006"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped agreement as version 2, with its field catalogue."""
    target = tmp_path / "terms" / AGREEMENT
    shutil.copytree(find(AGREEMENT), target)
    shutil.copy2(find(AGREEMENT).parent / "fields.yaml", target / "fields.yaml")
    terms = target / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n"), encoding="utf-8")
    return target


def proposed(scene: Scene, folder: Path) -> str:
    found: list[str] = []
    scene.step(lambda conn: found.append(propose(scene.home, conn, folder).hash))
    return found[0]


def signed(scene: Scene, digest: str, agency: str, *, root: str | None = None) -> None:
    act = scene.cast.act(f"root:{root or agency}", "agreement.sign", digest)
    scene.step(lambda conn: sign_agreement(scene.home, conn, AGREEMENT, 2, agency, act))


def stop(scene: Scene, how: Callable[..., None], state: str, person: str = COUNSEL, version: int = 1) -> None:
    act = scene.cast.act(person, f"agreement.{state}", state_content(AGREEMENT, version, state), AGREEMENT)
    scene.step(lambda conn: how(scene.home, conn, AGREEMENT, act))


def in_force(scene: Scene) -> int | None:
    with scene.read() as conn:
        found = adopted(scene.home, conn, AGREEMENT)
    return found.version if found else None


def test_a_version_that_both_signed_takes_the_place_of_one_that_ended(at_both: At, folder: Path) -> None:
    scene = at_both("ready")
    digest = proposed(scene, folder)
    for agency in ("IRS", "ICE"):
        signed(scene, digest, agency)
    stop(scene, end, "ended")
    assert in_force(scene) is None
    scene.step(lambda conn: adopt(scene.home, conn, AGREEMENT, 2))
    assert in_force(scene) == 2
    kinds = [leaf["type"] for leaf in scene.leaves() if leaf["type"].startswith("agreement.")]
    assert kinds[4:] == ["agreement.proposed", "agreement.signed", "agreement.signed", "agreement.ended", "agreement.in_force"]


@pytest.mark.parametrize("who", [[], ["IRS"], ["ICE"]], ids=["nobody", "source only", "recipient only"])
def test_without_both_signatures_it_is_not_adopted(at: At, folder: Path, who: list[str]) -> None:
    scene = at("ready")
    digest = proposed(scene, folder)
    for agency in who:
        signed(scene, digest, agency)
    stop(scene, end, "ended")
    with pytest.raises(Refused, match="has not signed"):
        scene.step(lambda conn: adopt(scene.home, conn, AGREEMENT, 2))
    assert in_force(scene) is None


def test_one_version_is_in_force_at_a_time(at: At, folder: Path) -> None:
    scene = at("ready")
    digest = proposed(scene, folder)
    for agency in ("IRS", "ICE"):
        signed(scene, digest, agency)
    with pytest.raises(Refused, match="Another version"):
        scene.step(lambda conn: adopt(scene.home, conn, AGREEMENT, 2))
    assert in_force(scene) == 1


def test_only_the_parties_roots_sign(at: At, folder: Path) -> None:
    scene = at("ready")
    digest = proposed(scene, folder)
    scene.cast.roots["FBI"] = SigningKey.generate()
    scene.step(lambda conn: enrol_root(scene.home, conn, "FBI", "recipient", scene.cast.roots["FBI"].public))
    with pytest.raises(Refused, match="not a party"):
        signed(scene, digest, "FBI")
    with pytest.raises(Refused, match="not enrolled"):
        signed(scene, digest, "IRS", root="FBI")
    with pytest.raises(Refused, match="another content"):
        signed(scene, "00" * 32, "IRS")
    assert len(scene.leaves(LeafType.AGREEMENT_SIGNED)) == 2


def test_an_agency_has_one_root(at: At) -> None:
    scene = at("ready")
    scene.step(
        lambda conn: enrol_root(scene.home, conn, "ICE", "recipient", scene.cast.roots["ICE"].public)
    )  # the same one: nothing happens
    with pytest.raises(Refused, match="another root key already"):
        scene.step(lambda conn: enrol_root(scene.home, conn, "ICE", "recipient", SigningKey.generate().public))


def test_a_word_changed_between_proposal_and_signature_is_found(at: At, folder: Path) -> None:
    scene = at("ready")
    digest = proposed(scene, folder)
    kept = folder_of(scene.home, AGREEMENT, 2) / "agreement.yaml"
    kept.write_text(kept.read_text(encoding="utf-8").replace("mailing addresses", "mailing  addresses"), encoding="utf-8")
    with pytest.raises(Tampered, match="not the one that was signed"):
        signed(scene, digest, "IRS")


def test_a_version_is_proposed_once(at: At, folder: Path) -> None:
    scene = at("ready")
    proposed(scene, folder)
    with pytest.raises(Refused, match="known already"):
        proposed(scene, folder)
    with pytest.raises(OutOfOrder, match="cannot be adopted"):
        scene.step(lambda conn: adopt(scene.home, conn, AGREEMENT, 1))


def test_a_text_that_only_later_fails_to_prove_is_refused_today(at: At, folder: Path) -> None:
    """R32 and R33 would end with the year: from then on an address nobody confirmed could be disclosed."""
    scene = at("ready")
    for rule in ("R32", "R33"):
        path = folder / "rules" / f"{rule}.yaml"
        text = path.read_text(encoding="utf-8")
        assert "valid: {from: 1982-09-04}" in text
        path.write_text(text.replace("valid: {from: 1982-09-04}", "valid: {from: 1982-09-04, to: 2026-01-01}"), encoding="utf-8")
    digest = proposed(scene, folder)
    for agency in ("IRS", "ICE"):
        signed(scene, digest, agency)
    stop(scene, end, "ended")
    with pytest.raises(Refused, match="does not prove as its rules stand on 2026-01-01"):
        scene.step(lambda conn: adopt(scene.home, conn, AGREEMENT, 2))
    assert in_force(scene) is None


# ---- suspended, ended -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("how", "state"), [(suspend, "suspended"), (end, "ended")])
def test_counsel_takes_it_out_of_force_and_it_is_on_record(at_both: At, how: Callable[..., None], state: str) -> None:
    scene = at_both("ready")
    assert in_force(scene) == 1
    stop(scene, how, state)
    assert in_force(scene) is None
    assert [leaf["agreement"]["version"] for leaf in scene.leaves(LeafType(f"agreement.{state}"))] == [1]
    with pytest.raises(Refused, match="not in force"):
        stop(scene, how, state)


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0004", "IRS-0008", OFFICERS[0]])
def test_nobody_else_does(at: At, person: str) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="needs the role counsel"):
        stop(scene, suspend, "suspended", person)
    with pytest.raises(Refused, match="another content"):
        stop(scene, suspend, "suspended", version=2)
    assert in_force(scene) == 1


def test_it_is_in_force_only_within_its_days(at: At, folder: Path) -> None:
    scene = at("ready")
    terms, today = folder / "agreement.yaml", NOW // 86_400
    terms.write_text(terms.read_text(encoding="utf-8") + "\nin_force: {from: 2025-06-28, to: 2025-07-31}\n", encoding="utf-8")
    digest = proposed(scene, folder)
    for agency in ("IRS", "ICE"):
        signed(scene, digest, agency)
    stop(scene, end, "ended")
    scene.step(lambda conn: adopt(scene.home, conn, AGREEMENT, 2))
    assert (today, in_force(scene)) == (20_267, 2)
    scene.clock.at = NOW - 86_400
    assert in_force(scene) is None
    scene.clock.at = NOW + 33 * 86_400
    assert in_force(scene) == 2
    scene.clock.forward(days=1)
    assert in_force(scene) is None


# ---- what the hash covers -----------------------------------------------------------------------------------
def test_the_hash_covers_every_file_by_name_and_content(folder: Path) -> None:
    seen = {agreement_hash(folder)}

    def differs() -> None:
        found = agreement_hash(folder)
        assert found not in seen
        seen.add(found)

    for path in [folder / "agreement.yaml", folder / "fields.yaml", *sorted((folder / "rules").glob("R1*.yaml"))]:
        path.write_bytes(path.read_bytes() + b"\n# x\n")
        differs()
    (folder / "rules" / "R01.yaml").rename(folder / "rules" / "R01a.yaml")
    differs()
    (folder / "notes.txt").write_text("a note", encoding="utf-8")
    differs()
    (folder / "notes.txt").unlink()
    assert agreement_hash(folder) in seen


def test_nothing_outside_the_folder_is_part_of_an_agreement(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_bytes((folder / "rules" / "R12.yaml").read_bytes())
    (folder / "rules" / "R12.yaml").unlink()
    (folder / "rules" / "R12.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(Refused, match="is a link or no plain file"):
        load_agreement(folder)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("elements: [address_line,", "elements: [taxpayer_number, address_line,", "not a data element this gateway can release"),
        ("people: 2", "people: 1", "people must be 2"),
        ("valid_hours: 72", "valid_hours: 720", "valid_hours must be 72"),
        ("defects_allowed: 0", "defects_allowed: 3", "no defect is allowed"),
        ("\nversion: 2\n", "\nversion: 0\n", "a whole number from 1"),
    ],
    ids=["more data", "one authorizer", "a month", "defects", "version"],
)
def test_what_no_agreement_may_say_is_refused_with_its_place(folder: Path, old: str, new: str, why: str) -> None:
    terms = folder / "agreement.yaml"
    text = terms.read_text(encoding="utf-8")
    assert old in text
    terms.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(Refused, match=why) as refusal:
        load_agreement(folder)
    assert "agreement.yaml, line " in str(refusal.value)


def test_a_folder_that_was_hashed_is_hashed_again_when_anything_in_it_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is asked for at every release; a file that was changed is found, whatever time it claims to be of."""
    monkeypatch.setattr(kept_hash, "_SETTLED", 0)
    time.sleep(0.02)  # so coarse are a file system's times
    whole = hash_of_kept(folder)
    assert whole == agreement_hash(folder)
    changed = folder / "rules" / "R12.yaml"
    settled = changed.stat()
    assert hash_of_kept(folder) == whole
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("26", "62", 1), encoding="utf-8")
    os.utime(changed, ns=(settled.st_atime_ns, settled.st_mtime_ns))
    assert hash_of_kept(folder) == agreement_hash(folder) != whole
    changed.write_text(text, encoding="utf-8")
    assert hash_of_kept(folder) == whole
    (folder / "more.txt").write_text("more", encoding="utf-8")
    assert hash_of_kept(folder) == agreement_hash(folder) != whole
