from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import StoreError
from topdraw.store.digests import FILE, Digest, Digests, digest, read_digests, write_digests

names = st.text(max_size=8)
known = st.builds(
    Digests,
    st.dictionaries(names, st.builds(Digest, st.integers(0, 2**40), names), max_size=3),
    st.lists(names, max_size=1),
    st.lists(names, max_size=3),
)


@given(known)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, some: Digests) -> None:
    folder = tmp_path_factory.mktemp("parts")
    assert read_digests(folder) == Digests()
    write_digests(folder, some)
    assert read_digests(folder) == some


@given(st.binary(max_size=100))
def test_a_digest_is_what_sha256sum_prints(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("parts") / "file"
    path.write_bytes(data)
    assert digest(path) == Digest(len(data), hashlib.sha256(data).hexdigest())


def test_what_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"{")
    with pytest.raises(StoreError, match=FILE):
        read_digests(tmp_path)
