import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from backports import zstd

from topdraw.errors import FormatError
from topdraw.store.formats import archive
from topdraw.store.formats.archive import open_archive


def made_zip(path: Path, members: dict[str, tuple[int, bytes, bytes]]) -> Path:
    """A zip of (method, packed, content); Python before 3.14 cannot write method 93 itself."""
    data, directory = io.BytesIO(), io.BytesIO()
    for name, (method, packed, content) in members.items():
        raw, start = name.encode(), data.tell()
        facts = (zlib.crc32(content), len(packed), len(content), len(raw), 0)
        data.write(struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, method, 0, 33, *facts) + raw)
        data.write(packed)
        head = struct.pack("<4s6H3I", b"PK\x01\x02", 20, 20, 0, method, 0, 33, *facts[:3])
        directory.write(head + struct.pack("<5H2I", len(raw), 0, 0, 0, 0, 0, start) + raw)
    size = len(directory.getvalue())
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(members), len(members), size,
                      data.tell(), 0)  # fmt: skip
    path.write_bytes(data.getvalue() + directory.getvalue() + end)
    return path


def read(path: Path, name: str = "a") -> bytes:
    with open_archive(path) as opened:
        return opened.read(name)


def packed(content: bytes) -> tuple[int, bytes, bytes]:
    return 93, zstd.compress(content), content


def test_stored_deflated_and_zstandard_members_are_read(tmp_path: Path) -> None:
    plain = tmp_path / "plain.zip"
    with zipfile.ZipFile(plain, "w") as file:
        file.writestr("a", "stored")
        file.writestr("b", "deflated" * 99, zipfile.ZIP_DEFLATED)
    assert read(plain) == b"stored"
    assert read(plain, "b") == b"deflated" * 99
    assert read(made_zip(tmp_path / "z.zip", {"a": packed(b"hello" * 1000)})) == b"hello" * 1000
    assert read(made_zip(tmp_path / "e.zip", {"a": packed(b"")})) == b""


def test_a_member_of_several_frames_is_read_whole(tmp_path: Path) -> None:
    frames = zstd.compress(b"one") + zstd.compress(b"two") + zstd.compress(b"three")
    path = made_zip(tmp_path / "z.zip", {"a": (93, frames, b"onetwothree")})
    assert read(path) == b"onetwothree"


@pytest.mark.parametrize("method", [8, 93])
def test_a_bomb_is_refused_before_it_is_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int
) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBER_BYTES", 10_000)
    content = bytes(20_000)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(content) + deflate.flush() if method == 8 else zstd.compress(content)
    path = made_zip(tmp_path / "z.zip", {"a": (method, data, b"says it is small")})
    with pytest.raises(FormatError, match="inflates to more than"):
        read(path)
    many = b"".join(zstd.compress(bytes(4_000)) for _ in range(3))
    with pytest.raises(FormatError, match="inflates to more than"):
        read(made_zip(tmp_path / "m.zip", {"a": (93, many, bytes(12_000))}))
    with pytest.raises(FormatError, match="inflates to more than"):
        read(made_zip(tmp_path / "s.zip", {"a": (0, bytes(12_000), bytes(12_000))}))


@pytest.mark.parametrize(
    ("member", "told"),
    [
        ((93, b"no frame", b"x"), "is damaged"),
        ((93, zstd.compress(b"x" * 5_000)[:-6], b"x"), "is damaged: its data end too early"),
        ((8, b"\xff\xff", b"x"), "is damaged"),
        ((93, zstd.compress(b"x"), b"y"), "its checksum is another"),
        ((12, b"x", b"x"), "compressed by method 12"),
    ],
)
def test_a_damaged_member_is_one_sentence(
    tmp_path: Path, member: tuple[int, bytes, bytes], told: str
) -> None:
    with pytest.raises(FormatError, match=told):
        read(made_zip(tmp_path / "z.zip", {"a": member}))


def test_sizes_of_the_directory_are_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made_zip(tmp_path / "z.zip", {"a": (0, bytes(200), bytes(200))})
    monkeypatch.setattr(archive, "MOST_MEMBER_BYTES", 100)
    with pytest.raises(FormatError, match="inflates to more than"):
        read(path)
    monkeypatch.undo()
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    for offset, told in ((3, "is not where the directory says"), (0, "is cut off")):
        size = 10_000 if not offset else 200
        lying = data[: at + 20] + struct.pack("<I", size) + data[at + 24 : at + 42]
        path.write_bytes(lying + struct.pack("<I", offset) + data[at + 46 :])
        with pytest.raises(FormatError, match=told):
            read(path)


def test_every_cut_of_a_zip_is_one_sentence(tmp_path: Path) -> None:
    path = made_zip(tmp_path / "z.zip", {"a": packed(b"hello"), "../../b": packed(b"x")})
    data = path.read_bytes()
    for end in range(4, len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(FormatError):
            read(path)


def test_a_directory_that_lies_is_one_sentence(tmp_path: Path) -> None:
    path = made_zip(tmp_path / "z.zip", {"a": packed(b"hello")})
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    path.write_bytes(data[: at + 8] + b"\x01\x00" + data[at + 10 :])
    with pytest.raises(FormatError, match="is encrypted"):
        read(path)
    wrong = struct.pack("<I", 7)
    path.write_bytes(data[: at + 42] + wrong + data[at + 46 :])
    with pytest.raises(FormatError):
        read(path)
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(FormatError, match="damaged or cut-off zip"):
        read(path)
