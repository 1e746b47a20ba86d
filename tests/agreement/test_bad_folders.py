"""Any error in an agreement's folder is one error with file, line, column, what is wrong and how to mend it; nothing is adopted."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli_desk import invoke
from journey_home import AGREEMENT, NOW, Scene
from portcullis.agreement import find, load_agreement, propose
from portcullis.agreement.adopt import proof_of
from portcullis.errors import Refused
from portcullis.rules.document import MAX_BYTES
from portcullis.store import schema

At = Callable[[str], Scene]
Deed = Callable[[Path], object]
PLACE = re.compile(r"^[a-zA-Z0-9/_.-]+\.yaml, line [0-9]+, column [0-9]+: ")
NEVER = "{any_of: [{present: address_key}, {none_of: [{present: address_key}]}]}"


def written(name: str, old: str, new: str) -> Deed:
    """One file with one passage changed."""

    def deed(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return deed


def another(name: str, rule: str, *changes: tuple[str, str]) -> Deed:
    """One more rule, made from a shipped one."""

    def deed(folder: Path) -> None:
        text = (folder / "rules" / f"{rule}.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / "rules" / name).write_text(text, encoding="utf-8")

    return deed


def appended(name: str, data: bytes) -> Deed:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + data)


R12, R13, TERMS = "rules/R12.yaml", "rules/R13.yaml", "agreement.yaml"
IMPLIED = "changed_by: []"
FAULTS: dict[str, tuple[Deed, str]] = {
    "an unknown predicate": (written(R12, "{is: address_stated}", "{looks_like: address_stated}"), "unknown predicate 'looks_like'"),
    "an unknown field": (written(R12, "{is: address_stated}", "{is: income}"), "unknown field 'income'"),
    "an unknown key": (written(R12, "tell_requester:", "tell_requestor:"), "unknown key 'tell_requestor'"),
    "an unknown key of the terms": (written(TERMS, "\nzone:", "\nwitness: {quorum: 2}\nzone:"), "unknown key 'witness'"),
    "a missing citation": (written(R12, "citation: 26 U.S.C. 6103(i)(2)(B)(i)\n", ""), "the key 'citation' is missing"),
    "a rule twice": (another("R12b.yaml", "R12"), "rule R12 stands also in rules/R12.yaml"),
    "dates that overlap": (
        another("R12b.yaml", "R12", ("known: {from: 2025-04-07}", "known: {from: 2026-01-01}")),
        "for the same days",
    ),
    "a rule implied by one that is not there": (written(R13, IMPLIED, f"{IMPLIED}\nimplied_by: [R99]"), "implied by R99"),
    "rules that imply each other": (written(R13, IMPLIED, f"{IMPLIED}\nimplied_by: [R12]"), "implied, in a circle, by"),
    "two rules that contradict": (
        another("R61.yaml", "R12", ("id: R12", "id: R61"), ("{is: address_stated}", "{equals: {field: address_stated, value: 0}}")),
        "nothing passes R12 together with R61 (rules/R61.yaml, line",
    ),
    "a rule that contradicts another for some requests": (
        another(
            "R61.yaml",
            "R12",
            ("id: R12", "id: R61"),
            ("- require: {is: address_stated}", "- when: {is: veto}\n    require: {is: joint}"),
            ("on_false: fail", "on_false: fail\n    stage: match"),
            ("stage: check", "stage: match"),
            ("tell_requester: deficient", "tell_requester: uniform"),
        ),
        "passes in no request that is answered",
    ),
    "a rule that can never fail": (
        another("R61.yaml", "R12", ("id: R12", "id: R61"), ("{is: address_stated}", NEVER)),
        "can never stop a request",
    ),
    "a check for a case that cannot be": (
        another(
            "R61.yaml",
            "R12",
            ("id: R12", "id: R61"),
            ("- require:", "- when: {all_of: [{present: statute_title}, {none_of: [{present: statute_title}]}]}\n    require:"),
        ),
        "can never stop a request",
    ),
    "a bomb of aliases": (appended(R12, b"x: &a [1]\ny: &b [*a,*a,*a,*a]\nz: [*b,*b,*b,*b]\n"), "anchors and aliases"),
    "an alias": (written(R12, "title: ", "title: &t "), "anchors and aliases"),
    "a tag that builds an object": (written(R12, "title: The", "title: !!python/name:os.system The"), "tags are not allowed"),
    "a deep nesting": (appended(R12, b"x: " + b"[" * 50_000), "too deep"),
    "a huge file": (appended(R12, b"# " + b"x" * MAX_BYTES), "more than"),
    "a NUL byte": (appended(R12, b"\0"), "not YAML"),
    "bytes that are no UTF-8": (appended(R12, b"# caf\xe9\n"), "not UTF-8"),
    "a half surrogate": (appended(R12, b"# \xed\xa0\x80\n"), "not UTF-8"),
    "an empty file": (lambda folder: (folder / R12).write_bytes(b""), "the file is empty"),
    "a list where a mapping belongs": (lambda folder: (folder / R12).write_bytes(b"- id: R12\n"), "a mapping of key: value is wanted"),
    "a number where text belongs": (written(R12, "title: The address", "title: 12 #"), "text is wanted"),
    "text where a date belongs": (written(R12, "known: {from: 2025-04-07}", 'known: {from: "2025-04-07"}'), "a date is wanted"),
    "a mapping where a list belongs": (written(R12, "changed_by: []", "changed_by: {}"), "a list"),
    "a threshold that is text": (written(TERMS, "load_cap: 100 ", 'load_cap: "100" '), "a threshold is a number"),
    "a case without an expectation": (written(R12, ", expect: pass}", "}"), "the key 'expect' is missing"),
    "a claim about an unknown field": (
        written("invariants/policy.yaml", "field: exclusions", "field: excluded"),
        "unknown field 'excluded'",
    ),
    "a lawful request with an unknown column": (written("cases/lawful.yaml", "  given_name:", "  forename:"), "unknown key 'forename'"),
    "a lawful request without a part": (written("cases/lawful.yaml", "\nofficer:\n", "\nofficers:\n"), "unknown key 'officers'"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped agreement as version 2, with its field catalogue."""
    target = tmp_path / "terms" / AGREEMENT
    shutil.copytree(find(AGREEMENT), target)
    shutil.copy2(find(AGREEMENT).parent / "fields.yaml", target / "fields.yaml")
    terms = target / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n"), encoding="utf-8")
    return target


@pytest.mark.parametrize(("deed", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_an_error_is_named_with_its_place_and_what_to_do(folder: Path, deed: Deed, says: str) -> None:
    deed(folder)
    said = invoke("agreement", "validate", folder).refused(says)
    what, *rest = said.err.removeprefix("portcullis: ").splitlines()
    assert PLACE.match(what), what
    assert any(line.startswith("  next: ") for line in rest), said.err


def test_the_folder_without_an_error_is_valid(folder: Path) -> None:
    invoke("agreement", "validate", folder).ok()


@pytest.mark.parametrize("fault", ["an unknown field", "a NUL byte", "rules that imply each other"])
def test_nothing_of_a_faulty_folder_is_kept(at: At, folder: Path, fault: str) -> None:
    scene = at("ready")
    FAULTS[fault][0](folder)
    with pytest.raises(Refused):
        scene.step(lambda conn: propose(scene.home, conn, folder))
    assert scene.count(schema.agreement, version=2) == 0
    assert not list((scene.home.path / "agreements").rglob("*2*/agreement.yaml"))


@pytest.mark.parametrize("fault", ["two rules that contradict", "a rule that can never fail"])
def test_what_only_a_proof_shows_stops_the_adoption_with_its_place(folder: Path, fault: str) -> None:
    deed, says = FAULTS[fault]
    deed(folder)
    with pytest.raises(Refused, match=re.escape(says)) as refused:
        proof_of(load_agreement(folder), NOW // 86_400)
    assert PLACE.match(refused.value.what)


# ---- whatever somebody's editor does to a file ------------------------------------------------------------
FILES = (*(f"rules/R{number}.yaml" for number in (9, 12, 16, 19, 22, 24, 39) if number > 9), TERMS, "cases/lawful.yaml", "fields.yaml")
SCRAPS = (
    b"\0",
    b"\xff",
    b"*a",
    b"&a ",
    b"!!",
    b"{",
    b"}",
    b"[",
    b"]",
    b": ",
    b"- ",
    b"\t",
    b"\n",
    b"'",
    b'"',
    b"#",
    b"12",
    b"true",
    b"yes",
    b"~",
    b"%",
    b"@",
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[tuple[str, float, float, bytes]]]:
    """A file, and some edits in places given as shares of its length."""
    place = st.floats(0, 1)
    kinds = st.sampled_from(["insert", "cut", "double", "swap lines"])
    return draw(st.sampled_from(FILES)), draw(st.lists(st.tuples(kinds, place, place, st.sampled_from(SCRAPS)), min_size=1, max_size=3))


def edited(data: bytes, kind: str, one: float, other: float, scrap: bytes) -> bytes:
    begin, end = sorted((int(one * len(data)), int(other * len(data))))
    if kind == "insert":
        return data[:begin] + scrap + data[begin:]
    if kind == "cut":
        return data[:begin] + data[min(end, begin + 40) :]
    if kind == "double":
        return data[:end] + data[begin : min(end, begin + 80)] + data[end:]
    lines = data.split(b"\n")
    first, second = int(one * (len(lines) - 1)), int(other * (len(lines) - 1))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(edits())
def test_whatever_is_done_to_a_file_it_loads_or_is_refused_at_a_place(
    tmp_path_factory: pytest.TempPathFactory, change: tuple[str, list[tuple[str, float, float, bytes]]]
) -> None:
    target = tmp_path_factory.mktemp("edited") / AGREEMENT
    shutil.copytree(find(AGREEMENT), target)
    shutil.copy2(find(AGREEMENT).parent / "fields.yaml", target / "fields.yaml")
    name, deeds = change
    data = (target / name).read_bytes()
    for deed in deeds:
        data = edited(data, *deed)
    (target / name).write_bytes(data)
    try:
        load_agreement(target)
    except Refused as refused:
        assert PLACE.match(refused.what), refused.what
    finally:
        shutil.rmtree(target)
