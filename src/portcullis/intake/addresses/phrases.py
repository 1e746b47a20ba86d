"""Several tokens that are one: numbers in words (TWENTY-ONE, FIVE HUNDRED) and names everybody shortens (Martin Luther King)."""

from __future__ import annotations

from functools import cache

from portcullis.intake.addresses.vocabulary import read_yaml

__all__ = ["merge", "triggers"]


@cache
def _numbers() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    data = read_yaml("numbers.yaml")
    return tuple({word: int(value) for word, value in data[key].items()} for key in ("cardinals", "tens", "ordinals"))  # type: ignore[return-value]


@cache
def _phrases() -> dict[str, list[tuple[list[str], str]]]:
    """By their first word, the longest first."""
    found = [(text.split(), token) for token, texts in read_yaml("numbers.yaml")["phrases"].items() for text in texts]
    begun: dict[str, list[tuple[list[str], str]]] = {}
    for words, token in sorted(found, key=lambda item: (-len(item[0]), item)):
        begun.setdefault(words[0], []).append((words, token))
    return begun


@cache
def triggers() -> frozenset[str]:
    """Tokens without which nothing is merged: only rows with one of them are looked at."""
    _, tens, _ = _numbers()
    return frozenset({*tens, "HUNDRED", "THOUSAND", "KING", "MLK", "KENNEDY", "CARE", "FARM", "RANCH", "PASS"})


def merge(tokens: list[str], at: int) -> tuple[str, int] | None:
    """The one token that begins at `at`, and how many tokens it replaces; None where nothing is to be merged."""
    for words, token in _phrases().get(tokens[at], ()):
        if tokens[at : at + len(words)] == words:
            return token, len(words)
    return _number(tokens, at) if tokens[at] in _counted() else None


@cache
def _counted() -> frozenset[str]:
    """Words a number can begin with."""
    cardinals, tens, _ = _numbers()
    return frozenset({*cardinals, *tens})


def _number(tokens: list[str], at: int) -> tuple[str, int] | None:
    cardinals, tens, ordinals = _numbers()
    total, used = 0, 0
    while at + used < len(tokens):
        word = tokens[at + used]
        if word in cardinals and (total == 0 or (total % 100 == 0 or (total % 10 == 0 and cardinals[word] < 10))):
            total += cardinals[word]
        elif word in tens and total % 100 == 0:
            total += tens[word]
        elif word == "HUNDRED" and 0 < total < 100:
            total *= 100
        elif word in ordinals and ordinals[word] < 10 and total % 100 >= 20 and total % 10 == 0:
            return f"{total + ordinals[word]}TH", used + 1
        else:
            break
        used += 1
    return (str(total), used) if used > 1 else None
