"""The shapes of a delivery line, as regular expressions over class letters: one letter per token, so a shape reads like the address.

    numbers      n number · 5 five digits · 9 ZIP+4 · h 12-34 · f 1/2 · a 18B · g N6W23001 or W1234 · b B12 · o 1st, first · 1 one · 0 4.5
    streets      t type · W road · : type that may be the whole name · T type that is as often a name · s ST · S Saint · 3 LA
                 v calle, camino, rue · D north · 6 northeast
    roads        H highway · R route · C county · U US · y state · z name of a state, F one that also opens names of towns · I interstate
                 q CR, SR, FM · 7 RM
                 N township, ranch, alternate · M mile
    boxes        x box · p PO · P O letters · j post · J office · X drawer · r RR · c HC · A star · m PMB · G general · d delivery
    military     K PSC, CMR · B APO · V USS
    Puerto Rico  Y urb · Q condominio, tower · 2 barrio, sector, parcela · 4 extension · E carretera · k km
    units        u unit word · # sign · L floor · i rear, basement · e number word · _ letter U
    the rest     l letter · w word · = word of two letters · % care of · & and · ~ foreign script · . other · , comma · | next column
                 8 a word that opens the names of towns

Each named group is the role of its tokens (roles.py).
"""

from __future__ import annotations

import re

__all__ = ["BOXES", "MILITARY", "PUERTO_RICO", "STREETS", "UNIT_PIECES"]

_SEP = "[,|]"
_ID = "[n5abghlPORDI61of9xq_XK0CT.]"
_NAMED_UNIT = rf"[u7_]e?#*e?(?:{_ID}{{1,2}}|i|[w=](?={_SEP}|$))|#+e?{_ID}{{1,2}}|e{_ID}{{1,2}}|Q#?{_ID}|m#?{_ID}"
_FLOOR = rf"Le?#?{_ID}|#?e?[no1al5b]L|[w=]L(?!e?#?{_ID})"
_UNIT = rf"(?:{_NAMED_UNIT}|{_FLOOR}|i[n5ab]?|(?:p|PO|jJ)[xX]e?#?{_ID}|i?Li?)"
_UNITS = rf"(?P<units>(?:{_SEP}?{_UNIT})*(?:{_SEP}?[n5abh]|(?<=[tsTD63HiL:W|])l)?)"
_REST = rf"(?P<rest>{_SEP}.*)?$"
_LEAD = rf"^(?P<lead>(?:{_UNIT}{_SEP}?)*)"
_PREFIX = r"(?:(?P<prefix>(?![n5ah]).+?)(?<![HRUqIC7yzFE#eKxXcprNMuvkA_&@mG1]))??"
_MILE = "Mj?[n50]|0M"
_RANGE = "[n5]&[n5]|[n5][n5](?=[Dw=T6]*o[ts:W])"
_NUMBER = rf"(?P<number>g{{1,2}}f?|{_MILE}|(?<![^,|])D[n5](?=[^D6,|n5])|{_RANGE}|[n5]l(?=[HRU])|[n5h1ag]f?|b(?=[^,|]))"
_DIRS = "[D6]{1,2}"
_NAME = r"[^,|%#~]"
_WORDS = r"(?:[n5](?=[w=tTs:W])|[w=Tt:WsSlPOo1zFyUCNRIqvjJGdXA3482KVBrcmpDHYEQeuLi67MF_g])"
_END = _UNITS + _REST

_STATE_ROAD = r"(?P<state>[ys][HRW]|[zF3M][HR](?!#)|[yzF3M]q|[yzF3M](?=e?\#?[n5]))"
_ROADS = rf"(?:(?P<us>U(?:[HRW]|s[WR])?)|{_STATE_ROAD}|(?P<county>C[HRWq])|(?P<named>N[WRyH]?W?|q|7|r[rR]?|[HR]|I[HR]?))"
_ROAD_NUMBER = r"(?P<name>[nabog1]|[lPO_Ii](?![wTtsSW:])|(?<=C[HW])[=D]|(?<=q)[=D])"
_HIGHWAY = (
    rf"(?P<predir>{_DIRS})?(?P<old>[w=T])?{_ROADS}(?P<skip>(?<=[q7])[WH](?=e?#?[n5ab]))?(?P<sign>[e#]*){_ROAD_NUMBER}"
    rf"(?P<drop>[WH](?![n5]))?(?P<alt>N)?(?P<postdir>{_DIRS})?"
)
_LETTERED = rf"(?P<predir>{_DIRS})?(?P<name>[tWv:](?:[n5oab]|[lPORD6zF_I])f?)(?P<postdir>{_DIRS})?"
_TYPED = rf"(?P<predir>{_DIRS})?(?P<name>{_NAME}+?)(?P<type>[tsW]4|[tTs3H4:qW])(?P<postdir>{_DIRS})?"
_GRID = r"(?P<predir>[D6])(?P<name>[n5o])(?P<postdir>[D6])"
_BARE = rf"(?P<predir>{_DIRS})?(?P<name>{_WORDS}+?)(?P<postdir>{_DIRS})?"
_CROSS = r"(?P<predir>[D6])(?P<name>[no])(?P<postdir>[D6])?"
_SHORT_ROAD = r"(?P<predir>[D6])?(?P<name>b|l[n5])(?P<postdir>[D6])?"

_HOUSE = _LEAD + _PREFIX + "(?:(?<![^,|])[e#]{1,2})?" + _NUMBER + f"{_SEP}?"

_CORES = {"highway": _HIGHWAY, "typed": _TYPED, "lettered": _LETTERED, "grid": _GRID, "bare": _BARE, "short": _SHORT_ROAD, "cross": _CROSS}

STREETS = tuple((form, re.compile(_HOUSE + core + _END)) for form, core in _CORES.items())
"""Number and street, most telling shape first: a numbered road, a name with a type, a lettered avenue, a grid, a name alone, a number
for a name."""

_BOX_ID = "[n5ab1lghDPORI_0]|[lPORDI]?[n5]"
_WHO = rf"^(?P<lead>(?:{_UNIT}{_SEP}?)*)(?P<prefix>.*?)"

_RR, _HC, _PO = "(?:r[rR]?|R|W)", "(?:H?c[RH]?|A[RW]?)", "(?:p|PO|jJ|[w=]J)?j?(?:xX?|Xw?|p|pj|PO)"
_ROUTE = "e?#?(?P<route>[n5ab1lDIPO])"
_BOX = rf"{_SEP}?(?:p|PO)?x[e#]*(?P<number>{_BOX_ID})"

BOXES = tuple(
    (kind, re.compile(_WHO + shape + _END))
    for kind, shape in (
        ("rural_route", rf"{_RR}(?:{_ROUTE})?{_BOX}"),
        ("rural_route", r"r[rR]?e?#?(?P<route>[n5ab1])(?P<short>)"),
        ("rural_route", rf"(?:q|C[HRWq]){_ROUTE}{_BOX}(?P<short>)"),
        ("rural_route", rf"x[e#]*(?P<number>{_BOX_ID}){_SEP}?(?P<mark>r[rR]?|R){_ROUTE}"),
        ("highway_contract", rf"{_HC}(?:{_ROUTE})?{_BOX}"),
        ("highway_contract", r"(?:H?c[RH]?|A[RW])e?#?(?P<route>[n5ab1])(?P<short>)"),
        ("po_box", rf"{_PO}[e#,]*(?P<number>{_BOX_ID})"),
        ("po_box", rf"{_PO}[e#,]*(?P<number>{_BOX_ID})(?P<beside>[^,|#]+?)"),
        ("general_delivery", r"(?P<words>Gd|dG)e?(?P<beside>[^,|#]*?)"),
    )
)
"""Delivery without a street; `short` is a route whose box is not stated."""

MILITARY = (
    re.compile(rf"{_WHO}(?P<words>Ku?|u|K)e?#?(?P<route>[n5ab])(?:{_SEP}?x[e#]*(?P<number>{_BOX_ID}))?(?P<rest>{_SEP}.*|B.*)?$"),
    re.compile(rf"{_WHO}(?P<ship>V[^,|]+)(?P<rest>{_SEP}.*)?$"),
    re.compile(rf"{_WHO}(?P<words>Gd|dG)(?P<rest>{_SEP}.*)?$"),
)

_URB = r"(?P<urb>[YQ24]{1,2}[^,|]+?|[wv:8][w=Ts8zF3:v]*?)"
_DOOR = r"(?:[n5ab]b|[=alDP][n5]|b[n5]?|[n5ah]w?l?|g)"
_CALLE = rf"[vt:](?:{_WORDS}|[n5b])+?"
_TAIL = rf"(?P<tail>{_SEP}?[2YQ4][^,|]+|{_SEP}.*|[w=T:]+)?{_REST}"

_KM = rf"(?P<door>{_SEP}?k[n50]{_SEP}?(?:k[n50])?)"
_CARR = rf"(?P<name>(?:E|[zFHR](?=e?[n5ab]{_SEP}?k))[e#]?[n5ab])"

PUERTO_RICO = tuple(
    map(
        re.compile,
        (
            rf"^{_URB}{_SEP}?(?P<number>{_DOOR}){_SEP}?(?P<name>{_CALLE})(?P<postdir>D)?{_END}",
            rf"^{_URB}{_SEP}?(?P<name>{_CALLE}){_SEP}?[#e]*(?P<number>{_DOOR}){_END}",
            rf"^(?P<number>{_DOOR}){_SEP}?(?P<name>{_CALLE})(?P<postdir>D)?{_SEP}?{_URB}{_END}",
            rf"^(?P<name>{_CALLE}){_SEP}?[#e]*(?P<number>{_DOOR})(?:{_SEP}?{_URB})?{_END}",
            rf"^(?P<before>[2YQ][^,|E]+?{_SEP}?)?{_CARR}{_KM}{_TAIL}",
            rf"^(?P<door>k[n0]){_SEP}?(?P<name>E[e#]?[n5ab]){_TAIL}",
            rf"^(?P<urb>Q[^,|]+?)(?P<units>(?:{_SEP}?{_UNIT})+){_REST}",
            rf"^(?P<units>(?:{_UNIT}{_SEP}?)+)(?P<urb>[QY][^,|]+){_REST}",
            rf"^(?P<urb>2[^,|]+?)(?P<word>2|x|k)[e#]?(?P<number>[n5ab]){_END}",
        ),
    )
)
"""Urbanizacion and calle in either order, calle and number, carretera and kilometre, condominio, barrio and parcela."""

_F1, _F2 = r"(?P<f1>[no1al5b])L(?!e?#?[n5a])", rf"Le?#?(?P<f2>{_ID})"
UNIT_PIECES = re.compile(
    rf"(?P<floor>(?:#?e?{_F1})|(?:{_F2}))|(?P<box>(?:p|PO|jJ)[xX]e?#?{_ID})"
    rf"|(?P<word>[u7_mQ])(?P<signs>[e#]*)(?P<id>{_ID}{{1,2}}|i|w|=)|(?P<sign>[e#]+)(?P<id2>{_ID}{{1,2}})|(?P<alone>.)"
)
