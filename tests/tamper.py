"""`make tamper`: a demonstration's bundle, damaged in every way that was thought of, and how each is caught, in words.

    python tests/tamper.py [BUNDLE TRUST HOME]

Without arguments a small demonstration is played first. First what a stranger does, who has the files only; then what somebody does who
holds the log's key and signs everything anew, as an operator with the whole machine could. Each way is tried once on each kind of file
and leaf, with `verifier/verify.py` and with the package's own verifier, which must agree. Exits with 1 when something was not caught that
should be.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from ledger_damage import Damage, Held, by_keyholder, by_stranger
from ledger_story import load_verifier, package, standalone
from portcullis.home import open_home
from portcullis.ledger.bundle import folder_files
from portcullis.ledger.leaf import decode

LAWFUL = {
    "opened.jsonl is emptied": "no attack: a bundle need not open anything, and says so",
    "a bit of tables.json": "no attack: the words of a table say nothing to the check, and what it decides is checked of what was opened",
}
"""What is no attack, and why."""


def played(folder: Path) -> tuple[Path, Path, Path]:
    """Bundle, trust file and home of a small demonstration."""
    where = ["--home", folder / "home", "--bundle", folder / "bundle"]
    command = [sys.executable, "-m", "portcullis.cli.app", "demo", "--scale", "0.0005", *where]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "bundle", folder / "bundle.trust.json", folder / "home"


def first_of_each(damaged: Iterable[Damage], seen: set[str]) -> Iterable[Damage]:
    """One of each kind of damage."""
    for damage in damaged:
        if damage.words not in seen:
            seen.add(damage.words)
            yield damage


def judged(damaged: Iterable[Damage], trust: bytes, since: bytes, now: float, say: Callable[[str], object]) -> tuple[int, int, list[str]]:
    """How many were caught, how many only with the older checkpoint `since`, and what was missed or judged in two ways."""
    caught, held, missed = 0, 0, list[str]()
    for damage in first_of_each(damaged, set()):
        one, other = standalone(damage.files, trust, None, now), package(damage.files, trust, None, now)
        if (one.step == 0) != (other.step == 0):
            missed.append(f"the two verifiers disagree: {damage.words}")
        if one.step:
            caught += 1
            say(f"  {damage.words}\n      caught at step {one.step}: {one.text}")
            continue
        two = standalone(damage.files, trust, since, now)
        if two.step:
            held += 1
            say(f"  {damage.words}\n      lawful by itself; caught with --since at step {two.step}: {two.text}")
        elif not any(words in damage.words for words in LAWFUL):
            missed.append(f"not caught: {damage.words}")
        else:
            say(f"  {damage.words}\n      {LAWFUL[next(words for words in LAWFUL if words in damage.words)]}")
    return caught, held, missed


def main() -> int:
    """Damage, judge, report."""
    with tempfile.TemporaryDirectory(prefix="portcullis-tamper-") as folder:
        bundle, trust, home = map(Path, sys.argv[1:4]) if len(sys.argv) > 3 else played(Path(folder))
        names, fetch = folder_files(bundle)
        files, rng = {name: fetch(name) for name in names}, random.Random(2026)
        opened = open_home(home)
        known, now = trust.read_bytes(), opened.now() + 60.0
        if standalone(files, known, None, now).step:
            sys.exit("the bundle does not verify as it is")
        held = Held.of(files, opened.log_key)
        kinds = len(load_verifier().LEAVES)
        print(f"The bundle verifies: {len(held.leaves):,} leaves, {len(files)} files; {kinds} types of leaves are known.\n")
        print("What a stranger does, who has the files only")
        first = judged(by_stranger(files, rng), known, files["checkpoint"], now, print)
        print("\nWhat somebody does who holds the log's key, and signs everything anew")
        second = judged(by_keyholder(held, rng, at=one_of_each(held)), known, files["checkpoint"], now, print)
    missed = first[2] + second[2]
    print(f"\n{first[0]} ways without a key and {second[0]} with the log's key were caught; {second[1]} more with an older checkpoint.")
    print("\n".join(missed) or "Nothing was missed, and the two verifiers agreed on each.")
    return 1 if missed or first[1] else 0


def one_of_each(held: Held) -> list[int]:
    """The place of one leaf of each type, the last of them where there are many."""
    return sorted({decode(entry).type: i for i, entry in enumerate(held.leaves)}.values())


if __name__ == "__main__":
    sys.exit(main())
