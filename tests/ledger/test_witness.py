"""A witness: never a fork, never a smaller tree, whatever is sent and wherever it is killed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_source import Leaves
from ledger_story import ORIGIN, seed_key
from portcullis.errors import PortcullisError, Refused
from portcullis.ledger import Checkpoint, NoteKey, leaf_hash, sign_checkpoint
from portcullis.ledger.checkpoint import cosign, open_checkpoint
from portcullis.ledger.note import COSIGNATURE, sign_note
from portcullis.ledger.tree import EMPTY_ROOT, consistency_proof, root
from portcullis.ledger.witness import Answer, State, Witness, write_request
from portcullis.ledger.witness_client import TOLERANCE, Ahead, check_address, cosigned_by, obtain, over_http
from portcullis.ledger.witness_drop import answer_folder, exchange
from portcullis.ledger.witness_http import WitnessServer

LOG_KEY, KEY = seed_key("log"), seed_key("witness")
LOG = NoteKey(ORIGIN, LOG_KEY.public)
NAME = "overseer.example/w1"
WITNESS = NoteKey(NAME, KEY.public, COSIGNATURE)
NOW = 1_763_719_200


class History:
    """One history of a log: its checkpoints and proofs."""

    def __init__(self, tag: str = "leaf", size: int = 20) -> None:
        self.hashes = [leaf_hash(entry) for entry in Leaves(size, tag).leaves]

    def root(self, size: int) -> bytes:
        return root(self.hashes[:size]) if size else EMPTY_ROOT

    def note(self, size: int, key: object = LOG_KEY, origin: str = ORIGIN) -> bytes:
        return sign_checkpoint(Checkpoint(origin, size, self.root(size)), key)  # type: ignore[arg-type]

    def proof(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(old, new, lambda level, index: root(self.hashes[index << level : (index + 1) << level]))

    def request(self, old: int, new: int) -> bytes:
        return write_request(old, self.proof(old, new), self.note(new))


TRUE, OTHER = History(), History("another leaf")


def witness(folder: Path, *, begin: bool = True) -> Witness:
    state = State(folder / "state")
    if begin:
        state.begin(ORIGIN)
    return Witness(NAME, KEY, [LOG], state, lambda: NOW)


def seen(folder: Path) -> tuple[int, bytes]:
    known = State(folder / "state").read(ORIGIN)
    return known.size, known.root


def signs(answer: Answer, note: bytes) -> bool:
    return answer.status == 200 and cosigned_by(WITNESS, answer.body, note, LOG, NOW) is not None


# ---- what it signs -----------------------------------------------------------------------------------------------------------------------
def test_it_cosigns_what_continues_the_log(tmp_path: Path) -> None:
    one = witness(tmp_path)
    for old, new in ((0, 0), (0, 1), (1, 7), (7, 8), (8, 8), (8, 20)):
        assert signs(one.add_checkpoint(TRUE.request(old, new)), TRUE.note(new)), (old, new)
        assert seen(tmp_path) == (new, TRUE.root(new))


def test_it_never_signs_a_smaller_tree(tmp_path: Path) -> None:
    one = witness(tmp_path)
    assert one.add_checkpoint(TRUE.request(0, 9)).status == 200
    for body in (TRUE.request(0, 8), TRUE.request(3, 8), TRUE.request(8, 8), write_request(9, [], TRUE.note(8))):
        assert one.add_checkpoint(body).status in (409, 400)
    assert (one.add_checkpoint(TRUE.request(3, 8)).body, one.add_checkpoint(TRUE.request(3, 8)).kind) == (b"9\n", "text/x.tlog.size")
    assert seen(tmp_path) == (9, TRUE.root(9))


def test_it_never_signs_a_fork(tmp_path: Path) -> None:
    one = witness(tmp_path)
    assert one.add_checkpoint(TRUE.request(0, 9)).status == 200
    forks = [
        (OTHER.request(9, 9), 409),
        (OTHER.request(9, 12), 422),
        (write_request(9, TRUE.proof(9, 12), OTHER.note(12)), 422),
        (write_request(9, [], TRUE.note(12)), 422),
        (write_request(9, TRUE.proof(9, 13), TRUE.note(12)), 422),
        (OTHER.request(0, 12), 409),
    ]
    for body, status in forks:
        answer = one.add_checkpoint(body)
        assert (answer.status, signs(answer, body.partition(b"\n\n")[2])) == (status, False)
    assert seen(tmp_path) == (9, TRUE.root(9))


def test_it_speaks_for_no_log_it_was_not_told_of(tmp_path: Path) -> None:
    one = witness(tmp_path)
    elsewhere = write_request(0, [], TRUE.note(3, origin="elsewhere.example/log"))
    stolen = write_request(0, [], TRUE.note(3, key=seed_key("a thief")))
    named = write_request(0, [], sign_note(Checkpoint(ORIGIN, 3, TRUE.root(3)).text(), "a.thief", seed_key("a thief")))
    assert [one.add_checkpoint(body).status for body in (elsewhere, stolen, named)] == [404, 403, 403]
    assert seen(tmp_path) == (0, EMPTY_ROOT)


MALFORMED = [
    b"",
    b"old 0\n",
    b"\n\n",
    b"old 0\n\n",
    b"old -1\n\n" + TRUE.note(3),
    b"old 01\n\n" + TRUE.note(3),
    b"old 0 \n\n" + TRUE.note(3),
    b"old 0\nxx\n\n" + TRUE.note(3),
    b"old 0\nAAAA\n\n" + TRUE.note(3),
    b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + TRUE.note(3),
    b"old 0\r\n\r\n" + TRUE.note(3),
    "old ٣\n\n".encode() + TRUE.note(3),
    b"old 99999999999999999999\n\n" + TRUE.note(3),
    b"old 0\n\n" + TRUE.note(3) + b"x" * 70_000,
    b"\xff" * 100,
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_other_forms_are_refused(tmp_path: Path, body: bytes) -> None:
    assert witness(tmp_path).add_checkpoint(body).status == 400
    assert seen(tmp_path) == (0, EMPTY_ROOT)


@given(st.binary(max_size=300), st.integers(0, 250), st.integers(0, 255))
@settings(max_examples=40)
def test_nothing_that_is_sent_makes_it_raise_or_sign_what_it_should_not(noise: bytes, at: int, value: int) -> None:
    class Memory(State):
        """State that is not written anywhere."""

        def __init__(self) -> None:
            self.known = Checkpoint(ORIGIN, 9, TRUE.root(9))
            super().__init__(Path("/nonexistent"))

        def locked(self):  # type: ignore[no-untyped-def]
            return nullcontext()

        def read(self, origin: str) -> Checkpoint:
            return self.known

        def write(self, seen: Checkpoint) -> None:
            self.known = seen

    state = Memory()
    one = Witness(NAME, KEY, [LOG], state, lambda: NOW)
    good = OTHER.request(9, 12)
    for body in (noise, good[:at] + bytes([value]) + good[at + 1 :], good[:at] + noise + good[at:]):
        assert one.add_checkpoint(body).status in (400, 403, 404, 409, 422)
    assert state.known.size == 9


# ---- its state ---------------------------------------------------------------------------------------------------------------------------
def test_a_state_that_is_missing_or_damaged_is_not_an_empty_one(tmp_path: Path) -> None:
    one = witness(tmp_path)
    assert one.add_checkpoint(TRUE.request(0, 9)).status == 200
    (file,) = [path for path in (tmp_path / "state").iterdir() if path.name != ".lock"]
    for damage in (b"", b"x", file.read_bytes()[:-3], Checkpoint("other", 0, EMPTY_ROOT).text().encode()):
        file.write_bytes(damage)
        assert one.add_checkpoint(OTHER.request(0, 12)).status == 500
    file.unlink()
    assert one.add_checkpoint(OTHER.request(0, 12)).status == 500


def test_a_known_log_is_not_begun_anew(tmp_path: Path) -> None:
    assert witness(tmp_path).add_checkpoint(TRUE.request(0, 9)).status == 200
    with pytest.raises(Refused, match="already"):
        State(tmp_path / "state").begin(ORIGIN)
    assert seen(tmp_path)[0] == 9


@pytest.mark.parametrize("where", ["os.fsync", "pathlib.Path.replace"])
def test_killed_while_it_remembers_it_has_not_signed_and_goes_on(tmp_path: Path, where: str) -> None:
    one = witness(tmp_path)
    assert one.add_checkpoint(TRUE.request(0, 9)).status == 200
    with patch(where, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        one.add_checkpoint(TRUE.request(9, 12))
    assert seen(tmp_path) == (9, TRUE.root(9))
    assert signs(witness(tmp_path, begin=False).add_checkpoint(TRUE.request(9, 12)), TRUE.note(12))


def test_the_state_is_on_disk_before_the_signature_is_made(tmp_path: Path) -> None:
    one = witness(tmp_path)
    with patch("portcullis.ledger.witness.cosign", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        one.add_checkpoint(TRUE.request(0, 9))
    assert seen(tmp_path) == (9, TRUE.root(9))


def test_a_full_disk_signs_nothing(tmp_path: Path) -> None:
    one = witness(tmp_path)
    with patch("os.fsync", side_effect=OSError(28, "No space left on device")):
        assert one.add_checkpoint(TRUE.request(0, 9)).status == 500


def test_two_histories_at_once_only_one_is_signed(tmp_path: Path) -> None:
    """Two processes of one witness share its state; the lock makes one of them see the other's."""
    witness(tmp_path)
    asked = [history.request(0, 5) for history in (TRUE, OTHER)] * 8
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda body: witness(tmp_path, begin=False).add_checkpoint(body), asked))
    signed = {body for body, answer in zip(asked, said, strict=True) if answer.status == 200}
    assert len(signed) == 1


# ---- over HTTP ---------------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def server(tmp_path: Path) -> Iterator[WitnessServer]:
    with WitnessServer(witness(tmp_path).add_checkpoint, seconds=0.5) as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield made
        made.shutdown()


def asked(address: str, history: History, new: int, old: int = 0, seconds: float = 3.0) -> bytes | Ahead | None:
    return obtain(
        lambda body: over_http(address, body, seconds), WITNESS, LOG, history.note(new), old, lambda o: history.proof(o, new), NOW
    )


def test_over_http_from_the_first_checkpoint_to_the_last(server: WitnessServer) -> None:
    for old, new in ((0, 3), (3, 9), (0, 12), (12, 12)):  # the third is told that the witness saw 9
        got = asked(server.address, TRUE, new, old)
        assert isinstance(got, bytes), (old, new)
        assert open_checkpoint(got, LOG, [WITNESS]).witnesses == ((NAME, NOW),)


def test_a_log_that_is_behind_or_beside_hears_of_it(server: WitnessServer) -> None:
    assert isinstance(asked(server.address, TRUE, 12), bytes)
    assert asked(server.address, TRUE, 9, 9) == Ahead(12)
    assert asked(server.address, OTHER, 12, 12) == Ahead(12)
    assert asked(server.address, OTHER, 15, 9) is None, "a longer fork is refused by its proof"


def raw(server: WitnessServer, *pieces: bytes, pause: float = 0.0) -> bytes:
    with socket.create_connection(server.server_address[:2], timeout=5) as conn:  # type: ignore[arg-type]
        with suppress(OSError):
            for piece in pieces:
                conn.sendall(piece)
                time.sleep(pause)
        with suppress(OSError):
            return conn.recv(4096)
    return b""


def test_a_slow_sender_is_cut_off_and_nobody_waits_for_it(server: WitnessServer) -> None:
    begun = time.monotonic()
    drips = [threading.Thread(target=raw, args=(server, *[b"X"] * 40), kwargs={"pause": 0.05}, daemon=True) for _ in range(5)]
    for drip in drips:
        drip.start()
    assert isinstance(asked(server.address, TRUE, 3), bytes), "others are served meanwhile"
    head = b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 500\r\n\r\n"
    assert raw(server, head, b"old 3", pause=0.8) == b""
    assert time.monotonic() - begun < 4
    assert isinstance(asked(server.address, TRUE, 4, 3), bytes)


def test_requests_of_another_kind_are_answered_shortly(server: WitnessServer) -> None:
    post = b"POST %b HTTP/1.1\r\n%b\r\n"
    told = {
        b" 404 ": post % (b"/elsewhere", b"Content-Length: 0\r\n"),
        b" 413 ": post % (b"/add-checkpoint", b"Content-Length: 999999\r\n"),
        b" 405 ": b"GET / HTTP/1.1\r\n\r\n",
        b" 400 ": post % (b"/add-checkpoint", b"Content-Length: 3\r\n") + b"abc",
    }
    for status, sent in told.items():
        assert status in raw(server, sent)[:20], status
    assert b" 413 " in raw(server, post % (b"/add-checkpoint", b"Transfer-Encoding: chunked\r\n"))[:20]


# ---- a hostile witness -------------------------------------------------------------------------------------------------------------------
def line_of(note: bytes, key: object = KEY, name: str = NAME, when: int = NOW) -> bytes:
    return cosign(note, name, key, when).line().encode()  # type: ignore[arg-type]


GARBAGE = {
    "nothing": b"",
    "noise": b"\xff\x00" * 50,
    "another key": line_of(TRUE.note(9), key=seed_key("another")),
    "another name": line_of(TRUE.note(9), name="another.example"),
    "another checkpoint": line_of(TRUE.note(8)),
    "another history": line_of(OTHER.note(9)),
    "a time to come": line_of(TRUE.note(9), when=NOW + TOLERANCE + 1),
    "a time long gone": line_of(TRUE.note(9), when=NOW - TOLERANCE - 1),
    "twice": line_of(TRUE.note(9)) * 2,
    "cut": line_of(TRUE.note(9))[:-3],
    "a flipped bit": line_of(TRUE.note(9))[:-12] + b"AAAAAAAAAAA=\n",
    "text before it": b"hello\n\n" + line_of(TRUE.note(9)),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_cosignature_of_this_is_not_taken(name: str) -> None:
    got = obtain(lambda body: Answer(200, GARBAGE[name]), WITNESS, LOG, TRUE.note(9), 0, lambda old: [], NOW)
    assert got is None


def test_a_good_line_among_others_is_taken() -> None:
    answer = line_of(TRUE.note(9), key=seed_key("another"), name="another.example") + line_of(TRUE.note(9))
    got = cosigned_by(WITNESS, answer, TRUE.note(9), LOG, NOW)
    assert got is not None
    assert open_checkpoint(got, LOG, [WITNESS]).witnesses == ((NAME, NOW),)
    assert b"another.example" not in got


@pytest.mark.parametrize("body", [b"", b"x\n", b"-1\n", b"9" * 16 + b"\n", b"\xd9\xa3\n", b"1 2\n"])
def test_a_size_that_is_none_is_no_news(body: bytes) -> None:
    assert obtain(lambda _: Answer(409, body), WITNESS, LOG, TRUE.note(9), 0, lambda old: [], NOW) is None


def test_a_witness_that_says_another_size_each_time_is_left(tmp_path: Path) -> None:
    sizes = iter(range(1, 100))
    got = obtain(lambda _: Answer(409, b"%d\n" % next(sizes)), WITNESS, LOG, TRUE.note(9), 0, lambda old: [], NOW)
    assert (got, next(sizes)) == (None, 3)


def test_a_witness_that_drips_its_answer_costs_no_more_than_the_time_for_all_of_it() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            conn, _ = listener.accept()
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 100:
                conn.sendall(bytes([byte]))
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    assert over_http(f"http://127.0.0.1:{listener.getsockname()[1]}", b"x", 0.3).status == 0
    assert time.monotonic() - begun < 2
    listener.close()


def test_nobody_there_is_no_answer() -> None:
    assert over_http("http://127.0.0.1:9", b"x", 1.0).status == 0


@pytest.mark.parametrize("address", ["ftp://a", "http://", "http://a b", "http://u:p@a", "http://a/?q", "http://a:99999", "a"])
def test_an_address_that_cannot_be_used_is_refused(address: str) -> None:
    with pytest.raises(PortcullisError):
        check_address(address)


# ---- behind an air gap -------------------------------------------------------------------------------------------------------------------
def carried(folder: Path, history: History, size: int, old: int = 0, now: int = NOW) -> bytes | Ahead | None:
    return exchange(folder, WITNESS, LOG, history.note(size), old, lambda o: history.proof(o, size), now)


def test_requests_and_answers_are_carried_in_a_folder(tmp_path: Path) -> None:
    one, folder = witness(tmp_path), tmp_path / "carried"
    folder.mkdir()
    assert carried(folder, TRUE, 5) is None
    assert answer_folder(folder, one.add_checkpoint) == [("5.request", 200)]
    assert answer_folder(folder, one.add_checkpoint) == []
    got = carried(folder, TRUE, 9, now=NOW + 20 * 86_400)  # weeks later, when the log has grown
    assert isinstance(got, bytes)
    assert open_checkpoint(got, LOG, [WITNESS]).checkpoint.size == 5
    assert [path.name for path in folder.iterdir()] == ["9.request"]
    assert answer_folder(folder, one.add_checkpoint) == [("9.request", 200)]
    assert isinstance(carried(folder, TRUE, 9, old=5), bytes)
    assert list(folder.iterdir()) == []


def test_news_comes_back_in_a_folder_too(tmp_path: Path) -> None:
    one, folder = witness(tmp_path), tmp_path / "carried"
    folder.mkdir()
    assert one.add_checkpoint(TRUE.request(0, 12)).status == 200
    carried(folder, OTHER, 9)
    assert answer_folder(folder, one.add_checkpoint) == [("9.request", 409)]
    assert carried(folder, OTHER, 9) == Ahead(12)


def test_what_lies_in_the_folder_is_believed_no_more_than_a_connection(tmp_path: Path) -> None:
    one, folder = witness(tmp_path), tmp_path / "carried"
    folder.mkdir()
    (folder / "1.answer").write_bytes(b'{"body":"x","status":200}')
    (folder / "2.answer").symlink_to("/etc/passwd")
    (folder / "3.request").write_bytes(b"\xff" * 200_000)
    assert carried(folder, TRUE, 5) is None
    (folder / "4.request").write_bytes(b"noise")
    assert answer_folder(folder, one.add_checkpoint) == [("4.request", 400), ("5.request", 200)]
