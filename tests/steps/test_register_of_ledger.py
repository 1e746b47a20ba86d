"""Which register decisions rest on is what the ledger says, not what lies in the folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pytest

from journey_home import Scene, at, small
from portcullis import journey, registers, synthetic
from portcullis.errors import Refused
from portcullis.matching.load import load_register
from portcullis.matching.register import open_register

__all__ = ["at"]


def put_another_there(scene: Scene) -> None:
    """Somebody with access to the disk prepares another register, in due form, and puts it in the place of the one loaded."""
    source, made = scene.inbox / "another", small().register
    names = pa.array(["Quimby"] * made.persons.num_rows)
    persons = made.persons.set_column(made.persons.column_names.index("family_name"), "family_name", names)
    synthetic.write_register(replace(made, persons=persons), source)
    load_register(source, scene.home.path / "register")
    open_register(scene.home.path / "register")  # as such there is nothing wrong with it


def test_a_register_that_the_ledger_does_not_name_decides_nothing(at: Callable[[str], Scene]) -> None:
    scene = at("received")
    keep = scene.inbox / "kept"
    shutil.copytree(scene.home.path / "register", keep)
    put_another_there(scene)
    with pytest.raises(Refused, match="not the one that was loaded last") as refused:
        journey.run(scene.home, scene.batch)
    assert refused.value.code == "X-MATCH-VERSION"
    shutil.rmtree(scene.home.path / "register")
    shutil.copytree(keep, scene.home.path / "register")
    journey.run(scene.home, scene.batch)  # the batch lost nothing
    assert scene.row()["state"] == "matched"


def test_without_that_look_the_other_register_would_decide(at: Callable[[str], Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    scene = at("received")
    put_another_there(scene)
    monkeypatch.setattr(registers, "loaded", lambda home: open_register(home.path / "register"))
    journey.run(scene.home, scene.batch)
    assert scene.row()["register_version"] == open_register(scene.home.path / "register").version
