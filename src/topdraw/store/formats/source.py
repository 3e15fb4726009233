"""A foreign file opened: what kind of file it is, and its records with their places.

Not here: what the records mean (the formats), zips (`formats.archive`).
Try it: `python -m pytest tests/store/formats/test_source.py`.

Lines are read one by one, so a file of any size takes the memory of its longest line. A file that
is one JSON list or object is read whole. Everything is capped: gzip can hold a million times its
own size.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Literal, TypeAlias, cast

import msgspec

from topdraw.core.records import Json
from topdraw.errors import ConfigError, FormatError
from topdraw.store.formats.protocol import Notes, Values

#: A longer line, or a document of more bytes once inflated, is refused.
MOST_LINE_BYTES = 256 << 20
MOST_DOCUMENT_BYTES = 1 << 30
_HEAD_RECORDS = 3
_HEAD_BYTES = 1 << 16

Records: TypeAlias = "Generator[Record, None, None]"
Shape: TypeAlias = Literal["lines", "document", "zip", "table"]
_MAGIC: dict[bytes, Shape] = {b"PK\x03\x04": "zip", b"PAR1": "table", b"ARROW1": "table"}
_WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00{": "UTF-16", b"{\x00": "UTF-16"}
_BEGINS_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{"\]])').match
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a file.

    Attributes:
        place: file and line, or file and which item, for messages.
        values: its fields.
    """

    place: str
    values: Values


@dataclass(frozen=True)
class Source:
    """A file to import; make it with `open_source`.

    Attributes:
        path: where it is.
        shape: objects on lines, one JSON document, a zip, or a Parquet or Arrow table.
    """

    path: Path
    shape: Shape

    def records(self, notes: Notes | None = None) -> Records:
        """The objects of the file: its lines, the items of its list, its one object, its rows.

        Args:
            notes: where they are counted.

        Raises:
            FormatError: at the first that cannot be read, with its place.
        """
        for record in self._records():
            if notes is not None:
                notes.rows += 1
            yield record

    def _records(self) -> Records:
        if self.shape == "lines":
            return _lines(self.path)
        if self.shape == "document":
            return _items(self.path, self.document)
        if self.shape == "table":
            from topdraw.store.formats.columnar import records

            return records(self.path)
        raise FormatError(f"{self.path} is a zip that is no log of inspect.")

    @cached_property
    def head(self) -> tuple[Values, ...]:
        """The first three objects; none of a zip.

        Raises:
            FormatError: when one cannot be read.
        """
        if self.shape == "zip":
            return ()
        found = []
        with contextlib.closing(self.records()) as records:
            for record in records:
                found.append(record.values)
                if len(found) == _HEAD_RECORDS:
                    break
        return tuple(found)

    @property
    def first(self) -> Values:
        """The first object; empty when there is none."""
        return self.head[0] if self.head else {}

    def has(self, *names: str) -> bool:
        """Whether the first object has all of these fields."""
        return all(name in self.first for name in names)

    @cached_property
    def document(self) -> Json | list[msgspec.Raw]:
        """The whole JSON document; a list's items are not decoded yet.

        Raises:
            FormatError: when it is not JSON, with the line.
        """
        data = _whole(self.path)
        if data.lstrip()[:1] == b"[":
            with contextlib.suppress(msgspec.DecodeError, RecursionError):
                return msgspec.json.decode(data, type=list[msgspec.Raw])
        return decode(data, str(self.path), of_line=False)


def open_source(path: Path) -> Source:
    """What kind of file it is, from its first bytes.

    Raises:
        ConfigError: when there is no such file.
        FormatError: when it is empty, a folder, not UTF-8, or no text at all.
    """
    if path.is_dir():
        raise FormatError(f"{path} is a folder; name the files in it.")
    if not path.is_file():
        raise ConfigError(f"There is no file {str(path)!r}.")
    start = _start(path)
    for magic, shape in _MAGIC.items():
        if start.startswith(magic):
            return Source(path, shape)
    if path.suffix == ".arrow" and start.startswith(b"\xff\xff\xff\xff"):
        return Source(path, "table")
    return Source(path, _text_shape(path, start))


def _start(path: Path) -> bytes:
    with _reading(path) as file:
        return file.read(_HEAD_BYTES)


def _text_shape(path: Path, start: bytes) -> Shape:
    if start[:2] in _WIDE:
        raise FormatError(
            f"{path} is {_WIDE[start[:2]]}, not UTF-8.",
            hint="Convert it: iconv -f UTF-16 -t UTF-8",
        )
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise FormatError(f"{path} is empty.")
    if b"\x00" in start:
        raise _with_zero(path, start)
    if text[:1] not in b"[{":
        raise FormatError(
            f"{path}, line 1 is not JSON: it begins with {text[:20].decode(errors='replace')!r}.",
            hint="Files to import are JSON, JSON lines, Parquet, Arrow or logs of inspect.",
        )
    if text[:1] == b"[":
        return "document"
    line, newline, _ = text.partition(b"\n")
    # A pretty-printed object does not end on the line on which it begins.
    return "document" if newline and not line.rstrip().endswith(b"}") else "lines"


def _with_zero(path: Path, start: bytes) -> FormatError:
    """Why a file with a byte of 0 is none: its line, where the file begins like JSON."""
    if not _BEGINS_JSON(start.removeprefix(b"\xef\xbb\xbf")):
        return FormatError(f"{path} is a binary file of no known kind.")
    at = start.index(b"\x00")
    line, column = start.count(b"\n", 0, at) + 1, at - start.rfind(b"\n", 0, at)
    return FormatError(
        f"{path}, line {line} is not JSON: a NUL byte at byte {column} of the line.",
        hint="A crash may have left it; within a text, JSON writes it as \\u0000.",
    )


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb", buffering=1 << 20) as raw:
            if raw.read(2) == b"\x1f\x8b":
                raw.seek(0)
                with gzip.open(raw) as inflated:
                    yield cast("IO[bytes]", inflated)
            else:
                raw.seek(0)
                yield raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FormatError(f"{path} is a damaged gzip file: {error}.") from None
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from None


def _whole(path: Path) -> bytes:
    with _reading(path) as file:
        data = file.read(MOST_DOCUMENT_BYTES + 1)
    if len(data) > MOST_DOCUMENT_BYTES:
        raise FormatError(
            f"{path} holds more than {MOST_DOCUMENT_BYTES >> 20:,} MiB in one JSON document.",
            hint="Write it as JSON lines, one object each; those may be of any size.",
        )
    return data.removeprefix(b"\xef\xbb\xbf")


def _lines(path: Path) -> Records:
    # Split at b"\n" alone: outputs hold U+2028 and other line ends that are none in JSONL.
    with _reading(path) as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            place = f"{path}, line {number}"
            if len(line) > MOST_LINE_BYTES:
                raise FormatError(f"{place} is longer than {MOST_LINE_BYTES >> 20} MiB.")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            text = line.strip()
            if text:
                yield Record(place, _object(decode(text, place), place))


def _items(path: Path, document: Json | list[msgspec.Raw]) -> Records:
    if not isinstance(document, list):
        yield Record(str(path), _object(document, str(path)))
        return
    for number, item in enumerate(document, 1):
        place = f"{path}, item {number}"
        values = decode(bytes(item), place) if isinstance(item, msgspec.Raw) else item
        yield Record(place, _object(values, place))


def _object(values: Json, place: str) -> Values:
    if not isinstance(values, dict):
        shown = "a list" if isinstance(values, list) else json.dumps(values)[:40]
        raise FormatError(f"{place}: a JSON object is needed, not {shown}.")
    return values


def decode(data: bytes, place: str, *, of_line: bool = True) -> Json:
    r"""The JSON value in some bytes, NaN and lone surrogates as Python reads them.

    Args:
        data: UTF-8.
        place: where it stands, the subject of a sentence.
        of_line: whether the place names the line already.

    Raises:
        FormatError: when it is none, with the line within the document.

    Examples:
        >>> decode(b'{"a": [NaN, "\\ud800"]}', "x")
        {'a': [nan, '\ud800']}
    """
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        return cast("Json", _decode(data))
    try:
        return cast("Json", json.loads(data.decode()))
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        line = "" if of_line else f", line {number}"
        raise FormatError(f"{place}{line} is not UTF-8 (byte {error.start + 1}).") from None
    except RecursionError:
        raise FormatError(f"{place} is nested too deeply.") from None
    except json.JSONDecodeError as error:
        line = "" if of_line else f", line {error.lineno}"
        why = f"{error.msg} at column {error.colno}"
        raise FormatError(f"{place}{line} is not JSON: {why}.") from None
    except ValueError as error:  # an integer of more digits than Python takes
        raise FormatError(f"{place} is not JSON: {error}.") from None
