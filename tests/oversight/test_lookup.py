"""The look-up beside the accounting: it finds what reading everything finds, and when it is wrong it is noticed, never believed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from journey_home import ROWS, Scene, row_of
from portcullis import accounting, backups
from portcullis.accounting.index import BLIND, build, open_index, root_of
from portcullis.crypto import canonical, write_parquet
from portcullis.errors import Tampered
from portcullis.oversight import Identity, accounting_of
from portcullis.store import schema, writing

At = Callable[[str], Scene]
MOVED = row_of(ROWS[1])
PERSON = Identity(given_name=MOVED["given_name"], family_name=MOVED["family_name"], date_of_birth=MOVED["date_of_birth"])
NOBODY = Identity(given_name="Zora", family_name="Quillsby", date_of_birth="1970-01-01")


def found(scene: Scene, identity: Identity = PERSON) -> list[object]:
    return [one["request"] for one in accounting_of(scene.home, identity, "IRS-0006")]


def index_of(scene: Scene) -> Path:
    path: Path = scene.home.path / "accounting" / f"{scene.batch}.idx"
    return path


def reindexed(scene: Scene) -> str:
    with writing(scene.home.engine) as conn:
        return accounting.reindex(scene.home, conn, scene.batch)


def note(scene: Scene, **changes: str | None) -> None:
    """Change what the store notes of the batch's files, as somebody who writes into the store could."""
    b = schema.batch
    noted = json.loads(scene.row()["evidence_sha256s"]) | changes
    kept = canonical({name: value for name, value in noted.items() if value is not None}).decode()
    scene.step(lambda conn: conn.execute(update(b).where(b.c.id == scene.batch).values(evidence_sha256s=kept)))


# ---- it finds what is there ---------------------------------------------------------------------------------------------------------
Blinds = list[tuple[int | None, ...]]
BLINDS = st.lists(st.tuples(*(st.none() | st.integers(0, 9) for _ in BLIND)), max_size=40)


@given(BLINDS)
@settings(max_examples=60)
def test_it_finds_every_row_that_bears_a_key_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int | None, ...]]
) -> None:
    folder, key, digest = tmp_path_factory.mktemp("index"), bytes(range(32)), "ab" * 32
    names = [canonical(["n", n]).ljust(32, b"\xff")[:32] for n in range(11)]  # many share their first bytes, as no hash would
    columns = {name: pa.array([None if row[at] is None else names[row[at]] for row in rows], pa.binary()) for at, name in enumerate(BLIND)}
    data = build(pa.table(columns), key, digest, bytes(32))
    (folder / "x.idx").write_bytes(data)
    index = open_index(folder / "x.idx", key, digest, root_of(data))
    assert index.rows == len(rows)
    for n, name in enumerate(names):
        assert index.find([name]) == [at for at, row in enumerate(rows) if n in row]


def test_it_finds_each_of_many_in_many_buckets(tmp_path: Path) -> None:
    keys = [secrets.token_bytes(32) for _ in range(20_000)]
    data = build(pa.table({name: pa.array(keys, pa.binary()) for name in BLIND}), bytes(32), "00" * 32, bytes(32))
    (tmp_path / "x.idx").write_bytes(data)
    index = open_index(tmp_path / "x.idx", bytes(32), "00" * 32, root_of(data))
    assert index.bits > 4
    assert [index.find([key]) for key in keys[::97]] == [[at] for at in range(0, len(keys), 97)]
    assert index.find([secrets.token_bytes(32)]) == []
    assert not any(key[:8] in data for key in keys[::97])


def test_reading_the_whole_accounting_finds_the_same(at_both: At) -> None:
    scene = at_both("dispatched")
    by_index = [accounting_of(scene.home, identity, "IRS-0006") for identity in (PERSON, NOBODY)]
    note(scene, **{"accounting-index": None})  # a home from before there were look-ups
    index_of(scene).unlink()
    assert [accounting_of(scene.home, identity, "IRS-0006") for identity in (PERSON, NOBODY)] == by_index
    assert reindexed(scene) == "written"
    assert [accounting_of(scene.home, identity, "IRS-0006") for identity in (PERSON, NOBODY)] == by_index
    assert (len(by_index[0]), by_index[1], reindexed(scene)) == (1, [], "right")


# ---- when it is wrong it is noticed -------------------------------------------------------------------------------------------------
def flip(where: float) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        data = bytearray(index_of(scene).read_bytes())
        data[int(where * (len(data) - 1))] ^= 1
        index_of(scene).write_bytes(data)

    return change


def without_the_person(scene: Scene) -> None:
    """As good as an index can be, made with the key, but one entry is not in it."""
    with scene.read() as conn:
        table = accounting.read(scene.home, conn, scene.batch, BLIND)
    noted, old = json.loads(scene.row()["evidence_sha256s"]), index_of(scene).read_bytes()
    none = {name: pa.array([None if n == 1 else v for n, v in enumerate(table[name].to_pylist())], pa.binary()) for name in BLIND}
    index_of(scene).write_bytes(build(pa.table(none), scene.home.accounting_key, noted["accounting"], old[48:80]))


WRONG = {
    "the first byte": flip(0.0),
    "a count": flip(0.12),
    "the directory": flip(0.15),
    "a bucket": flip(0.6),
    "the last byte": flip(1.0),
    "cut short": lambda scene: index_of(scene).write_bytes(index_of(scene).read_bytes()[:-40]),
    "empty": lambda scene: index_of(scene).write_bytes(b""),
    "gone": lambda scene: index_of(scene).unlink(),
    "one person left out": without_the_person,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_index_is_noticed_and_made_again(at: At, name: str) -> None:
    scene = at("dispatched")
    before = found(scene)
    WRONG[name](scene)
    with pytest.raises(Tampered, match="look-up of the accounting is not what was written"):
        found(scene)
    assert reindexed(scene) == "mended"
    assert found(scene) == before == [f"{scene.batch}/2"]


def test_an_index_without_one_person_whose_root_is_noted_too_does_not_pass_for_the_accountings_own(at: At) -> None:
    """Somebody with the key and the store leaves a disclosure out of both; making it again tells."""
    scene = at("dispatched")
    without_the_person(scene)
    note(scene, **{"accounting-index": root_of(index_of(scene).read_bytes())})
    with pytest.raises(Tampered, match="does not give the look-up noted with it"):
        reindexed(scene)


def test_the_index_of_another_batch_or_another_accounting_is_refused(at: At) -> None:
    scene = at("dispatched")
    first = scene.batch
    scene.send([MOVED, row_of(ROWS[0])])
    from portcullis import journey  # noqa: PLC0415 - used here alone

    journey.run(scene.home, scene.batch)
    second, folder = scene.batch, scene.home.path / "accounting"
    own = {name: (folder / f"{second}.{name}").read_bytes() for name in ("idx", "parquet")}
    for swapped in (["idx"], ["parquet"], ["idx", "parquet"]):
        for name in swapped:
            (folder / f"{second}.{name}").write_bytes((folder / f"{first}.{name}").read_bytes())
        with pytest.raises(Tampered):
            found(scene)
        for name, data in own.items():
            (folder / f"{second}.{name}").write_bytes(data)
    assert found(scene) == [f"{first}/2", f"{second}/1"]


def test_an_entry_written_anew_with_all_hashes_is_not_what_the_ledger_commits_to(at: At) -> None:
    """Somebody with the accounting key rewrites an entry, its file, its index, and what the store notes."""
    scene = at("dispatched")
    with scene.read() as conn:
        table = accounting.read(scene.home, conn, scene.batch)
    for column, old, new in (
        ("entry", '"outcome":"disclose"', '"outcome":"no_disclosure"'),
        ("decision", '"decision":"disclose"', '"decision":"no_disclosure"'),
        ("subject", MOVED["family_name"] or "", "Quillsby"),
    ):
        place = table.column_names.index(column)
        forged = table.set_column(place, column, pa.array([text.replace(old, new) for text in table[column].to_pylist()]))
        path = accounting.path_of(scene.home, scene.batch)
        digest = write_parquet(path, forged, scene.home.accounting_key)
        note(scene, **{"accounting": digest, "accounting-index": None})
        assert reindexed(scene) == "written"
        with pytest.raises(Tampered, match="not the one the ledger commits to"):
            found(scene)


# ---- it lasts ----------------------------------------------------------------------------------------------------------------------
def test_it_outlives_the_batchs_key_and_comes_back_with_a_backup(at: At, tmp_path: Path) -> None:
    scene = at("dispatched")
    b = schema.batch
    scene.step(lambda conn: conn.execute(update(b).where(b.c.id == scene.batch).values(wrapped_key=None, key_destroyed_at=scene.clock())))
    assert found(scene) == [f"{scene.batch}/2"]
    backups.create(scene.home, tmp_path / "backup")
    kept = tmp_path / "backup" / "accounting" / index_of(scene).name
    assert kept.read_bytes() == index_of(scene).read_bytes()


def test_a_refused_batch_has_one_too(at: At) -> None:
    from portcullis.intake.batch import receive  # noqa: PLC0415 - used here alone
    from portcullis.journal import stamp  # noqa: PLC0415

    scene = at("ready")
    folder = scene.folder()
    scene.agency(["ICE-1001"]).pack(folder, [MOVED | {"request_id": "A-3"}], gate="6103(i)(1)", time=stamp(scene.clock()))
    scene.batch = receive(scene.home, folder).batch_id
    assert found(scene) == [f"{scene.batch}/1"] and index_of(scene).is_file()
    with scene.read() as conn:
        assert conn.execute(select(schema.batch.c.state).where(schema.batch.c.id == scene.batch)).scalar_one() == "refused"
    index_of(scene).unlink()
    with pytest.raises(Tampered, match="not what was written"):
        found(scene)
