"""Where the shipped agreements are: beside the source in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

from portcullis.errors import Refused

__all__ = ["agreements_folder", "fields_file"]

_PACKAGE = Path(__file__).resolve().parent.parent


def agreements_folder() -> Path:
    """The folder of the shipped agreements and the field catalogue. Raises Refused when the installation is incomplete."""
    for folder in (_PACKAGE / "data" / "agreements", _PACKAGE.parent.parent / "agreements"):
        if (folder / "fields.yaml").is_file():
            return folder
    raise Refused("The shipped agreements are missing.", "The installation is incomplete.", "Install the package again.")


def fields_file(agreement: Path) -> Path:
    """The field catalogue of an agreement's folder: its own, its parent folder's, or the shipped one."""
    for path in (agreement / "fields.yaml", agreement.parent / "fields.yaml"):
        if path.is_file():
            return path
    return agreements_folder() / "fields.yaml"
