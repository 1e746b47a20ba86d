"""`agreement redact` as an agency types it, and `agreement verify-public` as a reader does who has no home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli_desk import Desk, invoke

At = Callable[[str], Desk]


def redacted(desk: Desk, name: str, *words: str) -> Path:
    out = desk.folder / f"{name}.json"
    desk.run("agreement", "redact", "irs-ice-2025", *words, "--out", out, "--page", out.with_suffix(".html")).ok()
    return out


def trusted(desk: Desk) -> Path:
    file = desk.folder / "trust.json"
    file.write_text(desk.run("ledger", "trust").ok().out, encoding="utf-8")
    return file


def test_the_public_reads_and_verifies_it_without_a_home(at: At) -> None:
    desk = at("ready")
    first, later = redacted(desk, "first", "--clause", "2", "--clause", "5"), redacted(desk, "later", "--clause", "5")
    trust = trusted(desk)
    done = invoke("agreement", "verify-public", first, later, "--trust", trust, "--page", later.with_suffix(".html"), "--json").ok().json
    shown = desk.run("agreement", "list", "--json").ok().json
    assert (done["verified"], done["authenticated"], done["versions"], done["signed_by"]) == (True, True, 2, ["ICE", "IRS"])
    assert done["hash"] == shown[0]["hash"]
    assert done["hidden"] == ["clause/5", "file/agreement.yaml"]
    assert "They are the same signed agreement." in invoke("agreement", "verify-public", first, later, "--trust", trust).ok().out
    assert "NOT AUTHENTICATED" in invoke("agreement", "verify-public", first).ok(4).out
    bundle = desk.folder / "bundle"
    desk.run("ledger", "export", bundle, "--trust", desk.folder / "trust-2.json").ok()
    assert desk.run("ledger", "verify", bundle, "--trust", trust, "--json").ok().json["verified"] is True


def test_what_does_not_hold_ends_with_4_and_says_what(at: At) -> None:
    desk = at("ready")
    first, page = redacted(desk, "first", "--clause", "2"), desk.folder / "first.html"
    trust = trusted(desk)
    damaged = desk.folder / "damaged.json"
    damaged.write_bytes(first.read_bytes().replace(b"criminal enforcement named", b"civil enforcement named"))
    invoke("agreement", "verify-public", damaged, "--trust", trust).refused("clause/1 is not what was signed", code=4)
    failed = invoke("agreement", "verify-public", damaged, "--trust", trust, "--json").ok(4).json
    assert failed["verified"] is False and "clause/1" in failed["first_failure"]["what"]
    page.write_text(page.read_text(encoding="utf-8").replace("1 of 6 clauses", "0 of 6 clauses"), encoding="utf-8")
    invoke("agreement", "verify-public", first, "--trust", trust, "--page", page).refused("not the one of this public version", code=4)
    desk.run("agreement", "redact", "irs-ice-2025", "--out", first).refused("there already")
    desk.run("agreement", "redact", "irs-ice-2025", "--out", desk.folder / "first.txt").refused("cannot be written")
    desk.run("agreement", "redact", "no-such", "--out", desk.folder / "x.json").refused("No version of no-such was signed by both")


def test_a_dry_run_writes_and_records_nothing(at: At) -> None:
    desk = at("ready")
    out, before = desk.folder / "public.json", desk.run("ledger", "checkpoint").ok().out
    assert "is in public.json" in desk.run("agreement", "redact", "irs-ice-2025", "--out", out, "--dry-run").ok().out
    assert desk.run("ledger", "checkpoint").ok().out == before
    assert not out.exists()
    redacted(desk, "public")
    assert desk.run("ledger", "checkpoint").ok().out != before
