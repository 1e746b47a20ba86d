"""A batch driven from received to dispatched by commands that may die, and by people, who act in this process."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from faults_check import nothing_half_done
from faults_child import Command, Death, command
from faults_home import Story
from portcullis.batches import get
from portcullis.model import BatchState
from portcullis.store import reading

COMMANDS = {
    BatchState.RECEIVED: ("batch", "run"),
    BatchState.CHECKED: ("batch", "run"),
    BatchState.MATCHED: ("batch", "run"),
    BatchState.AUTHORIZED: ("release", "commit"),
    BatchState.COMMITTED: ("release", "dispatch"),
    BatchState.DISPATCHED: ("release", "deliver"),
}
DONE = (0, 3)
_NUMBERS = itertools.count(1)
Attempt = Callable[[tuple[str, ...]], bool]


def next_command(story: Story) -> tuple[str, ...] | None:
    """What an operator types now, or None when it is people's turn."""
    with reading(story.home.engine) as conn:
        row = get(conn, story.batch)
    if row["state"] == BatchState.SAMPLED and row["answers_root"] is None:
        return ("batch", "run")
    return COMMANDS.get(BatchState(row["state"]))


def drive(story: Story, attempt: Attempt) -> None:
    """Go on until the answers are delivered. `attempt` runs one command, whole or not, and says whether it came to its end."""
    for _ in range(200):
        words = next_command(story)
        if words is None:
            story.people()
        else:
            ended = attempt(words)
            nothing_half_done(story)
            if ended and words[1] == "deliver":
                return
    raise AssertionError(f"the batch does not get beyond {story.state()}")


def start(story: Story, words: tuple[str, ...], *, death: Death | None = None, largest_file: int | None = None) -> Command:
    """One command of this story's batch."""
    output = Path(f"{story.home.path}.{next(_NUMBERS)}.out")
    return command(output, story.env, *words, story.batch, death=death, largest_file=largest_file)


def whole(story: Story, words: tuple[str, ...]) -> bool:
    """Run it to its end."""
    one = start(story, words)
    code = one.wait()
    story.said.append(one.said())
    assert code in DONE, one.said()
    return True


@dataclass
class Killer:
    """Kills commands at random instants, at most `kills` of them and `most` of one kind."""

    story: Story
    seed: int
    kills: int
    most: int = 1_000
    done: int = 0
    longest: dict[tuple[str, ...], float] = field(default_factory=dict)
    by_command: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The same seed, the same instants, as far as a machine repeats itself."""
        self._random = random.Random(self.seed)

    def attempt(self, words: tuple[str, ...]) -> bool:
        """Start it, wait for a random part of the time it takes, and kill it; or let it end when enough were killed."""
        name = " ".join(words)
        if self.done >= self.kills or self.by_command.get(name, 0) >= self.most:
            return whole(self.story, words)
        began, one = time.monotonic(), start(self.story, words)
        killed = one.killed_after(self._random.uniform(0, self.longest.get(words, 1.5 if words[0] == "batch" else 0.6)))
        self.story.said.append(one.said())
        if killed:
            self.done += 1
            self.by_command[name] = self.by_command.get(name, 0) + 1
            return False
        assert one.process.exitcode in DONE, one.said()
        self.longest[words] = time.monotonic() - began
        return True
