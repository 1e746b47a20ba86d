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
from portcullis.intake.addresses.doubt import Reading, read
from portcullis.intake.addresses.fold import fold
from portcullis.intake.addresses.grammar import KINDS, Parse, parse
from portcullis.intake.addresses.judge import Judgement, Parts, judge
from portcullis.intake.addresses.lexicon import Token, classify, split
from portcullis.intake.addresses.phrases import TRIGGERS, merge
from portcullis.intake.addresses.place import STATUSES, Value, agreement, city, state, zip5, zip_state
from portcullis.intake.addresses.tail import ends_of, find_tail
from portcullis.intake.addresses.tokens import FIELD, tokenise
from portcullis.intake.addresses.vocabulary import places

__all__ = ["INPUT_COLUMNS", "OUTPUT_COLUMNS", "standardise_addresses"]

INPUT_COLUMNS = ("address_line", "unit", "city", "state", "postal_code", "address")
OUTPUT_COLUMNS = (
    *("kind", "number", "predir", "street_name", "street_type", "postdir", "unit", "city", "state", "zip5"),
    *("delivery_key", "unit_key", "genuine", "reason", "institution_word"),
)
_CHUNK = 1 << 17
_MAX_TOKENS, _MAX_BYTES = 36, 400
_MILITARY = frozenset({"AA", "AE", "AP"})
_MEMO_LIMIT = 2_000_000
_memo: dict[str, Token] = {}

_Ints = npt.NDArray[np.int64]


def standardise_addresses(table: Any) -> Any:
    """Standard parts, keys and judgement of each address, in the order of the rows.

    Input: nullable text columns INPUT_COLUMNS, missing ones are null. Output: OUTPUT_COLUMNS, all text except `genuine` and `institution_word`
    (int8). `genuine` is 1, 0 or null (a person decides); `reason` says why it is not 1.
    """
    pieces = [_standardise(_inputs(table.slice(start, _CHUNK))) for start in range(0, max(table.num_rows, 1), _CHUNK)]
    return pa.concat_tables(pieces).combine_chunks()


def _inputs(table: Any) -> dict[str, Any]:
    names = set(table.column_names)
    found = {}
    for name in INPUT_COLUMNS:
        values = table.column(name).cast(pa.string()) if name in names else pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
        found[name] = _ascii(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
    return found


def _ascii(values: Any) -> Any:
    """The values with every one that is not ASCII folded."""
    plain = pc.fill_null(pc.string_is_ascii(values), True)
    if pc.all(plain, min_count=0).as_py():
        return values
    foreign = pc.invert(plain)
    return pc.replace_with_mask(values, foreign, pa.array([fold(text) for text in values.filter(foreign).to_pylist()], pa.string()))


class _Values:
    """One column by its different values."""

    def __init__(self, values: Any) -> None:
        encoded = pc.dictionary_encode(values, null_encoding="encode")
        self.different: list[str | None] = encoded.dictionary.to_pylist()
        self.codes: _Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def has_text(self) -> npt.NDArray[np.bool_]:
        known = np.array([bool(text) and any(char.isalnum() or char == "~" for char in text or "") for text in self.different] or [False], np.bool_)
        return known[self.codes]


def _standardise(raw: dict[str, Any]) -> Any:
    rows = len(raw["address"])
    cities, states = _Values(raw["city"]), _Values(raw["state"])
    parted = cities.has_text() | states.has_text()
    texts = _texts(raw, parted)
    flat_codes, bounds, facts, spelled = _tokens(texts)
    tail = find_tail(flat_codes, bounds[:-1], bounds[1:], ends_of(spelled))
    state_values = [state(text) for text in states.different]
    state_codes = _Strings([value.text for value in state_values]).take(states.codes)
    free_state = np.array([*places().codes, None], object)[tail.state]
    stated = np.where(parted, state_codes, free_state)
    classes = _classes(flat_codes, bounds, facts, tail.start, parted, stated)
    parses, parse_codes = _parses(classes, bounds)
    roles = _roles(parses, parse_codes)
    flat = Flat(flat_codes, bounds, roles)
    place = _Place(raw, parted, stated, state_values, states.codes, tail, flat, facts, spelled)
    return _finish(rows, flat, facts, spelled, parses, parse_codes, place)


def _statuses(values: list[Value]) -> _Ints:
    return np.array([STATUSES.index(value.status) for value in values] or [0], np.int64)


class _Strings:
    """A list of optional strings to be taken by code."""

    def __init__(self, values: list[str | None]) -> None:
        self.values = np.array([*values, None], object)

    def take(self, codes: _Ints) -> npt.NDArray[Any]:
        return np.asarray(self.values[codes])


def _texts(raw: dict[str, Any], parted: npt.NDArray[np.bool_]) -> Any:
    """One text per row, beginning with a field mark: line and unit where city or state stand apart, else everything."""
    mark = pa.scalar(FIELD)
    line = pc.if_else(pc.fill_null(pc.equal(pc.utf8_trim_whitespace(raw["address_line"]), ""), True), raw["address"], raw["address_line"])
    unit = pc.binary_join_element_wise(mark, raw["unit"], pa.scalar(" "), "", null_handling="skip")
    unit = pc.if_else(pc.is_valid(raw["unit"]), unit, "")
    apart = pc.binary_join_element_wise(mark, line, pa.scalar(" "), unit, pa.scalar(" "), "", null_handling="replace", null_replacement="")
    comma = pa.scalar(" , ")
    parts = [raw["address"], comma, raw["address_line"], comma, raw["unit"], comma, raw["postal_code"]]
    whole = pc.binary_join_element_wise(mark, *parts, pa.scalar(" "), "", null_handling="replace", null_replacement="")
    texts = pc.if_else(pa.array(parted), apart, whole)
    return pc.if_else(pc.greater(pc.binary_length(texts), _MAX_BYTES), pa.scalar(FIELD + "~ "), texts)


def _facts(tokens: list[str]) -> list[Token]:
    if len(_memo) > _MEMO_LIMIT:
        _memo.clear()
    found = []
    for token in tokens:
        fact = _memo.get(token)
        if fact is None:
            fact = _memo[token] = classify(token)
        found.append(fact)
    return found


def _tokens(texts: Any) -> tuple[_Ints, _Ints, list[Token], list[str]]:
    """Which different token each token is, where rows begin, and facts and spelling of the different tokens, after splitting APT4 and its like."""
    tokens, bounds = tokenise(texts)
    encoded = pc.dictionary_encode(tokens)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    spelled: list[str] = encoded.dictionary.to_pylist()
    pieces = [split(token) for token in spelled]
    if any(len(piece) > 1 for piece in pieces):
        index = {token: code for code, token in enumerate(spelled)}
        second = np.full(len(spelled), -1, np.int64)
        first = np.arange(len(spelled), dtype=np.int64)
        for code, piece in enumerate(pieces):
            if len(piece) > 1:
                first[code], second[code] = (index.setdefault(part, len(index)) for part in piece)
        counts = 1 + (second[codes] >= 0)
        grown = np.repeat(codes, counts)
        later = np.concatenate(([0], np.cumsum(counts)))
        is_second = np.ones(len(grown), np.bool_)
        is_second[later[:-1]] = False
        codes = np.where(is_second, second[grown], first[grown])
        bounds = later[bounds]
        spelled = list(index)
    codes, bounds = _merged(codes, bounds, spelled)
    return codes, bounds, _facts(spelled), spelled


def _merged(codes: _Ints, bounds: _Ints, spelled: list[str]) -> tuple[_Ints, _Ints]:
    """Tokens that are one thing together become one; new spellings are added to `spelled`."""
    trigger = np.array([token in TRIGGERS for token in spelled] or [False], np.bool_)[codes]
    if not trigger.any():
        return codes, bounds
    index = {token: code for code, token in enumerate(spelled)}
    keep = np.ones(len(codes), np.bool_)
    codes = codes.copy()
    for row in np.unique(np.searchsorted(bounds, np.flatnonzero(trigger), side="right") - 1):
        start, stop = int(bounds[row]), int(bounds[row + 1])
        tokens, at = [spelled[code] for code in codes[start:stop]], 0
        while at < len(tokens):
            found = merge(tokens, at)
            if found:
                codes[start + at] = index.setdefault(found[0], len(index))
                keep[start + at + 1 : start + at + found[1]] = False
            at += found[1] if found else 1
    spelled.extend(list(index)[len(spelled) :])
    return codes[keep], np.concatenate(([0], np.cumsum(keep)))[bounds]


def _classes(
    codes: _Ints, bounds: _Ints, facts: list[Token], tail: _Ints, parted: npt.NDArray[np.bool_], stated: npt.NDArray[Any]
) -> npt.NDArray[np.uint8]:
    """Class letters of all tokens; the field mark becomes the region, the tail of a free text becomes Z."""
    letters = np.array([ord(fact.letter) for fact in facts] or [0], np.uint8)
    classes = letters[codes]
    region = np.full(len(parted), ord("n"), np.uint8)
    region[np.isin(stated.astype("U2"), sorted(_MILITARY))] = ord("m")
    region[stated == "PR"] = ord("r")
    region[~parted] -= 32
    classes[bounds[:-1]] = region
    rows = np.repeat(np.arange(len(parted)), np.diff(bounds))
    in_tail = (np.arange(len(classes)) >= tail[rows]) & ~parted[rows]
    in_tail[bounds[:-1]] = False
    classes[in_tail] = ord("Z")
    return classes


def _parses(classes: npt.NDArray[np.uint8], bounds: _Ints) -> tuple[list[Parse], _Ints]:
    """The parse of each different signature, and which one each row has. Rows of too many tokens are no address."""
    signatures = pa.BinaryArray.from_buffers(pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(classes.tobytes())])
    encoded = pc.dictionary_encode(signatures)
    parses = []
    for signature in encoded.dictionary.to_pylist():
        text = signature.decode("ascii")
        parses.append(parse(text) if len(text) <= _MAX_TOKENS else Parse("X" * len(text), None))
    return parses, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _roles(parses: list[Parse], codes: _Ints) -> npt.NDArray[np.uint8]:
    dictionary = pa.array([found.roles.encode() for found in parses], pa.binary())
    taken = dictionary.take(pa.array(codes))
    data = taken.buffers()[2]
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


class _Place:
    """City, state and ZIP of every row as values with a status, from their columns or from the end of a free text."""

    def __init__(
        self, raw: dict[str, Any], parted: Any, stated: Any, state_values: list[Value], state_codes: _Ints, tail: Any, flat: Flat, facts: list[Token], spelled: list[str]
    ) -> None:
        rows = len(parted)
        zips = pc.if_else(pa.array(parted), raw["postal_code"], _zip_texts(spelled, flat.codes, tail.zip_at))
        towns = pc.if_else(pa.array(parted), raw["city"], column(flat, "C", [fact.name for fact in facts]))
        zip_values = _Values(zips)
        zip_found = [zip5(text) for text in zip_values.different]
        self.zip_text = _Strings([value.text for value in zip_found]).take(zip_values.codes)
        self.zip_status = _statuses(zip_found)[zip_values.codes]
        given = np.where(np.equal(stated, None), STATUSES.index("blank"), STATUSES.index("ok"))
        self.state_status = np.where(parted, _statuses(state_values)[state_codes], given)
        own = pa.array(stated, pa.string())
        self._agree(own)
        self._towns(towns, rows)

    def _agree(self, own: Any) -> None:
        """Fill a missing state from the ZIP, and say whether the two agree."""
        pairs = _Values(pc.binary_join_element_wise(pc.fill_null(own, ""), pc.fill_null(pa.array(self.zip_text, pa.string()), ""), "|"))
        split_pairs = [(text or "|").split("|") for text in pairs.different]
        self.agreement = np.array([agreement(code or None, digits or None) for code, digits in split_pairs], np.int64)[pairs.codes]
        self.state = _Strings([code or zip_state(digits or None) for code, digits in split_pairs]).take(pairs.codes)

    def _towns(self, towns: Any, rows: int) -> None:
        pairs = _Values(pc.binary_join_element_wise(pc.fill_null(towns, ""), pc.fill_null(pa.array(self.state, pa.string()), ""), FIELD))
        found = [city(*((text or FIELD).split(FIELD)[:2])) for text in pairs.different]
        self.city = _Strings([value.text for value in found]).take(pairs.codes)
        self.city_status = _statuses(found)[pairs.codes]
        real = places().filler
        for row in np.flatnonzero(self.zip_status == STATUSES.index("filler")):
            if self.city[row] in real[self.zip_text[row]]:
                self.zip_status[row] = STATUSES.index("ok")


def _zip_texts(spelled: list[str], codes: _Ints, at: _Ints) -> Any:
    found = np.where(at >= 0, codes[np.maximum(at, 0)], len(spelled)) if len(codes) else at
    return pa.array([*spelled, None], pa.string()).take(pa.array(found))


def _finish(rows: int, flat: Flat, facts: list[Token], spelled: list[str], parses: list[Parse], parse_codes: _Ints, place: _Place) -> Any:
    names = [fact.name for fact in facts]
    types = [fact.street_type for fact in facts]
    out = {
        "kind": pa.array([found.kind for found in parses], pa.string()).take(pa.array(parse_codes)),
        "number": column(flat, "N", [fact.number for fact in facts]),
        "predir": column(flat, "P", names, ""),
        "street_name": column(flat, "S1234567", names),
        "street_type": column(flat, "T", types),
        "postdir": column(flat, "Q", names, ""),
        "unit": column(flat, "UIF", [fact.unit for fact in facts]),
        "city": pa.array(place.city, pa.string()),
        "state": pa.array(place.state, pa.string()),
        "zip5": pa.array(place.zip_text, pa.string()),
    }
    out["delivery_key"] = _delivery_key(out, column(flat, "B", names, ""))
    out["unit_key"] = _unit_key(flat, facts)
    judgements, which, institution = _judged(flat, facts, spelled, parses, parse_codes, place, out["number"])
    out["genuine"] = pa.array([found.genuine for found in judgements], pa.int8()).take(pa.array(which))
    out["reason"] = pa.array([found.reason for found in judgements], pa.string()).take(pa.array(which))
    out["institution_word"] = pa.array(institution.astype(np.int8))
    return pa.table(out).select(list(OUTPUT_COLUMNS))


def _delivery_key(out: dict[str, Any], urb: Any) -> Any:
    number = pc.replace_substring_regex(pc.fill_null(out["number"], ""), r" ([0-9]+/)", r"+\1")
    parts = [compact(number), *(compact(out[name]) for name in ("predir", "street_name", "street_type", "postdir"))]
    key = pc.binary_join_element_wise(out["kind"], *parts, compact(urb), "|")
    return pc.if_else(pc.is_valid(out["kind"]), key, pa.scalar(None, pa.string()))


def _unit_key(flat: Flat, facts: list[Token]) -> Any:
    """Units of one building apart, renderings alike: the kinds that share one numbering are left out, floors and buildings stay."""
    floors = ["/FL" + fact.number for fact in facts]
    roles = flat.roles == ord("F")
    codes = np.where(roles, flat.codes + len(facts), flat.codes)
    picked = column(Flat(codes, flat.bounds, flat.roles), "UIF", [fact.unit_key for fact in facts] + floors, "")
    return pc.ascii_ltrim(pc.replace_substring_regex(picked, "/+", "/"), "/") if picked.null_count < len(picked) else picked


def _judged(
    flat: Flat, facts: list[Token], spelled: list[str], parses: list[Parse], parse_codes: _Ints, place: _Place, number: Any
) -> tuple[list[Judgement], _Ints, npt.NDArray[np.bool_]]:
    """The judgement of each different combination of facts, which one each row has, and whether it names an institution."""
    readings = _readings(flat, facts, spelled, parses, parse_codes)
    zero = pc.fill_null(pc.equal(number, "0"), False).to_numpy(zero_copy_only=False)
    packed = np.zeros(len(readings), np.int64)
    shapes = [(found.kind, found.doubt) for found in parses]
    kinds = sorted({*shapes}, key=str)
    shape = np.array([kinds.index(pair) for pair in shapes] or [0], np.int64)[parse_codes]
    parts = [readings, shape, zero, place.city_status, place.state_status, place.zip_status, place.agreement]
    for part in parts:
        packed = packed * 32 + part
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    found = []
    for row in first:
        kind, doubt = kinds[shape[row]]
        statuses = [STATUSES[part[row]] for part in parts[3:6]]
        found.append(judge(Parts(Reading(int(readings[row])), kind, doubt, bool(zero[row]), *statuses, agreement=int(place.agreement[row]))))
    return found, which, readings == Reading.INSTITUTION


def _readings(flat: Flat, facts: list[Token], spelled: list[str], parses: list[Parse], parse_codes: _Ints) -> _Ints:
    """The second look at rows that want one; all others are clear."""
    suspects = np.array([fact.suspect for fact in facts] or [0], np.int64)[flat.codes]
    suspects[flat.roles == ord("C")] = 0
    before = np.concatenate(([0], np.cumsum(suspects)))
    wanted = (before[flat.bounds[1:]] - before[flat.bounds[:-1]]) > 0
    wanted |= np.array([found.kind is None or found.extra for found in parses], np.bool_)[parse_codes]
    readings = np.zeros(len(parse_codes), np.int64)
    for row in np.flatnonzero(wanted):
        start, stop = flat.bounds[row] + 1, flat.bounds[row + 1]
        tokens = tuple(spelled[code] for code in flat.codes[start:stop])
        parsed = parses[parse_codes[row]]
        readings[row] = _read(tokens, parsed)
    return readings


def _read(tokens: tuple[str, ...], parsed: Parse) -> Reading:
    keep = [(token, role) for token, role in zip(tokens, parsed.roles[1:], strict=True) if role not in "CZ"]
    return read(tuple(token for token, _ in keep), "".join(role for _, role in keep), parsed.kind, parsed.form)

