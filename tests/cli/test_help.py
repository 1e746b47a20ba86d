"""What every command says of itself: help with an example that could be typed, completion, no colour and no question for a pipe."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import Desk, invoke
from cli_typing import COMMANDS, GROUPS, NAMED, options

At = Callable[[str], Desk]


@pytest.mark.parametrize("words", NAMED.values(), ids=NAMED)
def test_help_says_what_the_command_does_and_ends_with_an_example_that_could_be_typed(words: tuple[str, ...]) -> None:
    shown = invoke(*words, "--help").ok()
    assert shown.err == "" and invoke(*words, "-h").ok() == shown
    last = shown.out.strip().splitlines()[-1].strip()
    text = re.sub(r"\s+", " ", shown.out[shown.out.index("Example:") :]).strip()
    assert text.endswith(last)
    typed = [word for word in shlex.split(text.removeprefix("Example:")) if "=" not in word or word.startswith("-")]
    typed = typed[: next((at for at, word in enumerate(typed) if word in ("<", ">", "|")), len(typed))]
    assert typed[: 1 + len(words)] == ["portcullis", *words], text
    used = {word.partition("=")[0] for word in typed if word.startswith("-")}
    assert used <= options(words), f"the example names {used - options(words)}, which is no option"
    required = {max(p.opts, key=len) for p in COMMANDS[words].params if p.required and p.param_type_name == "option"} - {"--home"}
    assert required <= used, f"the example leaves out {required - used}, without which it is refused"


@pytest.mark.parametrize("words", GROUPS, ids=lambda words: " ".join(words) or "portcullis")
def test_a_group_alone_shows_its_commands_and_is_a_usage_error(words: tuple[str, ...]) -> None:
    shown = invoke(*words, "--help").ok()
    inside = {found[len(words)] for found in COMMANDS if found[: len(words)] == words}
    assert all(name in shown.out for name in inside)
    alone = invoke(*words)
    assert alone.code == 2 and all(name in alone.out + alone.err for name in inside)


def test_every_option_and_argument_says_what_it_is() -> None:
    silent = [
        f"{' '.join(words)} {parameter.name}"
        for words, command in COMMANDS.items()
        for parameter in command.params
        if not getattr(parameter, "help", None) and "--help" not in parameter.opts
    ]
    assert silent == []


def test_the_version_is_said() -> None:
    assert re.fullmatch(r"portcullis \d+\.\d+\.\d+\n", invoke("--version").ok().out)


def test_completion_is_there_for_the_usual_shells() -> None:
    assert {"--install-completion", "--show-completion"} <= set(re.findall(r"--[a-z-]+", invoke("--help").out))
    for shell in ("bash", "zsh", "fish"):
        done = invoke(env={"_PORTCULLIS_COMPLETE": f"source_{shell}"})
        assert done.code == 0 and "_PORTCULLIS_COMPLETE" in done.out, shell
    offered = invoke(env={"_PORTCULLIS_COMPLETE": "complete_bash", "COMP_WORDS": "portcullis bat", "COMP_CWORD": "1"})
    assert offered.out.split() == ["batch"]


def test_nothing_is_coloured_for_a_pipe_or_where_colour_is_unwanted(at: At) -> None:
    desk = at("received")
    for words in (("--help",), ("batch", "status", desk.batch), ("batch", "status", "x"), ("batch", "status", "B-2026-999999"), ("x",)):
        for wanted in ({}, {"NO_COLOR": "1"}, {"FORCE_COLOR": ""}):
            done = desk.run(*words, **wanted)
            assert "\x1b" not in done.out + done.err


def _on_a_terminal(*words: str, **env: str) -> tuple[int, bytes]:
    """A command whose three streams are a terminal; what it showed. It gets no key pressed."""
    screen, slave = pty.openpty()
    program = str(Path(sys.executable).with_name("portcullis"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTCULLIS_")}
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    with subprocess.Popen([program, *words], env={**kept, **env}, start_new_session=True, **streams) as running:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(screen, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(screen)
    return running.returncode, shown


def test_no_colour_on_a_terminal_that_wants_none_and_no_question_there_either() -> None:
    code, shown = _on_a_terminal("key", "new", "/nowhere/key.json", NO_COLOR="1", TERM="xterm-256color")
    assert code == 1 and b"\x1b[" not in shown and b"PORTCULLIS_KEY_SECRET_FILE" in shown
