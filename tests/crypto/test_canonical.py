"""One object, one spelling."""

from __future__ import annotations

import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from portcullis.crypto import canonical, strict_loads
from portcullis.errors import OutOfOrder, Refused

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12)
# Above 2^53 a float is written as an integer, which a strict reader refuses: what is signed never holds floats.
SIGNED = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_our_writer_agrees_with_the_library(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_the_examples_of_rfc_8785() -> None:
    assert canonical({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}) == (
        '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'.encode()
    )
    assert canonical({"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001]}) == (
        b'{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    )


@given(SIGNED)
def test_what_we_write_we_read(value: object) -> None:
    assert strict_loads(canonical(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'"\\u0061"',
        b"1.0",
        b"-0",
        b"1e2",
        b"NaN",
        b"Infinity",
        b"9007199254740993",
        b'"\\ud800"',
        b'"\xff"',
        b'\xef\xbb\xbf"a"',
        b"",
        b"[1,]",
        b"{} {}",
        b"[" * 100_000,
        b"[" * 5_000 + b"]" * 5_000,
        b"1" * 5_000,
    ],
)
def test_another_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        strict_loads(text)


def test_a_text_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Refused, match="longer"):
        strict_loads(b'"' + b"x" * 100 + b'"', limit=50)
    assert strict_loads(b'"x"', limit=3) == "x"


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, {1: 2}, {"a": object()}, "\ud800", b"bytes"])
def test_what_has_no_canonical_form_is_our_bug(value: object) -> None:
    with pytest.raises(OutOfOrder):
        canonical(value)


@given(st.binary(max_size=60))
def test_a_refusal_never_repeats_what_was_read(data: bytes) -> None:
    canary = b'{"name":"CANARY-PERSON"' + data
    with pytest.raises(Refused) as refusal:
        strict_loads(canary + b"x")
    assert "CANARY" not in str(refusal.value) and refusal.value.__cause__ is None
