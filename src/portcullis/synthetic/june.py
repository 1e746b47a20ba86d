"""The data file of 27 June 2025, shaped after what was reported of it (rules.md §2 and §5); all persons and addresses are synthetic.

| assumption | value | source |
| --- | --- | --- |
| rows, one signer, one engaged officer | 1.28 million x scale | [R] |
| answers of the reported process | 47,289 | [R] |
| of them by name and number, the supplied address never compared | 42,695 (90.3 %) | [R] |
| of them by name and address | 4,594 (9.7 %) | [I], the difference |
| of them with a placeholder or incomplete address | 2,350, all on the number path | [R] count; [I] path |
| answers that differ from the address supplied | 33,000 (70 %) | [R] |
| confirmed addresses that are not the last-known one | 8 % | [I] |
| full addresses on the number path that are on file | 27.1 % | [I], what the three figures above leave |
| absent namesake at a registered person's address (false accepts) | 0.5 % of the address path | [I] |
| not answered: surname differs / one letter amiss / no digits / moved | 0.15 / 0.15 / 0.10 / 0.30 % of rows | [I] |
| numbers nobody has / no number and no address / absent kin | 22 / 5 / 0.5 % of rows | [I] |
| birth date, middle name, suffix stated | 60 / 68 / 60 % | [I] |

A court counted every answer of the number path as unlawful because the supplied address was not confirmed, although 14,289 answers
(30 %) were equal to it: so `unlawful` asks what the process confirmed, not only what was on file (see `score`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from portcullis.synthetic.classes import RowClass
from portcullis.synthetic.deficient import deficient
from portcullis.synthetic.draw import Bools, stream
from portcullis.synthetic.elements import reported_elements
from portcullis.synthetic.people import SIGNER
from portcullis.synthetic.register import Register
from portcullis.synthetic.render import misspell, render, request_style
from portcullis.synthetic.rows import Rows, Written, as_table, identity_columns, make_rows, other_surnames, plan_officers, request_ids
from portcullis.synthetic.stated import Stated, on_file_rows, overlay, stated_places, truth_table

__all__ = ["FILE_DATE", "ROWS", "SyntheticBatch", "class_counts", "june_2025"]

FILE_DATE = date(2025, 6, 27)
ROWS = 1_280_000
ANSWERS, BY_NUMBER, DEFICIENT_ANSWERS, DIFFERING = 47_289, 42_695, 2_350, 33_000
HISTORIC = 0.08
ON_FILE = 0.271
NAMESAKES = 0.005
NAME_DIFFERS, NEAR, BLANK, MOVED = 0.0015, 0.0015, 0.0010, 0.0030
NO_HIT, NOTHING_STATED, ABSENT_KIN = 0.22, 0.05, 0.005
BIRTH_DATES, MIDDLE_NAMES, SUFFIXES = 0.60, 0.68, 0.60
OFFICER = "ICE-0002"
"""The one engaged officer [R]."""
_C = RowClass


@dataclass(frozen=True, slots=True)
class SyntheticBatch:
    """`requests` in the interface's columns; `truth`, hidden from the gateway; the signer; officers and the ordinals they are engaged in.

    `rows` and `stated` are what another batch about the same people is made from.
    """

    requests: pa.Table
    truth: pa.Table
    signer: str
    plan: dict[str, range]
    as_of: date
    rows: Rows
    stated: Stated


def class_counts(scale: float) -> dict[RowClass, int]:
    """How many rows of each class at that scale; they sum to 1.28 million x scale."""
    rows = round(ROWS * scale)
    by_number, by_address = round(BY_NUMBER * scale), round((ANSWERS - BY_NUMBER) * scale)
    unusable = int(DEFICIENT_ANSWERS * scale)
    on_file = round((by_number - unusable) * ON_FILE)
    namesakes = round(by_address * NAMESAKES)
    shares = {
        _C.NUMBER_BLANK: BLANK,
        _C.NUMBER_NAME_DIFFERS: NAME_DIFFERS,
        _C.NUMBER_NO_HIT: NO_HIT,
        _C.ADDRESS_NEAR: NEAR,
        _C.ADDRESS_MOVED: MOVED,
        _C.KIN_ABSENT: ABSENT_KIN,
        _C.ADDRESS_DEFICIENT: NOTHING_STATED,
    }
    counts = {
        _C.NUMBER_ON_FILE: on_file,
        _C.NUMBER_OTHER_ADDRESS: by_number - unusable - on_file,
        _C.NUMBER_DEFICIENT: unusable,
        _C.ADDRESS_ON_FILE: by_address - namesakes,
        _C.NAMESAKE_ABSENT: namesakes,
    } | {cls: round(rows * share) for cls, share in shares.items()}
    return counts | {_C.STRANGER: rows - sum(counts.values())}


def _states_number(rows: Rows) -> Bools:
    """Rows that state a taxpayer number."""
    return rows.cls <= int(_C.NUMBER_NO_HIT)


def june_2025(register: Register, scale: float = 0.05, seed: int = 2025) -> SyntheticBatch:
    """The file as it came, at that scale against that register (of 20 million x scale persons).

    Raises OutOfOrder when the register is too small for it.
    """
    rng = stream(seed, "june")
    rows = make_rows(register, class_counts(scale), rng)
    n = len(rows.cls)
    on_file = rows.is_a(_C.NUMBER_ON_FILE, _C.NUMBER_NAME_DIFFERS, _C.ADDRESS_ON_FILE, _C.ADDRESS_NEAR)
    record = on_file_rows(register, rows, on_file, HISTORIC, rng, newest=rows.is_a(_C.ADDRESS_NEAR))
    stated = stated_places(register, rows, record, seed, "june")
    written = Written(
        middle=rng.random(n) < MIDDLE_NAMES, initial=rng.random(n) < 0.5, suffix=rng.random(n) < SUFFIXES,
        dob=rng.random(n) < BIRTH_DATES, number=_states_number(rows), case=np.ones(n, dtype=np.int64),
    )  # fmt: skip
    address, genuine = _addresses(register, rows, stated, rng)
    ids = request_ids("J25", n)
    columns = {"request_id": ids} | identity_columns(other_surnames(rows, rng), written) | address | reported_elements(rng, n, FILE_DATE)
    truth = truth_table(register, rows, stated, ids=ids, genuine=genuine, lawful=np.zeros(n, dtype=np.bool_))
    return SyntheticBatch(as_table(columns, n), truth, SIGNER, plan_officers(n, (OFFICER,)), FILE_DATE, rows, stated)


def _addresses(register: Register, rows: Rows, stated: Stated, rng: np.random.Generator) -> tuple[dict[str, pa.Array], Bools]:
    """The address columns as supplied, and which of them are addresses at all."""
    n = len(rows.cls)
    columns = render(misspell(rng, stated.places, rows.is_a(_C.ADDRESS_NEAR)), request_style(rng, n))
    letter_for_letter = rows.is_a(_C.ADDRESS_ON_FILE, _C.NAMESAKE_ABSENT)
    verbatim = np.where(rows.host >= 0, register.history.first[np.maximum(rows.host, 0)], stated.record)[letter_for_letter]
    on_file = register.addresses.take(pa.array(verbatim))
    columns = overlay(columns, letter_for_letter, {name: on_file[name] for name in columns})
    usable, blank = rows.is_a(_C.NUMBER_DEFICIENT, _C.ADDRESS_DEFICIENT), rows.is_a(_C.NUMBER_BLANK)
    for chosen, with_zip in ((usable, True), (blank, False)):
        values, _ = deficient(rng, int(chosen.sum()), with_zip=with_zip)
        columns = overlay(columns, chosen, values)
    return columns, ~(usable | blank)
