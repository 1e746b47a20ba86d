"""Addresses for the tests: the labelled lists of examples/, one-line builders, renderings that must be equal and pairs that must differ."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from portcullis.intake.addresses import standardise_addresses

COLUMNS = ("address_line", "unit", "city", "state", "postal_code", "address")
LISTS = Path(__file__).parent.parent / "examples" / "addresses"


def labelled(name: str) -> list[dict[str, str]]:
    """The rows of a labelled list."""
    with (LISTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(rows: Iterable[Mapping[str, str | None]]) -> pa.Table:
    """Rows as a table of text; empty values are null as in a data file."""
    rows = list(rows)
    return pa.table({name: pa.array([row.get(name) or None for row in rows], pa.string()) for name in COLUMNS})


def standard(*rows: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """The standard form of rows given as mappings."""
    return list(standardise_addresses(table(rows)).to_pylist())


def line(text: str, unit: str = "", city: str = "Springfield", state: str = "IL", postal_code: str = "62704") -> dict[str, str]:
    """A row in parsed columns, complete but for what the test leaves out."""
    return {"address_line": text, "unit": unit, "city": city, "state": state, "postal_code": postal_code}


def free(text: str) -> dict[str, str]:
    """A row of one free text."""
    return {"address": text}


def judged(row: Mapping[str, str | None]) -> tuple[int | None, str | None]:
    """What is said of one row alone."""
    found = standard(row)[0]
    return found["genuine"], found["reason"]


EQUAL = (
    (
        "123 N Main St Apt 4",
        "123 NORTH MAIN STREET #4",
        "123 n. main st., apartment 4",
        "0123 N Main Str Unit 4",
        "Apt 4, 123 N Main St",
        "123 N MAIN ST APT 04",
    ),
    ("45 1st Ave", "45 First Avenue", "45 1ST AV", "45 FIRST AVE.", "45  1st   Ave"),
    ("561 23rd St", "561 Twenty-Third St", "561 TWENTY THIRD STREET", "561 23 St"),
    ("One Main St", "1 Main St", "ONE MAIN STREET"),
    ("Twenty-One Elm Ct", "21 Elm Court"),
    ("12 St Charles Ave", "12 Saint Charles Avenue", "12 ST. CHARLES AV"),
    ("9 Mt Pleasant Rd", "9 Mount Pleasant Road", "9 Mt. Pleasant Rd"),
    ("14 Ft Sumter Dr", "14 Fort Sumter Drive"),
    ("9821 US Hwy 41 N", "9821 U.S. Highway 41 North", "9821 US-41 N", "9821 US HIGHWAY 41 N", "9821 US Route 41 N"),
    ("700 State Route 9", "700 SR 9", "700 State Rte 9", "700 STATE ROAD 9", "700 St Rd 9"),
    ("700 Hwy 9", "700 Highway 9", "700 HWY. 9", "700 hwy9"),
    ("55 County Road 12", "55 CR 12", "55 Co Rd 12", "55 CNTY RD 12", "55 CR-12", "55 County Rd # 12", "55 Cty Hwy 12"),
    ("300 FM 407", "300 Farm to Market 407", "300 FM-407", "300 FM Road 407", "300 F.M. 407"),
    ("2211 N IH 35", "2211 N I-35", "2211 North Interstate 35", "2211 N I 35"),
    ("PO Box 12", "P.O. Box 12", "POB 12", "P O BOX 12", "Post Office Box 12", "po box #12", "POBOX 12", "P.O.Box 012", "Box 12"),
    (
        "RR 2 Box 15A",
        "R.R. 2 BOX 15-A",
        "Rural Route 2 Box 15A",
        "RFD 2 Box 15A",
        "RR2 BX 15A",
        "Route 2 Box 15A",
        "RR #2, Box 15A",
        "Box 15A Route 2",
    ),
    ("HC 68 Box 98", "HCR 68 Box 98", "Highway Contract 68 Box 98", "H.C. 68, Box 98", "Star Route 68 Box 98"),
    ("General Delivery", "GENERAL DELIVERY", "Gen Del", "gen. delivery"),
    ("123 1/2 Elm St", "123½ Elm St", "123-1/2 Elm Street", "123 1/2 ELM STR"),
    ("18B Beacon St", "18-B Beacon Street", "18b BEACON ST."),
    ("100 W 200 N", "100 West 200 North", "100 W. 200 N."),
    ("N6W23001 Bluemound Rd", "n6w23001 Bluemound Road", "N6 W23001 BLUEMOUND RD"),
    ("48 McIntyre Ct", "48 Mc Intyre Court", "48 MCINTYRE CT"),
    ("412 O'Farrell St", "412 OFarrell St", "412 O’Farrell Street", "412 O Farrell St"),
    ("2310 Cañada Blvd", "2310 Canada Boulevard", "2310 CANADA BLVD"),
    ("77 Dr Martin Luther King Jr Blvd", "77 Doctor M.L. King Jr. Boulevard", "77 Dr MLK Jr Blvd"),
    ("39 Chestnut St 3rd Floor", "39 Chestnut St Fl 3", "39 Chestnut St, Third Floor", "39 CHESTNUT ST FLOOR 3"),
    ("812 Elm St Rear", "812 Elm Street, Rear"),
    ("910 Market St Bldg 4 Apt 212", "910 Market St, Building 4, # 212", "910 Market Street Bldg. 4 Unit 212"),
    ("101 Avenue B", "101 Ave B", "101 AVE. B"),
    ("62 Circle Dr", "62 CIRCLE DRIVE"),
    ("1400 Harbor Pt", "1400 Harbor Point", "1400 HARBOR PT."),
    ("12 Kings Hwy", "12 Kings Highway"),
    ("88 S E St", "88 South E Street"),
    ("7 NW 10 St", "7 Northwest 10th Street", "7 N.W. 10th St", "7 North West 10th St"),
    ("Mile 42 Parks Hwy", "Milepost 42 Parks Highway", "MP 42 Parks Hwy", "Mile Post 42 Parks Hwy"),
)

DIFFERENT = (
    ("123 N Main St", "123 S Main St"),
    ("123 N Main St", "123 Main St"),
    ("123 Main St N", "123 N Main St"),
    ("123 Main St", "123 Main Ave"),
    ("123 Main St", "132 Main St"),
    ("123 Main St", "123 1/2 Main St"),
    ("123 Main St", "123A Main St"),
    ("12-34 30th Ave", "1234 30th Ave"),
    ("1 2nd St", "12 2nd St"),
    ("100 W 200 N", "100 W 200 S"),
    ("100 W 200 N", "100 E 200 N"),
    ("700 US Hwy 9", "700 State Route 9"),
    ("700 State Route 9", "700 County Road 9"),
    ("700 FM 9", "700 County Road 9"),
    ("PO Box 12", "12 Box St"),
    ("PO Box 12", "PO Box 121"),
    ("RR 2 Box 15", "RR 21 Box 5"),
    ("RR 2 Box 15", "HC 2 Box 15"),
    ("RR 2 Box 15", "PO Box 15"),
    ("45 1st Ave", "45 2nd Ave"),
    ("45 Avenue B", "45 Avenue C"),
    ("500 E St", "500 E E St"),
    ("N6W23001 Bluemound Rd", "N6W2300 Bluemound Rd"),
    ("Mile 42 Parks Hwy", "42 Parks Hwy"),
)

UNITS_EQUAL = (
    ("Apt 4B", "#4B", "Unit 4B", "APARTMENT 4-B", "No. 4B", "apt # 4 B", "Suite 4B", "# 4b"),
    ("Floor 2", "2nd Fl", "Second Floor", "FL 2"),
    ("Bsmt", "Basement"),
    ("Lot 12", "Trlr 12", "Space 12", "LOT 012"),
)
UNITS_DIFFERENT = (
    ("Apt 4", "Apt 5"),
    ("Apt 4", "Apt 4B"),
    ("Apt 2", "Floor 2"),
    ("Bldg 2 Apt 1", "Bldg 1 Apt 2"),
    ("Rear", "Front"),
    ("Apt 12", "Bldg 1 Apt 2"),
)
