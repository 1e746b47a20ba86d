"""Places: one row per deliverable address, as parts; `render` writes it out in the style asked for.

Shapes: house number and street (with directionals and types), numbered streets, highways and county roads, hyphenated (Queens),
grid (Utah, Wisconsin) and fractional numbers, post office boxes, rural and highway-contract routes, military, Puerto Rico
urbanizaciones. A ZIP has about 60 streets, each with its own fixed name, type and directional. Every address is invented and
deliverable in form: number + street or box, city, state, and a ZIP that belongs to both.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.synthetic import geography as geo
from portcullis.synthetic.draw import Bools, Ints, cumulative, join, listed, padded, pick, present, stream, unit_hash, words
from portcullis.synthetic.words import syllable_words

__all__ = ["PLACE_KINDS", "PLAIN", "make_places", "street_names"]

PLACE_KINDS = listed("street numbered highway grid hyphenated fractional po_box rural_route highway_contract military puerto_rico")
PLAIN, NUMBERED, HIGHWAY, GRID, HYPHENATED, FRACTIONAL, PO_BOX, RURAL, CONTRACT, MILITARY, PUERTO_RICO = range(11)
_STREETS_PER_ZIP = 60
_COMMON = listed(
    """
    Main; Park; Oak; Pine; Maple; Cedar; Elm; Washington; Lake; Hill; Walnut; Spring; North; Ridge; Church; Willow; Mill; Sunset;
    Railroad; Jackson; Cherry; West; South; Center; Highland; Johnson; Forest; Jefferson; Hickory; Franklin; River; Meadow; East;
    Chestnut; Lincoln; Dogwood; Madison; Adams; Poplar; Magnolia; Spruce; Lakeview; Broadview; Martin Luther King Jr; Old Mill; Lake
    Shore; Saint Charles; La Cienega; Camino Real; Country Club; Fox Hollow; Mulberry; Sycamore; Locust; Valley View; Woodland;
    Prospect; Fairview; Cottonwood; Juniper; Laurel; Hillcrest; Orchard; Pleasant Hill; Rosewood; Monroe; Delaware; Virginia;
    Colonial; Heritage; Meadowbrook; Eagle
    """,
    by=";",
)
_HEADS = listed("""
    Amber Apple Arbor Autumn Bay Bear Beech Bell Berry Bright Cardinal Clover Copper Crystal Deer Eagle Elder Fern Fox Garnet Hazel
    Heather Heron Holly Iron Ivy Jasper Lark Linden Marsh Misty Moss Otter Pebble Pheasant Quail Raven Robin Sage Shady Sparrow Slate
    Summer Thistle Timber Tulip Turtle Wild
    """)
_TAILS = listed("wood field brook dale croft moor stone water leaf _Creek _Hollow _Ridge _Meadow _Glen _Haven _Springs _Knoll _Valley")
_ENDS = listed("""
    ington ley ton field wood man son berg mont ville ford well more stead worth ner ling by ham low
    """)
_URBANIZATIONS = ("Las Gladiolas", "Villa Carolina", "El Paraiso", "Santa Rosa", "Monte Verde", "Los Robles")
_HASH_NAME, _HASH_TYPE, _HASH_PRE, _HASH_POST = 11, 12, 13, 14


@lru_cache(maxsize=1)
def street_names() -> pa.Array:
    """About 7,000 street names: common ones, compounds, and built ones; most common first."""
    compounds = [head + tail.replace("_", " ") for tail in _TAILS for head in _HEADS]
    return pa.array([*_COMMON, *compounds, *syllable_words(6000, _ENDS, 104729)], type=pa.string())


@lru_cache(maxsize=1)
def _ordinals() -> pa.Array:
    """1st to 180th."""
    suffix = {1: "st", 2: "nd", 3: "rd"}
    return pa.array([f"{n}{'th' if n % 100 in (11, 12, 13) else suffix.get(n % 10, 'th')}" for n in range(1, 181)], type=pa.string())


def _kinds(rng: np.random.Generator, cities: Ints) -> Ints:
    """A kind for every place: by state where the shape is regional, else by the national mix."""
    states = np.array([code for code, _, _ in geo.STATES])[geo.city_states()[cities]]
    shares = np.cumsum([0.69, 0.13, 0.045, 0, 0, 0.006, 0.085, 0.035, 0.009])
    kind = np.searchsorted(shares / shares[-1], rng.random(len(cities)), side="right").astype(np.int64)
    regional = rng.random(len(cities))
    kind[((states == "UT") & (regional < 0.4)) | ((states == "WI") & (regional < 0.1))] = GRID
    kind[(states == "NY") & (regional < 0.12)] = HYPHENATED
    kind[np.isin(states, geo.MILITARY)] = MILITARY
    kind[states == "PR"] = PUERTO_RICO
    return kind


def _choose(kind: Ints, cases: dict[int, pa.Array], default: pa.Array) -> pa.Array:
    """For each place the text of its kind's case."""
    out = default
    for code, values in cases.items():
        out = pc.if_else(pa.array(kind == code), values, out)
    return out


def _numbers(rng: np.random.Generator, kind: Ints, wisconsin: Bools) -> pa.Array:
    """House numbers as text; null for boxes and military units."""
    n = len(kind)
    plain = padded(np.maximum((10 ** rng.uniform(0.7, 4.1, n)).astype(np.int64), 1), 0)
    low = rng.integers(11, 99, n)
    hyphen = join(padded(low, 0), padded(rng.integers(1, 99, n), 2), by="-")
    grid = join(
        words(("N", "S"), rng.integers(0, 2, n)), padded(rng.integers(1, 99, n), 0), "W", padded(rng.integers(10000, 29999, n), 0), by=""
    )
    urb = join("Urb", words(_URBANIZATIONS, rng.integers(0, len(_URBANIZATIONS), n)), plain)
    none = pa.nulls(n, pa.string())
    grids = pc.if_else(pa.array(wisconsin), grid, plain)
    cases = {HYPHENATED: hyphen, GRID: grids, FRACTIONAL: join(plain, "1/2"), PUERTO_RICO: urb}
    return _choose(kind, cases | dict.fromkeys((PO_BOX, RURAL, CONTRACT, MILITARY), none), plain)


def _names(rng: np.random.Generator, kind: Ints, street: Ints, wisconsin: Bools) -> pa.Array:
    """The street's name, or the number of the box or route."""
    n = len(kind)
    names = street_names()
    named = names.take(pa.array(pick_fixed(street, len(names))))
    box = padded(np.maximum((10 ** rng.uniform(0.5, 4.2, n)).astype(np.int64), 1), 0)
    small = padded(rng.integers(1, 480, n), 0)
    utah = pc.if_else(pa.array(wisconsin), named, padded(rng.integers(1, 60, n) * 100, 0))
    numbered = _ordinals().take(pa.array((unit_hash(street, _HASH_NAME) ** 2 * 180).astype(np.int64)))
    cases = {NUMBERED: numbered, HYPHENATED: numbered, HIGHWAY: padded(1 + (unit_hash(street, _HASH_NAME) * 400).astype(np.int64), 0)}
    return _choose(kind, cases | {GRID: utah, PO_BOX: box, RURAL: small, CONTRACT: small, MILITARY: box}, named)


def pick_fixed(street: Ints, size: int) -> Ints:
    """The rank of each street's name, by its own hash: the same street has the same name everywhere it stands."""
    weights = cumulative(size, 20, 0.85)
    return np.minimum(np.searchsorted(weights, unit_hash(street, _HASH_NAME)), size - 1).astype(np.int64)


def _units(rng: np.random.Generator, kind: Ints) -> tuple[Ints, pa.Array]:
    """A unit on 16 % of street addresses: the code of its designator (-1 for none) and its identifier."""
    n = len(kind)
    has = np.isin(kind, (PLAIN, NUMBERED, HYPHENATED)) & (rng.random(n) < 0.16)
    code = np.where(has, pick(rng, np.array([0.75, 0.92, 1.0]), n), -1)
    digits = padded(np.where(rng.random(n) < 0.5, rng.integers(1, 40, n), rng.integers(101, 999, n)), 0)
    letter = words(tuple("ABCDEFGH"), rng.integers(0, 8, n))
    style = rng.random(n)
    both = join(padded(rng.integers(1, 30, n), 0), letter, by="")
    identifier = pc.if_else(pa.array(style < 0.75), digits, pc.if_else(pa.array(style < 0.9), letter, both))
    return code, pc.if_else(pa.array(has), identifier, pa.nulls(n, pa.string()))


def _pretypes(rng: np.random.Generator, kind: Ints) -> Ints:
    """The code of what stands before the name (see `render._PRETYPES`), -1 for none."""
    n = len(kind)
    route = rng.integers(0, 4, n)
    out = np.full(n, -1, dtype=np.int64)
    rural, contract, camp = 5 + rng.integers(0, 9, n), 14 + rng.integers(0, 3, n), 17 + rng.integers(0, 3, n)
    box, calle = np.full(n, 4), np.full(n, 20)
    for code, values in ((HIGHWAY, route), (PO_BOX, box), (RURAL, rural), (CONTRACT, contract), (MILITARY, camp), (PUERTO_RICO, calle)):
        out = np.where(kind == code, values, out)
    return out


def make_places(seed: int, name: str, count: int, persons: int) -> pa.Table:
    """`count` places as parts, drawn from the stream of that name.

    Columns: kind, city (int64 codes), zip (int64), number, name, unit_id (text or null), predir, pretype, type, postdir, unit_kind
    (int64 code or null). `persons` is the size of the register they belong to: a larger one uses more of each city's ZIPs.
    """
    rng = stream(seed, f"places/{name}")
    cities = pick(rng, geo.city_weights(), count)
    spread = min(24, max(1, persons // 100_000 + 1))
    zips = geo.city_zips()[cities] + (spread * rng.random(count) ** 2).astype(np.int64)
    kind = _kinds(rng, cities)
    street = zips * _STREETS_PER_ZIP + (_STREETS_PER_ZIP * rng.random(count) ** 1.5).astype(np.int64)
    wisconsin = (kind == GRID) & (zips // 1000 < 60)
    typed = np.isin(kind, (PLAIN, NUMBERED, HYPHENATED, FRACTIONAL)) | wisconsin
    pre = np.isin(kind, (PLAIN, NUMBERED, HYPHENATED, FRACTIONAL)) & (unit_hash(street, _HASH_PRE) < 0.18)
    post = typed & ~pre & ~wisconsin & (unit_hash(street, _HASH_POST) < 0.05)
    utah = (kind == GRID) & ~wisconsin
    side = (unit_hash(street, _HASH_PRE + 100) * 4).astype(np.int64)
    unit_kind, unit_id = _units(rng, kind)
    columns = {
        "kind": pa.array(kind),
        "city": pa.array(cities),
        "zip": pa.array(zips),
        "number": _numbers(rng, kind, wisconsin),
        "name": _names(rng, kind, street, wisconsin),
        "unit_id": unit_id,
        "predir": present(np.where(utah, side, (unit_hash(street, _HASH_PRE + 200) * 8).astype(np.int64)), pre | utah),
        "pretype": present(_pretypes(rng, kind)),
        "type": present((unit_hash(street, _HASH_TYPE) ** 1.5 * 13).astype(np.int64), typed),
        "postdir": present(np.where(utah, (side + 2) % 4, (unit_hash(street, _HASH_POST + 100) * 8).astype(np.int64)), post | utah),
        "unit_kind": present(unit_kind),
    }
    return pa.table(columns)
