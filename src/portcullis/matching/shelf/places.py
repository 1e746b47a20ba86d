"""Addresses on file as numbers: which tuples of columns go together, and how each column is read back.

spot        kind, house number, and the delivery key up to the house number
street      directions, street name, type, and the rest of the delivery key
town        city, state, ZIP
unit        unit key, unit as filed
status      years from and to, last known, joint
line        the address line as filed, without the house number where it begins with it
filed_town  city and state as filed
postal      postal code as filed, without the ZIP where it begins with it

A country has many addresses and few of each of these, so a row is eight small numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.hashing import Keys, combine, text_keys
from portcullis.matching.letters import letter_bits
from portcullis.matching.scalars import EMPTY, FALSE, STREET
from portcullis.matching.shelf.coding import Coded, coded, flat, split

__all__ = [
    "PLACE_GROUPS",
    "ROW_COLUMNS",
    "place_keys",
    "place_sets",
    "point_keys",
    "read_place",
    "sketches",
    "split_delivery",
    "with_lookups",
]

Rows = npt.NDArray[np.int64]
PLACE_GROUPS: dict[str, tuple[str, ...]] = {
    "spot": ("kind", "house", "head"),
    "street": ("predir", "street_name", "street_type", "postdir", "rest"),
    "town": ("city", "state", "zip5"),
    "unit": ("unit_key", "as_filed_unit"),
    "status": ("period_from", "period_to", "last_known", "joint"),
    "line": ("line_led", "line_rest"),
    "filed_town": ("as_filed_city", "as_filed_state"),
    "postal": ("postal_led", "postal_rest"),
}
_PLAIN = {c: g for g in ("spot", "street", "town", "unit", "status", "filed_town") for c in PLACE_GROUPS[g] if c not in ("head", "rest")}
ROW_COLUMNS = frozenset(_PLAIN) | {"delivery_key", "as_filed_address_line", "as_filed_postal_code"}
"""The text and number columns of an address that can be read back."""

_UNTYPED = np.uint32(1 << 15)
_HALF = np.uint32((1 << 15) - 1)


def split_delivery(keys: pa.Array) -> tuple[pa.Array, pa.Array]:
    """A delivery key (kind|number|…) as the part up to the house number, and the rest; two keys are equal when both parts are."""
    parts = pc.extract_regex(keys, r"^(?P<head>[^|]*\|[^|]*)\|(?P<rest>.*)$")
    return pc.struct_field(parts, "head"), pc.struct_field(parts, "rest")


def place_sets(place: pa.Table) -> dict[str, Coded]:
    """The columns of PLACE_GROUPS of a portion of addresses (`places.places`)."""
    columns = {c: coded(place[c]) for c in _PLAIN}
    key = coded(place["delivery_key"])
    for name, part in zip(("head", "rest"), (0, 1), strict=True):
        columns[name] = key.mapped(lambda values, part=part: split_delivery(values)[part])  # type: ignore[misc]
    line, postal = coded(place["as_filed_address_line"]), coded(place["as_filed_postal_code"])
    found = split(line, columns["house"], lambda v: _word(v, "word"), lambda v: _word(v, "rest"))
    columns |= {f"line_{k}": v for k, v in found.items()}
    found = split(postal, columns["zip5"], lambda v: pc.utf8_slice_codeunits(v, 0, 5), lambda v: pc.utf8_slice_codeunits(v, 5))
    return columns | {f"postal_{k}": v for k, v in found.items()}


def _word(values: pa.Array, part: str) -> pa.Array:
    return pc.struct_field(pc.extract_regex(values, r"(?s)^(?P<word>[^ ]*)(?P<rest>.*)$"), part)


def _street(kind: pa.Array, house: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.and_(pc.fill_null(pc.equal(kind, STREET), FALSE), pc.is_valid(house)))


def point_keys(parts: pa.Table) -> Keys:
    """What an address is found by beside its town: the house number, or the whole delivery point where there is none; 0 without a point."""
    head, rest = split_delivery(flat(parts["delivery_key"]))
    street = _street(flat(parts["kind"]), flat(parts["house"]))
    return _points(street, text_keys(parts["house"]), text_keys(head), text_keys(rest))


def _points(street: npt.NDArray[np.bool_], house: Keys, head: Keys, rest: Keys) -> Keys:
    """`rest` holds four bars at least, so its key is never 0 where there is a delivery point."""
    return np.where(head == 0, np.uint64(0), np.where(street, house, combine(head, rest)))


def sketches(street_name: pa.Array | pa.ChunkedArray, street_type: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.uint16]:
    """Sixteen bits of a street: its letters folded in two halves, and whether its type is missing.

    Equal delivery keys have equal sketches (spaces do not count), and one edit of the name changes at most two bits.
    """
    bits = letter_bits(pc.replace_substring(flat(street_name), " ", ""))
    folded = (bits | (bits >> np.uint32(15))) & _HALF
    untyped = np.asarray(pc.is_null(flat(street_type)))
    return np.where(untyped, folded | _UNTYPED, folded).astype(np.uint16)


def with_lookups(group: str, distinct: pa.Table) -> pa.Table:
    """A group's distinct tuples with what looking up reads of them: keys, letters, small numbers for equal parts."""
    more: dict[str, Any] = {}
    if group == "spot":
        street = _street(flat(distinct["kind"]), flat(distinct["house"]))
        more = {"street": street.astype(np.int8), "house_key": text_keys(distinct["house"]), "head_key": text_keys(distinct["head"])}
        more["head_number"] = coded(distinct["head"]).code
    elif group == "street":
        more = {"rest_key": text_keys(distinct["rest"]), "sketch": sketches(distinct["street_name"], distinct["street_type"])}
        more["rest_number"] = coded(distinct["rest"]).code
    elif group == "town":
        more = {"zip_key": text_keys(distinct["zip5"]), "place_key": combine(text_keys(distinct["city"]), text_keys(distinct["state"]))}
        filled = (pc.fill_null(distinct[c], EMPTY) for c in ("city", "state"))
        named = pc.coalesce(distinct["zip5"], pc.binary_join_element_wise(*filled, "/"))
        more["town_number"] = coded(named).code
    elif group == "unit":
        more["unit_number"] = coded(pc.if_else(pc.equal(distinct["unit_key"], ""), None, distinct["unit_key"])).code
    for name, values in more.items():
        distinct = distinct.append_column(name, pa.array(values))
    return distinct


def read_place(sets: Mapping[str, pa.Table], codes: Mapping[str, npt.NDArray[Any]], column: str) -> pa.Array:
    """One of ROW_COLUMNS for rows whose groups have these codes."""
    if column in _PLAIN:
        return _read(sets, codes, _PLAIN[column], column)
    if column == "delivery_key":
        parts = [_read(sets, codes, g, c) for g, c in (("spot", "head"), ("street", "rest"))]
        return pc.binary_join_element_wise(*parts, "|")
    group, led = ("line", "house") if column == "as_filed_address_line" else ("postal", "zip5")
    first = _read(sets, codes, _PLAIN[led], led)
    rest = _read(sets, codes, group, f"{group}_rest")
    opened = pc.equal(_read(sets, codes, group, f"{group}_led"), 1)
    return pc.if_else(opened, pc.binary_join_element_wise(first, rest, ""), rest)


def _read(sets: Mapping[str, pa.Table], codes: Mapping[str, npt.NDArray[Any]], group: str, column: str) -> pa.Array:
    values = sets[group][column]
    taken = flat(values).take(pa.array(codes[group]))
    return pc.cast(taken, pa.string()) if pa.types.is_large_string(taken.type) else taken


def place_keys(sets: Mapping[str, pa.Table], codes: Mapping[str, npt.NDArray[Any]]) -> tuple[Keys, Keys]:
    """(point with ZIP, point with city and state) of rows whose groups have these codes; 0 where a part is missing."""

    def of(group: str, column: str) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = np.asarray(flat(sets[group][column]))[codes[group]]
        return values

    point = _points(of("spot", "street") == 1, of("spot", "house_key"), of("spot", "head_key"), of("street", "rest_key"))
    return combine(point, of("town", "zip_key")), combine(point, of("town", "place_key"))
