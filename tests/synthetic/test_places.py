"""Addresses: every style of a place is the same address, misspelling is one edit, and what is deficient is no address."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from rapidfuzz.distance import Levenshtein

from portcullis import synthetic
from portcullis.synthetic.deficient import SHAPES, deficient
from portcullis.synthetic.draw import stream
from portcullis.synthetic.places import PLACE_KINDS, make_places
from portcullis.synthetic.render import Style, can_misspell, in_one_line, misspell, register_style, render, request_style

COUNT = 4000


@pytest.fixture(scope="module")
def places() -> pa.Table:
    return make_places(5, "test", COUNT, 1_000_000)


def genuine_judge():
    """The gateway's own judgement of addresses."""
    module = pytest.importorskip("portcullis.intake.addresses", reason="the address standardiser is not there")
    return getattr(module, "standardise_addresses", None) or pytest.skip("the address standardiser is not there")


def test_all_shapes_occur(places: pa.Table) -> None:
    many = make_places(6, "shapes", 20_000, 1_000_000)
    assert {PLACE_KINDS[code] for code in pc.unique(many["kind"]).to_pylist()} == set(PLACE_KINDS)


def test_every_address_names_a_street_or_a_box_a_city_a_state_and_a_zip(places: pa.Table) -> None:
    columns = render(places, register_style(stream(1, "style"), COUNT))
    assert all(columns[name].null_count == 0 for name in ("address_line", "city", "state", "postal_code"))
    assert all(re.search(r"\d", line) for line in columns["address_line"].to_pylist())


def test_misspelling_is_one_edit_in_the_name_of_the_street_and_nothing_else(places: pa.Table) -> None:
    edited = misspell(stream(2, "edit"), places, np.ones(COUNT, dtype=np.bool_))
    able = can_misspell(places)
    before, after = places["name"].to_pylist(), edited["name"].to_pylist()
    distances = np.array([Levenshtein.distance(a, b) for a, b in zip(before, after, strict=True)])
    assert able.sum() > COUNT / 3
    assert set(distances[able].tolist()) == {1}
    assert set(distances[~able].tolist()) == {0}
    assert edited.drop(["name"]).equals(places.drop(["name"]))


def test_the_free_text_form_holds_all_parts(places: pa.Table) -> None:
    columns = render(places, register_style(stream(1, "style"), COUNT))
    for text, zips in zip(in_one_line(columns).to_pylist()[:50], columns["postal_code"].to_pylist(), strict=False):
        assert text.endswith(zips) and text.count(",") >= 2


def test_every_written_address_is_judged_genuine(places: pa.Table) -> None:
    judge = genuine_judge()
    for style in (register_style(stream(3, "a"), COUNT), request_style(stream(3, "b"), COUNT)):
        judged = judge(pa.table(render(places, style)))
        refused = pc.equal(pc.fill_null(judged["genuine"], 2), 0)
        referred = pc.is_null(judged["genuine"])
        assert pc.sum(refused).as_py() == 0, pa.table(render(places, style)).filter(refused).slice(0, 10).to_pylist()
        assert pc.sum(referred).as_py() <= COUNT // 200, pa.table(render(places, style)).filter(referred).slice(0, 10).to_pylist()


def test_every_style_of_a_place_has_the_same_key(places: pa.Table) -> None:
    judge = genuine_judge()
    keys = []
    for full in (False, True):
        for case, inline in ((0, False), (1, True), (2, True)):
            same = Style(np.full(COUNT, full), np.full(COUNT, case), np.full(COUNT, inline), np.full(COUNT, -1))
            judged = judge(pa.table(render(places, same)))
            keys.append(
                list(zip(judged["delivery_key"].to_pylist(), judged["unit_key"].to_pylist(), judged["zip5"].to_pylist(), strict=True))
            )
    differing = [index for index in range(COUNT) if len({key[index] for key in keys}) > 1]
    assert not differing, [
        (render(places.take([index]), register_style(stream(1, "x"), 1)), {key[index] for key in keys}) for index in differing[:5]
    ]


@pytest.mark.parametrize("with_zip", [True, False])
def test_no_deficient_address_is_judged_genuine(with_zip: bool) -> None:
    judge = genuine_judge()
    columns, shape = deficient(stream(4, "d"), COUNT, with_zip=with_zip)
    judged = judge(pa.table(columns))
    passed = pc.fill_null(pc.equal(judged["genuine"], 1), False)
    assert pc.sum(passed).as_py() == 0, pa.table(columns).filter(passed).slice(0, 10).to_pylist()
    assert set(shape.tolist()) == set(range(len(SHAPES))) - {SHAPES.index("blank" if with_zip else "zip_only")}


@pytest.mark.parametrize("with_zip", [True, False])
def test_a_deficient_address_holds_a_five_digit_number_exactly_when_asked(with_zip: bool) -> None:
    columns, _ = deficient(stream(4, "d"), COUNT, with_zip=with_zip)
    text = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns.values()), " ").to_pylist()
    assert all(bool(re.search(r"(?<!\d)(\d{5}|\d{9})(?!\d)", value)) is with_zip for value in text)


def test_the_registers_own_addresses_are_judged_genuine(register: synthetic.Register) -> None:
    judged = genuine_judge()(register.addresses.slice(0, 5000))
    assert pc.sum(pc.fill_null(judged["genuine"], 0)).as_py() >= 4950
