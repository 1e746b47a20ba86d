"""The shapes of a delivery line, as regular expressions over class letters: one letter per token, so a shape reads like the address.

    n number · 5 five digits · 9 ZIP+4 · h 12-34 · f 1/2 · a 18B · g N6W23001 or W1234 · b B12 · o 1st/first · 1 one · 0 4.5
    D north · 6 northeast · l letter · t street type · W road · : type that may be the whole name · T type that is as often a name · s ST · S Saint · 3 LA · v calle, camino, rue
    H highway · R route · C county · U US · y state · z name of a state · I interstate · q CR/SR/FM · 7 RM · N township, ranch · M mile
    x box · p PO · P O letters · j post · J office · X drawer · r RR · c HC · A star · m PMB · G general · d delivery
    K PSC/CMR · B APO · V USS · Y urb · Q condominio · 2 barrio, sector, parcela · 4 extension · E carretera · k km
    u unit word · # sign · L floor · i rear, basement · e number word · _ letter U · % care of · & and · ~ foreign script · w word · = word of two letters · . other
    , comma · | next column

Each named group is the role of its tokens (grammar.py).
"""

from __future__ import annotations

import re

__all__ = ["BOXES", "MILITARY", "PUERTO_RICO", "STREETS", "UNIT_PIECES"]

_SEP = "[,|]"
_ID = "[n5abghlPORDI61of9xq_XK0CT.]"
_UNIT = (
    rf"(?:[u7_]e?#*e?(?:{_ID}{{1,2}}|i|[w=](?={_SEP}|$))|#+e?{_ID}{{1,2}}|e{_ID}{{1,2}}|Le?#?{_ID}|#?e?[no1al5b]L|i[n5ab]?|[w=]L(?!e?#?{_ID})|Q#?{_ID}|m#?{_ID}"
    rf"|(?:p|PO|jJ)[xX]e?#?{_ID}|i?Li?)"
)
_UNITS = rf"(?P<units>(?:{_SEP}?{_UNIT})*(?:{_SEP}?[n5abh]|(?<=[tsTD63HiL:W|])l)?)"
_REST = rf"(?P<rest>{_SEP}.*)?$"
_LEAD = rf"^(?P<lead>(?:{_UNIT}{_SEP}?)*)"
_PREFIX = r"(?:(?P<prefix>(?![n5ah]).+?)(?<![HRUqIC7yzE#eKxXcprNMuvkA_&@mG1]))??"
_NUMBER = r"(?P<number>g{1,2}f?|Mj?[n50]|0M|(?<![^,|])D[n5](?=[^D6,|n5])|[n5]&[n5]|[n5][n5](?=[Dw=T6]*o[ts:W])|[n5h1ag]f?)"
_DIRS = "[D6]{1,2}"
_NAME = r"[^,|%#~]"
_WORDS = r"(?:[n5](?=[w=tTs:W])|[w=Tt:WsSlPOo1zyUCNRIqvjJGdXA3482KVBrcmpDHYEQeuLi67MF_g])"
_END = _UNITS + _REST

_ROADS = (
    r"(?:(?P<us>U(?:[HRW]|s[WR])?)|(?P<state>[yzs3M][HRW]|[yz3M]q|[yz3M](?=e?\#?[n5]))|(?P<county>C[HRWq])"
    r"|(?P<named>N[WRyH]?W?|q|7|r[rR]?|[HR]|I[HR]?))"
)
_HIGHWAY = rf"(?P<predir>{_DIRS})?(?P<old>[w=T])?{_ROADS}(?P<skip>(?<=[q7])[WH](?=e?#?[n5ab]))?(?P<sign>[e#]*)(?P<name>[nabog1]|[lPO_Ii](?![wTtsSW:])|(?<=C[HW])[=D]|(?<=q)[=D])(?P<drop>[WH](?![n5]))?(?P<postdir>{_DIRS})?"
_LETTERED = rf"(?P<predir>{_DIRS})?(?P<name>[tWv:](?:[n5oab]|[lPORD6z_I])f?)(?P<postdir>{_DIRS})?"
_TYPED = rf"(?P<predir>{_DIRS})?(?P<name>{_NAME}+?)(?P<type>[tTs3H4:qW])(?P<postdir>{_DIRS})?"
_GRID = r"(?P<predir>[D6])(?P<name>[n5o])(?P<postdir>[D6])"
_BARE = rf"(?P<predir>{_DIRS})?(?P<name>{_WORDS}+?)(?P<postdir>{_DIRS})?"
_SHORT_ROAD = r"(?P<predir>[D6])?(?P<name>b|l[n5])(?P<postdir>[D6])?"

_HOUSE = _LEAD + _PREFIX + _NUMBER + f"{_SEP}?"

STREETS = tuple(
    (name, re.compile(_HOUSE + core + _END))
    for name, core in (
        ("highway", _HIGHWAY),
        ("typed", _TYPED),
        ("lettered", _LETTERED),
        ("grid", _GRID),
        ("bare", _BARE),
        ("short", _SHORT_ROAD),
    )
)

_BOX_ID = "[n5ab1lghDPORI_0]|[lPORDI]?[n5]"
_WHO = rf"^(?P<lead>(?:{_UNIT}{_SEP}?)*)(?P<prefix>.*?)"

BOXES = (
    ("rural_route", re.compile(rf"{_WHO}(?:r[rR]?|R|W)e?#?(?P<route>[n5ab1lDIPO])?{_SEP}?(?:p|PO)?x[e#]*(?P<number>{_BOX_ID}){_END}")),
    ("rural_route", re.compile(rf"{_WHO}r[rR]?e?#?(?P<route>[n5ab1])(?P<short>){_END}")),
    ("rural_route", re.compile(rf"{_WHO}x[e#]*(?P<number>{_BOX_ID}){_SEP}?(?P<mark>r[rR]?|R)e?#?(?P<route>[n5ab1lDIPO]){_END}")),
    (
        "highway_contract",
        re.compile(rf"{_WHO}(?:H?c[RH]?|A[RW]?)e?#?(?P<route>[n5ab1lDIPO])?{_SEP}?(?:p|PO)?x[e#]*(?P<number>{_BOX_ID}){_END}"),
    ),
    ("highway_contract", re.compile(rf"{_WHO}(?:H?c[RH]?|A[RW])e?#?(?P<route>[n5ab1])(?P<short>){_END}")),
    ("po_box", re.compile(rf"{_WHO}(?:p|PO|jJ|[w=]J)?j?(?:xX?|Xw?|p|pj|PO)[e#]*(?P<number>{_BOX_ID}){_END}")),
    ("po_box", re.compile(rf"{_WHO}(?:p|PO|jJ|[w=]J)?j?(?:xX?|Xw?|p|pj|PO)[e#]*(?P<number>{_BOX_ID})(?P<beside>[^,|#]+?){_END}")),
    ("general_delivery", re.compile(rf"{_WHO}(?P<words>Gd|dG)e?(?P<beside>[^,|#]*?){_END}")),
)

MILITARY = (
    re.compile(rf"{_WHO}(?P<words>Ku?|u|K)e?#?(?P<route>[n5ab])(?:{_SEP}?x[e#]*(?P<number>{_BOX_ID}))?(?P<rest>{_SEP}.*|B.*)?$"),
    re.compile(rf"{_WHO}(?P<ship>V[^,|]+)(?P<rest>{_SEP}.*)?$"),
    re.compile(rf"{_WHO}(?P<words>Gd|dG)(?P<rest>{_SEP}.*)?$"),
)

_URB = r"(?P<urb>[YQ24]{1,2}[^,|]+?|[wv:8][w=Ts8z3:v]*?)"
_DOOR = r"(?:[n5ab]b|[=alDP][n5]|b[n5]?|[n5ah]w?l?|g)"
_CALLE = rf"[vt:](?:{_WORDS}|[n5b])+?"
_TAIL = rf"(?P<tail>{_SEP}?[2YQ4][^,|]+|{_SEP}.*|[w=T:]+)?{_REST}"

PUERTO_RICO = (
    re.compile(rf"^{_URB}{_SEP}?(?P<number>{_DOOR}){_SEP}?(?P<name>{_CALLE})(?P<postdir>D)?{_END}"),
    re.compile(rf"^{_URB}{_SEP}?(?P<name>{_CALLE}){_SEP}?[#e]*(?P<number>{_DOOR}){_END}"),
    re.compile(rf"^(?P<number>{_DOOR}){_SEP}?(?P<name>{_CALLE})(?P<postdir>D)?{_SEP}?{_URB}{_END}"),
    re.compile(rf"^(?P<name>{_CALLE}){_SEP}?[#e]*(?P<number>{_DOOR})(?:{_SEP}?{_URB})?{_END}"),
    re.compile(
        rf"^(?P<before>[2YQ][^,|E]+?{_SEP}?)?(?P<name>(?:E|[zHR](?=e?[n5ab]{_SEP}?k))[e#]?[n5ab])(?P<door>{_SEP}?k[n50]{_SEP}?(?:k[n50])?){_TAIL}"
    ),
    re.compile(rf"^(?P<door>k[n0]){_SEP}?(?P<name>E[e#]?[n5ab]){_TAIL}"),
    re.compile(rf"^(?P<urb>Q[^,|]+?)(?P<units>(?:{_SEP}?{_UNIT})+){_REST}"),
    re.compile(rf"^(?P<units>(?:{_UNIT}{_SEP}?)+)(?P<urb>[QY][^,|]+){_REST}"),
    re.compile(rf"^(?P<urb>2[^,|]+?)(?P<word>2|x|k)[e#]?(?P<number>[n5ab]){_END}"),
)

UNIT_PIECES = re.compile(
    rf"(?P<floor>(?:#?e?(?P<f1>[no1al5b])L(?!e?#?[n5a]))|(?:Le?#?(?P<f2>{_ID})))|(?P<box>(?:p|PO|jJ)[xX]e?#?{_ID})"
    rf"|(?P<word>[u7_mQ])(?P<signs>[e#]*)(?P<id>{_ID}{{1,2}}|i|w|=)|(?P<sign>[e#]+)(?P<id2>{_ID}{{1,2}})|(?P<alone>.)"
)
