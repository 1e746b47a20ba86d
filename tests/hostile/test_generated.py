"""Generated harm: bits flipped, files cut and mixed at any place, words and values nobody thought of.

Never a traceback, never half done. `PORTCULLIS_TEST_FUZZ=20` tries twenty times as many examples.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli_desk import Desk, Done, invoke, traces
from cli_typing import COMMANDS, NAMED
from journey_home import rows_of, truth_of
from portcullis.agreement import find
from portcullis.model import DATA_COLUMNS, Role

At = Callable[[str], Desk]
Harm = Callable[[bytes], bytes]


def bounded(examples: int) -> Callable[[object], object]:
    """So many examples; the desk is made once for all of them, and each puts back what it harmed."""
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=examples * int(os.environ.get("PORTCULLIS_TEST_FUZZ", "1")), suppress_health_check=quiet)  # type: ignore[return-value]


def clean(done: Done, *codes: int) -> Done:
    """It ended with one of these codes, and said so as a program does that works."""
    assert done.code in codes, done
    assert "Traceback" not in done.err and "failed inside" not in done.err, done.err
    if done.code == 1 or (done.code == 4 and not done.out):
        done.refused(code=done.code)
    return done


@st.composite
def harms(draw: st.DrawFn) -> Harm:
    """One change at any place of any file: cut, a bit flipped, a byte put in, a piece taken out, doubled or of another encoding."""
    kind, place, size, byte = draw(st.tuples(st.integers(0, 6), st.floats(0, 1), st.integers(1, 64), st.integers(0, 255)))

    def harm(data: bytes) -> bytes:
        at = min(int(place * len(data)), max(len(data) - 1, 0))
        harmed = {
            0: data[:at],
            1: data[:at] + bytes([data[at] ^ (1 << byte % 8)]) + data[at + 1 :] if data else b"x",
            2: data[:at] + bytes([byte]) + data[at:],
            3: data[:at] + data[at + size :],
            4: data[:at] + data[at : at + size] + data[at:],
            5: data[at:] + data[:at],
            6: data[:at] + b"\xff\xfe\x00" + data[at:],
        }[kind]
        return harmed if harmed != data else data + b"\0"

    return harm


class Harmed:
    """A file that is harmed for the length of a block, and then as it was."""

    def __init__(self, path: Path, harm: Harm) -> None:
        self.path, self.good, self.harm = path, path.read_bytes(), harm

    def __enter__(self) -> bytes:
        bad = self.harm(self.good)
        self.path.write_bytes(bad)
        return bad

    def __exit__(self, *_: object) -> None:
        self.path.write_bytes(self.good)


def same_rows(one: bytes, other: bytes) -> bool:
    """Two CSV files with the same rows: the last line end, say, is no part of what was signed."""
    texts = [data.decode(errors="replace") for data in (one, other)]
    return [*csv.reader(io.StringIO(texts[0], newline=""))] == [*csv.reader(io.StringIO(texts[1], newline=""))]


def same_json(one: bytes, other: bytes) -> bool:
    """Two envelopes that say the same: a space between members is no part of what was signed."""
    return bool(json.loads(one) == json.loads(other))


# ---- files -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["batch.json", "data.csv", "salts.bin", "engagements.jsonl"])
def test_a_harmed_batch_is_received_or_refused_and_either_is_on_record(at: At, name: str) -> None:
    desk = at("ready")
    folder = desk.pack()
    good = (folder / name).read_bytes()

    @bounded(12)
    @given(harms())
    def harmed(harm: Harm) -> None:
        before = len(desk.column("SELECT id FROM batch"))
        with Harmed(folder / name, harm) as bad:
            done = clean(desk.run("batch", "receive", folder, "--json", "--dry-run"), 0, 3)
            assert (done.json["state"] == "received") == (done.code == 0)
            same = {"data.csv": same_rows, "batch.json": same_json}.get(name, lambda one, other: one == other)
            assert name == "engagements.jsonl" or done.code == 3 or same(bad, good)
            if done.code == 3:
                clean(desk.run("batch", "receive", folder), 3)
                assert len(desk.column("SELECT id FROM batch")) == before + 1
        assert len(desk.leaves("batch.refused")) == len(desk.column("SELECT id FROM batch WHERE state = 'refused'"))

    harmed()
    desk.run("batch", "receive", folder).ok(0)
    desk.run("ledger", "checkpoint", "--recheck").ok()


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("portcullis.toml", (0, 1, 4)),
        ("keys/log.json", (1,)),
        ("keys/wrapping.json", (1,)),
        ("keys/accounting.json", (1,)),
        ("ledger/checkpoint", (0, 4)),
        ("register/manifest.json", (0, 1, 4)),
    ],
)
def test_a_harmed_home_is_used_or_refused(at: At, name: str, codes: tuple[int, ...]) -> None:
    desk = at("dispatched")
    path = desk.home / name
    if not path.exists():
        path = next(found for found in (desk.home / "register").iterdir() if found.suffix == ".json")
    words = ("register", "profile") if name.startswith("register") else ("ledger", "checkpoint")

    @bounded(10)
    @given(harms())
    def harmed(harm: Harm) -> None:
        ledger = (desk.home / "ledger" / "checkpoint").read_bytes()
        with Harmed(path, harm) as bad:
            clean(desk.run(*words), *codes)
            if name == "ledger/checkpoint":
                assert path.read_bytes() in (bad, ledger)  # what is not good is never signed over
        assert (desk.home / "ledger" / "checkpoint").read_bytes() == ledger

    harmed()


def test_harmed_evidence_is_found_before_it_is_used(at: At) -> None:
    desk = at("dispatched")
    identity = json.dumps({"person_id": truth_of()[2][0]}).encode()  # somebody who was answered about
    whole = desk.run("accounting", "--as", "IRS-0006", stdin=identity).ok()
    assert "disclose" in whole.out

    @bounded(12)
    @given(harms(), st.booleans())
    def harmed(harm: Harm, permanent: bool) -> None:
        path = desk.home / (f"accounting/{desk.batch}.parquet" if permanent else f"evidence/{desk.batch}/decisions.parquet")
        with Harmed(path, harm):
            words = ("accounting", "--as", "IRS-0006") if permanent else ("batch", "status", desk.batch)
            done = clean(desk.run(*words, stdin=identity), *((0, 4) if permanent else (4,)))
        if done.code == 0:  # the harm lies where nothing of this person is read
            assert done.out == whole.out

    harmed()
    desk.run("batch", "status", desk.batch).ok()


def test_a_harmed_store_gives_one_clear_error_or_none(at: At) -> None:
    desk = at("dispatched")
    desk.run("batch", "list").ok()
    desk.cast.home.engine.dispose()
    home = desk.folder / "harmed"
    shutil.copytree(desk.home, home)
    for beside in home.glob("store.db-*"):
        beside.unlink()

    @bounded(20)
    @given(harms())
    def harmed(harm: Harm) -> None:
        with Harmed(home / "store.db", harm):
            for words in (("batch", "list"), ("key", "list"), ("batch", "status", desk.batch), ("ledger", "checkpoint", "--recheck")):
                clean(desk.run(*words, "--home", home), 0, 1, 4)
        for beside in home.glob("store.db-*"):
            beside.unlink()

    harmed()


def test_a_harmed_agreement_is_valid_or_not(tmp_path: Path) -> None:
    folder = tmp_path / "agreements" / "mine"
    shutil.copytree(find("irs-ice-2025"), folder)
    shutil.copy(find("irs-ice-2025").parent / "fields.yaml", folder.parent)

    @bounded(15)
    @given(harms(), st.sampled_from(["agreement.yaml", "rules/R12.yaml", "rules/R26.yaml", "../fields.yaml"]))
    def harmed(harm: Harm, name: str) -> None:
        with Harmed(folder / name, harm):
            clean(invoke("agreement", "validate", folder, "--json"), 0, 1)

    harmed()


def test_a_harmed_release_is_opened_by_nobody(at: At) -> None:
    desk = at("dispatched")
    release, trust = desk.home / "outbox" / desk.batch / "release", json.loads(desk.run("ledger", "trust").ok().out)
    (desk.folder / "vkey").write_text(trust["log_vkey"])
    files = ("--vault-key", desk.key("vault-ICE-V1"), "--vkey", desk.folder / "vkey", "--access-log", desk.folder / "opened")

    @bounded(15)
    @given(harms(), st.sampled_from(["answers.jsonl", "batch_answer.json"]))
    def harmed(harm: Harm, name: str) -> None:
        with Harmed(release / name, harm):
            done = clean(desk.run("recipient", "open", release, "--officer", "ICE-1001", *files), 1)
            assert not (desk.folder / "opened").exists() and not traces(done.err.encode(), [str(rows_of()[1]["address_line"])])

    harmed()


# ---- words -------------------------------------------------------------------------------------------------------------------------
READABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
WORDS = st.one_of(
    READABLE,
    st.sampled_from(
        ["-", "--", "", " ", "\n", "../../x", "%s", "{0}", "$(id)", "'; --", "\u202e", "9" * 400, "-1", "1e999", "nan", "x" * 20_000]
    ),
    st.integers().map(str),
    st.datetimes().map(str),
)
LONG = {"demo", "replay june-2025", "rules test", "register load", "match evaluate", "match explain", "rules diff"}
ENDLESS = {"serve", "worker", "ledger witness serve"}
"""These run until they are stopped."""
QUICK = sorted(set(NAMED) - LONG - ENDLESS)


def test_any_words_after_any_command_end_in_one_of_the_five_ways(at: At) -> None:
    desk = at("sampled")
    people = {"--as": desk.person(Role.AUTHORIZER), "--key": str(desk.key(desk.person(Role.AUTHORIZER)))}

    @bounded(150)
    @given(st.sampled_from(QUICK), st.data())
    def typed(name: str, data: st.DataObject) -> None:
        words: list[str] = list(NAMED[name])
        for parameter in COMMANDS[NAMED[name]].params:
            flag = max(parameter.opts, key=len)
            if parameter.is_flag if hasattr(parameter, "is_flag") else False:
                words += [flag] if flag in ("--dry-run", "--json") or (data.draw(st.booleans()) and flag != "--help") else []
            elif parameter.param_type_name == "argument":
                words.append(data.draw(st.one_of(WORDS, st.just(desk.batch))))
            elif flag in people:
                words += [flag, data.draw(st.one_of(st.just(people[flag]), WORDS))]
            elif flag != "--home" and (parameter.required or data.draw(st.booleans())):
                words += [flag, data.draw(WORDS)]
        done = desk.run(*words, stdin=data.draw(READABLE).encode())
        assert done.code in (0, 1, 2, 3, 4), (words, done)
        assert "Traceback" not in done.err and "failed inside" not in done.err, (words, done.err)

    before = desk.state()
    where = sorted(path.name for path in Path.cwd().iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk.folder)  # whatever is written with a name of its own is written here
        typed()
    assert sorted(path.name for path in Path.cwd().iterdir()) == where
    assert desk.run("batch", "status", desk.batch, "--json").ok().json["state"] in ("sampled", "authorized")
    assert desk.state()["settings"] == before["settings"]
    desk.run("ledger", "checkpoint", "--recheck").ok()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | READABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(READABLE, inner, max_size=4),
    max_leaves=12,
)
IDENTITY = st.dictionaries(st.sampled_from(["taxpayer_number", "given_name", "family_name", "date_of_birth", "person_id"]), READABLE)


def test_any_identity_is_answered_or_refused_and_never_repeated(at: At) -> None:
    desk = at("dispatched")

    @bounded(30)
    @given(st.one_of(JSON.map(json.dumps), IDENTITY.map(json.dumps), READABLE))
    def asked(text: str) -> None:
        done = clean(desk.run("accounting", "--as", "IRS-0006", stdin=text.encode()), 0, 1)
        assert done.code == 1 or isinstance(done.json, list)
        if len(text) > 12:
            assert text not in done.err

    asked()


# ---- rows ------------------------------------------------------------------------------------------------------------------------------
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60),
    st.sampled_from(
        ["0001-01-01", "-5", "9999-12-31", "8 USC 1253(a)(1)(A)", "2022;2023", "none", "pending", "{}", '{"a":[1]}', "true", "1/0"]
    ),
    st.integers(-(2**70), 2**70).map(str),
)


def test_rows_of_any_content_are_decided_one_way_each(at: At) -> None:
    desk = at("ready")
    for n in range(6):
        desk.run("review", "sample", "commit", "--number-file", desk.folder / f"r{n}", *desk.acting(Role.OVERSEER)).ok()
    good = rows_of()[0]
    names = st.sampled_from([name for name in DATA_COLUMNS if name != "request_id"])

    @bounded(6)
    @given(st.lists(st.dictionaries(names, VALUES, max_size=12), min_size=1, max_size=6))
    def sent(changes: list[dict[str, str]]) -> None:
        rows = [{**good, **change, "request_id": f"generated-{n}"} for n, change in enumerate(changes)]
        folder = desk.pack([{**good, "request_id": "good"}, *rows])
        batch = clean(desk.run("batch", "receive", folder, "--json"), 0).json["batch"]
        shutil.rmtree(folder)
        clean(desk.run("batch", "run", batch), 0, 3)
        while (waiting := desk.run("review", "next", batch, "--json").ok().json["next"]) is not None:
            desk.run("review", "record", batch, waiting, "refuse", "cannot-tell", *desk.acting(Role.REVIEWER)).ok()
        done = clean(desk.run("batch", "run", batch, "--json"), 0, 3).json
        assert done["state"] == "reviewed" and sum(done["by_decision"].values()) == len(rows) + 1

    sent()
    desk.run("ledger", "checkpoint", "--recheck").ok()
