"""Masked reasons: equal when two reasons differ only in whom they are about, and not otherwise (R24)."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portcullis.intake import facts_masking
from portcullis.intake.facts_masking import fingerprints, mask_text

Row = tuple[str | None, str | None, str | None, str | None]


def of(*rows: Row) -> list[int | None]:
    columns = [pa.chunked_array([pa.array(values, pa.string())]) for values in zip(*rows, strict=True)]
    found: list[int | None] = fingerprints(columns[0], columns[1:]).to_pylist()
    return found


FORM = "{0} {1} did not depart after the order of {2}; case {3}."


def test_a_form_filled_in_for_many_people_is_one_reason() -> None:
    people = [
        ("Ana", "Lopez", "2025-03-05", "CR-1"),
        ("José María", "de la Cruz", "March 5th, 2025", "CR/99/x2"),
        ("AL", "O'Neil", "5 Mar 2025", "CR 12"),
    ]
    assert len(set(of(*[(FORM.format(*one), one[0], None, one[1]) for one in people]))) == 1


def test_reasons_of_their_own_are_different() -> None:
    rows = [("She kept the key at that house.", "Ana", None, "Lopez"), ("She sold the house in spring.", "Ana", None, "Lopez")]
    assert len(set(of(*rows))) == 2


def test_a_name_inside_another_word_is_not_masked() -> None:
    assert mask_text("Al also went", ["Al"]) == "# also went"
    assert len(set(of(("Al also went", "Al", None, None), ("Al so went", "Al", None, None)))) == 2


def test_case_accents_and_punctuation_do_not_count() -> None:
    rows = [("JOSÉ  was\tserved -- at home!", "José", None, None), ("jose was served: at (home)", "JOSE", None, None)]
    assert len(set(of(*rows))) == 1


@pytest.mark.parametrize("text", [None, "", " ", "...", "123 456", "J. 2025-01-01", "\u200b"])
def test_nothing_but_masks_has_no_fingerprint(text: str | None) -> None:
    assert of((text, None, None, None)) == [None]


def test_a_person_called_may_or_will() -> None:
    assert mask_text("may will", ["Will"]) == "0 #"


def test_the_words_of_the_mask() -> None:
    masked = mask_text(
        "José de la Cruz-López lives at 12B Main on March 5th, 2025; see A-99 and J. Q. Public", ["José", None, "de la Cruz López"]
    )
    assert masked == "# lives at 0 main on 0 see # 0 and # public"


names = st.one_of(st.none(), st.sampled_from(["Ana", "José", "de la Cruz", "", "May", "李", "O'Neil", "x"]))
pieces = st.sampled_from(
    [
        "Ana",
        "josé",
        "JOSE",
        "cruz",
        "de",
        "may",
        "march",
        "12",
        "A1",
        "٣",
        "３",
        "house",
        "Haus",
        "é",
        "e\u0301",
        "–",
        "—",
        ".",
        ",",
        " ",
        "  ",
        "\n",
        "\x00",
        "李",
        "İ",
        "x",
        "ſ",
        "ß",
    ]
)
reasons = st.one_of(st.none(), st.lists(pieces, max_size=10).map("".join), st.lists(pieces, max_size=10).map(" ".join))


@settings(max_examples=60)
@given(st.lists(st.tuples(reasons, names, names, names), min_size=1, max_size=12))
def test_fingerprints_are_equal_exactly_where_masked_texts_are(rows: list[Row]) -> None:
    found = of(*rows)
    texts = [mask_text(reason, others) if reason is not None else "" for reason, *others in rows]
    for fingerprint, text in zip(found, texts, strict=True):
        assert (fingerprint is None) == (not set(text.split()) - {"0", "#"})
    known = [(f, t) for f, t in zip(found, texts, strict=True) if f is not None]
    assert len({f for f, _ in known}) == len({t for _, t in known}) == len(set(known))


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Row] = [(FORM.format("Ana", "Lopez", day, day) + " word" * (day % 7), "Ana", None, "Lopez") for day in range(500)]
    whole = of(*rows)
    monkeypatch.setattr(facts_masking, "_CHUNK", 300)
    assert of(*rows) == whole
    assert [of(row)[0] for row in rows[:20]] == whole[:20]


def test_a_ten_megabyte_reason_is_cut_not_refused() -> None:
    long = "word " * 2_000_000
    assert of((long, None, None, None)) == of((long[:4_000], None, None, None))
