"""Letters: any written name to plain capital tokens, the same way on both sides of a comparison.

Order of the folding: compatibility forms (full-width, ligatures) and diacritics, letters without a decomposition, Cyrillic and
Greek by the usual romanisation, apostrophes closed up (O'Brien, D'Angelo), everything else a gap. Digits that
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
_ROMAN = """
а=a б=b в=v г=g ґ=g д=d е=e є=ye ё=yo ж=zh з=z и=i і=i ї=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts
ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya ђ=dj ј=j љ=lj њ=nj ћ=c џ=dz α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m
ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o
"""
_TABLE = str.maketrans({**_SINGLE, **{c: roman for c, _, roman in (pair.partition("=") for pair in _ROMAN.split())}})
_APOSTROPHES = re.compile("['`´‘’ʻʼʹ]")
_GAPS = re.compile(r"[^\w]+|_+")
_SCANNED = str.maketrans("013458", "OLEASB")
_ASCII = re.compile(r"^[A-Z]+$")


def fold(text: str) -> str:
    """`text` as capital tokens with single gaps; empty when nothing is left."""
    upper = text.strip().upper()
    if _ASCII.match(upper):
        return upper
    lower = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).lower())
    plain = "".join(c for c in lower if not unicodedata.combining(c)).translate(_TABLE)
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
