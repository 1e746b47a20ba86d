"""`portcullis demo` and `portcullis replay june-2025`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.agreement import find, load_agreement
from portcullis.cli.output import JsonOption, log, result
from portcullis.cli.rehearsal import changes
from portcullis.demo import make_office, play_journey, read_journey, run_demo
from portcullis.demo.cast import AGREEMENT
from portcullis.errors import Refused
from portcullis.home import check_absent, open_home
from portcullis.picture import keep_replay, replay_svg, replay_table
from portcullis.replay import replay
from portcullis.store import rehearsing

replays = typer.Typer(help="What was reported of 2025, replayed on synthetic people.", no_args_is_help=True)
OFFICE_SCALE = 0.002
"""Of the replay that a small home's console shows: 2,560 requests, some seconds."""
ScaleOption = Annotated[float, typer.Option(help="1 is 1.28 million requests against 20 million persons.", min=0.0005, max=1.0)]


def mount(app: typer.Typer) -> None:
    """Add `demo` and `replay` to the top."""
    app.command("demo", epilog="Example: portcullis demo --scale 0.05 --home demo/home --bundle demo/bundle")(demo)
    app.add_typer(replays, name="replay")


def _say(step: str) -> None:
    log("demo", step=step)


@changes
def demo(
    home: Annotated[Path, typer.Option("--home", help="An empty or absent directory.")] = Path("demo/home"),
    bundle: Annotated[Path, typer.Option("--bundle", help="Where the evidence goes; its trust file lies beside it.")] = Path("demo/bundle"),
    scale: ScaleOption = 0.05,
    agreement: Annotated[str, typer.Option("--agreement", "-a", help="Another agreement: play the demonstration it brings.")] = AGREEMENT,
    store: Annotated[str, typer.Option("--store-url", help="The store's URL; SQLite in the home by default.")] = "",
    office: Annotated[
        bool, typer.Option("--office", help="Instead: a small home in which batches wait for people, for the console.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Play the whole journey on synthetic data and leave a home with eight demo people, and the evidence."""
    folder = find(agreement)
    own = load_agreement(folder).id != AGREEMENT
    if own:
        read_journey(folder)
    check_absent(home)
    if office and not rehearsing():
        found = make_office(home)
        keep_replay(home, replay(OFFICE_SCALE))
        words = ", ".join(f"{number} {state}" for number, state in found.items())
        return result(found, as_json, f"The home is in {home}: {words}. Open it: portcullis serve --home {home}")
    if bundle.exists() and (not bundle.is_dir() or any(bundle.iterdir())):
        raise Refused(f"A bundle cannot be written to {bundle.name}.", "Something is there already.", "Name an empty or absent folder.")
    if rehearsing():
        return
    if own:
        played = play_journey(folder, home, bundle, store=store, say=_say)
        result(played, as_json, lambda: _own_words(played, home, bundle))
        return
    shown = run_demo(home, bundle, scale, store=store, say=_say)
    keep_replay(home, shown)
    result(shown, as_json, lambda: _words(shown, home, bundle))


def _own_words(played: dict[str, Any], home: Path, bundle: Path) -> str:
    lines = [f"{played['agreement']}, played on {played['day']}:"]
    for batch in played["batches"]:
        lines.append(f"  {batch['batch']}: {_counts(batch)}; {batch['answers']} sealed answers left.")
        for one in batch["opened"]:
            lines.append(
                f"    {one['officer']} opened request {one['ordinal']}: {one['decision']}; {', '.join(one['elements']) or 'no text'}"
            )
    return "\n".join([*lines, "", *_check_it(home, bundle)])


def _check_it(home: Path, bundle: Path) -> list[str]:
    return [
        f"The home is in {home}; its evidence is in {bundle}, with {bundle}.trust.json beside it. Check it:",
        f"  python verifier/verify.py {bundle} --trust {bundle}.trust.json",
    ]


def _words(shown: dict[str, Any], home: Path, bundle: Path) -> str:
    done = shown["batches"]
    return "\n".join(
        [
            replay_table(shown),
            "",
            f"The June file as it came, through the gateway: {_counts(done['as_it_came'])}.",
            f"The same people, lawfully asked: {_counts(done['perfected'])}; {done['answers']:,} sealed answers left.",
            f"Seconds: {', '.join(f'{name} {value}' for name, value in shown['seconds'].items())}.",
            "",
            *_check_it(home, bundle),
        ]
    )


def _counts(status: dict[str, Any]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(status["by_decision"].items()))


@replays.command("june-2025", epilog="Example: portcullis replay june-2025 --scale 0.05 --json")
def june_2025(
    scale: ScaleOption = 0.05,
    picture: Annotated[Path | None, typer.Option(help="Also write the picture (SVG) here.")] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Also lay the figures into this home, for its console.", exists=True, file_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The June 2025 file: as it was done, through the gateway, perfected. Needs no home."""
    if picture is not None:
        picture.touch()  # a place that cannot be written is found before minutes of work
    shown = replay(scale, say=_say)
    if picture is not None:
        picture.write_text(replay_svg(shown), encoding="utf-8")
    if home is not None:
        keep_replay(open_home(home).path, shown)
    result(shown, as_json, lambda: replay_table(shown))


@replays.callback()
def _replays() -> None:
    """A group, so that other replays can stand beside this one."""
