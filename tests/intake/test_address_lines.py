"""Single lines as people write them: what was read wrongly once, and the same address written in another way."""

from __future__ import annotations

import pytest

from address_samples import standard

Parts = tuple[str | None, ...]
COLUMNS = ("number", "predir", "street_name", "street_type", "postdir", "unit_key", "city")

LINES: list[tuple[str, Parts]] = [
    ("4655 S. Dr. Martin Luther King Drive Chicago IL 60653", ("4655", "S", "MLK", "DR", None, None, "CHICAGO")),
    ("72 Floor St, Bath ME 04530", ("72", None, "FLOOR", "ST", None, None, "BATH")),
    ("300 Market St Lower Level, Camden, NJ 08102", ("300", None, "MARKET", "ST", None, "LOWR", "CAMDEN")),
    ("46 Walnut St. Ext., Agawam MA 01001", ("46", None, "WALNUT", "ST EXT", None, None, "AGAWAM")),
    ("112 W. Union, Olympia, WA 98501", ("112", "W", "UNION", None, None, None, "OLYMPIA")),
    ("123 E Park Edwardsville IL 62025", ("123", "E", "PARK", None, None, None, "EDWARDSVILLE")),
    ("8700 NE Loop 820, Fort Worth, TX 76137", ("8700", "NE", "LOOP 820", None, None, None, "FT WORTH")),
    ("119 North St, Auburn NY 13021", ("119", None, "N", "ST", None, None, "AUBURN")),
    ("60 E South Temple Salt Lake City UT 84111", ("60", "E", "S TEMPLE", None, None, None, "SALT LAKE CITY")),
    ("136 S Main Salt Lake City UT 84101", ("136", "S", "MAIN", None, None, None, "SALT LAKE CITY")),
    ("121 S Tejon Colorado Springs CO 80903", ("121", "S", "TEJON", None, None, None, "COLORADO SPRINGS")),
    ("100 N Broadway Oklahoma City OK 73102", ("100", "N", "BROADWAY", None, None, None, "OKLAHOMA CITY")),
    ("60 State St Boston MA 02109", ("60", None, "STATE", "ST", None, None, "BOSTON")),
    ("60 State Rd Boston MA 02109", ("60", None, "STATE", "RD", None, None, "BOSTON")),
    ("4300 Camino del Rio, San Diego, CA 92108", ("4300", None, "CAMINO DEL RIO", None, None, None, "SAN DIEGO")),
    ("1105 By-Pass 123, Seneca SC 29678", ("1105", None, "BYPASS 123", None, None, None, "SENECA")),
]


@pytest.mark.parametrize(("line", "parts"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_read_as_a_person_would(line: str, parts: Parts) -> None:
    found = standard({"address": line})[0]
    assert tuple(found[column] for column in COLUMNS) == parts
    assert found["genuine"] == 1


def test_half_of_a_road_and_a_number_for_a_street_do_not_pass() -> None:
    rows = [
        {"address": f"{line}, Dayton, OH 45402"} for line in ("6800 State Route", "6406 E 67", "22 County", "12 State Highway", "60 State")
    ]
    found = standard(*rows)
    assert [row["genuine"] for row in found] == [0, None, 0, None, None]
    assert found[1]["street_name"] == "67"  # a person sees it, beside what is on file


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4655 Dr Martin Luther King Jr Blvd", "4655 M.L. King Blvd."),
        ("46 Walnut Street Extension", "46 Walnut St Ext"),
        ("75 N Country Rd", "75 North Cntry Road"),
        ("8700 NE Loop 820", "8700 Northeast Lp 820"),
        ("112 West Union", "112 W Union"),
        ("300 Market St Level 2", "300 Market Street, 2nd Floor"),
    ],
)
def test_renderings_of_one_address_have_one_key(one: str, other: str) -> None:
    left, right = standard(*({"address": f"{line}, Dayton, OH 45402"} for line in (one, other)))
    assert (left["delivery_key"], left["unit_key"]) == (right["delivery_key"], right["unit_key"])
    assert left["delivery_key"]
