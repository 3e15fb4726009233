from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.models.retry import Trouble
from topdraw.models.unpack import unpacker


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw": ("Deflate ", raw_deflate),
    "two members": ("x-gzip", lambda d: gzip.compress(d[:5]) + gzip.compress(d[5:])),
    "none": ("identity", bytes),
}


def unpacked(encoding: str, packed: bytes, piece: int) -> bytes:
    unpack = unpacker(encoding)
    parts = [
        part for i in range(0, len(packed), piece) for part in unpack.feed(packed[i : i + piece])
    ]
    unpack.close()
    assert all(len(part) <= 2**16 for part in parts) or encoding == "identity"
    return b"".join(parts)


@pytest.mark.parametrize("kind", PACKERS)
@given(data=st.binary(max_size=300), piece=st.integers(1, 50))
def test_what_was_packed_comes_out(kind: str, data: bytes, piece: int) -> None:
    encoding, pack = PACKERS[kind]
    assert unpacked(encoding, pack(data), piece) == data


@pytest.mark.parametrize("piece", [1, 100, 2**20])
def test_a_bomb_goes_off_in_small_pieces(piece: int) -> None:
    size = 3 * 2**20
    assert len(unpacked("gzip", gzip.compress(bytes(size)), piece)) == size


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**16 + 1, 2**17 + 9])
def test_what_was_read_and_is_not_out_yet_is_not_cut_off(kind: str, size: int) -> None:
    encoding, pack = PACKERS[kind]
    assert unpacked(encoding, pack(b"a" * size), 2**20) == b"a" * size


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_packed_answer_that_is_cut_is_noticed(data: bytes, draw: st.DataObject) -> None:
    packed = gzip.compress(data)
    end = draw.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(Trouble, match="is cut off"):
        unpacked("gzip", packed[:end], 100)


def test_what_is_no_gzip_is_trouble_that_was_paid() -> None:
    with pytest.raises(Trouble, match="cannot be unpacked") as caught:
        unpacked("gzip", b"\xff" * 50, 50)
    assert (caught.value.retryable, caught.value.fate) == (True, "unused")


def test_an_encoding_nobody_asked_for_is_named() -> None:
    with pytest.raises(Trouble, match="packed as 'br'") as caught:
        unpacker("br")
    assert not caught.value.retryable


def test_what_is_broken_further_down_is_noticed() -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 50))
    packed[40] ^= 0xFF
    with pytest.raises(Trouble, match=r"cannot be unpacked|is cut off"):
        unpacked("gzip", bytes(packed), 7)


def test_noise_behind_a_sound_head_is_noticed() -> None:
    with pytest.raises(Trouble, match="cannot be unpacked"):
        unpacked("gzip", gzip.compress(b"x")[:10] + b"\xff" * 20, 5)
