"""Citations of the United States Code, in whatever usual spelling, to one normal form: 8 USC 1253(a)(1)(A).

Sections of the Immigration and Nationality Act that are crimes or grounds of removal are read as the Code's. Words beside a citation are
passed over; digits or a loose paragraph beside it are not, since they may be a second citation half read: then nothing is cited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from portcullis.intake.facts_columns import each_distinct, text_column, tidy

__all__ = ["Citation", "parse_citations", "statute_columns"]

_SECTION = r"([0-9]{1,5}[a-z]{0,2}(?:-[0-9]{1,3}[a-z]?)?)(?![0-9a-z])"
_LEVELS = r"((?: ?\( ?[0-9a-z]{1,5} ?\))*)"
_CODE = re.compile(
    r"(?:title )?(?<![0-9])([0-9]{1,2}),? ?(?:u\.? ?s\.? ?c\.?(?: ?a\.?| ?ode)?|united states code),? ?(?:§+|sections?|sec\.?|s\.)? ?"
    + _SECTION
    + _LEVELS
)
_INA = re.compile(r"(?:immigration and nationality act|i\.?n\.?a\.?) ?(?:§+|sections?|sec\.?)? ?([0-9]{3}[a-z]?)(?![0-9a-z])" + _LEVELS)
_BARE = re.compile(r"(?:§+|sections?|sec\.?)? ?(1227|237|1182|212) ?(?=\()" + _LEVELS)
_LEFTOVER = re.compile(r"[0-9]|\( ?[a-z]{1,4} ?\)")
_ACT = {
    "212": "1182",
    "237": "1227",
    "240": "1229a",
    "243": "1253",
    "264": "1304",
    "266": "1306",
    "274": "1324",
    "274a": "1324a",
    "274b": "1324b",
    "274c": "1324c",
    "274d": "1324d",
    "275": "1325",
    "276": "1326",
    "277": "1327",
    "278": "1328",
}
_UPPER_SECTIONS = 18
_TYPES = (pa.int8(), pa.int64(), pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64(), *[pa.int8()] * 5)
_NAMES = (
    "statute_stated",
    "statute_count",
    "statute_code",
    "statute_subsection",
    "statute_section",
    "statute_title",
    "statute_number",
    "cites_1253a1a",
    "cites_1253a1b",
    "cites_1253a1c",
    "cites_1253a1d",
    "cites_1326",
)


@dataclass(frozen=True, slots=True)
class Citation:
    """Title, section and the paragraphs below it."""

    title: int
    section: str
    levels: tuple[str, ...]

    @property
    def to_section(self) -> str:
        """As 8 USC 1253."""
        return f"{self.title} USC {self.section}"

    @property
    def code(self) -> str:
        """As 8 USC 1253(a)(1)(A)."""
        return self.to_section + "".join(f"({level})" for level in self.levels)


def statute_columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The facts about the statute cited and about the ground of the order."""
    found = dict(zip(_NAMES, each_distinct(text_column(table, "statute"), _facts, _TYPES), strict=True))
    for name in ("statute_stated", *_NAMES[-5:]):
        found[name] = found[name].fill_null(0)
    found["order_ground_1227a"] = each_distinct(text_column(table, "order_ground"), _ground, [pa.int8()])[0]
    return found


def parse_citations(text: str) -> tuple[Citation, ...]:
    """Every statute cited, in order, each once; empty when anything in the text may be a citation that cannot be read."""
    plain = tidy(text).casefold()
    found = [(m.start(), _citation(int(m[1]), m[2], m[3])) for m in _CODE.finditer(plain)]
    rest = _CODE.sub(" ", plain)
    found += [(m.start(), _citation(8, _ACT[m[1]], m[2])) for m in _INA.finditer(plain) if m[1] in _ACT]
    if _LEFTOVER.search(_INA.sub(lambda m: " " if m[1] in _ACT else m[0], rest)):
        return ()
    return tuple(dict.fromkeys(citation for _, citation in sorted(found, key=lambda pair: pair[0])))


def _citation(title: int, section: str, levels: str) -> Citation:
    """Sections in the Code's own case (letters are capitals in title 18 only), paragraphs as a, 1, A, i, I by depth."""
    words = re.findall(r"[0-9a-z]+", levels)
    first = 1 if words and words[0].isdigit() else 0
    cased = tuple(word.upper() if depth % 2 == 0 and depth > 0 else word for depth, word in enumerate(words, first))
    return Citation(title, section.upper() if title == _UPPER_SECTIONS else section, cased)


def _facts(text: str) -> tuple[object, ...]:
    if not any(char.isalnum() for char in text):
        return (0, *[None] * 6, *[0] * 5)
    cited = parse_citations(text)
    if not cited:
        return (1, 0, *[None] * 5, *[0] * 5)
    first = cited[0]
    subsection = f"{first.to_section}({first.levels[0]})" if first.levels else None
    number = int(re.match("[0-9]+", first.section)[0])  # type: ignore[index]  # a section starts with digits by its pattern
    codes = [citation.code for citation in cited]
    paragraphs = [int(any(_within(code, f"8 USC 1253(a)(1)({letter})") for code in codes)) for letter in "ABCD"]
    reentry = int(any(citation.to_section == "8 USC 1326" for citation in cited))
    return (1, len(cited), first.code, subsection, first.to_section, first.title, number, *paragraphs, reentry)


def _within(code: str, paragraph: str) -> bool:
    return code == paragraph or code.startswith(paragraph + "(")


def _ground(text: str) -> tuple[int | None]:
    """Whether an order's ground is a class of 8 U.S.C. 1227(a): 1, 0, or None when it cannot be read."""
    plain = tidy(text).casefold()
    bare = _BARE.fullmatch(plain)
    cited = (_citation(8, _ACT.get(bare[1], bare[1]), bare[2]),) if bare else parse_citations(text)
    if any(citation.to_section == "8 USC 1227" and citation.levels[:1] == ("a",) for citation in cited):
        return (1,)
    return (0,) if cited and not any(citation.to_section == "8 USC 1227" for citation in cited) else (None,)
