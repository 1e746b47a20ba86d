"""What people do after a release, in tests: filings of the recipient's officers, acts of the source agency, and the next batch.

`Afterwards(scene)` wraps a scene at `dispatched`: a release of four answers (rows 1, 2, 3 and 10) to ICE. Everything is synthetic.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from journey_home import ANSWERED, OFFICERS, Scene, truth_of
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.exchange.filing import Filing, about_hash
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.matters import Matter, find, listed
from portcullis.model import Role
from portcullis.publish import publish
from portcullis.recipient import sign_filing
from portcullis.release import Withheld, commit_release, dispatch
from portcullis.safeguards import open_recall, prepare_recall, take
from portcullis.safeguards.recall import Recalled
from portcullis.safeguards.records import Records

__all__ = ["FIRST", "SECOND", "THIRD", "Afterwards"]

FIRST, SECOND, THIRD = OFFICERS
Handler = Callable[[Home, Connection, Filing], Any]


class Afterwards:
    """A scene after its release."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.home, self.batch = scene, scene.home, scene.batch
        self.records: Records = tuple((scene.batch, ordinal) for ordinal in ANSWERED)

    # ---- the recipient

    def filing(self, kind: str, about: Mapping[str, Any], officer: str = FIRST, **how: Any) -> bytes:
        """A filing by one of its officers; `signed_by` signs in that officer's name with another's key, `at` dates it."""
        stated = {"agency": "ICE", "at": stamp(how.pop("at", self.scene.clock()))} | dict(about)
        key = self.scene.cast.keys[how.pop("signed_by", officer)]
        origin, nonce = how.pop("origin", self.home.settings.origin), how.pop("nonce", secrets.token_hex(16))
        return sign_filing(key, kind, stated, officer=officer, origin=origin, nonce=nonce, expires=self.scene.clock() + 3600).text()

    def file(self, handler: Handler, kind: str, about: Mapping[str, Any], officer: str = FIRST, **how: Any) -> Any:
        """Filed, and taken in."""
        return take(self.home, self.filing(kind, about, officer, **how), handler)

    # ---- the source agency

    def about(self, matter: str, **more: Any) -> dict[str, Any]:
        """What an act about a matter states."""
        return {"agency": "ICE", "matter": matter, "at": stamp(self.scene.clock())} | more

    def act(self, role: Role, kind: str, about: Mapping[str, Any], number: int = 1) -> dict[str, object]:
        """An act of the n-th person in a role."""
        return self.scene.cast.act(self.scene.person(role, number), kind, about_hash(about))

    def recall(self, records: Records | None = None, role: Role = Role.SAFEGUARDS) -> Recalled:
        """A recall of records, by default of everything that left."""
        prepared = prepare_recall(self.home, "ICE", records or self.records, "address_unconfirmed", self.scene.clock() - 60)
        return open_recall(self.home, prepared, self.act(role, "recall.opened", prepared.about))

    # ---- looking

    def matter(self, number: str) -> Matter:
        """A matter as it stands."""
        with self.scene.read() as conn:
            return find(conn, number, open_only=False, lock=False)

    def use(self) -> Matter:
        """The use of the first release."""
        with self.scene.read() as conn:
            return listed(conn, ("use",))[0]

    def next_batch(self) -> int | Withheld:
        """A new lawful batch, taken all the way to its dispatch."""
        scene = self.scene
        scene.lay_stock()
        scene.send(plan={FIRST: range(1, 11)})
        assert to_sampled(scene.cast, scene.batch, truth_of())
        return self.dispatch_again()

    def dispatch_again(self) -> int | Withheld:
        """The latest batch, authorized, committed and dispatched."""
        authorize_all(self.scene.cast, self.scene.batch)
        commit_release(self.home, self.scene.batch)
        publish(self.home)
        return dispatch(self.home, self.scene.batch)

    def commit_next(self) -> None:
        """A new lawful batch, committed and not yet dispatched."""
        scene = self.scene
        scene.lay_stock()
        scene.send(plan={FIRST: range(1, 11)})
        assert to_sampled(scene.cast, scene.batch, truth_of())
        authorize_all(scene.cast, scene.batch)
        commit_release(scene.home, scene.batch)
        publish(scene.home)

    def evidence(self, folder: Path) -> Path:
        """The bundle of everything so far."""
        from portcullis.export import export_bundle  # noqa: PLC0415

        export_bundle(self.home, folder, trust=folder.with_name(folder.name + ".trust.json"))
        return folder
