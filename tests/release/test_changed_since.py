"""Between two signatures and the dispatch anything may change: then nothing leaves, the signatures are void, and when it is put right
and signed anew the same batch goes out (journey.md, "The heart"; the rows are those of `may_release`)."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sqlalchemy import Connection, delete, update

from journey_home import AGREEMENT, ANSWERED, NOW, OFFICERS, PLAN, ROWS, Scene, rows_of, small, truth_of
from portcullis import evidence, synthetic
from portcullis.agreement import Agreement, adopt, adopted, end, propose, sign_agreement, suspend, switch_content, turn_switch
from portcullis.agreement.adopt import folder_of, state_content
from portcullis.crypto import AgreementKey, canonical
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.intake.batch import receive
from portcullis.journal import stamp
from portcullis.model import LeafType, Role
from portcullis.officers import content_hash, revoke_key
from portcullis.publish import publish
from portcullis.release import Withheld, commit_release, deliver, dispatch
from portcullis.release.answers import answers_root
from portcullis.standing import enrol_vault, revoke_vault
from portcullis.store import release_exclusive, schema
from portcullis.synthetic import SIGNER

At = Callable[[str], Scene]
Deed = Callable[[Scene], None]
TODAY = NOW // 86_400


@dataclass(frozen=True)
class Change:
    """What changes, which rows of `may_release` then refuse, and what puts it right (None: only a new batch can)."""

    name: str
    rows: tuple[str, ...]
    deed: Deed
    mend: Deed | None = None


# ---- the deeds ------------------------------------------------------------
def sql(statement: Callable[[Scene], object]) -> Deed:
    """A row changed by hand: what somebody with the database could do."""
    return lambda scene: scene.step(lambda conn: conn.execute(statement(scene)))  # type: ignore[call-overload]


def standing(name: str, value: int) -> Deed:
    return lambda scene: scene.step(lambda conn: scene.cast.standing(conn, name, value))


def officer(person: str, **changed: object) -> Deed:
    return lambda scene: scene.step(lambda conn: scene.cast.officer(conn, person, **changed))


def revoke(person: str, agency: str = "ICE") -> Deed:
    def deed(scene: Scene) -> None:
        key = scene.cast.keys[person].key_id
        act = scene.cast.act(f"root:{agency}", "key.revoke", content_hash({"key_id": key}))
        scene.step(lambda conn: revoke_key(scene.home, conn, key, act))

    return deed


def revoke_the_vault(scene: Scene) -> None:
    act = scene.cast.act("root:ICE", "vault.revoke", content_hash({"vault": "ICE-V1"}))
    scene.step(lambda conn: revoke_vault(scene.home, conn, "ICE-V1", act))


def another_vault(scene: Scene) -> None:
    scene.clock.forward(hours=1)
    scene.cast.vault = AgreementKey.generate()
    act = scene.cast.vault_act("ICE-V2", "agency-hsm")
    scene.step(lambda conn: enrol_vault(scene.home, conn, "ICE", "ICE-V2", scene.cast.vault.public_jwk, "agency-hsm", act))


def suspend_the_agreement(scene: Scene) -> None:
    act = scene.cast.act(scene.person(Role.COUNSEL), "agreement.suspended", state_content(AGREEMENT, 1, "suspended"), AGREEMENT)
    scene.step(lambda conn: suspend(scene.home, conn, AGREEMENT, act))


def next_version(scene: Scene, text: str = "", *, folder: Path | None = None) -> None:
    """Version 2 of the agreement, with `text` added, signed by both and adopted in place of version 1."""
    folder = folder or scene.inbox / "version-2"
    shutil.copytree(folder_of(scene.home, AGREEMENT, 1), folder)
    terms = folder / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n") + text, encoding="utf-8")
    cast, home = scene.cast, scene.home
    act = cast.act(scene.person(Role.COUNSEL), "agreement.ended", state_content(AGREEMENT, 1, "ended"), AGREEMENT)

    def change(conn: Connection) -> None:
        end(home, conn, AGREEMENT, act)
        agreement = propose(home, conn, folder)
        for agency in ("IRS", "ICE"):
            sign_agreement(home, conn, AGREEMENT, 2, agency, cast.act(f"root:{agency}", "agreement.sign", agreement.hash))
        adopt(home, conn, AGREEMENT, 2)

    scene.step(change)


def another_register(scene: Scene, **persons: pa.ChunkedArray) -> None:
    folder, made = scene.inbox / "another-register", small().register
    table = made.persons
    for name, column in persons.items():
        table = table.set_column(table.column_names.index(name), name, column)
    synthetic.write_register(replace(made, persons=table), folder)
    scene.load_register(folder)


def veto_the_second(scene: Scene) -> None:
    """The person whose address row 2 would disclose."""
    with scene.read() as conn:
        decided = evidence.read(scene.home, conn, scene.batch, "decisions", columns=["ordinal", "person_id"])
    person = decided["person_id"].to_pylist()[1]
    persons = small().register.persons
    another_register(scene, veto=pc.or_(pc.fill_null(persons["veto"], False), pc.equal(persons["person_id"], person)))


def damage(name: str) -> tuple[Deed, Deed]:
    """A byte of an evidence file flipped, and flipped back."""

    def flip(scene: Scene) -> None:
        path = scene.home.evidence(scene.batch, name)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))

    return flip, flip


def sealed_file(scene: Scene) -> Path:
    (path,) = (scene.home.path / "outbox" / scene.batch).glob("*.jsonl")
    return Path(path)


def swap_sealed(scene: Scene) -> None:
    """The last two sealed answers change places: every line is whole, the file is another."""
    lines = sealed_file(scene).read_bytes().splitlines(keepends=True)
    sealed_file(scene).write_bytes(b"".join([*lines[:-2], lines[-1], lines[-2]]))


def one_field_more(scene: Scene) -> None:
    """An insider with every key adds the taxpayer number to an answer, and makes all hashes agree again."""
    _rewrite_addresses(scene, lambda address: {**address, "taxpayer_number": "000000000"})


def without_it(scene: Scene) -> None:
    """And takes it out again."""
    _rewrite_addresses(scene, lambda address: {name: value for name, value in address.items() if name != "taxpayer_number"})


def _rewrite_addresses(scene: Scene, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    home, batch, b = scene.home, scene.batch, schema.batch
    with release_exclusive(home.engine) as conn:
        table = evidence.read(home, conn, batch, "answers")
        bodies = [json.loads(text) for text in table["body"].to_pylist()]
        changed = [{**body, "address": change(body["address"])} if "address" in body else body for body in bodies]
        texts = [canonical(body).decode() for body in changed]
        table = table.set_column(table.column_names.index("body"), "body", pa.array(texts))
        digest = evidence.seal_file(home, evidence.batch_key(home, conn, batch), batch, "answers", table)
        noted = json.loads(scene.row()["evidence_sha256s"]) | {"answers": digest}
        root = answers_root(texts, table["salt"].to_pylist())
        conn.execute(update(b).where(b.c.id == batch).values(answers_root=root, evidence_sha256s=canonical(noted).decode()))


def sample(state: str) -> Deed:
    return sql(lambda scene: update(schema.sample).values(state=state))


def put_switch(position: bool) -> Deed:
    def deed(scene: Scene) -> None:
        a = schema.agreement
        with release_exclusive(scene.home.engine) as conn:
            switches = json.loads(conn.execute(a.select()).mappings().one()["switches"]) | {"R33_tolerance": position}
            conn.execute(update(a).values(switches=canonical(switches).decode()))

    return deed


def turn(on: bool) -> Deed:
    """Counsel and the overseer turn a switch, as `agreement switch` does."""

    def deed(scene: Scene) -> None:
        dated = dt.date(1970, 1, 1) + dt.timedelta(days=(scene.clock() - 5 * 3600) // 86_400)
        content = switch_content(find_in_force(scene), "R33_tolerance", on, dated)
        people = (scene.person(Role.COUNSEL), scene.person(Role.OVERSEER))
        acts = [scene.cast.act(person, "switch.turn", content, AGREEMENT) for person in people]
        scene.step(lambda conn: turn_switch(scene.home, conn, AGREEMENT, "R33_tolerance", on, dated, acts))

    return deed


def find_in_force(scene: Scene) -> Agreement:
    with scene.read() as conn:
        found = adopted(scene.home, conn, AGREEMENT)
    assert found is not None
    return found


def a_third_authorizer(scene: Scene) -> None:
    """The first authorizer's key is gone for good; somebody else takes the place."""
    first = scene.person(Role.AUTHORIZER, 1)
    scene.newcomer("IRS-0009", Role.AUTHORIZER)
    scene.cast.keys[first] = scene.cast.keys["IRS-0009"]
    scene.cast.person = lambda role, number=1: (  # type: ignore[method-assign]
        "IRS-0009" if (role, number) == (Role.AUTHORIZER, 1) else type(scene.cast).person(scene.cast, role, number)
    )


def hide_register(scene: Scene) -> None:
    (scene.home.path / "register").rename(scene.inbox / "hidden")


def bring_register_back(scene: Scene) -> None:
    (scene.inbox / "hidden").rename(scene.home.path / "register")


q, i, a, leaf = schema.request, schema.sample_item, schema.assignment, schema.leaf
DECIDED = LeafType.REQUEST_DECIDED.value
CHANGES = (
    Change("agreement suspended", ("A5", "A11", "A12", "A13", "A14", "A16", "A17", "A19", "A25", "A27"), suspend_the_agreement),
    Change("another version of the agreement", ("A12", "A27"), next_version),
    Change("a switch turned by counsel and a second person", ("A8", "A10", "A14", "A23", "A27"), turn(False), turn(True)),
    Change("a switch in the database", ("A8", "A10", "A14", "A23"), put_switch(False), put_switch(True)),
    Change("agency suspended", ("A16", "A27"), standing("suspended", 1), standing("suspended", 0)),
    Change("finding without a plan", ("A16", "A27"), standing("findings_without_plan", 2), standing("findings_without_plan", 0)),
    Change(
        "signer leaves office",
        ("A17", "A27"),
        officer(SIGNER, office="head", office_from=TODAY - 300, office_to=TODAY - 1),
        officer(SIGNER, office="head", office_from=TODAY - 300),
    ),
    Change("signer's key revoked", ("A18",), revoke(SIGNER)),
    Change("an engaged officer's key revoked", ("A18",), revoke(OFFICERS[1])),
    Change("an engaged officer's training over", ("A19", "A27"), officer(OFFICERS[0], trained_on=TODAY - 366), officer(OFFICERS[0])),
    Change("an engaged officer leaves", ("A19", "A27"), officer(OFFICERS[1], active=0), officer(OFFICERS[1])),
    Change("an authorizer's key revoked", ("A8", "A10", "A18"), revoke("IRS-0004", "IRS"), a_third_authorizer),
    Change("authorizations expire", ("A8", "A10"), lambda scene: scene.clock.forward(hours=72), lambda scene: None),
    Change("vault revoked", ("A8", "A10", "A20", "A23", "A27"), revoke_the_vault, another_vault),
    Change("another vault", ("A8", "A10", "A23", "A27"), another_vault, lambda scene: None),
    Change("a veto on somebody in it", ("A21", "A22", "A27"), veto_the_second, Scene.load_register),
    Change(
        "another register",
        ("A21", "A22", "A27"),
        lambda scene: another_register(scene, suffix=pa.chunked_array([pa.nulls(small().register.persons.num_rows, pa.string())])),
        Scene.load_register,
    ),
    Change("register gone", ("A21", "A22"), hide_register, bring_register_back),
    Change("answers altered", ("A4", "A5"), *damage("answers")),
    Change("decisions altered", ("A21", "A22"), *damage("decisions")),
    Change("one field more in an answer", ("A5", "A8", "A10", "A23"), one_field_more, without_it),
    Change("sealed answers swapped", ("A4",), swap_sealed, lambda scene: None),
    Change("sealed file cut", ("A4",), lambda scene: sealed_file(scene).write_bytes(b'{"jwe":"x') and None, lambda scene: None),
    Change("sealed file gone", ("A4",), lambda scene: sealed_file(scene).unlink(), lambda scene: None),
    Change("a decision lost", ("A1", "A2"), sql(lambda scene: delete(q).where(q.c.batch_id == scene.batch, q.c.ordinal == 4))),
    Change(
        "a decision's leaf altered",
        ("A3",),
        sql(lambda scene: update(leaf).where(leaf.c.batch_id == scene.batch, leaf.c.type == DECIDED).values(hash=bytes(32))),
    ),
    Change("a verdict of the sample", ("A6",), sql(lambda scene: update(i).where(i.c.ordinal == 5).values(verdict="defect"))),
    Change("sample reopened", ("A6",), sample("drawn"), sample("passed")),
    Change(
        "an authorizer turns out to have reviewed",
        ("A9",),
        sql(lambda scene: update(a).where(a.c.person == "IRS-0005").values(role="reviewer")),
    ),
    Change("an order nobody acted on yet", ("A15",), lambda scene: scene.step(lambda conn: _order(conn, scene))),
)


def _order(conn: Connection, scene: Scene) -> None:
    """The row of an order without what `impose` does: as if a dispatch read it in the same instant."""
    values = {"id": "O-9", "scope": "{}", "court_time": NOW, "imposed_at": NOW, "imposed_leaf": 0}
    conn.execute(schema.court_order.insert().values(**values))


# ---- the stories ------------------------------------------------------------
def nothing_left(scene: Scene) -> None:
    """Back at sampled; signatures void, nothing sent, nothing accounted as disclosed, nothing to hand over."""
    assert scene.state == "sampled"
    assert scene.count(schema.authorization, voided_at=None) == 0
    assert scene.leaves(LeafType.AUTHORIZATION_VOIDED, batch=scene.batch)
    assert scene.count(schema.outbox, state="sent") == scene.count(schema.outbox, state="pending") == 0
    assert scene.count(schema.request, answered=1) == 0
    assert scene.leaves(LeafType.RELEASE_DISPATCHED, LeafType.DISCLOSURE) == []
    with pytest.raises(OutOfOrder, match="dispatched"):
        deliver(scene.home, scene.batch)
    assert not (scene.home.path / "outbox" / scene.batch / "release").exists()


def goes_out(scene: Scene) -> None:
    """Signed anew by two, the same decisions leave."""
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)
    assert len(scene.leaves(LeafType.DISCLOSURE, batch=scene.batch)) == len(ANSWERED)


def rows_in(reasons: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(reason.split()[0] for reason in reasons)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_what_changes_between_commit_and_dispatch_withholds_and_once_mended_and_signed_anew_it_goes(at: At, change: Change) -> None:
    scene = at("committed")
    change.deed(scene)
    withheld = dispatch(scene.home, scene.batch)
    assert isinstance(withheld, Withheld)
    assert rows_in(withheld.reasons) == change.rows
    nothing_left(scene)
    assert [one["why"] for one in scene.leaves(LeafType.RELEASE_WITHHELD)] == [
        ";".join(sorted({reason.split()[1] for reason in withheld.reasons}))
    ]
    if change.mend is not None:
        change.mend(scene)
        goes_out(scene)


BEFORE_COMMIT = (
    "a switch turned by counsel and a second person",
    "agency suspended",
    "an engaged officer leaves",
    "another vault",
    "a veto on somebody in it",
    "one field more in an answer",
)


@pytest.mark.parametrize("change", [c for c in CHANGES if c.name in BEFORE_COMMIT], ids=lambda change: change.name)
def test_what_changes_between_the_signatures_and_the_commit_voids_them_too(at: At, change: Change) -> None:
    scene = at("authorized")
    change.deed(scene)
    with pytest.raises(Refused, match="cannot be committed") as refusal:
        commit_release(scene.home, scene.batch)
    assert set(rows_in(tuple(refusal.value.why.split("; ")))) == set(change.rows) - {"A23"}
    nothing_left(scene)
    assert change.mend is not None
    change.mend(scene)
    goes_out(scene)


@pytest.mark.parametrize(
    "name",
    [
        "a switch turned by counsel and a second person",
        "agency suspended",
        "another vault",
        "sealed answers swapped",
        "an order nobody acted on yet",
    ],
)
def test_it_is_the_same_on_both_stores(at_both: At, name: str) -> None:
    change = next(c for c in CHANGES if c.name == name)
    scene = at_both("committed")
    change.deed(scene)
    withheld = dispatch(scene.home, scene.batch)
    assert isinstance(withheld, Withheld)
    assert rows_in(withheld.reasons) == change.rows
    nothing_left(scene)
    if change.mend is not None:
        change.mend(scene)
        goes_out(scene)


def test_a_rule_changed_on_disk_stops_everything_until_the_file_is_back(at: At) -> None:
    scene = at("committed")
    rule = folder_of(scene.home, AGREEMENT, 1) / "rules" / "R33.yaml"
    signed = rule.read_bytes()
    rule.write_bytes(signed.replace(b"on_false: fail", b"on_false: refer"))
    with pytest.raises(Tampered, match="not the one that was signed"):
        dispatch(scene.home, scene.batch)
    assert (scene.state, scene.leaves(LeafType.DISCLOSURE)) == ("committed", [])
    rule.write_bytes(signed)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_a_rule_added_to_the_folder_on_disk_stops_everything_too(at: At) -> None:
    scene = at("authorized")
    added = folder_of(scene.home, AGREEMENT, 1) / "rules" / "R99.yaml"
    added.write_bytes((added.parent / "R12.yaml").read_bytes().replace(b"R12", b"R99"))
    with pytest.raises(Tampered, match="not the one that was signed"):
        commit_release(scene.home, scene.batch)
    added.unlink()
    assert commit_release(scene.home, scene.batch) == len(ANSWERED)


def test_when_nothing_changes_it_goes(at_both: At) -> None:
    scene = at_both("committed")
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)
    assert scene.state == "dispatched"


def test_a_revoked_key_of_an_officer_who_is_not_in_the_batch_changes_nothing(at: At) -> None:
    scene = at("committed")
    assert OFFICERS[2] not in PLAN
    revoke(OFFICERS[2])(scene)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_any_change_of_the_agencys_roster_voids_even_of_an_officer_who_is_not_in_the_batch(at: At) -> None:
    """The offline verifier cannot know who is engaged, so it holds any change of the roster against the signatures; so does the gateway."""
    scene = at("committed")
    officer(OFFICERS[2], active=0)(scene)
    withheld = dispatch(scene.home, scene.batch)
    assert isinstance(withheld, Withheld)
    assert rows_in(withheld.reasons) == ("A27",)
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_a_second_key_of_the_signer_does_not_stand_in_for_the_one_that_signed(at: At) -> None:
    scene = at("committed")
    scene.another_key(SIGNER, Role.SIGNER, agency="ICE")
    revoke(SIGNER)(scene)
    withheld = dispatch(scene.home, scene.batch)
    assert isinstance(withheld, Withheld)
    assert rows_in(withheld.reasons) == ("A18",)


@pytest.mark.parametrize(
    "name",
    [
        "a switch turned by counsel and a second person",
        "agency suspended",
        "signer leaves office",
        "an engaged officer leaves",
        "another register",
    ],
)
def test_what_changed_and_changed_back_before_anybody_looked_voids_too(at: At, name: str) -> None:
    """What two people signed was seen at one time; what happened since they have not seen."""
    change = next(c for c in CHANGES if c.name == name)
    assert change.mend is not None
    scene = at("committed")
    change.deed(scene)
    change.mend(scene)
    withheld = dispatch(scene.home, scene.batch)
    assert isinstance(withheld, Withheld)
    assert rows_in(withheld.reasons) == ("A27",)
    nothing_left(scene)
    goes_out(scene)


def test_where_the_agreement_asks_for_a_witness_nothing_leaves_without_one(at: At) -> None:
    scene = at("ready")
    next_version(scene, "\nwitnesses: {quorum: 1}\n")
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    agency.pack(folder, rows_of(ROWS[:2]), time=stamp(NOW), agreement_version=2)
    agency.engage_all(folder, 2)
    scene.batch = receive(scene.home, folder).batch_id
    assert to_sampled(scene.cast, scene.batch, truth_of(ROWS[:2]))
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    with pytest.raises(Refused, match="witnesses"):
        dispatch(scene.home, scene.batch)
    assert scene.state == "committed", "a witness that is late voids nothing"
    assert scene.leaves(LeafType.RELEASE_DISPATCHED, LeafType.DISCLOSURE) == []
