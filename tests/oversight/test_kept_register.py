"""A register that is kept open is checked anew when a file of it changed, and gives by name exactly the persons a full reading gives."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from journey_home import Scene
from portcullis.errors import Tampered
from portcullis.matching.kept import kept_register
from portcullis.matching.shelf.names import NAME_GROUPS

At = Callable[[str], Scene]


def test_it_is_opened_once_and_again_after_any_change(at: At) -> None:
    folder = at("received").home.path / "register"
    first = kept_register(folder)
    assert kept_register(folder) is first
    file = max((path for path in folder.iterdir() if path.suffix == ".arrow"), key=lambda path: path.stat().st_size)
    times, data = (file.stat().st_atime_ns, file.stat().st_mtime_ns), bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=times)  # whoever changes a file can set this time back, and not the other one
    with pytest.raises(Tampered):
        kept_register(folder)


def test_by_name_and_birth_date_it_finds_whom_a_full_reading_finds(at: At) -> None:
    register = kept_register(at("received").home.path / "register")
    columns = {group: register.column("names", group) for group in ("given", "family", "born")}
    values = {group: register.group(group)[NAME_GROUPS[group][0]].to_pylist() for group in columns}
    for row in range(0, register.names, 5):
        given, family, born = (values[group][columns[group][row]] for group in ("given", "family", "born"))
        if None in (given, family, born):
            continue
        same = [
            other
            for other in range(register.names)
            if (given, family, born) == tuple(values[group][columns[group][other]] for group in ("given", "family", "born"))
        ]
        assert register.named(given, family, born).tolist() == sorted(set(register.person_of(np.array(same)).tolist()))
    assert register.named("NOBODY", "ATALL", 0).tolist() == []
