"""`match evaluate` and `match explain` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from matching_world import ASKED, ELSEWHERE, HOME, World, files, named, text_table
from portcullis.cli.match import app
from portcullis.errors import Refused
from portcullis.matching.evaluate import score
from portcullis.matching.strata import wrong_bound

RUN = CliRunner()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.add("subject", named("Walter", "Haines", "E"), homes=[ELSEWHERE, HOME])
    made.add("wife", named("Rosalind", "Haines", "T"))
    return made


def test_the_figures_and_the_decisions(world: World) -> None:
    out = world.folder / "out.csv"
    found = RUN.invoke(app, ["evaluate", *files(world), "--out", str(out), "--json"], catch_exceptions=False)
    figures = json.loads(found.stdout)
    wanted = {"requests": 5, "released": 2, "correct": 1, "wrong": 1, "matchable": 3, "precision": 0.5, "recall": 1 / 3, "referred": 1}
    assert {k: figures[k] for k in wanted} == wanted
    assert figures["seconds"] > 0 and figures["peak_mb"] > 0
    rows = {r["request_id"]: r for r in pa.csv.read_csv(out).to_pylist()}
    assert {k: r["decision"] for k, r in rows.items()} == {
        "right": "disclose", "nobody": "no_disclosure", "blank": "deficient", "thin": "refer", "wrong": "confirm",
    }  # fmt: skip
    assert rows["right"]["person_id"] == "subject"
    assert rows["thin"]["person_id"] in (None, "")
    assert rows["thin"]["reason"] == "M-AMBIGUOUS"


def test_real_people_are_not_measured(world: World) -> None:
    world.manifest["synthetic"] = False
    for prepared in (False, True):
        args = files(world)
        if prepared:
            world.load()
            args[1] = str(world.folder / "register")
        with pytest.raises(Refused, match="not marked synthetic"):
            RUN.invoke(app, ["evaluate", *args, "--synthetic"], catch_exceptions=False)


def test_a_register_without_manifest_needs_the_word(world: World) -> None:
    args = files(world)
    (world.folder / "source" / "manifest.json").unlink()
    with pytest.raises(Refused, match="manifest"):
        RUN.invoke(app, ["evaluate", *args], catch_exceptions=False)
    assert RUN.invoke(app, ["evaluate", *args, "--synthetic"], catch_exceptions=False).exit_code == 0


def test_the_users_own_columns(world: World) -> None:
    args = files(world)
    table = text_table(ASKED).rename_columns({"request_id": "NO", "given_name": "FIRST", "family_name": "LAST"})
    pq.write_table(table, world.folder / "requests.parquet")
    (world.folder / "map.json").write_text(json.dumps({"requests": {"request_id": "NO", "given_name": "FIRST", "family_name": "LAST"}}))
    found = RUN.invoke(app, ["evaluate", *args, "--mapping", str(world.folder / "map.json"), "--json"], catch_exceptions=False)
    assert json.loads(found.stdout)["released"] == 2


def test_truth_that_contradicts_itself_is_refused(world: World) -> None:
    args = files(world)
    (world.folder / "truth.csv").write_text("request_id,person_id\nright,subject\nright,wife\n")
    with pytest.raises(Refused, match="twice"):
        RUN.invoke(app, ["evaluate", *args], catch_exceptions=False)


def test_an_explanation_says_which_rule_and_shows_no_value(world: World) -> None:
    args = files(world)[:4]
    found = RUN.invoke(app, ["explain", *args, "--request", "right", "--json"], catch_exceptions=False)
    by_person = {p["person_id"]: p for p in json.loads(found.stdout)["met"]}
    assert by_person["subject"]["rung"] == "L4"
    assert by_person["wife"]["veto"] == "V-MIDDLE"
    thin = json.loads(
        RUN.invoke(app, ["explain", *args, "--request", "thin", "--person", "subject", "--json"], catch_exceptions=False).stdout
    )
    assert "no relative is meant" in thin["met"][0]["verdict"]
    assert not any(word in found.stdout for word in ("Haines", "Walter", "Larkspur"))


def test_an_explanation_of_a_real_register_needs_a_home(world: World) -> None:
    world.manifest["synthetic"] = False
    args = files(world)[:4]
    with pytest.raises(Refused, match="counts as real"):
        RUN.invoke(app, ["explain", *args, "--request", "right"], catch_exceptions=False)
    world.load()
    args[1] = str(world.folder / "register")
    with pytest.raises(Refused, match="counts as real"):
        RUN.invoke(app, ["explain", *args, "--request", "right"], catch_exceptions=False)


def test_rates_and_bounds() -> None:
    assert wrong_bound(0, 3000) == pytest.approx(1e-3, rel=0.01)  # the rule of three
    assert wrong_bound(4, 1000) == pytest.approx(9.15e-3, rel=0.01)
    assert wrong_bound(0, 0) == 1.0
    nothing = score([], [], [], {})
    assert (nothing["precision"], nothing["recall"]) == (None, None)
    refused = score(["a", "b"], ["refer", "no_disclosure"], ["p", "p"], {"a": "p", "b": "p"})
    assert (refused["released"], refused["recall"], refused["referred"]) == (0, 0.0, 1)
