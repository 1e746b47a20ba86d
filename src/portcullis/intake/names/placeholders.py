"""Placeholders: words that stand where a name should be and name nobody.

Strong words name nobody wherever they stand; weak ones are also real names somewhere (Null, Na, Doe, Child are surnames), so
they count only when the other part names nobody either.
"""

from __future__ import annotations

__all__ = ["STRONG", "WEAK", "is_placeholder_pair", "strong"]

STRONG = frozenset(
    "UNKNOWN UNK UNKNOWNNAME NONAME FNU LNU FIRSTNAMEUNKNOWN LASTNAMEUNKNOWN NOFIRSTNAME NOLASTNAME NAMEUNKNOWN ANONYMOUS REFUSED DECLINED "
    "NOTPROVIDED FAILEDTOPROVIDE NOTAVAILABLE NOTAPPLICABLE NOTGIVEN UNNAMED UNIDENTIFIED UNDISCLOSED WITHHELD REDACTED DESCONOCIDO DESCONOCIDA "
    "INCONNU INCONNUE UNBEKANNT SINNOMBRE TBD TBA XXX XXXX XX ASDF ASDFASDF QWERTY FIRSTNAME LASTNAME GIVENNAME FAMILYNAME SURNAME NAME "
    "RESPONDENT OCCUPANT RESIDENT TAXPAYER ALIENNAME SUBJECTNAME PERSON SOMEONE SOMEBODY NOBODY".split()
)
"""Compact words that name nobody."""

RELATION = frozenset(
    "BABY BABYBOY BABYGIRL INFANT NEWBORN CHILD DAUGHTER SONOF DAUGHTEROF WIFE HUSBAND SPOUSE MOTHER FATHER FRIEND ROOMMATE BROTHER SISTER "
    "GRANDSON GRANDDAUGHTER GRANDMOTHER GRANDFATHER NEPHEW NIECE COUSIN AUNT UNCLE GIRL MALE FEMALE WOMAN GENTLEMAN GENTELMAN MR MRS MS MISS "
    "DAD MOM KID TODDLER TEEN TENANT BOARDER LODGER HOUSEHOLDER PARENT SIBLING PARTNER PETITIONER DEFENDANT".split()
)
"""Words for what somebody is to somebody: nobody's given name, but some are surnames (Child, Friend, Boy)."""

WEAK = frozenset("NA NULL NIL NONE TEST TESTING DOE ROE X Y Z BLANK EMPTY MISSING NOT NO NN N SON BOY MAN LADY SELF OTHER".split()) | RELATION
"""Compact words that name nobody beside another word that names nobody."""


def strong(compact: str | None, *, given: bool) -> bool:
    """Whether one part alone shows that nobody is named; relations only count in a given name."""
    return compact in STRONG or (given and compact in RELATION)


def is_placeholder_pair(given: str | None, family: str | None) -> bool:
    """Whether given and family name together name nobody."""
    if strong(given, given=True) or strong(family, given=False):
        return True
    if given in {"JOHN", "JANE"} and family in {"DOE", "ROE"}:
        return True
    empty = WEAK | STRONG
    return given in empty and family in empty
