"""The slow, obvious matcher: every request against every person, in plain Python, one question after the other.

It shares the standardisers and the lexicon's word lists with the product and nothing else: no keys, no codes, no bounds, no numpy.
The fast path must say the same of every request, row by row.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from rapidfuzz.distance import OSA

from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.names import sound, standardise_names
from portcullis.matching.lexicon import lexicon

Row = dict[str, Any]
SHARES = (0.0005, 0.001, 0.0002, 0.001)
TYPES = {"AVE": "AVENUE", "ST": "STREET", "DR": "DRIVE", "RD": "ROAD", "LN": "LANE", "CT": "COURT", "BLVD": "BOULEVARD", "PL": "PLACE"}


@dataclass
class Person:
    id: str
    names: list[Row] = field(default_factory=list)
    homes: list[Row] = field(default_factory=list)


def within(a: str, b: str, limit: int) -> bool:
    return OSA.distance(a, b) <= limit


# ---------------------------------------------------------------------------------------------------------------- family names
def tokens(name: Row) -> list[str]:
    return (name["family_tokens"] or "").split()[:4]


def near_token(x: str, y: str) -> bool:
    return x == y or (min(len(x), len(y)) >= 5 and within(x, y, 1))


def family(a: Row, b: Row) -> int:
    """-1 unknown, 0 other, 1 kin, 2 typo, 3 part, 4 order, 5 same."""
    x, y = a["family"], b["family"]
    if x is None or y is None:
        return -1
    if x == y or a["family_tokens"].replace(" ", "") == b["family_tokens"].replace(" ", ""):
        return 5
    if sorted(a["family_tokens"].split()) == sorted(b["family_tokens"].split()):
        return 4
    s, t = tokens(a), tokens(b)
    if set(s) <= set(t) or set(t) <= set(s):
        return 3
    short = min(len(x), len(y))
    allowed = 3 if short >= 9 else 2 if short >= 6 else 1 if short >= 3 else 0
    if within(x, y, allowed) or (short >= 4 and sound(x) == sound(y)):
        return 2
    if short >= 5 and (x.startswith(y) or y.startswith(x)):
        return 2
    if max(len(s), len(t)) > 1:
        if all(any(near_token(p, q) for q in t) for p in s) or all(any(near_token(p, q) for p in s) for q in t):
            return 2
        return 1 if any(near_token(p, q) for p in s for q in t) else 0
    return 1 if set(s) & set(t) else 0


# ----------------------------------------------------------------------------------------------------------------- given names
def given(a: Row, b: Row, known: set[str]) -> int:
    """-1 unknown, 0 other, 1 loose, 2 initial, 3 called, 4 typo, 5 short, 6 spelling, 7 same. `a` is the request."""
    x, y = a["given_first"], b["given_first"]
    if x is None or y is None:
        return -1
    words = lexicon()
    initial = len(x) == 1 or len(y) == 1
    if not initial and (x == y or a["given"] == b["given"]):
        return 7
    if words.code(x) and words.code(x) == words.code(y):
        return 6
    full_x, full_y = words.roots(x), words.roots(y)
    if words.code(y) in full_x or words.code(x) in full_y or (full_x & full_y and x[:3] == y[:3]):
        return 5
    apart = min(OSA.distance(x, y), OSA.distance(a["given"], b["given"]))
    short = min(len(x), len(y))
    slip = apart <= (2 if short >= 6 else 1 if short >= 4 else 0) or (short >= 3 and sound(x) == sound(y))
    if slip and x not in known and not initial:
        return 4
    for one, other in ((a, b), (b, a)):
        first = one["given_first"]
        if len(first) > 2 and first in [*(other["given_rest"] or "").split()[:4], other["middle"]]:
            return 3
    if initial and x[0] == y[0]:
        return 2
    loose = slip or (short >= 3 and (apart <= 2 or x.startswith(y) or y.startswith(x)))
    return 1 if loose and not (x in known and y in known) else 0


def bags(name: Row) -> tuple[list[str], list[str]]:
    plain = sorted([*filter(None, [name["given_first"]]), *(name["given_rest"] or "").split()[:4], *tokens(name)])
    middle = name["middle"]
    return plain, sorted([*plain, middle]) if middle and len(middle) > 1 else plain


# -------------------------------------------------------------------------------------------------------------------- evidence
def seconds(name: Row) -> list[str]:
    return [*(name["given_rest"] or "").split()[:2], *filter(None, [name["middle"]])]


def near_second(x: str, y: str) -> bool:
    if x == y or (1 in (len(x), len(y)) and x[0] == y[0]):
        return True
    return min(len(x), len(y)) >= 4 and within(x, y, 1)


def middle(a: Row, b: Row) -> int:
    s, t = seconds(a), seconds(b)
    rest_a, rest_b = (a["given_rest"] or "").split()[:2], (b["given_rest"] or "").split()[:2]
    if rest_a and rest_b and not any(near_second(x, y) for x in rest_a for y in rest_b):
        return -1
    if not s or not t:
        return 0
    if any(near_second(x, y) for x in s for y in t):
        return 1
    return 0 if any(len(x) > 1 and x in tokens(b) for x in s) or any(len(y) > 1 and y in tokens(a) for y in t) else -1


def slip(a: str, b: str) -> bool:
    places = [i for i in range(len(a)) if a[i] != b[i]]
    if len(places) == 1:
        return True
    return len(places) == 2 and places[1] == places[0] + 1 and a[places[0]] == b[places[1]] and a[places[1]] == b[places[0]]


def dob(a: Row, b: Row) -> int:
    if a["dob"] is None or b["dob"] is None:
        return 0
    if a["dob"] == b["dob"]:
        return 1
    x, y = (dt.date(1970, 1, 1) + dt.timedelta(days=d["dob"]) for d in (a, b))
    return 0 if slipped(x, y) else -1


def slipped(x: dt.date, y: dt.date) -> bool:
    if (x.year, x.month, x.day) == (y.year, y.day, y.month):
        return True
    return abs(x.year - y.year) <= 9 and slip(x.strftime("%Y%m%d"), y.strftime("%Y%m%d"))


def number(a: Row, b: Row) -> int:
    if a["number"] is None or b["number"] is None:
        return 0
    return 1 if a["number"] == b["number"] else 0 if slip(a["number"], b["number"]) else -1


def generation(a: Row, b: Row) -> int:
    x, y = a["generation"], b["generation"]
    return 0 if x is None and y is None else 1 if x == y else -2 if x is None or y is None else -1


# ------------------------------------------------------------------------------------------------------------------- addresses
def letters(name: str) -> int:
    return sum(c.isalpha() for c in name)


def one_edit(x: str, y: str) -> bool:
    if min(letters(x), letters(y)) < 5 or OSA.distance(x, y) != 1:
        return False
    if x.replace(" ", "") == y.replace(" ", ""):
        return True
    s, t = x.split(), y.split()
    pairs = [(p, q) for p, q in zip(s, t, strict=False) if p != q]
    if len(s) != len(t) or len(pairs) != 1:
        return False
    a, b = pairs[0]
    if a.isalpha() and b.isalpha():
        return min(len(a), len(b)) >= 3
    if a.isalpha() == b.isalpha() or len(a) != len(b):
        return False
    misread = b if a.isalpha() else a
    return misread[0].isalpha() and letters(misread) >= 3


def misspelt_type(bare: str, name: str, kind: str) -> bool:
    head, _, last = bare.rpartition(" ")
    if head != name or not last.isalpha():
        return False
    if len(last) < 3:
        return len(last) == len(kind) == 2 and letters(name) >= 5 and OSA.distance(last, kind) == 1
    return letters(bare) >= 5 and any(len(w) >= 3 and OSA.distance(last, w) == 1 for w in (kind, TYPES.get(kind, kind)))


def place(a: Row, b: Row) -> int:
    """0 elsewhere, 1 near, 2 within tolerance, 3 equal."""

    def same(column: str) -> bool:
        return a[column] is not None and a[column] == b[column]

    same_house = same("number") if "street" in (a["kind"], b["kind"]) and a["kind"] == b["kind"] else same("delivery_key")
    if not a["delivery_key"] or not b["delivery_key"] or not same_house or not (same("zip5") or (same("city") and same("state"))):
        return 0
    if same("delivery_key"):
        calm = all(a[c] is None or b[c] is None or a[c] == b[c] for c in ("zip5", "city", "state"))
        return 3 if calm else 2 if (a["unit_key"] or "") == (b["unit_key"] or "") else 1
    x, y = a["street_name"], b["street_name"]
    if a["kind"] != "street" or b["kind"] != "street" or x is None or y is None:
        return 0
    frame = all((a[c] or "") == (b[c] or "") for c in ("predir", "postdir")) and (a["unit_key"] or "") == (b["unit_key"] or "")
    s, t = a["street_type"], b["street_type"]
    if frame and (
        (s == t and one_edit(x, y)) or (s is None and t and misspelt_type(x, y, t)) or (t is None and s and misspelt_type(y, x, s))
    ):
        return 2
    return 1 if within(x, y, 2) or x.split(" ")[0] == y.split(" ")[0] else 0


def door(a: Row) -> tuple[str, str]:
    town = f"{a['city']}/{a['state']}" if a["city"] is not None and a["state"] is not None else ""
    return a["delivery_key"], a["zip5"] if a["zip5"] is not None else town


def above(n: int) -> float:
    """Upper 95 % limit of a Poisson mean, by Wilson and Hilferty."""
    return (n + 1) * (1 - 1 / (9 * (n + 1)) + 1.6449 / (3 * math.sqrt(n + 1))) ** 3


def below(n: int) -> float:
    """The lower one."""
    return max(0.0, n * (1 - 1 / (9 * n) - 1.6449 / (3 * math.sqrt(n))) ** 3) if n else 0.0


def unit(a: Row, b: Row) -> int:
    x, y = a["unit_key"] or None, b["unit_key"] or None
    return 1 if x == y else 0 if x is None or y is None else -1


# -------------------------------------------------------------------------------------------------------------------- register
class Reference:
    """The register as lists, and what it says of given names."""

    def __init__(self, persons: list[Row], addresses: list[Row], shares: tuple[float, float, float, float] = SHARES) -> None:
        self.shares = shares
        self.people: dict[str, Person] = {}
        names = standardise_names(pa.Table.from_pylist(persons)).to_pylist()
        for raw, name in zip(persons, names, strict=True):
            self.people.setdefault(raw["person_id"], Person(raw["person_id"])).names.append(name)
        homes = standardise_addresses(pa.Table.from_pylist(addresses)).to_pylist()
        for raw, home in zip(addresses, homes, strict=True):
            if raw["person_id"] in self.people:
                self.people[raw["person_id"]].homes.append({**home, "raw": raw})
        self.persons = persons
        self.counts: dict[str, int] = {}
        for person in self.people.values():
            for token in {n["given_first"] for n in person.names} - {None}:
                self.counts[token] = self.counts.get(token, 0) + 1
        floor = 2 + math.ceil(len(self.people) / 200_000)
        self.known = set(lexicon().common) | {t for t, n in self.counts.items() if n >= floor}

    def surname(self, person: Person) -> str | None:
        """The first core token of the first filed name that has one, names in the order of the owner's columns, missing ones last."""
        order = ("taxpayer_number", "given_name", "middle_name", "family_name", "suffix", "date_of_birth")
        raw = [r for r in self.persons if r["person_id"] == person.id]
        rows = sorted(zip(raw, person.names, strict=True), key=lambda pair: [(pair[0].get(c) is None, pair[0].get(c) or "") for c in order])
        return next((n["family_tokens"].split()[0] for _, n in rows if n["family_tokens"]), None)

    def kin(self, token: str) -> tuple[int, int]:
        """How many bearers of the name live with a relative who has a given name, and how many of them with a namesake; once a door."""
        homes: dict[tuple[Any, ...], list[set[str]]] = {}
        for person in self.people.values():
            names = {n["given_first"] for n in person.names} - {None}
            surname = self.surname(person)
            if names and surname:
                for where in {(*door(h), h["unit_key"] or "", surname) for h in person.homes if h["delivery_key"]}:
                    homes.setdefault(where, []).append(names)
        bearers = [sum(token in names for names in family) for family in homes.values() if len(family) > 1]
        return sum(bearers), sum(n for n in bearers if n > 1)

    def evidence_of(self, token: str, rare_share: float, certain_share: float, unshared_share: float, shared_share: float) -> set[str]:
        """`rare` and `unshared`, from the counts as a reader would check them."""
        few = {
            t
            for t, n in self.counts.items()
            if n < rare_share * len(self.people) and above(n) < certain_share * len(self.people) and len(t) > 1
        }
        words, found = lexicon(), set()
        with_kin, namesakes = self.kin(token)

        def one_name(other: str) -> bool:
            forms, others = {words.code(token), *words.roots(token)} - {0}, {words.code(other), *words.roots(other)} - {0}
            return within(token, other, 1) or bool(forms & others)

        apart = not any(one_name(other) for other in self.counts if other not in few)
        if token in few and apart and not below(namesakes) > shared_share * with_kin:
            found.add("rare")
        if with_kin and above(namesakes) < unshared_share * with_kin:
            found.add("unshared")
        return found

    def compare(self, a: Row, person: Person) -> Row:
        """How a request's name agrees with a person: the best of the filed names; a conflict only where nothing agrees."""
        rows = []
        for b in person.names:
            row = {"given": given(a, b, self.known), "family": family(a, b), "middle": middle(a, b)}
            row |= {"dob": dob(a, b), "number": number(a, b), "generation": generation(a, b)}
            row["slip"] = int(None not in (a["dob"], b["dob"]) and dob(a, b) == 0)
            if None not in (a["given_first"], a["family"], b["given_first"], b["family"]):
                (p, pm), (q, qm) = bags(a), bags(b)
                with_middle = p != q and (pm in (qm, q) or p == qm)
                if (p == q and (row["given"] < 6 or row["family"] < 3)) or with_middle:
                    row |= {"given": 6, "family": 4}
                if with_middle:
                    row["middle"] = 1
            rows.append(row)
        best: Row = {c: max(r[c] for r in rows) for c in ("given", "family", "slip")}
        for column in ("middle", "dob", "number", "generation"):
            top, bottom = max(r[column] for r in rows), min(r[column] for r in rows)
            best[column] = top if top > 0 else bottom
        return best

    def best_home(self, b: Row, person: Person) -> tuple[int, int, Row | None]:
        found = [(place(b, h), unit(b, h), h) for h in person.homes]
        live = [(p, u, h) for p, u, h in found if p > 0]
        if not live:
            return 0, 1, None
        return max(live, key=lambda f: ((f[0] >= 2 and f[1] >= 0), bool(f[2]["raw"]["last_known"]) or True, f[0], f[1]))

    def match(self, request: Row) -> Row:
        a = standardise_names(pa.Table.from_pylist([request])).to_pylist()[0]
        b = standardise_addresses(pa.Table.from_pylist([request])).to_pylist()[0]
        rows = []
        for person in self.people.values():
            level, units, home = self.best_home(b, person)
            rows.append({**self.compare(a, person), "place": level, "unit": units, "home": home, "person": person})
        holders = [p for p in self.people.values() if a["number"] and any(n["number"] == a["number"] for n in p.names)]
        here = [r for r in rows if r["place"] >= 2]
        for row in here:
            strangers = {door(r["home"]) for r in here if r["family"] <= 0}
            row["confirmed"] = row["place"] == 3 or not (strangers - {door(row["home"])})
            row["veto"] = next((v for v in ("number", "dob", "generation", "middle", "unit") if row[v] == -1), None)
            row["rung"] = self.rung(a, row, len(holders))
            stated = a["number_valid"] is not None
            fits = row["confirmed"] and row["unit"] >= 0 and (not stated or row["number"] == 1)
            row["accepted"] = bool(row["rung"] and row["veto"] is None and fits)
            sure = row["family"] >= 3 and row["given"] >= 6
            open_ = row["veto"] is None or (row["veto"] == "middle" and sure)
            row["arguable"] = not row["accepted"] and fits and row["family"] >= 2 and row["given"] >= 1 and open_
        accepted = [r for r in here if r["accepted"]]
        arguable = [r for r in here if r["arguable"]]
        subject = accepted[0] if len(accepted) == 1 else arguable[0] if not accepted and len(arguable) == 1 else None
        rivals = self.rivals(rows, accepted[0], holders) if len(accepted) == 1 else min(len(arguable), 1) if not accepted else 0
        return {
            "candidates": len(accepted) or len(arguable),
            "rivals": rivals,
            "person_id": subject["person"].id if subject else None,
            "rung": accepted[0]["rung"] if len(accepted) == 1 else None,
            "tolerance_used": int(bool(subject) and subject["place"] == 2),
        }

    def rung(self, a: Row, row: Row, holders: int) -> str | None:
        g, f, p = row["given"], row["family"], row["place"]
        line = row["generation"] != -2
        second, number_, born = row["middle"] == 1 and line, row["number"] == 1 and holders == 1, row["dob"] == 1
        rules = [
            ("L1", g >= 1 and f >= 2 and number_),
            ("L2", g >= 3 and f >= 2 and born),
            ("L3", g in (1, 2) and f >= 2 and born and second),
            ("L4", g >= 6 and f >= 2 and second),
            ("L5", g == 5 and f >= 3 and second),
            ("L6", g == 4 and f >= 3 and second),
        ]
        taken = next((name for name, holds in rules if holds and p >= 2), None)
        if taken is None and g == 7 and f == 5 and p == 3 and line:
            told = self.evidence_of(a["given_first"], *self.shares)
            taken = "L7" if "rare" in told else "L8" if "unshared" in told else "L9" if row["slip"] else None
        if taken is None and g == 2 and f == 5 and p == 3 and born:
            taken = "L10"
        return taken

    def rivals(self, rows: list[Row], subject: Row, holders: list[Person]) -> int:
        doors = {
            (h["delivery_key"], where)
            for h in subject["person"].homes
            for where in (h["zip5"], (h["city"], h["state"]))
            if h["delivery_key"] and where and None not in (where if isinstance(where, tuple) else (where,))
        }
        count = 0
        for row in rows:
            person: Person = row["person"]
            if person is subject["person"]:
                continue
            shared = any((h["delivery_key"], w) in doors for h in person.homes for w in (h["zip5"], (h["city"], h["state"])))
            if not (row["place"] >= 1 or shared or person in holders):
                continue
            wide, narrow = row["family"] != 0 and row["given"] != 0, row["family"] >= 2 and row["given"] >= 1
            meant = wide if row["place"] >= 2 else narrow
            count += meant and all(row[c] != -1 for c in ("middle", "dob", "generation", "number"))
        return count
