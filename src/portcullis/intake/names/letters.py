"""Letters: any written name to plain capital tokens, the same way on both sides of a comparison.

Order of the folding: compatibility forms (full-width, ligatures), letters without a decomposition, Cyrillic and Greek by the
usual passport romanisation, diacritics dropped, apostrophes closed up (O'Brien, D'Angelo), everything else a gap. Digits that
stand inside a word are read as the letters a scanner mistakes them for. Scripts without a table here (Arabic, Chinese) keep
their letters and can only agree exactly.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold", "sound"]

_SINGLE = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
    "þ": "th", "Þ": "TH", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "ng", "ə": "a", "Ə": "A",
}  # fmt: skip
_CYRILLIC = dict(
    zip(
        "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюяђјљњћџ",
        "a b v h g d e ye yo zh z i i i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya dj j lj nj c dz".split(),
        strict=True,
    )
)
_CYRILLIC["г"], _CYRILLIC["ъ"], _CYRILLIC["ь"] = "g", "", ""
_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True))
_TABLE = str.maketrans({**_SINGLE, **_CYRILLIC, **_GREEK})
_APOSTROPHES = re.compile("['`´‘’ʻʼʹ]")
_GAPS = re.compile(r"[^\w]+|_+")
_SCANNED = str.maketrans("013458", "OLEASB")
_ASCII = re.compile(r"^[A-Z]+$")


def fold(text: str) -> str:
    """`text` as capital tokens with single gaps; empty when nothing is left."""
    upper = text.strip().upper()
    if _ASCII.match(upper):
        return upper
    plain = unicodedata.normalize("NFKC", text).lower().translate(_TABLE)
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    tokens = _GAPS.sub(" ", _APOSTROPHES.sub("", plain)).upper().split()
    return " ".join(token if token.isdigit() or not token[0].isalpha() else token.translate(_SCANNED) for token in tokens)


_SOUNDS = (
    (re.compile(r"CH(?=[LRNM])"), "K"),
    (re.compile(r"SCH|TSCH|TCH"), "SH"),
    (re.compile(r"PH"), "F"),
    (re.compile(r"CK|Q"), "K"),
    (re.compile(r"[KG]H"), "H"),
    (re.compile(r"[DT]H"), "T"),
    (re.compile(r"TZ|TS|CZ|ZH"), "Z"),
    (re.compile(r"C(?=[AOURLKT]|$)"), "K"),
    (re.compile(r"AE"), "A"),
    (re.compile(r"OE|OO|OU|UE"), "U"),
    (re.compile(r"EE"), "I"),
    (re.compile(r"[YJ](?=[AEIOU])"), "I"),
    (re.compile(r"(?<=[AEO])[YI](?=[^AEIOU]|$)"), "I"),
    (re.compile(r"Y"), "I"),
    (re.compile(r"W"), "V"),
    (re.compile(r"(?<=.)H(?=[^AEIOU]|$)"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


def sound(compact: str) -> str:
    """A spelling-blind form of one folded name, for names romanised in more than one way; coarser than equal, finer than Soundex."""
    for pattern, letters in _SOUNDS:
        compact = pattern.sub(letters, compact)
    return compact
