"""A small home in which batches wait for people: what the console is opened on (`portcullis demo --office`).

Four batches about one small synthetic register: one that went the whole way, one that waits for two authorizers, one that waits for
reviewers, and one that was refused as a whole because it was sent a second time. All is synthetic; everybody's key files lie in the home.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from portcullis import journey, synthetic
from portcullis.config import FILE_NAME
from portcullis.demo.cast import make_cast, save_people
from portcullis.demo.play import authorize_all, dispatch_and_acknowledge, send_batch, to_sampled
from portcullis.demo.run import truth_by_ordinal
from portcullis.home import Home
from portcullis.intake.batch import receive
from portcullis.publish import publish
from portcullis.registers import load_into
from portcullis.synthetic import SyntheticBatch, small, write_register

__all__ = ["make_office"]

_LOAD = 25
_TWICE = 3
"""About every third referral is given to both reviewers, so that there is something to agree about."""


def _twice(home: Home) -> Home:
    """The home with its setting of second reviews, written down as whoever runs it would."""
    with (home.path / FILE_NAME).open("a", encoding="utf-8") as settings:
        settings.write(f"second_review_every = {_TWICE}\n")
    return replace(home, settings=replace(home.settings, second_review_every=_TWICE))


def make_office(path: Path) -> dict[str, str]:
    """Make it at `path`, which is absent; returns each batch with its state."""
    made = small()
    officers = [one.id for one in synthetic.officers(200)]
    cast = make_cast(path, officers=officers)
    save_people(cast)
    cast.home = _twice(cast.home)
    cast.stock()  # three batches are decided, and two numbers are in stock
    write_register(made.register, path / "tmp" / "source")
    load_into(cast.home, path / "tmp" / "source")

    def send(batch: SyntheticBatch, name: str) -> str:
        rows = batch.requests.num_rows
        plan = {officer: range(at, min(at + _LOAD, rows + 1)) for officer, at in zip(officers, range(1, rows + 1, _LOAD), strict=False)}
        return send_batch(cast, path / "tmp" / name, batch.requests, plan).batch_id

    whole, waiting, referred = send(made.clean, "clean"), send(made.mixed, "mixed"), send(made.hostile, "hostile")
    refused = receive(cast.home, path / "tmp" / "clean").batch_id
    to_sampled(cast, whole, truth_by_ordinal(made.clean))
    authorize_all(cast, whole)
    dispatch_and_acknowledge(cast, whole)
    to_sampled(cast, waiting, truth_by_ordinal(made.mixed))
    journey.run(cast.home, referred)
    publish(cast.home)
    return {number: str(journey.status(cast.home, number)["state"]) for number in (whole, waiting, referred, refused)}
