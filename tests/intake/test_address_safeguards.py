"""Each safeguard of the address judgement with an address that would pass if it were not there, and a real one that passes with it.

The safeguards are doubt.py's and judge.py's ordered checks (rules.md R12-R15). `off` takes one away, as a careless change would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from address_samples import free, judged, line
from portcullis.intake.addresses import doubt, judge, located, place, remarks, stream, suspicion, verdicts
from portcullis.intake.addresses import fold as folding
from portcullis.intake.addresses.doubt import Reading
from portcullis.intake.addresses.grammar import Parse
from portcullis.intake.addresses.parsing import parse
from portcullis.intake.addresses.place import AGREES

Row = Mapping[str, str | None]
Off = Callable[[pytest.MonkeyPatch], None]


def _forget() -> None:
    stream.shared.forget()
    for memo in (
        doubt.read,
        suspicion.near,
        suspicion._sought,
        remarks._listed,
        place.city,
        place.state,
        place.zip5,
        place.agreement,
        parse,
    ):
        memo.cache_clear()


@pytest.fixture(autouse=True)
def _clean_memory() -> Iterator[None]:
    """What was looked up with a safeguard off must not be remembered."""
    _forget()
    yield
    _forget()


def _no_misspellings(patch: pytest.MonkeyPatch) -> None:
    for module in (suspicion, remarks, place):
        patch.setattr(module, "near", lambda _word: None)


def _word_lists_without(*kinds: str) -> Off:
    def off(patch: pytest.MonkeyPatch) -> None:
        real = suspicion.vocabulary
        for module in (suspicion, doubt, remarks, place):
            patch.setattr(module, "vocabulary", lambda kind: frozenset() if kind in kinds else real(kind))
        patch.setattr(suspicion, "_looked_at", lambda: frozenset().union(*(real(kind) for kind in suspicion._KINDS if kind not in kinds)))

    return off


def _both(*offs: Off) -> Off:
    def off(patch: pytest.MonkeyPatch) -> None:
        for one in offs:
            one(patch)

    return off


def _no_keys(patch: pytest.MonkeyPatch) -> None:
    for module in (suspicion, doubt, remarks, place):
        patch.setattr(module, "gibberish", lambda _word: False)


def _reading_off(*readings: Reading) -> Off:
    def off(patch: pytest.MonkeyPatch) -> None:
        real = doubt.read
        patch.setattr(verdicts, "read", lambda *args: Reading.CLEAR if (found := real(*args)) in readings else found)

    return off


def _any_zip_agrees(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(located, "agreement", lambda _state, _zip: AGREES)


def _no_repetition_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(verdicts, "_odd", lambda bare, _parts, _place: bare.astype("int64") * 0)


def _parts_taken_as(**parts: object) -> Off:
    def off(patch: pytest.MonkeyPatch) -> None:
        real = judge.judge
        patch.setattr(verdicts, "judge", lambda found: real(replace(found, **parts)))

    return off


def _other_scripts_are_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(folding, "_RUN", folding.re.compile("(?!)"))
    patch.setattr("portcullis.intake.addresses.columns.fold", lambda text: text.encode("ascii", "ignore").decode())


def _parse_never_doubts(patch: pytest.MonkeyPatch) -> None:
    def sure(signature: str) -> Parse:
        return replace(parse(signature), doubt=False)

    patch.setattr("portcullis.intake.addresses.signatures.parse", sure)


CASES: tuple[tuple[str, Off, Row], ...] = (
    ("misspelt placeholder", _no_misspellings, line("123 Unknwn")),
    ("misspelt placeholder on a typed street", _no_misspellings, line("123 Uknown St")),
    ("placeholder word", _word_lists_without("strong"), line("55 None")),
    ("placeholder word in Spanish", _word_lists_without("strong"), line("55 Nada")),
    ("statement", _word_lists_without("told", "deny", "about"), line("12 did not say")),
    ("statement on a typed street", _both(_word_lists_without("strong", "deny"), _no_misspellings), line("100 Refused to Provide St")),
    ("remark beside an address", _word_lists_without("where", "joining", "statement"), line("near 1200 Main St")),
    ("description with a number", _word_lists_without("joining", "where", "about", "statement"), line("2 miles north of town")),
    ("somebody else's place", _word_lists_without("statement", "about"), line("12 his uncle")),
    ("mere keys", _no_keys, line("123 sdfg st")),
    ("one letter repeated", _no_keys, line("12 zzzzz")),
    ("institution beside a street", _reading_off(Reading.INSTITUTION), line("Cook County Jail, 2700 S California Ave")),
    ("institution in place of a street", _reading_off(Reading.HELD), line("123 County Jail")),
    ("address everybody types", _word_lists_without("strong", "well_known", "never_street", "any_street"), line("123 Fake St")),
    ("placeholder street with a filler number", _reading_off(Reading.PLACEHOLDER_DOUBT), line("9999 Unknown Rd")),
    ("foreign script", _other_scripts_are_dropped, line("123 улица Main")),
    ("town or state for a street", _no_repetition_check, line("100 Springfield")),
    ("ZIP for a house number", _no_repetition_check, line("62704 Elm")),
    ("number zero", _no_repetition_check, line("0 Main St")),
    ("ZIP of another state", _any_zip_agrees, line("88 Pearl St", city="Burlington", state="VT", postal_code="90210")),
    ("town that is a placeholder", _parts_taken_as(city="ok"), line("12 Elm St", city="Unknown")),
    ("town that is a remark", _parts_taken_as(city="ok"), line("12 Elm St", city="not sure")),
    ("state missing", _parts_taken_as(state="ok", agreement=AGREES), line("12 Elm St", state="")),
    ("town missing", _parts_taken_as(city="ok"), line("12 Elm St", city="")),
    ("ZIP missing", _parts_taken_as(zip="ok", agreement=AGREES), line("12 Elm St", postal_code="")),
    ("ZIP of zeros", _parts_taken_as(zip="ok", agreement=AGREES), line("12 Elm St", postal_code="00000")),
    ("filler ZIP", _parts_taken_as(zip="ok"), line("12 Elm St", city="Albany", state="NY", postal_code="12345")),
    ("no house number", _parts_taken_as(kind="street"), line("Elm St")),
    ("no street", _parts_taken_as(kind="street"), line("1234")),
    ("route without a box", _parse_never_doubts, line("RR 2")),
    ("street of one bare type", _parse_never_doubts, line("12 Ave")),
    ("free text without a place", _parts_taken_as(city="ok", state="ok", zip="ok", agreement=AGREES), free("123 Main St")),
)


@pytest.mark.parametrize(("off", "row"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_without_the_safeguard_the_address_would_pass(monkeypatch: pytest.MonkeyPatch, off: Off, row: Row) -> None:
    assert judged(row)[0] != 1
    _forget()
    off(monkeypatch)
    assert judged(row) == (1, None)


@pytest.mark.parametrize(
    "row",
    [
        line("123 Unknown Rd", city="Altoona", state="PA", postal_code="16601"),
        line("12 Prison Rd", city="Represa", state="CA", postal_code="95671"),
        line("18 Transit Rd", city="Depew", state="NY", postal_code="14043"),
        line("9 Homeless Ln", city="Ruidoso", state="NM", postal_code="88345"),
        line("100 Jail Hill Rd", city="Haddam", state="CT", postal_code="06438"),
        line("3021 Hospital Dr", city="Lebanon", state="TN", postal_code="37087"),
        line("1250 Avenue of the Americas", "Fl 12", "New York", "NY", "10020"),
        line("223 Bluff Rd", city="No Name", state="CO", postal_code="81601"),
        line("27 Court Sq", city="Boston", state="MA", postal_code="2108"),
        line("12 Fishers Island Rd", city="Fishers Island", state="NY", postal_code="06390"),
        line("1 River Rd", city="Schenectady", state="NY", postal_code="12345"),
        line("350 Broadway", city="Everett", state="MA", postal_code="02149"),
        line("412 O’Farrell St", city="San Francisco", state="CA", postal_code="94102"),
        line("8 Elm St", unit="N/A"),
        free("350 W 42nd St Apt 12F, New York, New York 10036"),
    ],
)
def test_the_lawful_neighbour_of_each_attack_passes(row: Row) -> None:
    assert judged(row) == (1, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (line("  \t", city="", state="", postal_code=""), "P-ADDR-BLANK"),
        (line("...", city="-", state="-", postal_code="-"), "P-ADDR-BLANK"),
        (line("\u200b\u2060", city="", state="", postal_code="\ufeff"), "P-ADDR-BLANK"),
        (line("", city="", state="", postal_code="62704"), "P-ADDR-ZIPONLY"),
        (free("62704-1234"), "P-ADDR-ZIPONLY"),
        (line("Elm St"), "P-ADDR-INCOMPLETE"),
        (line("NA NA"), "P-ADDR-PLACEHOLDER"),
        (line("Failed to Provide"), "P-ADDR-PLACEHOLDER"),
        (free("Don't Care 12345"), "P-ADDR-PLACEHOLDER"),
        (line("in custody"), "P-ADDR-INSTITUTION"),
        (line("10 Downing St", city="London", state="", postal_code="SW1A 2AA"), "P-ADDR-INCOMPLETE"),
    ],
)
def test_the_documented_defects_have_their_reasons(row: Row, reason: str) -> None:
    assert judged(row) == (0, reason)


def test_letters_apart_are_read_together() -> None:
    for text in ("U N K N O W N", "12 U N K N O W N", "12 U N K N O W N Rd", "12 un known"):
        assert judged(line(text))[0] != 1, text
