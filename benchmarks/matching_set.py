"""An adversarial set for matching: people with kin who are not on the register, written down the way people are.

From a synthetic register (families at one address, Jr and Sr, moves, double surnames) a share of the persons is taken out: they are
the absent. Requests then name registered people, absent people at addresses where their kin are registered, and namesakes at other
addresses, each with one kind of noise, so that recall and wrong answers can be told by kind.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from portcullis.matching.lexicon import lexicon
from portcullis.synthetic import register

Row = dict[str, Any]
KINDS = (
    "plain", "no_middle", "full_middle", "typo_given", "typo_family", "nickname", "spelling", "initial", "double_reordered",
    "double_hyphen", "double_first_only", "accents", "swapped_fields", "suffix_dropped", "typo_street", "no_unit", "other_unit",
    "old_address", "number_typo", "dob_typo", "second_given_as_first", "wrong_middle", "married",
)  # fmt: skip
_ACCENTS = str.maketrans("aeioun", "áéíóúñ")
_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class AdversarialSet:
    """Register tables, requests with `kind` and `who` (registered, absent, namesake), and truth."""

    persons: pa.Table
    addresses: pa.Table
    requests: list[Row]
    truth: dict[str, str | None]


def _typo(rng: random.Random, word: str) -> str:
    if len(word) < 4:
        return word
    i = rng.randrange(1, len(word) - 1)
    change = rng.randrange(4)
    if change == 0:
        return word[:i] + rng.choice(_KEYS) + word[i + 1 :]
    if change == 1:
        return word[:i] + word[i + 1 :]
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :] if change == 2 else word[:i] + rng.choice(_KEYS) + word[i:]


def _short_forms() -> dict[str, list[str]]:
    words = lexicon()
    by_code: dict[int, list[str]] = {}
    for short, roots in words.short_for.items():
        for root in roots:
            by_code.setdefault(root, []).append(short)
    return {full: by_code[code] for full, code in words.codes.items() if code in by_code}


def _spellings() -> dict[str, list[str]]:
    groups: dict[int, list[str]] = {}
    for token, code in lexicon().codes.items():
        groups.setdefault(code, []).append(token)
    return {t: [o for o in groups[c] if o != t] for t, c in lexicon().codes.items() if len(groups[c]) > 1}


def _names(rng: random.Random, row: Row, kind: str, short: dict[str, list[str]], spelt: dict[str, list[str]]) -> None:
    given, family = row["given_name"], row["family_name"]
    parts = family.replace("-", " ").split()
    if kind == "typo_given":
        row["given_name"] = _typo(rng, given)
    elif kind == "typo_family":
        row["family_name"] = _typo(rng, family)
    elif kind == "nickname" and given.upper() in short:
        row["given_name"] = rng.choice(short[given.upper()]).title()
    elif kind == "spelling" and given.upper() in spelt:
        row["given_name"] = rng.choice(spelt[given.upper()]).title()
    elif kind == "initial":
        row["given_name"] = given[:1] + "."
    elif kind == "double_reordered":
        row["family_name"] = " ".join(reversed(parts))
    elif kind == "double_hyphen":
        row["family_name"] = "-".join(parts)
    elif kind == "double_first_only":
        row["family_name"] = parts[0]
    elif kind == "accents":
        row["given_name"], row["family_name"] = given.translate(_ACCENTS), family.translate(_ACCENTS)
    elif kind == "swapped_fields":
        row["given_name"], row["family_name"] = family, given
    elif kind == "second_given_as_first" and row["middle_name"] and len(row["middle_name"]) > 2:
        row["given_name"], row["middle_name"] = row["middle_name"], None
    elif kind == "married":
        row["family_name"] = f"{family} {rng.choice(('Whitfield', 'Ortega', 'Larsen', 'Pham'))}"


def _rest(rng: random.Random, row: Row, kind: str) -> None:
    if kind == "no_middle":
        row["middle_name"] = None
    elif kind == "wrong_middle" and row["middle_name"]:
        row["middle_name"] = rng.choice(_KEYS).upper()
    elif kind == "suffix_dropped":
        row["suffix"] = None
    elif kind == "typo_street" and row["address_line"]:
        words = row["address_line"].split()
        long = [i for i, w in enumerate(words) if len(w) >= 5 and w.isalpha()]
        if long:
            i = rng.choice(long)
            words[i] = _typo(rng, words[i])
            row["address_line"] = " ".join(words)
    elif kind == "no_unit":
        row["unit"] = None
    elif kind == "other_unit" and row["unit"]:
        row["unit"] = "Apt 9977"
    elif kind == "number_typo" and row["taxpayer_number"]:
        i = rng.randrange(9)
        row["taxpayer_number"] = (
            row["taxpayer_number"][:i] + str((int(row["taxpayer_number"][i]) + 1) % 10) + row["taxpayer_number"][i + 1 :]
        )
    elif kind == "dob_typo" and row["date_of_birth"]:
        year, month, day = row["date_of_birth"].split("-")
        row["date_of_birth"] = f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{(int(day) % 28) + 1:02d}"


def adversarial(
    persons: int, requests: int, *, seed: int = 11, dob: float = 0.2, number: float = 0.0, middle: float = 0.68
) -> AdversarialSet:
    """Requests against a register of about nine tenths of `persons`; the shares say how many state birth date, number, second name."""
    made, rng = register(persons=persons, seed=seed), random.Random(seed)
    people = {r["person_id"]: r for r in made.persons.to_pylist()}
    homes: dict[str, list[Row]] = {}
    for home in made.addresses.to_pylist():
        homes.setdefault(home["person_id"], []).append(home)
    ids = [i for i in people if i in homes]
    absent = set(rng.sample(ids, len(ids) // 10))
    keep = pa.array([p not in absent for p in made.persons["person_id"].to_pylist()])
    stay = pa.array([p not in absent for p in made.addresses["person_id"].to_pylist()])
    short, spelt = _short_forms(), _spellings()
    rows: list[Row] = []
    truth: dict[str, str | None] = {}
    present = [i for i in ids if i not in absent]
    gone = sorted(absent)
    for n in range(requests):
        who = rng.choices(("registered", "absent", "namesake"), (0.6, 0.25, 0.15))[0]
        person = rng.choice(gone if who == "absent" else present)
        kind = rng.choice(KINDS)
        filed = homes[rng.choice(present)] if who == "namesake" else homes[person]
        old = [h for h in filed if not h["last_known"]]
        home = rng.choice(old) if kind == "old_address" and old else next((h for h in filed if h["last_known"]), filed[0])
        row = {k: people[person][k] for k in ("given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number")}
        row |= {k: home[k] for k in ("address_line", "unit", "city", "state", "postal_code")}
        for column, share in (("date_of_birth", dob), ("taxpayer_number", number), ("middle_name", middle)):
            row[column] = row[column] if rng.random() < share else None
        if row["middle_name"] and kind != "full_middle":
            row["middle_name"] = row["middle_name"][:1]
        _names(rng, row, kind, short, spelt)
        _rest(rng, row, kind)
        name = f"a{n:06d}"
        rows.append({"request_id": name, **row, "kind": kind, "who": who})
        shared = {h["address_line"] for h in homes[person]} & {home["address_line"]}
        truth[name] = person if who == "registered" or (who == "namesake" and shared) else None
    return AdversarialSet(made.persons.filter(keep), made.addresses.filter(stay), rows, truth)
