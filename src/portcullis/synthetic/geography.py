"""States with their real three-digit ZIP prefixes, and cities by rule: four to a prefix, so a ZIP names one city and one state.

Prefixes are the Postal Service's published ranges; the weights are rounded 2020 resident populations in hundred thousands.
The cities are invented.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa

from portcullis.synthetic.draw import Floats, Ints, listed

__all__ = ["CITIES_PER_PREFIX", "MILITARY", "STATES", "city_names", "city_states", "city_weights", "city_zips", "states_of"]

_STATES = listed(
    """
    AL 50 350-352 354-369; AK 7 995-999; AZ 72 850-853 855-857 859-860 863-865; AR 30 716-729; CA 395 900-908 910-928 930-961; CO 58
    800-816; CT 36 060-069; DE 10 197-199; DC 7 200 202-205; FL 215 320-339 341-342 344 346-347 349; GA 107 300-319 398-399; HI 15
    967-968; ID 18 832-838; IL 128 600-620 622-629; IN 68 460-479; IA 32 500-516 520-528; KS 29 660-662 664-679; KY 45 400-418 420-427;
    LA 47 700-701 703-708 710-714; ME 14 039-049; MD 62 206-212 214-219; MA 70 010-027; MI 101 480-499; MN 57 550-551 553-567; MS 30
    386-397; MO 62 630-631 633-641 644-658; MT 11 590-599; NE 20 680-681 683-693; NV 31 889-891 893-895 897-898; NH 14 030-038; NJ 93
    070-089; NM 21 870-871 873-875 877-884; NY 202 100-149; NC 104 270-289; ND 8 580-588; OH 118 430-459; OK 40 730-731 734-741 743-749;
    OR 42 970-979; PA 130 150-196; RI 11 028-029; SC 51 290-299; SD 9 570-577; TN 69 370-385; TX 291 750-770 772-799; UT 33 840-847; VT
    6 050-054 056-059; VA 86 201 220-246; WA 77 980-986 988-994; WV 18 247-268; WI 59 530-532 534-535 537-549; WY 6 820-831; PR 33
    006-007 009; AE 3 090-098; AP 2 962-966; AA 1 340
    """,
    by=";",
)
STATES: tuple[tuple[str, int, str], ...] = tuple(
    (code, int(weight), ranges) for code, weight, ranges in (row.split(" ", 2) for row in _STATES)
)
"""Code, weight, ranges of prefixes."""
MILITARY = ("AE", "AP", "AA")
"""Overseas military 'states': the city is APO or FPO."""
CITIES_PER_PREFIX = 4
_FIRST = listed("""
    Oak Cedar Maple Pine Elm Ash Birch Willow Fair Spring Clear Stone Rock Green White Black Red Silver Gold North South West East
    Lake River Brock Mill Church Bridge King Queen Bishop Dun Win Har Ald Bar Stan Brad Clay Day Farm Glen Hart High Kirk Lang Mar New
    Nor Rich Rose Sand Shel Sher Thorn Wal Ling Wash York Hol Hunt
    """)
_SECOND = listed("""
    field ville ton burg wood view dale port land ford ham ridge creek bury worth mont haven brook side crest mouth stead gate
    """)


def _expand(ranges: str) -> list[str]:
    """'350-352 354' as the four prefixes it names."""
    out: list[str] = []
    for part in ranges.split():
        low, _, high = part.partition("-")
        out += [f"{value:03d}" for value in range(int(low), int(high or low) + 1)]
    return out


@lru_cache(maxsize=1)
def _prefixes() -> tuple[list[str], Ints, Floats]:
    """Every prefix, the index of its state, and its weight."""
    names: list[str] = []
    states: list[int] = []
    weights: list[float] = []
    for index, (_, weight, ranges) in enumerate(STATES):
        expanded = _expand(ranges)
        names += expanded
        states += [index] * len(expanded)
        weights += [weight / len(expanded)] * len(expanded)
    return names, np.array(states, dtype=np.int64), np.array(weights)


@lru_cache(maxsize=1)
def city_states() -> Ints:
    """The state's index in `STATES` for every city."""
    return np.repeat(_prefixes()[1], CITIES_PER_PREFIX)


@lru_cache(maxsize=1)
def city_weights() -> Floats:
    """Cumulative weights of cities: the first city of a prefix is the largest."""
    shares = np.array([0.55, 0.22, 0.14, 0.09])
    weights = np.outer(_prefixes()[2], shares).ravel()
    total: Floats = np.cumsum(weights) / weights.sum()
    return total


@lru_cache(maxsize=1)
def city_names() -> pa.Array:
    """The name of every city, all different inside a state; APO or FPO for the military."""
    combos = len(_FIRST) * len(_SECOND)
    seen: dict[int, int] = {}
    out: list[str] = []
    for state in city_states().tolist():
        nth = seen[state] = seen.get(state, -1) + 1
        code = (nth * 7919 + state * 101) % combos
        first, second = divmod(code, len(_SECOND))
        out.append(("APO", "FPO")[nth % 2] if STATES[state][0] in MILITARY else _FIRST[first] + _SECOND[second])
    return pa.array(out, type=pa.string())


@lru_cache(maxsize=1)
def city_zips() -> Ints:
    """The first of the 24 ZIPs of every city, as an integer (its own are this plus 0..23); 00 is never used."""
    base = np.array([int(name) * 100 for name in _prefixes()[0]], dtype=np.int64)
    return (base[:, None] + np.arange(CITIES_PER_PREFIX) * 25 + 1).ravel()


def states_of(cities: Ints) -> pa.Array:
    """The two-letter state of each city code."""
    return pa.array([code for code, _, _ in STATES], type=pa.string()).take(pa.array(city_states()[cities]))
