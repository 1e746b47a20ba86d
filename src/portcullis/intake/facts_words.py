"""Code words and yes or no: stage, purpose, judicial review, finality, stays, attestations."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from portcullis.intake.facts_columns import each_distinct, flag, holds, key, plain_code, text_column, tidy

__all__ = ["finality", "word_columns"]

_STAGES: Mapping[str, str] = {
    "preparation": "preparation",
    "preparation_for_proceeding": "preparation",
    "proceeding_preparation": "preparation",
    "preparation_for_trial": "preparation",
    "proceeding": "preparation",
    "prep": "preparation",
    "i": "preparation",
    "investigation": "investigation",
    "criminal_investigation": "investigation",
    "ii": "investigation",
    "grand_jury": "grand_jury",
    "grandjury": "grand_jury",
    "federal_grand_jury": "grand_jury",
    "grand_jury_proceeding": "grand_jury",
    "iii": "grand_jury",
}
_REVIEWS: Mapping[str, str] = {
    "none": "none",
    "no": "none",
    "no_review": "none",
    "not_sought": "none",
    "pending": "pending",
    "concluded": "concluded",
    "completed": "concluded",
    "complete": "concluded",
}
_YES, _NO = frozenset({"1", "yes", "y", "true", "t"}), frozenset({"0", "no", "n", "false", "f", "none"})
_ATTESTATIONS: Mapping[str, frozenset[str]] = {
    "attest_investigation": frozenset(
        {
            "criminal_investigation_active",
            "investigation_active",
            "active_investigation",
            "criminal_investigation",
            "investigation",
            "proceeding_active",
        }
    ),
    "attest_sole_use": frozenset({"sole_use", "solely", "solely_for_that_use", "use", "sole_purpose"}),
    "attest_no_redisclosure": frozenset({"no_redisclosure", "noredisclosure", "no_re_disclosure", "redisclosure"}),
    "attest_safeguards": frozenset({"safeguards", "safeguard", "safeguards_in_place"}),
    "attest_accuracy": frozenset({"accuracy", "accurate", "true_and_accurate"}),
}
_NOT_FINAL = re.compile(
    r"\b(?:not|non|never|isn t)\b.{0,20}\bfinal|\bnonfinal|\bpending|interlocut|\bremand|\bvacat|\brescind|\breopened|\bterminated"
    r"|administratively closed|\bnot yet|\breopen(?:ing)? (?:was |is )?granted"
)
_ORDERED_ANEW = re.compile(r"\breopened\b(.*\b(?:new|again|second|fresh|subsequent)\b.{0,20}\border.*)")
"""Reopened, and ended by another order: whether that one is final is for a person to read, with its own date."""
_LEAVE_TO_DEPART = re.compile(r"voluntary departure")
_LEAVE_OVER = re.compile(
    r"\boverst|\bfail|\bexpir|\blaps|\bnot (?:comply|complied|depart)|\bbreach|\bviolat|\bconvert|\bturned|\balternate|\bended"
    r"|\bfinal|\bbond"
)
"""Whose time to leave still runs is under no final order; it becomes final when the time is overstayed (8 CFR 1241.1(f) [K])."""
_CERTIFIED = re.compile(r"^(?!.*\bdeci).*\bcertif")
"""Certified to the Board or the Attorney General, and not yet decided there (8 CFR 1241.1(d) [K])."""
_NOTHING_PENDING = re.compile(r"\b(?:no|without(?: any)?) (?:\w+ ){0,2}pending|\bnothing pending")
_FINAL = re.compile(
    r"\bwaive|\bdismiss|\bexpir|\blaps|absentia|voluntary departure|\boverstay|\bstipulat|\breinstat|\b1228\b|\b238\b|\baffirm|\bdenied"
    r"|\bdenial|\bno appeal|\bnot appealed|\bappeal (?:time|period)|\bboard\b|\bbia\b|\bfinal|\b1241\b|\bexpedited|\badministrative"
    r"|\bcertif|\bnot taken"
)
_PLACEHOLDER = re.compile(r"^(?:n ?/? ?a|none|null|unknown|tbd|to be determined|test|x+|[\W_]*)$")


def word_columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The facts that come from a closed set of words; a word outside the set is unknown."""
    text = pa.string()
    case = key(text_column(table, "case_id"))
    stayed = each_distinct(text_column(table, "order_stayed"), _yes_or_no, [pa.int8()])[0]
    stated, final = each_distinct(text_column(table, "finality_basis"), finality, [pa.int8(), pa.int8()])
    return {
        "stage_code": each_distinct(text_column(table, "stage"), lambda value: (_STAGES.get(plain_code(value)),), [text])[0],
        "purpose_code": each_distinct(text_column(table, "purpose"), lambda value: (plain_code(value) or None,), [text])[0],
        "judicial_review": each_distinct(text_column(table, "judicial_review"), lambda value: (_REVIEWS.get(plain_code(value)),), [text])[
            0
        ],
        "judicial_final_stated": flag(holds(text_column(table, "judicial_final_date"), r"[\pL\pN]")),
        "case_key": case,
        "case_stated": flag(case.is_valid()),
        "order_stated": flag(key(text_column(table, "order_id")).is_valid()),
        "order_stayed": stayed,
        "finality_stated": stated.fill_null(0),
        "finality_final": final,
        **_attestations(table),
    }


def _yes_or_no(value: str) -> tuple[int | None]:
    code = plain_code(value)
    return (1 if code in _YES else 0 if code in _NO else None,)


def finality(value: str) -> tuple[int | None, int | None]:
    """Whether a basis is stated, and whether by its words the order is final (8 CFR 1241.1 [K]): 1, 0, or None for a person to read."""
    plain = re.sub(r"[\s_'’-]+", " ", tidy(value).casefold())
    if _PLACEHOLDER.match(plain):
        return 0, None
    plain = _NOTHING_PENDING.sub(" no appeal ", plain)
    anew = _ORDERED_ANEW.search(plain)
    if _NOT_FINAL.search(anew[1] if anew else plain):
        return 1, 0
    if anew or _CERTIFIED.search(plain) or (_LEAVE_TO_DEPART.search(plain) and not _LEAVE_OVER.search(plain)):
        return 1, None
    return 1, 1 if _FINAL.search(plain) else None


def _attestations(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    names = tuple(_ATTESTATIONS)
    columns = each_distinct(text_column(table, "attestations"), _attested, [pa.int8()] * len(names))
    return {name: column.fill_null(0) for name, column in zip(names, columns, strict=True)}


def _attested(value: str) -> tuple[int, ...]:
    given = {plain_code(part) for part in re.split(r"[;,|]", value)}
    return tuple(int(bool(given & words)) for words in _ATTESTATIONS.values())
