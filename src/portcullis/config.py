"""Every setting of a home: `portcullis.toml`, and each one also as an environment variable.

A setting `name` in the file is `PORTCULLIS_NAME` in the environment, which wins. Unknown settings are refused by name, so a
misspelt limit never silently falls back to its default. Secrets are never settings: they are files (`PORTCULLIS_KEY_SECRET_FILE`).
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from portcullis.errors import Refused

__all__ = ["FILE_NAME", "Settings", "load", "template"]

FILE_NAME = "portcullis.toml"


def _setting(default: str | int, says: str, least: int = 1) -> str | int:
    return field(default=default, metadata={"says": says, "least": least})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one home, with their defaults."""

    origin: str = _setting("", "The name of this ledger, written on every checkpoint; chosen at init and never changed.")  # type: ignore[assignment]
    source_agency: str = _setting("IRS", "The agency that holds the records and runs this gateway.")  # type: ignore[assignment]
    operator: str = _setting(
        "IRS-OPERATOR", "The person who operates batches from this command line; never a reviewer or authorizer of one."
    )  # type: ignore[assignment]
    store_url: str = _setting("", "SQLAlchemy URL of the store; empty means store.db in the home (SQLite).")  # type: ignore[assignment]
    memory_limit: str = _setting("1GB", "The most memory matching may hold at a time, beyond the batch and its result (MB, GB).")  # type: ignore[assignment]
    max_rows: int = _setting(10_000_000, "A data file with more rows is refused whole.")  # type: ignore[assignment]
    max_file_bytes: int = _setting(8_000_000_000, "A larger data file is refused whole.")  # type: ignore[assignment]
    witness_seconds: int = _setting(5, "Seconds to wait for a witness's answer; late is as good as not at all.")  # type: ignore[assignment]
    second_review_every: int = _setting(
        0, "About one in so many referrals is given to two reviewers, blind to each other; 0 for none.", least=0
    )  # type: ignore[assignment]
    chunk: int = _setting(10_000, "Leaves appended in one transaction.")  # type: ignore[assignment]
    calls_per_second: int = _setting(300, "Calls of one caller to the HTTP API in a second, for long; more are told to wait (429).")  # type: ignore[assignment]
    calls_at_once: int = _setting(600, "Calls of one caller to the HTTP API that may come at once after a pause.")  # type: ignore[assignment]

    @property
    def memory(self) -> int:
        """`memory_limit` in bytes."""
        return _bytes(self.memory_limit)


_SIZE = re.compile(r"([1-9][0-9]{0,5}) ?(MB|GB)")


def _bytes(text: str) -> int:
    """A size such as 800MB in bytes. Raises Refused for any other form."""
    if not (found := _SIZE.fullmatch(text.strip().upper())):
        raise Refused("The setting memory_limit must be a size.", "It is none.", "Write a whole number and MB or GB, such as 800MB.")
    return int(found[1]) * 10 ** (6 if found[2] == "MB" else 9)


def load(home: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of the home at `home`.

    Raises Refused when the file is missing, is not TOML, or names or types a setting wrongly.
    """
    path = home / FILE_NAME
    try:
        stated: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Refused(
            f"There is no Portcullis home at {home}.", f"{FILE_NAME} is not there.", "Type: portcullis init --home DIR"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(
            f"{FILE_NAME} cannot be read.", "It is not valid TOML in UTF-8.", "Mend it, or write it anew from the documentation."
        ) from error
    except OSError as error:
        raise Refused(f"{FILE_NAME} cannot be read.", f"{error.strerror}.", "Name the home's own directory with --home.") from error
    env = os.environ if environment is None else environment
    known = {f.name: f for f in fields(Settings)}
    for name in stated:
        if name not in known:
            raise Refused(
                f"{FILE_NAME} names an unknown setting {name!r}.", "A misspelt setting would be ignored.", "See docs/9-running.md."
            )
    for name in known:
        if (value := env.get(f"PORTCULLIS_{name.upper()}")) is not None:
            stated[name] = value
    if not stated.get("origin"):
        raise Refused(
            f"{FILE_NAME} does not name the ledger.", "The setting origin is missing or empty.", "Restore it; every checkpoint shows it."
        )
    settings = Settings(**{name: _typed(known[name], value) for name, value in stated.items()})  # type: ignore[arg-type]
    _bytes(settings.memory_limit)
    return settings


def _typed(setting: Field[Any], value: object) -> str | int:
    name, default, least = setting.name, setting.default, setting.metadata["least"]
    if isinstance(default, int):
        try:
            number = int(str(value))
        except ValueError as error:
            raise Refused(f"The setting {name} must be a whole number.", "It is not.", f"The default is {default}.") from error
        if number < least:
            wanted = "greater than zero" if least else "zero or more"
            raise Refused(f"The setting {name} must be {wanted}.", "It is not.", f"The default is {default}.")
        return number
    if not isinstance(value, str):
        raise Refused(f"The setting {name} must be text.", "It is not.", "Put it in quotes.")
    return value


def template(settings: Settings) -> str:
    """`portcullis.toml` as `init` writes it: every setting with what it means; those at their default are commented out."""
    lines = ["# Settings of this Portcullis home. Each is also an environment variable PORTCULLIS_<NAME>, which wins.", ""]
    for f in fields(Settings):
        value = getattr(settings, f.name)
        shown = f"{f.name} = {value if isinstance(value, int) else json.dumps(value, ensure_ascii=False)}"
        lines += [f"# {f.metadata['says']}", shown if value != f.default else f"# {shown}", ""]
    return "\n".join(lines)
