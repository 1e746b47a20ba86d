"""A table of addresses to its standard form. Signatures are parsed, not rows: work in Python is per different token, value or shape.

A row's result depends on its own six values alone, so a batch and its rows one by one give the same answer to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.assemble import Flat, column, compact
from portcullis.intake.addresses.columns import OUTPUT_COLUMNS, Values, inputs, row_texts
from portcullis.intake.addresses.doubt import Reading
from portcullis.intake.addresses.located import Located, stated_of
from portcullis.intake.addresses.signatures import Parsed, parse_rows
from portcullis.intake.addresses.stream import Ints, Stream, stream_of
from portcullis.intake.addresses.tail import find_tail
from portcullis.intake.addresses.verdicts import judged, readings_of

__all__ = ["standardise_addresses"]

_CHUNK = 1 << 18


def standardise_addresses(table: Any) -> Any:
    """Standard parts, keys and judgement of each address, in the order of the rows.

    Input: nullable text columns INPUT_COLUMNS, missing ones are null. Output: OUTPUT_COLUMNS, all text except `genuine` and
    `institution_word` (int8). `genuine` is 1, 0 or null (a person decides); `reason` says why it is not 1.
    """
    pieces = [_standardise(inputs(table.slice(start, _CHUNK))) for start in range(0, max(table.num_rows, 1), _CHUNK)]
    return pa.concat_tables(pieces).combine_chunks()


def _standardise(raw: dict[str, Any]) -> Any:
    cities, states = Values(raw["city"]), Values(raw["state"])
    parted = cities.has_text() | states.has_text()
    stream = stream_of(row_texts(raw, parted))
    tail = find_tail(stream)
    stated, state_status = stated_of(states, tail, parted)
    repeated = parted & (tail.state >= 0) & (tail.zip_at >= 0)
    parsed = parse_rows(stream, tail.start, ~parted | repeated, stated)
    flat = Flat(stream.codes, stream.bounds, parsed.roles)
    towns = pc.if_else(pa.array(parted), raw["city"], column(flat, "C", stream.facts.texts["town"]))
    zips = pc.if_else(pa.array(parted), raw["postal_code"], _at(stream, tail.zip_at))
    place = Located(towns, stated, state_status, zips)
    return _columns(flat, stream, parsed, place)


def _at(stream: Stream, places: npt.NDArray[np.int64]) -> Any:
    """The token at a place of the stream for each row, null where the place is -1."""
    if not (places >= 0).any():
        return pa.nulls(len(places), pa.string())
    spelled = stream.facts.spelled
    found = pa.array([spelled[code] for code in stream.codes[places[places >= 0]].tolist()], pa.string())
    which = np.cumsum(places >= 0) - 1
    return found.take(pa.array(which, mask=places < 0))


def _columns(flat: Flat, stream: Stream, parsed: Parsed, place: Located) -> Any:
    forms = stream.facts.texts
    out = {
        "kind": pa.array([found.kind for found in parsed.parses], pa.string()).take(pa.array(parsed.which)),
        "number": column(flat, "N", forms["number"]),
        "predir": column(flat, "P", forms["name"]),
        "street_name": column(flat, "S1234567", forms["name"]),
        "street_type": column(flat, "T", forms["street_type"]),
        "postdir": _direction(column(flat, "Q", forms["name"])),
        "unit": _or_null(column(flat, "UIF", forms["unit"])),
        "unit_key": _unit_key(flat, stream),
        **{name: pa.array(getattr(place, name), pa.string()) for name in ("city", "state", "zip5")},
    }
    out["predir"], out["street_name"] = _before(out["predir"], out["street_name"])
    out["delivery_key"] = _delivery_key(out, column(flat, "B", forms["name"], ""))
    readings = readings_of(stream, parsed)
    out["genuine"], out["reason"] = judged(readings, parsed, out, place)
    out["institution_word"] = pa.array(np.isin(readings, (Reading.INSTITUTION, Reading.HELD)).astype(np.int8))
    return pa.table(out).select(list(OUTPUT_COLUMNS))


def _before(predir: Any, name: Any) -> tuple[Any, Any]:
    """Directions before a name, and the name: in E S TEMPLE the second direction is part of it."""
    crossed = pc.fill_null(pc.match_substring_regex(predir, "^[EW] [NS]$"), False)
    if not pc.any(crossed).as_py():
        return _direction(predir), name
    whole = pc.binary_join_element_wise(pc.utf8_slice_codeunits(predir, 2), name, " ")
    return _direction(pc.if_else(crossed, pc.utf8_slice_codeunits(predir, 0, 1), predir)), pc.if_else(crossed, whole, name)


def _direction(values: Any) -> Any:
    """NORTH WEST is one direction; EAST WEST is two words of a name."""
    return pc.replace_substring_regex(values, "^([NS]) ([EW])$", r"\1\2")


def _delivery_key(out: dict[str, Any], urb: Any) -> Any:
    """Every part of the delivery line but the unit, without spaces, so that MC INTYRE and MCINTYRE are one; a fraction stays apart."""
    number = pc.replace_substring_regex(pc.fill_null(out["number"], ""), r" ([0-9]+/)", r"+\1")
    parts = [compact(number), *(compact(out[name]) for name in ("predir", "street_name", "street_type", "postdir")), compact(urb)]
    key = pc.binary_join_element_wise(out["kind"], *parts, "|")
    return pc.if_else(pc.is_valid(out["kind"]), key, pa.scalar(None, pa.string()))


def _unit_key(flat: Flat, stream: Stream) -> Any:
    """Units of one building apart, renderings alike: designators that share one numbering are left out, floors and buildings stay."""
    texts = stream.facts.texts
    forms = pa.concat_arrays([texts["unit_key"], texts["floor"]])
    codes: Ints = np.where(flat.roles == ord("F"), flat.codes + len(texts["unit_key"]), flat.codes)
    picked = column(Flat(codes, flat.bounds, flat.roles), "UIF", forms, "")
    return _or_null(pc.ascii_ltrim(pc.replace_substring(pc.replace_substring(picked, "//", "/"), "//", "/"), "/"))


def _or_null(values: Any) -> Any:
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
