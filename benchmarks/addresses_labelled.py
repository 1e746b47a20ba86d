"""The standardiser on addresses whose parts are known because they were written by rule, beside usaddress where it is installed.

    python benchmarks/addresses_labelled.py [--rows 200000]

Right means: the house number, and the words of the street's name without type and directions, are the ones the address was written from.
Each kind of address is told apart. Beside those, hand-written lines of examples/addresses/lines.csv, as people write them (no commas, towns
without ZIP, names and floors in front, half of a highway's name); every one that is read otherwise is shown with --wrong.

Speed is rows a second of one core, both parsers on the same single lines of text.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from portcullis.intake.addresses import standardise_addresses

NAMES = (
    "Maple", "Larkspur", "Dearborn", "Old Mill", "Martin Luther King", "Saint Clair", "Mockingbird", "Cherry Hill", "Ravenna", "Van Buren",
    "Ocean View", "Juniper",
)  # fmt: skip
TYPES = (
    "St", "Street", "Ave", "Avenue", "Rd", "Road", "Dr", "Drive", "Ln", "Lane", "Ct", "Court", "Blvd", "Boulevard", "Way", "Pl", "Ter",
    "Cir",
)  # fmt: skip
WAYS = ["N", "S", "E", "W", "North", "South", "East", "West", "NE", "Southwest"]
UNITS = ["Apt 4B", "# 12", "Unit 301", "2nd Floor", "Ste 200", "Second Floor", "Apartment 7", "Bldg C Apt 2", "Rear"]
TOWNS = ["Springfield, IL 62704", "Dayton, OH 45402", "Mesa, AZ 85201", "St Paul, MN 55104", "New York, NY 10025", "Fort Wayne IN 46802"]
Labelled = tuple[str, str, str, str]  # kind, line, number, name


def _plain(dice: random.Random, number: str, kind: str) -> Labelled:
    name, type_ = dice.choice(NAMES), dice.choice(TYPES)
    before = f"{dice.choice(WAYS)} " if kind == "direction before" else ""
    after = f" {dice.choice(WAYS)}" if kind == "direction after" else ""
    unit = dice.choice(("", ",")) + f" {dice.choice(UNITS)}" if kind == "unit" else ""
    return kind, f"{number} {before}{name} {type_}{after}{unit}", number, name


def _numbered(dice: random.Random, number: str, kind: str) -> Labelled:
    street = dice.choice(("1st", "2nd", "42nd", "113th", "5th", "81st"))
    return kind, f"{number} {dice.choice(('', 'W ', 'NE '))}{street} {dice.choice(TYPES)}", number, street


def _route(dice: random.Random, number: str, kind: str) -> Labelled:
    route = str(dice.randrange(2, 480))
    way = dice.choice(("State Hwy", "State Highway", "Highway", "US Highway", "County Road", "State Route", "FM", "County Rd", "US Hwy"))
    return kind, f"{number} {way} {route}", number, route


def _odd_number(dice: random.Random, _: str, kind: str) -> Labelled:
    number = dice.choice(("12-34", "104-08", "N6W23001", "W190N2345", "12 1/2", "45A"))
    return kind, f"{number} {dice.choice(NAMES)} {dice.choice(TYPES)}", number, ""


def _grid(dice: random.Random, number: str, kind: str) -> Labelled:
    street = str(dice.randrange(1, 90) * 100)
    return kind, f"{number} {dice.choice('NSEW')} {street} {dice.choice('NSEW')}", number, street


KINDS: dict[str, Callable[[random.Random, str, str], Labelled]] = {
    "plain": _plain, "direction before": _plain, "direction after": _plain, "unit": _plain, "numbered street": _numbered,
    "route": _route, "odd number": _odd_number, "grid": _grid,
}  # fmt: skip


def labelled(count: int, seed: int = 3) -> list[Labelled]:
    """That many addresses with what they were written from; half in capitals or small letters, some with stops."""
    dice, rows = random.Random(seed), []
    for i in range(count):
        kind = list(KINDS)[i % len(KINDS)]
        _, line, number, name = KINDS[kind](dice, str(dice.randrange(1, 19_999)), kind)
        if kind == "odd number":
            name = re.sub(r" \S+$", "", line.removeprefix(f"{number} "))
        line = f"{line}, {dice.choice(TOWNS)}"
        line = dice.choice((line, line, line.upper(), line.lower(), line.replace(" St,", " St.,").replace(" Ave,", " Ave.,")))
        rows.append((kind, line, number, name))
    return rows


def _letters(text: str | None) -> str:
    """Letters and digits; ways of writing one name that the standard form makes one are one here too, for both parsers."""
    words = re.sub(r"\bSAINT\b", "ST", (text or "").upper()).replace("MARTIN LUTHER KING", "MLK")
    return re.sub(r"[^A-Z0-9/]", "", re.sub(r"(\d)(?:ST|ND|RD|TH)\b", r"\1", words))


def _is_right(kind: str, found: tuple[str | None, str | None], number: str, name: str) -> bool:
    street, wanted = _letters(found[1]), _letters(name)
    return _letters(found[0]) == _letters(number) and (street.endswith(wanted) if kind == "route" else street == wanted)


def ours(lines: list[str]) -> list[tuple[str | None, str | None]]:
    """(number, street name) by this project."""
    parts = standardise_addresses(pa.table({"address": pa.array(lines)}))
    return list(zip(parts["number"].to_pylist(), parts["street_name"].to_pylist(), strict=True))


def theirs(lines: list[str]) -> list[tuple[str | None, str | None]]:
    """(number, street name) by usaddress; a pre-type (Highway 12) counts with the name."""
    import usaddress  # noqa: PLC0415  installed for benchmarks only

    found = []
    for line in lines:
        parts: dict[str, list[str]] = defaultdict(list)
        for word, label in usaddress.parse(line):
            parts[label].append(word.strip(","))
        numbers = parts["AddressNumberPrefix"] + parts["AddressNumber"] + parts["AddressNumberSuffix"]
        found.append((" ".join(numbers), " ".join(parts["StreetName"])))
    return found


def report(title: str, parse: Callable[[list[str]], list[tuple[str | None, str | None]]], rows: list[Labelled]) -> float:
    """Print how many are right, by kind, and rows a second of one core; returns the latter."""
    parse([line for _, line, _, _ in rows[:100]])
    begun = time.process_time()
    found = parse([line for _, line, _, _ in rows])
    speed = len(rows) / (time.process_time() - begun)
    right, total = Counter[str](), Counter[str]()
    for (kind, _, number, name), one in zip(rows, found, strict=True):
        total[kind] += 1
        right[kind] += _is_right(kind, one, number, name)
    by_kind = " · ".join(f"{kind} {right[kind] / total[kind]:.3f}" for kind in KINDS)
    print(f"{title}: {sum(right.values()) / len(rows):.4f} right, {speed:,.0f} rows a second\n  {by_kind}")
    return speed


LINES = Path(__file__).resolve().parent.parent / "examples" / "addresses" / "lines.csv"
SAME = {
    "SAINT": "ST", "MOUNT": "MT", "POINT": "PT", "FORT": "FT", "SOUTH": "S", "NORTH": "N", "EAST": "E", "WEST": "W", "NORTHWEST": "NW",
    "NORTHEAST": "NE", "SOUTHWEST": "SW", "STREET": "ST", "CENTER": "CTR", "PLAZA": "PLZ", "LANE": "LN", "DRIVE": "DR", "HILL": "HL",
    **dict(zip(["ONE", "TWO", "SIX", "FIRST", "SECOND", "FIFTH"], "126125", strict=True)),
}  # fmt: skip
LEADING = re.compile("^(?:AVENUE|AVE|RUE|CALLE|CAMINO|PASEO|VIA|AVENIDA)(?=.)")


def _bare(text: str | None) -> str:
    """A name without what has several spellings: titles before King, generation, ordinal ends, spaces."""
    upper = re.sub(r"\b(?:REV|DR) (?=(?:DR )?(?:MLK|MARTIN))", "", (text or "").upper().replace("-", " ").replace(".", ""))
    words = upper.replace("MARTIN LUTHER KING", "MLK").replace("MLK JR", "MLK").replace("'", "").split()
    return re.sub(r"(\d)(?:ST|ND|RD|TH)\b", r"\1", "".join(SAME.get(re.sub(r"(\d)(?:ST|ND|RD|TH)$", r"\1", w), w) for w in words))


def read_wrongly() -> tuple[int, list[dict[str, str]]]:
    """How many hand-written lines there are, and those whose number or street's name is read otherwise.

    A type word that belongs to the name (Rockefeller Plaza) may stand in either; of a road only its number must be right.
    """
    with LINES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = standardise_addresses(pa.table({"address": pa.array([row["line"] for row in rows])})).to_pylist()
    wrong = []
    for row, got in zip(rows, found, strict=True):
        name, wanted = _bare(got["street_name"]), _bare(row["street"])
        road = wanted[0].isdigit() or len(wanted) == 1
        whole = name + _bare(got["street_type"])
        right = wanted in (name, whole, LEADING.sub("", name)) or (road and name.removesuffix("BUS").endswith(wanted))
        if not right or _bare(got["number"]) != _bare(row["number"]):
            wrong.append(row | {"read": f"{got['number']} | {got['street_name']} | {got['street_type']}"})
    return len(rows), wrong


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--wrong", action="store_true", help="show the hand-written lines that are read otherwise")
    asked = parser.parse_args()
    rows = labelled(asked.rows)
    pa.set_cpu_count(1)
    count, wrong = read_wrongly()
    print(f"hand-written lines: {1 - len(wrong) / count:.4f} right of {count}")
    for row in wrong if asked.wrong else []:
        print(f"  {row['line']}: {row['number']} | {row['street']}, read as {row['read']}")
    mine = report("this project", ours, rows)
    if importlib.util.find_spec("usaddress") is None:
        print("usaddress is not installed: pip install --require-hashes -r requirements/benchmarks.txt")
        return
    other = report("usaddress, the first 4,000", theirs, rows[:4000])
    print(f"{mine / other:.0f} times as fast")


if __name__ == "__main__":
    main()
