"""Strict YAML: what a reader could misread is refused, with its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.errors import Refused
from portcullis.rules.document import MAX_BYTES, parse

PLACE = re.compile(r"^rule\.yaml, line [0-9]+, column [0-9]+: ")

BAD = {
    "an anchor": b"a: &x 1\n",
    "an alias": b"a: &x 1\nb: *x\n",
    "a billion laughs": b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "a merge key": b"a: {b: 1}\n<<: {c: 2}\n",
    "a tag": b"a: !!python/object/apply:os.system [x]\n",
    "a plain tag": b"a: !!str 1\n",
    "a key twice": b"a: 1\nb: 2\na: 3\n",
    "a key twice, deep": b"a: {b: 1, b: 2}\n",
    "a key that is a number": b"1: a\n",
    "a key that is a list": b"? [a, b]\n: c\n",
    "yes for true": b"a: yes\n",
    "off for false": b"a: off\n",
    "an octal number": b"a: 012\n",
    "a sexagesimal number": b"a: 1:30\n",
    "a number with underscores": b"a: 1_000\n",
    "infinity": b"a: .inf\n",
    "a time": b"a: 2025-01-01T10:00:00Z\n",
    "a day that is not": b"a: 2025-02-30\n",
    "an integer beyond 53 bits": b"a: 99999999999999999999\n",
    "two documents": b"a: 1\n---\nb: 2\n",
    "too deep": b"[" * 60 + b"]" * 60,
    "far too deep": b"[" * 100_000,
    "not YAML": b"a: [1, 2\nb: 3\n",
    "a tab for indentation": b"a:\n\tb: 1\n",
    "too long": b"a: " + b"x" * MAX_BYTES,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_refused_with_file_line_and_column(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse(data, "rule.yaml")
    assert PLACE.match(refused.value.what), refused.value.what


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"\xff\xfe\x00", b"a: \x00\n", b"a: \xc3\x28\n"])
def test_refused_without_a_place_in_the_text(data: bytes) -> None:
    with pytest.raises(Refused, match=r"rule\.yaml"):
        parse(data, "rule.yaml")


def test_the_place_is_that_of_the_fault() -> None:
    with pytest.raises(Refused, match=r"rule\.yaml, line 3, column 1"):
        parse(b"a: 1\nb: 2\na: 3\n", "rule.yaml")


def test_plain_values_are_read() -> None:
    node = parse(b'a: text\nb: 3\nc: true\nd: null\ne: 2025-04-07\nf: "012"\ng: 0.02\nh: [1, -2]\n', "rule.yaml")
    plain = node.plain()
    assert isinstance(plain, dict)
    assert {key: str(value) for key, value in plain.items()} == {
        "a": "text",
        "b": "3",
        "c": "True",
        "d": "None",
        "e": "2025-04-07",
        "f": "012",
        "g": "0.02",
        "h": "[1, -2]",
    }


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ab:[]{}&*!|>-#\"'\n \t0?,<=%@`", max_size=80).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse(data, "rule.yaml")
    except Refused as refused:
        assert refused.what.startswith("rule.yaml")
