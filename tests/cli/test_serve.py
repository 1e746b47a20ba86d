"""`serve` where it cannot: an address that is taken, or that other machines reach."""

from __future__ import annotations

import socket
from collections.abc import Callable

from cli_desk import Desk

At = Callable[[str], Desk]


def test_a_port_that_is_taken_is_said_at_once(at: At) -> None:
    desk = at("ready")
    with socket.create_server(("127.0.0.1", 0)) as other:
        desk.run("serve", "--port", other.getsockname()[1]).refused("cannot be served")


def test_no_other_machine_is_served_without_tls(at: At) -> None:
    at("ready").run("serve", "--host", "0.0.0.0").refused("Other machines could reach this address")  # noqa: S104 - it is refused
