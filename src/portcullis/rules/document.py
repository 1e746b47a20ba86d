"""Strict YAML: one document of plain values, every value with its place, nothing that could surprise a reader.

Refused, with file, line and column: 1. more than 256 kB, or not UTF-8; 2. anchors, aliases, tags, several documents; 3. nesting
over 20 levels or more than 50,000 values; 4. a key twice, or a key that is not text; 5. plain scalars that YAML reads in more than one
way (`yes`, `on`, `012`, `1:30`); write them quoted, or as true, false or a decimal number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import yaml

from portcullis.errors import Refused

__all__ = ["MAX_BYTES", "Node", "Value", "parse", "read"]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_EVENTS = 50_000
LARGEST = 2**53 - 1

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where the wheel carries it, ten times faster; both give the same events."""

_INT = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,8})\.[0-9]{1,9}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Scalar = str | int | bool | Decimal | dt.date | None
Value = Scalar | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Node:
    """One value and where it stands: `value` is a scalar, a tuple of nodes, or a mapping of key to node; lines and columns from 1."""

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    file: str
    line: int
    column: int

    def refuse(self, what: str, why: str = "", next_step: str = "") -> NoReturn:
        """Refuse the document at this place. Raises Refused."""
        mend = next_step or "Mend it there, then type: portcullis agreement validate FOLDER"
        raise Refused(f"{self.file}, line {self.line}, column {self.column}: {what}.", why, mend)

    def mapping(self, required: tuple[str, ...] = (), optional: tuple[str, ...] | None = ()) -> Mapping[str, Node]:
        """This node as a mapping with exactly these keys (`optional=None`: any other). Raises Refused."""
        if not isinstance(self.value, Mapping):
            self.refuse("a mapping of key: value is wanted here")
        for key, node in self.value.items():
            if optional is not None and key not in required and key not in optional:
                node.refuse(f"unknown key {key!r}", f"known here: {', '.join(sorted((*required, *optional)))}.", "Mend or remove it.")
        for key in required:
            if key not in self.value:
                self.refuse(f"the key {key!r} is missing", next_step="Add it.")
        return self.value

    def items(self) -> tuple[Node, ...]:
        """This node as a list that is not empty. Raises Refused."""
        if not isinstance(self.value, tuple) or not self.value:
            self.refuse("a list with at least one entry is wanted here")
        return self.value

    def text(self, one_of: tuple[str, ...] | None = None) -> str:
        """This node as text that is not empty, of a closed set if one is given. Raises Refused."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("text is wanted here", "Numbers, dates and true/false count as text only in quotes.")
        if one_of is not None and self.value not in one_of:
            self.refuse(f"{self.value!r} is not one of {', '.join(one_of)}")
        return self.value

    def integer(self) -> int:
        """This node as a whole number. Raises Refused."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.refuse("a whole number is wanted here")
        return self.value

    def flag(self) -> bool:
        """This node as true or false. Raises Refused."""
        if not isinstance(self.value, bool):
            self.refuse("true or false is wanted here")
        return self.value

    def date(self) -> dt.date:
        """This node as a calendar day. Raises Refused."""
        if not isinstance(self.value, dt.date):
            self.refuse("a date is wanted here, as 2025-04-07")
        return self.value

    def plain(self) -> Value:
        """This node without places: dict, list and scalars."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value


def read(path: Path, name: str | None = None) -> Node:
    """Read one YAML file; `name` is what errors call it (the file's own name by default). Raises Refused."""
    shown = name or path.name
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(f"{shown}, line 1, column 1: it cannot be read.", f"{error.strerror}.", "Check that the file is there.") from error
    return parse(data, shown)


def parse(data: bytes, name: str) -> Node:
    """Parse one YAML document. Raises Refused with file, line and column."""
    top = Node(None, name, 1, 1)
    if len(data) > MAX_BYTES:
        top.refuse(f"more than {MAX_BYTES} bytes", "A rule a person can read is short.", "Split it.")
    try:
        text = data.decode("utf-8")
        _inspect(text, name)
        root = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise Refused(
            f"{_place(name, data[: error.start])}: not UTF-8.", "A byte here stands for no letter.", "Save it as UTF-8."
        ) from error
    except yaml.MarkedYAMLError as error:
        marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
        place = "".join(f", line {mark.line + 1}, column {mark.column + 1}" for mark in marks[:1])
        raise Refused(f"{name}{place}: not YAML.", f"{error.problem}.", "Mend the line.") from error
    except yaml.YAMLError as error:
        before = text[: getattr(error, "position", 0) or 0].encode()
        raise Refused(
            f"{_place(name, before)}: not YAML.", "It holds characters that YAML does not allow.", "Save it as plain text."
        ) from error
    if root is None:
        top.refuse("the file is empty")
    return _node(root, name)


def _place(name: str, before: bytes) -> str:
    """File, line and column of what comes after these bytes."""
    last = before.rsplit(b"\n", 1)[-1]
    return f"{name}, line {before.count(bytes([10])) + 1}, column {len(last.decode('utf-8', 'replace')) + 1}"


def _inspect(text: str, name: str) -> None:
    """Check the stream of events before anything is built from it: no anchors, aliases, tags; bounded depth and length."""
    depth = documents = 0
    for count, event in enumerate(_events(text)):
        place = Node(None, name, event.start_mark.line + 1, event.start_mark.column + 1)
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            place.refuse("anchors and aliases are not allowed", "Law is written out where it holds.", "Repeat the value.")
        if getattr(event, "tag", None) is not None:
            place.refuse("tags are not allowed", next_step="Remove the part that starts with an exclamation mark.")
        if depth > MAX_DEPTH or count > MAX_EVENTS or documents > 1:
            place.refuse("too deep, too long, or more than one document", f"The limits are {MAX_DEPTH} levels and {MAX_EVENTS} values.")


def _events(text: str) -> Iterator[Any]:
    """The parser's events; typed as Any because the stubs leave the marks open."""
    yield from yaml.parse(text, Loader=_LOADER)


def _node(node: yaml.Node, name: str) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    here = Node(None, name, line, column)
    if isinstance(node, yaml.ScalarNode):
        return Node(_scalar(node, here), name, line, column)
    if isinstance(node, yaml.SequenceNode):
        return Node(tuple(_node(item, name) for item in node.value), name, line, column)
    entries: dict[str, Node] = {}
    for key_node, value_node in node.value:
        key = _node(key_node, name)
        if not isinstance(key.value, str):
            key.refuse("a key must be text", next_step="Quote it.")
        if key.value in entries:
            key.refuse(f"the key {key.value!r} stands here twice", next_step="Remove one.")
        value = _node(value_node, name)
        entries[key.value] = Node(value.value, name, key.line, key.column) if value.value is None else value
    return Node(entries, name, line, column)


def _scalar(node: yaml.ScalarNode, here: Node) -> Scalar:
    text = str(node.value)
    if "\x00" in text:
        here.refuse("a NUL character is not text")
    if node.style or node.tag == "tag:yaml.org,2002:str":
        return text
    if text in ("true", "false"):
        return text == "true"
    if text in ("", "null", "~"):
        return None
    return _number_or_date(text, here)


def _number_or_date(text: str, here: Node) -> Scalar:
    if _INT.fullmatch(text) and abs(int(text)) <= LARGEST:
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            here.refuse("there is no such day")
    here.refuse(f"{text!r} can be read in more than one way", "YAML turns such words into numbers, times or true/false.", "Quote it.")
