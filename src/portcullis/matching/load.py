"""`register load`: from a folder as its owner keeps it to a prepared register.

1. Manifest and mapping (source.py). 2. Both tables as text, byte-identical duplicate rows once. 3. A row without an id, or a
person under no name at all, is refused or counted as said below. 4. Standard forms, a million persons at a time. 5. Numbers, counts
and indexes (build.py). 6. Written beside, then renamed (folder.py).

Refused: rows without `person_id` (a person left out could be a rival), no persons, no address of any person.
Counted as warnings: duplicate rows, addresses of unknown persons (left out: nobody can be named by them), persons without an
address, several or no last-known addresses, addresses that have no delivery point.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from portcullis.errors import Refused
from portcullis.intake import addresses as address_standard
from portcullis.intake import names as name_standard
from portcullis.matching.build import Builder
from portcullis.matching.folder import unwritten, work_folder, write_folder
from portcullis.matching.lexicon import LEXICON_VERSION
from portcullis.matching.owned import Owned
from portcullis.matching.people import people
from portcullis.matching.places import places
from portcullis.matching.source import read_manifest, read_mapping

__all__ = ["RegisterInfo", "load_register", "standardisers"]

PORTION = 1_000_000
"""Persons standardised at a time."""


@dataclass(frozen=True, slots=True)
class RegisterInfo:
    """What a load made: version (SHA-256 hex), whether synthetic, how many persons and addresses, and counted warnings."""

    version: str
    synthetic: bool
    persons: int
    addresses: int
    warnings: dict[str, int] = field(default_factory=dict)


def standardisers() -> dict[str, str]:
    """The versions a prepared register is bound to (R35)."""
    return {
        "names": name_standard.STANDARDISER_VERSION,
        "addresses": str(address_standard.STANDARDISER_VERSION),
        "lexicon": LEXICON_VERSION,
    }


def _prepare(folder: Path, mapping: Path | None, scratch: Path, builder: Builder, say: Callable[[str], None]) -> dict[str, int]:
    """Fill the builder; what to warn of."""
    say("reading")
    owned = Owned(scratch, folder, read_mapping(mapping))
    if not owned.rows["persons"]:
        raise Refused("The register holds no persons.", "The persons table is empty.", "Export it again.")
    unplaced = 0
    for ids, persons, addresses in owned.portions(PORTION):
        say(f"standardising from person {builder.persons + 1:,} on")
        owner = np.asarray(pc.index_in(addresses["person_id"], ids)).astype(np.int32)
        place = places(addresses, owner)
        unplaced += place["delivery_key"].null_count
        builder.add(people(persons, ids), place)
    owned.close()
    if not builder.addresses:
        raise Refused(
            "No address in the register belongs to a person in it.",
            "The ids of the two tables have nothing in common.",
            "Check the mapping.",
        )
    orphans = owned.rows["addresses"] - builder.addresses
    counts = {"duplicate_rows": owned.duplicates, "addresses_of_unknown_persons": orphans, "addresses_without_delivery_point": unplaced}
    return {k: v for k, v in (counts | builder.warnings).items() if v}


def load_register(
    source: Path | str,
    destination: Path | str,
    mapping: Path | str | None = None,
    *,
    synthetic: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> RegisterInfo:
    """Build the prepared register `destination` from the folder `source`; `say` hears each step (for a progress line).

    `synthetic` stands in for an absent manifest and is for evaluation only. The old destination stays in use until the new one
    is complete. Raises Refused with what to correct.
    """
    manifest = read_manifest(Path(source), synthetic=synthetic)
    scratch = work_folder(Path(destination))
    try:
        shutil.rmtree(scratch, ignore_errors=True)  # what a killed load left
        builder = Builder(scratch / "columns")
        warnings = _prepare(Path(source), Path(mapping) if mapping else None, scratch / "owned", builder, say)
        facts: dict[str, Any] = {
            "synthetic": manifest.synthetic,
            "source": manifest.source,
            "date": manifest.date,
            "persons": builder.persons,
            "addresses": builder.addresses,
            "standardisers": standardisers(),
            "warnings": warnings,
        }
        index = write_folder(Path(destination), builder.tables(say), facts)
    except OSError as error:
        raise unwritten(error) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return RegisterInfo(index["version"], manifest.synthetic, facts["persons"], facts["addresses"], warnings)
