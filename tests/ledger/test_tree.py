"""The Merkle tree against the published vectors of RFC 6962/9162 implementations and a real Certificate Transparency log."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.errors import OutOfOrder
from portcullis.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_of,
    perfect_root,
    range_root,
    root,
    verify_consistency,
    verify_inclusion,
)

# The eight inputs and roots that certificate-transparency, trillian and transparency-dev/merkle share.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY: dict[tuple[int, int], list[str]] = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]


def test_the_roots_are_the_published_ones() -> None:
    assert hashlib.sha256(b"").digest() == EMPTY_ROOT
    assert [root(HASHES[:size]).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    proof = inclusion_proof(index, size, nodes_of(HASHES))
    assert [h.hex() for h in proof] == INCLUSION[index, size]
    assert verify_inclusion(HASHES[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int) -> None:
    proof = consistency_proof(old, new, nodes_of(HASHES))
    assert [h.hex() for h in proof] == CONSISTENCY[old, new]
    assert verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof)


def test_the_go_checksum_database_hashes_records_alike() -> None:
    """golang.org/x/mod/sumdb/tlog, TestFormatTree: RecordHash("hello world")."""
    assert base64.b64encode(leaf_hash(b"hello world")).decode() == "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0="


sizes = st.integers(1, 300)


@given(size=sizes, data=st.data())
def test_every_leaf_is_proved_and_nothing_else(size: int, data: st.DataObject) -> None:
    hashes = [leaf_hash(b"leaf %d" % i) for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof, top = inclusion_proof(index, size, nodes_of(hashes)), root(hashes)
    assert verify_inclusion(hashes[index], index, size, proof, top)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, top)
    assert not verify_inclusion(hashes[index], index, size, [*proof, bytes(32)], top)
    assert not verify_inclusion(hashes[index], size, size, proof, top)
    if size > 1:
        assert not verify_inclusion(hashes[index], (index + 1) % size, size, proof, top)
        bent = data.draw(st.integers(0, len(proof) - 1))
        other = [bytes([h[0] ^ 1]) + h[1:] if i == bent else h for i, h in enumerate(proof)]
        assert not verify_inclusion(hashes[index], index, size, other, top)
        assert not verify_inclusion(hashes[index], index, size, proof[:-1], top)


@given(new=sizes, data=st.data())
def test_every_prefix_is_proved_and_nothing_else(new: int, data: st.DataObject) -> None:
    hashes = [leaf_hash(b"leaf %d" % i) for i in range(new)]
    old = data.draw(st.integers(0, new))
    proof, before, after = consistency_proof(old, new, nodes_of(hashes)), root(hashes[:old]), root(hashes)
    assert verify_consistency(old, new, before, after, proof)
    assert not verify_consistency(old, new, node_hash(before, before), after, proof)
    assert not verify_consistency(old, new, before, after, [*proof, bytes(32)])
    if old:
        assert not verify_consistency(old, new, before, node_hash(after, after), proof)
    if proof:
        assert not verify_consistency(old, new, before, after, proof[:-1])
        assert not verify_consistency(old, new, before, after, [proof[0][:31], *proof[1:]])


@given(sizes)
def test_a_frontier_grows_by_leaves_and_by_perfect_subtrees_alike(size: int) -> None:
    hashes = [leaf_hash(b"leaf %d" % i) for i in range(size)]
    tree = Frontier()
    for first in range(0, size - size % 16, 16):
        tree.append(perfect_root(hashes[first : first + 16]), 4)
    for h in hashes[size - size % 16 :]:
        tree.append(h)
    assert (tree.size, tree.root()) == (size, root(hashes))
    assert range_root(0, size, nodes_of(hashes)) == root(hashes)


def test_impossible_questions_are_our_own_mistake() -> None:
    tree = Frontier()
    tree.append(HASHES[0])
    with pytest.raises(OutOfOrder):
        tree.append(HASHES[1], 1)
    with pytest.raises(OutOfOrder):
        inclusion_proof(8, 8, nodes_of(HASHES))
    with pytest.raises(OutOfOrder):
        consistency_proof(9, 8, nodes_of(HASHES))
    assert not verify_consistency(3, 2, ROOTS[3].encode(), ROOTS[2].encode(), [])


ARGON_2020 = """
80Sfbj6UQEdVSZCSIgh9NMPj3vCBzcc1A48B2crJSWg= FZcrgAHUk6nNPviJZq8kEK6jCG1d18pJOFE45ZDc1TQ=
Q67reWXmPBo1UfmwBap4Xi9PMPfFdUSSw3WGlRZdG7k= eJ7CyhR4PxzBxDIsWgrVYW1eFUb9ndgf46tFmiqVrxA=
QrDwp062Grm5WY8KdrhFsBuuNjGzRox2Jb8PmVL5OYw= XM4YMjMEdLH/XJam/ZWyaP14k3cmsOtnPsOWQ54lW1s=
SGiBh+jOTGccXU48ZzgQ88lRcBmtB4wz4oSDndv2QTg= WAS6txqNLYKGL1GdBdpqmV42TTfn6cJsuDsqLXuTCNI=
QFmRS0rirUA7ZN3lxFjDncV+E1OCrn3NUB4RCp+5fzc= Hdbp7It2XBNZmNDBpCN/KPd7vfVqxgzwOosqVIaEA9E=
mxvHL0ZiblBdD7j7pIa1jlfB0gSqfJ6oX0UGo7L0VsU= q5hjyvoW6TL/PThgcitpDcSTrnKX2p1+aqscqH2euRA=
jTOWDqt3IHj2NVFeezyBz2ofpru+ztEywqKUAfFclKI= GIRn0w3HqJdvU9j1WVD//eR6lk2AaTVjyzjsJNP8U88=
x52GJvxG81fnQBrgOTbll1A5tz95/LXK0Ag1NhB0r1I= 6/0OqrcTgc3o5dD5PymmoC96lB9yLPFuTHVvLy8fSGk=
Gf+iKLfcXO5l4JEFmsZvSdG5q1uEeWPfYLrds6pmjz0= DGuaco+McyM3AfRSF6qX7RwSetwe2ieYJmxw5e9rVx0=
2tQJ9V32hnYp+fdpP6TcjmgJmLeNVOMKM0Ml1kk4cNU= 3PapK+IkyJr8I9yAErAmzuZezzLMzsg+PfeRCgNW8NQ=
s6xiYeejb+wtqHA+URJZ2I/SCPyIW8coP6aB00FJbMY= z9lSpmdTcr5M5ZzKlc4EPh3SrSypKFdk6JUF/UccaZU=
GXIElfmnRuWfbA4z7ubV/UwlpSRUbUeec7oL5HDDnh0= pR0SH/NYP6s9+8azWwaeUXA4Ze/3WCIgMfh5YW6wvcE=
f3GuAKYVrF8RBg3s15jvA/YvV9oAliWtzP/imwPhQVA= WHn8zDxlVgkV+lSlmzaOdfSBrTHoRr5nT3d76q0KKWE=
f2uV2ZxVgULzLPKuZcowRY3ZY7fRlX59iDBjV1R8kNQ= NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTs=
C0LttBeYHZHgL+032JIcJC3CTBIyza/hsbmJUgJfmDI= nixU5CWTFVDlF4BGdcU6kA7WSYurEpe9jRWc+F/7sOc=
"""


def test_a_consistency_proof_of_a_certificate_transparency_log_verifies() -> None:
    """The proof that golang.org/x/mod/sumdb/tlog tests with: Google's Argon 2020, from 3,654,490 to 961,984,013 leaves."""
    proof = [base64.b64decode(line) for line in ARGON_2020.split()]
    old, new = (
        base64.b64decode(t) for t in ("AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=", "dwlueapdd7LaOEnX2W2Wp9v2XE+KzejHRQGHwEx0oaM=")
    )
    assert verify_consistency(3_654_490, 961_984_013, old, new, proof)
    assert not verify_consistency(3_654_491, 961_984_013, old, new, proof)
    assert not verify_consistency(3_654_490, 961_984_013, new, old, proof)
