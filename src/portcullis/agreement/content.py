"""What an agreement consists of, part by part, and the one hash that its parties sign.

Parts, each with its place: `clause/1`, `clause/2`, … (the clauses of agreement.yaml in their order), `term/<key>` (its other keys) and
`file/<path>` (every file whole, agreement.yaml and the field catalogue among them). So the words that people read and the bytes that the
program reads are both under the signature, and a part can be shown without the others.

The hash (hex) is
 1. of a folder with `salts.json`, SHA-256 of its *document*: the canonical JSON of format, id, version and, for every place, a salted
    commitment to what stands there. Who knows the hash and all parts but one can still not guess that one;
 2. of a folder without, SHA-256 over the names and hashes of its files, as agreements were signed before they could be published in part.
Either way a word changed anywhere is another hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from portcullis.crypto import canonical, commit, decode64, encode64, strict_loads, write_private
from portcullis.errors import PortcullisError, Refused
from portcullis.rules.document import Value, parse
from portcullis.rules.shipped import fields_file

__all__ = ["FORMAT", "SALTS", "TERMS", "add_salts", "agreement_hash", "commitment", "document_of", "parts_of", "read_salts", "whole_terms"]

FORMAT = "portcullis-agreement-2"
SALTS = "salts.json"
TERMS = "file/agreement.yaml"
MAX_FILE = 4 * 1024 * 1024
MAX_FILES = 1_000

Document = Mapping[str, object]


def agreement_hash(folder: Path, salts: Mapping[str, bytes] | None = None) -> str:
    """The hash of a folder; with `salts` as if these lay in it. Salts that were drawn for another version count as none.

    Raises Refused for links, special files and files that are too large (nothing outside the folder may be part of an agreement), for terms
    that cannot be read, and for salts of other parts.
    """
    files = _files(folder)
    stated = files.pop(SALTS, None)
    if salts is None and stated is None:
        return _listed(files)
    known = (_listed(files), stated if salts is None and stated else canonical({p: encode64(salt) for p, salt in (salts or {}).items()}))
    if known not in _KNOWN:
        parts = parts_in(files)
        drawn = salts if salts is not None else _salts(stated or b"", parts)
        _KNOWN[known] = known[0] if drawn is None else hashlib.sha256(canonical(document_of(parts, drawn))).hexdigest()
    return _KNOWN[known]


_KNOWN: dict[tuple[str, bytes], str] = {}
"""Hash of the files, and their salts → hash of the document: under the release lock nobody waits for its commitments."""


def _listed(files: Mapping[str, bytes]) -> str:
    return hashlib.sha256(canonical({name: hashlib.sha256(data).hexdigest() for name, data in files.items()})).hexdigest()


def document_of(parts: Mapping[str, object], salts: Mapping[str, bytes]) -> dict[str, object]:
    """What is hashed and signed (1). Raises Refused when there is not exactly one salt for each part."""
    if parts.keys() != salts.keys():
        raise Refused(
            f"{SALTS} is not of this agreement.",
            "It has a salt for a part that is not there, or none for one that is.",
            f"Remove {SALTS}: new salts are drawn when the agreement is proposed.",
        )
    name, version = parts["term/id"], parts["term/version"]
    head = {"format": FORMAT, "id": name, "version": version}
    committed = {place: encode64(commitment(salts[place], place, name, version, value)) for place, value in parts.items()}
    return head | {"parts": committed}


def commitment(salt: bytes, place: str, agreement: object, version: object, value: object) -> bytes:
    """The commitment (32 bytes) to what stands in one place of one version of one agreement."""
    return commit(salt, place, str(agreement), str(version), value)


def add_salts(folder: Path) -> dict[str, bytes]:
    """Draw a salt for each part and keep them in the folder, for the owner only; those that were drawn for this very version stay.

    A salt is never used for two versions: who opens a part of one would open it in the other. Raises Refused.
    """
    parts, path = parts_of(folder), folder / SALTS
    if path.exists() and (kept := _salts(path.read_bytes(), parts)) is not None:
        return kept
    path.unlink(missing_ok=True)
    drawn = {place: secrets.token_bytes(32) for place in parts}
    stated = {"agreement": _of(parts), "salts": {place: encode64(salt) for place, salt in drawn.items()}}
    write_private(path, canonical(stated))
    return drawn


def _of(parts: Mapping[str, object]) -> str:
    return f"{parts['term/id']}/{parts['term/version']}"


def read_salts(folder: Path) -> dict[str, bytes]:
    """Place → salt. Raises Refused when the folder has none: it was signed before its parts had commitments."""
    stated = _files(folder).get(SALTS)
    found = None if stated is None else _salts(stated, parts_of(folder))
    if found is None:
        raise Refused(
            "This version cannot be published in part.",
            "It was signed as a whole, without a commitment to each clause.",
            "Raise its version and have it signed anew: portcullis agreement sign",
        )
    return found


def _salts(stated: bytes, parts: Mapping[str, object]) -> dict[str, bytes] | None:
    """None when they were drawn for another version."""
    try:
        read = strict_loads(stated)
        if not isinstance(read, dict) or set(read) != {"agreement", "salts"} or not isinstance(read["salts"], dict):
            raise Refused("", "It has other members.")
        found = {place: decode64(salt, "A salt") for place, salt in read["salts"].items()}
    except PortcullisError as error:
        raise Refused(f"{SALTS} cannot be read.", error.why, "Restore it.") from error
    if any(len(salt) != 32 for salt in found.values()):
        raise Refused(f"{SALTS} cannot be read.", "A salt has 32 bytes.", "Restore it.")
    return found if read["agreement"] == _of(parts) else None


def parts_of(folder: Path) -> dict[str, object]:
    """Place → what stands there, as plain JSON. Raises Refused."""
    files = _files(folder)
    files.pop(SALTS, None)
    return parts_in(files)


def parts_in(files: Mapping[str, bytes]) -> dict[str, object]:
    """As `parts_of`, of files by their names."""
    if "agreement.yaml" not in files:
        raise Refused("There is no agreement.yaml in the folder.", "It holds the terms.", "Write it.")
    return whole_terms(files["agreement.yaml"]) | {f"file/{name}": _text(data) for name, data in files.items()}


def whole_terms(data: bytes) -> dict[str, object]:
    """The clauses and terms in the bytes of an agreement.yaml, by place. Raises Refused."""
    top = parse(data, "agreement.yaml").mapping(("id", "version"), None)
    found = {f"term/{name}": _plain(node.plain()) for name, node in top.items() if name != "clauses"}
    clauses = top["clauses"].items() if "clauses" in top else ()
    return found | {f"clause/{place}": _plain(clause.plain()) for place, clause in enumerate(clauses, 1)}


def _plain(value: Value) -> object:
    if isinstance(value, Decimal | dt.date):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _text(data: bytes) -> object:
    """A file as text, or where it is none as base64."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": encode64(data)}


def _files(folder: Path) -> dict[str, bytes]:
    """Name → content of every file of the folder, and of the field catalogue its rules use. Raises Refused."""
    found = {"fields.yaml": fields_file(folder).read_bytes()}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Refused(
                f"{path.name} in the agreement's folder is a link or no plain file.", "An agreement is plain files.", "Replace it."
            )
        if path.is_file():
            if path.stat().st_size > MAX_FILE or len(found) >= MAX_FILES:
                raise Refused(
                    f"{path.name} or the agreement's folder is too large.",
                    f"{MAX_FILE} bytes a file, {MAX_FILES} files.",
                    "Split or remove.",
                )
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found
