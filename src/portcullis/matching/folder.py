"""A prepared register on disk: Arrow files, and an index of their hashes whose own hash is the register's version.

Written beside its destination under another name, flushed, then renamed, so a kill or a full disk leaves the old one in use.
The version covers every byte of content and the standardisers' versions; the same input gives the same version.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from portcullis.errors import Refused, Tampered

__all__ = ["FORMAT", "INDEX", "read_index", "read_tables", "unwritten", "work_folder", "write_folder"]

FORMAT = "portcullis/register/5"
INDEX = "register.json"
_CHUNK = 1 << 22


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _canonical(index: Mapping[str, Any]) -> bytes:
    return json.dumps(index, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def version_of(index: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the index without its own version."""
    return hashlib.sha256(_canonical({k: v for k, v in index.items() if k != "version"})).hexdigest()


def _write_table(path: Path, table: pa.Table) -> dict[str, object]:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    _flush(path)
    return {"size": path.stat().st_size, "sha256": _sha256(path)}


def work_folder(destination: Path) -> Path:
    """Where a load may keep what it is working on; on the same disk, left by nobody who ends in order."""
    return destination.with_name(f".{destination.name}.work")


def unwritten(error: OSError) -> Refused:
    """What to say when a load cannot write."""
    why = f"The system said: {error.strerror or 'no space or no permission'}."
    return Refused("The register could not be written; the old one stays in use.", why, "Make room or choose another folder.")


def write_folder(destination: Path, tables: Iterable[tuple[str, pa.Table]], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write `tables`, one after the other, and the index with `facts` to `destination`, replacing a prepared register there only when
    complete.

    Raises Refused when the destination holds anything else than a prepared register, or cannot be written.
    """
    if destination.exists() and not (destination / INDEX).is_file() and any(destination.iterdir()):
        raise Refused("The destination folder holds something else than a register.", "", "Give an empty or absent folder.")
    fresh, old = (destination.with_name(f".{destination.name}.{part}") for part in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        if not destination.exists() and (old / INDEX).is_file():
            old.rename(destination)  # an earlier load was killed between its two renames
        fresh.mkdir(parents=True, mode=0o700)
        files = {f"{name}.arrow": _write_table(fresh / f"{name}.arrow", table) for name, table in tables}
        index = {"format": FORMAT, **facts, "files": files}
        index["version"] = version_of(index)
        (fresh / INDEX).write_bytes(_canonical(index))
        _flush(fresh / INDEX)
        _flush(fresh)
        _swap(destination, fresh, old)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise unwritten(error) from None
    return index


def _swap(destination: Path, fresh: Path, old: Path) -> None:
    """Put `fresh` in the place of `destination`; between the two renames `old` still holds the former one."""
    shutil.rmtree(old, ignore_errors=True)
    if destination.exists():
        destination.rename(old)
    fresh.rename(destination)
    _flush(destination.parent)
    shutil.rmtree(old, ignore_errors=True)


def read_index(folder: Path) -> dict[str, Any]:
    """The index of a prepared register.

    Raises Refused when the folder holds none, Tampered when the index does not carry its own hash.
    """
    path = folder / INDEX
    survivor = folder.with_name(f".{folder.name}.old")
    if not path.is_file() and (survivor / INDEX).is_file():
        path = survivor / INDEX
    if not path.is_file():
        raise Refused("There is no prepared register in that folder.", "", "Make one with `portcullis register load`.")
    try:
        index: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError:
        raise Tampered("The register's index is damaged.", "It is not JSON.", "Load the register again from its source.") from None
    if not isinstance(index, dict) or index.get("version") != version_of(index):
        raise Tampered("The register's index is damaged.", "Its version is not the hash of what it says.", "Load the register again.")
    if index.get("format") != FORMAT:
        raise Refused(
            "The register was prepared by another version of this program.",
            "Its files are arranged otherwise than this version reads them.",
            "Load it again with `portcullis register load`.",
            code="X-MATCH-VERSION",
        )
    return {**index, "folder": str(path.parent)}


def read_tables(index: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Every file of the index, memory-mapped, after its hash was checked.

    Raises Tampered when a file is missing or differs.
    """
    folder, files = Path(index["folder"]), sorted(index["files"].items(), key=lambda item: -int(item[1]["size"]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        whole = list(pool.map(lambda item: _is_whole(folder / item[0], item[1]), files))
    for (name, _), good in zip(files, whole, strict=True):
        if not good:
            raise Tampered(
                f"The register's file {name} is missing or damaged.", "Its hash is not the one in the index.", "Load the register again."
            )
    return {name.removesuffix(".arrow"): pa.ipc.open_file(pa.memory_map(str(folder / name))).read_all() for name, _ in files}


def _is_whole(path: Path, stated: Mapping[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == stated["size"] and _sha256(path) == stated["sha256"]
