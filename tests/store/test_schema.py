"""What the tables themselves make impossible, on both stores, and what they let through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Integer, LargeBinary, Table, Text, insert, update
from sqlalchemy.exc import IntegrityError

from portcullis.model import BatchState, Decision, Role
from portcullis.store import create_store, open_store, schema, writing
from store_rows import AGREEMENT, BATCH, agreement_row, batch_row, furnish, one_leaf


@pytest.fixture
def ready(store: Engine) -> Engine:
    furnish(store)
    return store


def add(engine: Engine, table: Table, **values: Any) -> None:
    with writing(engine) as conn:
        conn.execute(insert(table).values(**values))


def refuses(engine: Engine, table: Table, rule: str = "", **values: Any) -> None:
    with pytest.raises(IntegrityError, match=rule):
        add(engine, table, **values)


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda one: one.name)
def test_every_table_has_a_key_and_only_the_three_types(table: Table) -> None:
    assert table.primary_key.columns
    assert {type(column.type) for column in table.columns} <= {Text, Integer, LargeBinary}
    assert table.dialect_options["sqlite"]["strict"]


@pytest.mark.parametrize(("column", "value"), [("received_at", "soon"), ("count", 1.5), ("wrapped_key", "text"), ("nonce", b"bytes")])
def test_a_value_of_another_type_is_refused(tmp_path: Path, column: str, value: object) -> None:
    """PostgreSQL's columns have types; SQLite's have them only in STRICT tables, and otherwise keep whatever comes."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    create_store(url)
    engine, row = open_store(url), batch_row(2, agreement_id=None, agency=None, state="refused", wrapped_key=b"")
    strict, loose = (f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})" for name in ("batch", "loose"))
    with writing(engine) as conn:
        ddl = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'batch'").scalar_one()
        conn.exec_driver_sql(ddl.replace("CREATE TABLE batch", "CREATE TABLE loose").removesuffix(" STRICT"))
        conn.exec_driver_sql(loose, tuple((row | {column: value}).values()))
    with pytest.raises(IntegrityError, match="cannot store"), writing(engine) as conn:
        conn.exec_driver_sql(strict, tuple((row | {column: value}).values()))
    with writing(engine) as conn:
        conn.exec_driver_sql(strict, tuple(row.values()))


def test_a_time_after_2038_fits(ready: Engine) -> None:
    add(ready, schema.batch, **batch_row(2, received_at=1 << 40))


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (schema.batch, batch_row(2, state="released")),
        (schema.batch, batch_row(2, held=2)),
        (schema.batch, batch_row(2, count=-1)),
        (schema.batch, batch_row(2, id="../../etc/passwd")),
        (schema.request, {"batch_id": BATCH, "ordinal": 1, "log_request": "aa", "decision": "refer", "answered": 0}),
        (schema.assignment, {"batch_id": BATCH, "person": "P", "role": "everything"}),
        (schema.agreement, agreement_row(version=2, state="signed")),
        (schema.agreement, agreement_row(version=2, state="ended", valid_to=19_999)),
        (schema.party, {"agency": "X", "side": "both", "root_public": ""}),
    ],
)
def test_a_word_or_number_outside_the_vocabulary_is_refused(ready: Engine, table: Table, row: dict[str, Any]) -> None:
    refuses(ready, table, "ck_", **row)


def test_every_word_of_the_vocabulary_is_taken(ready: Engine) -> None:
    with writing(ready) as conn:
        for state in BatchState:
            conn.execute(update(schema.batch).values(state=state.value))
        for i, role in enumerate(Role):
            conn.execute(insert(schema.assignment).values(batch_id=BATCH, person=f"P-{i}", role=role.value))
        for i, decision in enumerate(one for one in Decision if one is not Decision.REFER):
            row = {"batch_id": BATCH, "ordinal": i, "log_request": f"{i:032x}", "decision": decision.value, "answered": 0}
            conn.execute(insert(schema.request).values(**row))


def test_a_batch_cannot_name_an_agency_or_agreement_that_is_not_there(ready: Engine) -> None:
    refuses(ready, schema.batch, "(?i)foreign key", **batch_row(2, agency="XYZ"))
    refuses(ready, schema.batch, "(?i)foreign key", **batch_row(2, agreement_version=2))


def test_a_row_cannot_rest_on_a_leaf_that_is_not_there(ready: Engine) -> None:
    order = {"id": "O-1", "scope": "{}", "court_time": 0, "imposed_at": 0}
    refuses(ready, schema.court_order, "(?i)foreign key", imposed_leaf=0, **order)
    with writing(ready) as conn:
        conn.execute(insert(schema.court_order).values(imposed_leaf=one_leaf(conn), **order))


def test_only_a_refused_batch_may_lack_what_its_envelope_did_not_say(ready: Engine) -> None:
    bare = {"id": "B-2026-000002", "log_id": "2" * 32, "held": 0, "received_at": 0}
    refuses(ready, schema.batch, "ck_batch_complete", state="received", **bare)
    add(ready, schema.batch, state="refused", **bare)


def test_a_nonce_serves_its_agency_once(ready: Engine) -> None:
    refuses(ready, schema.batch, "(?i)unique", **batch_row(2, nonce="nonce-1"))
    add(ready, schema.batch, **batch_row(2))


def test_a_person_has_one_role_per_batch(ready: Engine) -> None:
    add(ready, schema.assignment, batch_id=BATCH, person="IRS-1", role="reviewer")
    refuses(ready, schema.assignment, "(?i)unique", batch_id=BATCH, person="IRS-1", role="authorizer")
    add(ready, schema.assignment, batch_id=BATCH, person="IRS-2", role="authorizer")


def test_a_request_is_decided_once(ready: Engine) -> None:
    row = {"batch_id": BATCH, "ordinal": 1, "log_request": "0" * 32, "answered": 0}
    add(ready, schema.request, decision="no_disclosure", **row)
    refuses(ready, schema.request, "(?i)unique", decision="disclose", **row)


def test_one_sample_is_drawn_over_one_set_of_decisions(ready: Engine) -> None:
    row = {"batch_id": BATCH, "decisions_root": "aa", "size": 3, "state": "drawn"}
    add(ready, schema.sample, seed="first", **row)
    refuses(ready, schema.sample, "(?i)unique", seed="second", **row)
    add(ready, schema.sample, seed="other", **(row | {"decisions_root": "bb"}))


def test_a_random_commitment_serves_one_batch(ready: Engine) -> None:
    stock = {"commitment": "cc", "overseer": "OV-1", "apart": 1, "batch_id": BATCH}
    add(ready, schema.sample_stock, k=1, **stock)
    refuses(ready, schema.sample_stock, "(?i)unique", k=2, **stock)


def test_one_version_of_an_agreement_is_in_force(ready: Engine) -> None:
    refuses(ready, schema.agreement, "(?i)unique", **agreement_row(version=2))
    with writing(ready) as conn:
        conn.execute(update(schema.agreement).where(schema.agreement.c.id == AGREEMENT).values(state="ended"))
        conn.execute(insert(schema.agreement), agreement_row(version=2))


def _key(conn: Connection) -> None:
    row = {"agency": "IRS", "person": "IRS-1", "kind": "ed25519", "public": "AA==", "roles": "authorizer", "enrolled_at": 0}
    conn.execute(insert(schema.key).values(key_id="k1", leaf_idx=one_leaf(conn), **row))


def _authorization(nonce: str, **changes: Any) -> dict[str, Any]:
    row = {
        "nonce": nonce,
        "batch_id": BATCH,
        "officer": "IRS-1",
        "person": "IRS-1",
        "key_id": "k1",
        "root": "aa",
        "expires": 9,
        "act": "{}",
    }
    return row | {"at": 0, "leaf_idx": 0} | changes


def test_one_person_cannot_authorize_twice(ready: Engine) -> None:
    with writing(ready) as conn:
        _key(conn)
    add(ready, schema.authorization, **_authorization("n1"))
    refuses(ready, schema.authorization, "(?i)unique", **_authorization("n2"))
    refuses(ready, schema.authorization, "(?i)unique", **_authorization("n1", person="IRS-2"))
    add(ready, schema.authorization, **_authorization("n3", person="IRS-2"))


def test_after_voiding_the_same_person_may_authorize_anew(ready: Engine) -> None:
    with writing(ready) as conn:
        _key(conn)
    add(ready, schema.authorization, **_authorization("n1", voided_at=5))
    add(ready, schema.authorization, **_authorization("n2"))


def _release(root: str, state: str, dispatched: int | None = None) -> dict[str, Any]:
    row = {"batch_id": BATCH, "root": root, "state": state, "facts": "{}", "committed_leaf": 0, "dispatched_leaf": dispatched}
    return row | {"answers": 1, "sealed_root": "ss"}


def test_a_batch_has_one_release_and_after_a_stay_another(ready: Engine) -> None:
    with writing(ready) as conn:
        one_leaf(conn)
    add(ready, schema.release, **_release("aa", "committed"))
    refuses(ready, schema.release, "(?i)unique", **_release("bb", "committed"))
    with writing(ready) as conn:
        conn.execute(update(schema.release).values(state="withheld"))
    add(ready, schema.release, **_release("bb", "committed"))


@pytest.mark.parametrize(("state", "leaf"), [("dispatched", None), ("committed", 0), ("withheld", 0)])
def test_dispatched_means_that_a_leaf_says_so(ready: Engine, state: str, leaf: int | None) -> None:
    with writing(ready) as conn:
        one_leaf(conn)
    refuses(ready, schema.release, "ck_release_dispatched", **_release("aa", state, leaf))
    add(ready, schema.release, **_release("aa", "dispatched", 0))


def test_a_destroyed_batch_key_is_not_kept(ready: Engine) -> None:
    change: Callable[..., Any] = update(schema.batch).values
    with writing(ready) as conn:
        conn.execute(change(wrapped_key=b"wrapped"))
    with pytest.raises(IntegrityError, match="key_destroyed"), writing(ready) as conn:
        conn.execute(change(key_destroyed_at=5))
    with writing(ready) as conn:
        conn.execute(change(key_destroyed_at=5, wrapped_key=None))


def test_nothing_can_be_published_that_is_not_there(ready: Engine) -> None:
    with pytest.raises(IntegrityError, match="published_within"), writing(ready) as conn:
        conn.execute(update(schema.ledger_head).values(published_size=1))
