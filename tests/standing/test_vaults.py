"""Answers are sealed to an attested vault of the agency, enrolled under its root, and to nothing else (R46)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journey_home import Scene
from portcullis.crypto import AgreementKey, SigningKey
from portcullis.errors import Refused
from portcullis.model import LeafType
from portcullis.officers import content_hash, enrol_root
from portcullis.standing import enrol_vault, revoke_vault, vault_content, vault_of
from portcullis.standing.vaults import APPROVED

At = Callable[[str], Scene]


def enrol(scene: Scene, vault: str, storage: str = "agency-hsm", agency: str = "ICE", **signed: str) -> None:
    """Enrol a vault; `signed` says whose root signs (`root`) and which storage is signed (`over`), when that is another."""
    key = AgreementKey.generate()
    content = vault_content(agency, vault, key.public_jwk, signed.get("over", storage))
    act = scene.cast.act(f"root:{signed.get('root', agency)}", "vault.enroll", content)
    scene.step(lambda conn: enrol_vault(scene.home, conn, agency, vault, key.public_jwk, storage, act))


def revoke(scene: Scene, vault: str, root: str = "ICE") -> None:
    act = scene.cast.act(f"root:{root}", "vault.revoke", content_hash({"vault": vault}))
    scene.step(lambda conn: revoke_vault(scene.home, conn, vault, act))


def current(scene: Scene, agency: str = "ICE") -> str | None:
    with scene.read() as conn:
        found = vault_of(conn, agency)
    return found.id if found else None


@pytest.mark.parametrize("storage", ["workstation", "file-share", "mailbox", "laptop", "cloud", "", "AGENCY-HSM"])
def test_a_workstation_a_share_or_a_mailbox_is_no_vault(at: At, storage: str) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="cannot hold what is disclosed"):
        enrol(scene, "ICE-V2", storage)
    assert current(scene) == "ICE-V1"
    assert len(scene.leaves(LeafType.VAULT_ENROLLED)) == 1


@pytest.mark.parametrize("storage", sorted(APPROVED))
def test_attested_agency_storage_is(at: At, storage: str) -> None:
    scene = at("ready")
    scene.clock.forward(hours=1)
    enrol(scene, "ICE-V2", storage)
    assert current(scene) == "ICE-V2"


def test_the_storage_attested_is_part_of_what_the_root_signs(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="another content"):
        enrol(scene, "ICE-V2", "agency-hsm", over="workstation")


def test_a_vault_is_enrolled_once_and_by_its_own_agency(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="a vault ICE-V1 already"):
        enrol(scene, "ICE-V1")
    with pytest.raises(Refused):
        enrol(scene, "ICE-V2", root="IRS")
    assert current(scene) == "ICE-V1"


def test_the_latest_vault_that_is_not_revoked_holds(at_both: At) -> None:
    scene = at_both("ready")
    scene.clock.forward(hours=1)
    enrol(scene, "ICE-V2")
    assert current(scene) == "ICE-V2"
    revoke(scene, "ICE-V2")
    assert current(scene) == "ICE-V1"
    revoke(scene, "ICE-V1")
    assert current(scene) is None
    for unknown in ("ICE-V1", "ICE-V9"):
        with pytest.raises(Refused, match="No such vault"):
            revoke(scene, unknown)


def test_only_its_own_agency_revokes_a_vault(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused):
        revoke(scene, "ICE-V1", root="IRS")
    assert current(scene) == "ICE-V1"


def test_another_agencys_vault_is_never_sealed_to(at: At) -> None:
    scene = at("ready")
    scene.cast.roots["FBI"] = SigningKey.generate()
    scene.step(lambda conn: enrol_root(scene.home, conn, "FBI", "recipient", scene.cast.roots["FBI"].public))
    scene.clock.forward(hours=1)
    enrol(scene, "FBI-V1", agency="FBI")
    assert (current(scene), current(scene, "FBI"), current(scene, "IRS")) == ("ICE-V1", "FBI-V1", None)
