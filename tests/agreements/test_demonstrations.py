"""The demonstration each agreement brings: through the real gateway to the recipient's vault and a bundle that verifies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portcullis import demo
from portcullis.agreement import find
from portcullis.demo.own import play_journey, read_journey
from portcullis.errors import Refused

ROOT = Path(__file__).resolve().parents[2]
DUE = {
    "consent-verification": [{"confirm": 1, "deficient": 4, "deny": 2, "no_disclosure": 2}],
    "ex-parte-order": [{"deficient": 3, "disclose": 2, "no_disclosure": 1}, {"deficient": 1, "disclose": 1}],
}


PLACE = ["address_line", "city", "postal_code", "state"]
HELD = {
    "consent-verification": [("deny", []), ("confirm", []), ("deny", [])],
    "ex-parte-order": [
        ("disclose", PLACE),  # the order names wages too, which this gateway does not hold
        ("disclose", [*PLACE, "unit"]),
        ("disclose", ["address_line", "city", "date_of_birth", "postal_code", "state", "taxpayer_number"]),
    ],
}
"""What the recipient's officers find in the answers they open."""


def verified(bundle: Path) -> dict[str, Any]:
    """What the offline verifier says of a bundle."""
    command = [sys.executable, ROOT / "verifier" / "verify.py", bundle, "--trust", bundle.with_name(bundle.name + ".trust.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "text": done.stdout}


@pytest.mark.parametrize("name", sorted(DUE))
def test_it_goes_the_whole_way(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.own, "save_people", lambda _cast: None)  # key files are slow to write on purpose, and nobody goes on by hand
    played = play_journey(find(name), tmp_path / "home", tmp_path / "bundle")
    assert [batch["by_decision"] for batch in played["batches"]] == DUE[name]
    for batch in played["batches"]:
        answered = sum(count for word, count in batch["by_decision"].items() if word in ("disclose", "confirm", "deny"))
        assert batch["state"] == "acknowledged" and len(batch["opened"]) == batch["answers"] == answered
    held = [(one["decision"], one["elements"]) for batch in played["batches"] for one in batch["opened"]]
    assert held == HELD[name]
    found = verified(tmp_path / "bundle")
    assert (found["code"], "\nVERIFIED" in found["text"]) == (0, True), found["text"]


def test_an_agreement_without_a_demonstration_says_so() -> None:
    with pytest.raises(Refused, match="brings no demonstration"):
        read_journey(find("irs-ice-2025"))


def test_the_documents_of_the_demonstrations_are_json_lines() -> None:
    for name in DUE:
        for path in (find(name) / "demo").glob("*.jsonl"):
            assert all(json.loads(line).keys() == {"id", "kind", "stated"} for line in path.read_text(encoding="utf-8").splitlines())
