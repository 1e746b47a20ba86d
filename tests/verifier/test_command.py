"""`python verifier/verify.py BUNDLE …` as a stranger runs it: exit codes, what is said, and what the file is made of."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ledger_attacks import honest, witness
from ledger_story import START, Story, load_verifier
from portcullis.ledger import add_cosignature

VERIFIER = Path(__file__).parents[2] / "verifier" / "verify.py"


def put(story: Story, path: Path, checkpoint: bytes | None = None) -> Path:
    for name, data in story.files(checkpoint).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return put(honest(), tmp_path / "bundle")


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust.json"
    path.write_bytes(honest().trust())
    return path


def test_run_as_a_program_it_verifies_and_says_what_is_not_established(bundle: Path, trust: Path) -> None:
    done = subprocess.run([sys.executable, VERIFIER, bundle, "--trust", trust], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("1  manifest", "2  every entry", "3  leaves", "4  order", "5  accounting", "6  openings", "7  times", "\nVERIFIED\n"):
        assert words in done.stdout
    assert "What this does not establish" in done.stdout


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    """The program in this process: exit code and all it said."""
    try:
        code = load_verifier().main([str(a) for a in args])
    except SystemExit as stopped:
        code = stopped.code
    said = capsys.readouterr()
    return int(code or 0), said.out + said.err


def test_without_a_trust_file_it_is_consistent_and_not_authenticated(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, bundle)
    assert code == 4
    assert "CONSISTENT, NOT AUTHENTICATED" in said
    assert "\nVERIFIED" not in said


def test_a_damaged_bundle_exits_4_and_names_step_leaf_and_meaning(tmp_path: Path, trust: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = honest()
    story.now -= 1_000_000
    leaf = story.standing()
    code, said = run(capsys, put(story, tmp_path / "bad"), "--trust", trust)
    assert code == 4
    assert "DID NOT VERIFY" in said
    assert f"step 7, leaf {leaf}: The leaf is dated before" in said


def test_an_older_checkpoint_is_compared(bundle: Path, trust: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    since = tmp_path / "checkpoint"
    since.write_bytes(honest().checkpoint(12))
    code, said = run(capsys, bundle, "--trust", trust, "--since", since)
    assert code == 0
    assert "contains the checkpoint of 12 leaves" in said
    longer = honest()
    longer.standing()
    since.write_bytes(longer.checkpoint())
    assert run(capsys, bundle, "--trust", trust, "--since", since)[0] == 4
    since.write_bytes(b"no checkpoint at all")
    assert run(capsys, bundle, "--since", since)[0] == 4


def test_what_was_open_on_a_date_is_listed(tmp_path: Path, trust: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story().begin()
    b = story.to_committed()
    story.dispatch(b)
    story.disclose(b)
    code, said = run(capsys, put(story, tmp_path / "b"), "--trust", trust, "--as-of", "2025-11-22")
    assert code == 0
    assert "Dispatched and not acknowledged by the date given: 1" in said
    code, said = run(capsys, tmp_path / "b", "--trust", trust, "--as-of", "2025-11-20")
    assert "Leaves dated after the date given" in said


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["no-such-folder"],
        ["BUNDLE", "--trust", "no-such-file"],
        ["BUNDLE", "--since", "no-such-file"],
        ["BUNDLE", "--as-of", "yesterday"],
        ["BUNDLE", "--as-of", "2026-02-30"],
        ["BUNDLE", "--whatever"],
        ["BUNDLE", "--trust", "BAD"],
    ],
)
def test_wrong_usage_exits_2(args: list[str], bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text('{"origin": "x"}')
    names = {"BUNDLE": bundle, "BAD": tmp_path / "bad.json"}
    code, said = run(capsys, *[names.get(a, a) for a in args])
    assert (code, "Traceback" in said) == (2, False)


def test_a_trust_file_asks_for_no_more_witnesses_than_it_names(tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(honest().trust(quorum=1))
    assert run(capsys, bundle, "--trust", path)[0] == 2
    path.write_bytes(honest().trust(witnesses=[witness().log, witness().log], quorum=2))
    assert run(capsys, bundle, "--trust", path)[0] == 2


def test_a_witness_satisfies_the_quorum_unless_its_time_lies_in_the_future(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story, path = honest(), tmp_path / "t.json"
    path.write_bytes(story.trust(witnesses=[witness().log], quorum=1))
    for when, expected in ((START + 7200, 0), (4_102_444_800, 4)):
        note = add_cosignature(story.checkpoint(), witness().sign(story.checkpoint(), when))
        assert run(capsys, put(story, tmp_path / str(when), note), "--trust", path)[0] == expected


def test_it_can_be_read_in_one_sitting_and_shares_no_code_with_the_package() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 1000
    tree = ast.parse(text)
    imported = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {str(n.module).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}
