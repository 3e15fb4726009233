"""Frames come back whole, are cut at a limit before they are read, and end cleanly."""

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.sandbox.inside.wire import BEGUN, Gone, TooLong, has_begun, receive, send


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


@given(st.lists(st.binary(max_size=1000), max_size=5))
def test_frames_come_back_in_order(bodies: list[bytes]) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer):
        for body in bodies:
            send(writer, body)
        assert [receive(reader, 1000) for _ in bodies] == bodies


def test_a_frame_larger_than_a_pipe_comes_through(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    body = os.urandom(3_000_000)
    thread = threading.Thread(target=send, args=(writer, body))
    thread.start()
    assert receive(reader, len(body)) == body
    thread.join()


def test_a_frame_that_says_it_is_too_long_is_not_read(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"\xff\xff\xff\xffabc")
    with pytest.raises(TooLong, match="at most 10"):
        receive(reader, 10)


def test_an_end_is_an_end_also_in_the_middle(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"\x00\x00\x00\x09abc")
    os.close(writer)
    with pytest.raises(Gone):
        receive(reader, 10)
    os.close(reader)
    with pytest.raises(Gone):
        receive(reader, 10)


def test_writing_to_nobody_is_an_end(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    with pytest.raises(Gone):
        send(writer, b"x")


def test_a_process_has_begun_when_it_says_so(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, BEGUN)
    assert has_begun(reader)
    os.write(writer, b"?")
    assert not has_begun(reader)
    os.close(writer)
    assert not has_begun(reader)
