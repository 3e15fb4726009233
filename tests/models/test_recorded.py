from __future__ import annotations

import asyncio
import gzip
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sampling.models_for_tests import Echo

from topdraw.core.records import Decoding, Problem, Sample
from topdraw.errors import ConfigError, DomainError, FormatError, StoreError
from topdraw.models.recorded import ID_COLUMNS, OUTPUT_COLUMNS, Recorded, connect_recorded
from topdraw.sampling.engine import sample


def write(folder: Path, *rows: object) -> Path:
    file = folder / "samples.jsonl"
    file.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    return file


def deal(model: Recorded, problem: str, *indices: int, temperature: float = 1.0) -> list[Sample]:
    async def main() -> list[Sample]:
        decoding = Decoding(temperature=temperature)
        stream = model.generate(Problem(problem, ""), indices, decoding=decoding, seed=0)
        return [sample async for sample in stream]

    return asyncio.run(main())


@pytest.mark.parametrize("id_column", ID_COLUMNS)
@pytest.mark.parametrize("output_column", OUTPUT_COLUMNS)
def test_columns_of_many_names(id_column: str, output_column: str, tmp_path: Path) -> None:
    file = write(tmp_path, {id_column: 7, output_column: "a"}, {id_column: "7", output_column: "b"})
    model = connect_recorded(f"recorded:{file}")
    assert [(s.index, s.output) for s in deal(model, "7", 1, 0)] == [(1, "b"), (0, "a")]


def test_lists_optional_columns_and_empty_outputs(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        {"task_id": "a", "samples": ["x", None, "z"]},
        {"task_id": "b", "completion": "y", "index": 4, "logprob": -2.5, "output_tokens": 3},
        {"task_id": "b", "completion": "g", "role": "greedy", "finish_reason": "length"},
    )
    model = connect_recorded(str(file))
    assert [s.output for s in deal(model, "a", 0, 1, 2)] == ["x", "", "z"]
    (fifth,) = deal(model, "b", 4)
    assert (fifth.logprob, fifth.usage.output_tokens, fifth.usage.estimated) == (-2.5, 3, False)
    (greedy,) = deal(model, "b", 0, temperature=0.0)
    assert (greedy.output, greedy.finish_reason) == ("g", "length")
    assert math.isnan(greedy.logprob)


@pytest.mark.parametrize(
    ("written", "read"),
    [("-3", -3.0), ("-2.5", -2.5), ("true", math.nan), ('"-3"', math.nan), ("9" * 400, math.nan)],
)
def test_a_logprob_is_any_number_and_nothing_else(
    written: str, read: float, tmp_path: Path
) -> None:
    file = tmp_path / "samples.jsonl"
    file.write_text(f'{{"id": "a", "output": "x", "logprob": {written}}}\n')
    (dealt,) = deal(connect_recorded(str(file)), "a", 0)
    assert dealt.logprob == pytest.approx(read, nan_ok=True)


def test_asking_for_more_than_there_is_names_problem_and_numbers(tmp_path: Path) -> None:
    file = write(tmp_path, {"id": "a", "samples": ["x", "y"]})
    model = connect_recorded(str(file))
    with pytest.raises(DomainError, match=r"holds 2 samples of problem 'a'; sample number 5"):
        deal(model, "a", 0, 4)
    with pytest.raises(DomainError, match=r"holds 0 samples of problem 'b'.*'a'"):
        deal(model, "b", 0)
    with pytest.raises(DomainError, match="0 greedy samples"):
        deal(model, "a", 0, temperature=0.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"id": "a"}', "no output; its columns are id"),
        (b'{"output": "a"}', "no problem id"),
        (b'{"id": "a", "output": 3}', "no output"),
        (b'{"id": "a", "samples": [1]}', "no output"),
        (b"[1]", "not a JSON object"),
        (b'{"id": ', "not JSON"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named_by_its_number(line: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_bytes(b'{"id": "a", "output": "x"}\n\n' + line + b"\n")
    with pytest.raises(FormatError, match=f"line 3.*{message}"):
        connect_recorded(str(file))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file"):
        connect_recorded(str(tmp_path / "nothing.jsonl"))
    with pytest.raises(StoreError):
        connect_recorded(str(tmp_path))
    (tmp_path / "s.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(FormatError, match="cannot be read"):
        connect_recorded(str(tmp_path / "s.jsonl.gz"))
    twice = write(tmp_path, *({"id": "a", "output": text, "index": 0} for text in "xy"))
    with pytest.raises(FormatError, match="two samples 0 of problem 'a'"):
        connect_recorded(str(twice))


def test_gzip_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl.gz"
    file.write_bytes(gzip.compress(b'\xef\xbb\xbf{"id": "a", "output": "x"}\n'))
    assert deal(connect_recorded(str(file)), "a", 0)[0].output == "x"


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was(outputs: list[str]) -> None:
    samples = [("sampled", Sample("a", i, text)) for i, text in enumerate(outputs)]
    model = Recorded("memory", samples)
    assert [s.output for s in deal(model, "a", *range(len(outputs)))] == outputs


def test_the_identity_is_what_was_recorded_not_where(tmp_path: Path) -> None:
    file = write(tmp_path, {"id": "a", "output": "x"})
    moved = tmp_path / "moved.jsonl"
    moved.write_bytes(file.read_bytes())
    other = write(tmp_path, {"id": "a", "output": "y"})
    identities = [connect_recorded(str(f)).identity for f in (moved, other)]
    assert identities[0] != identities[1]
    write(tmp_path, {"id": "a", "output": "x"})
    assert connect_recorded(str(file)).identity == identities[0]


def test_a_run_is_a_recording_of_itself(tmp_path: Path) -> None:
    problems = [Problem("p/1", "?"), Problem("p/2", "?")]
    first = sample(problems, Echo(), 3, greedy=True, out=tmp_path / "first")
    again = sample(problems, f"{first.path}", 3, greedy=True, out=tmp_path / "again")
    for role in ("sampled", "greedy"):
        assert [s.output for s in again.samples(role)] == [s.output for s in first.samples(role)]
    with pytest.raises(DomainError, match="holds 3 samples"):
        sample(problems, f"{first.path}", 4, out=tmp_path / "again")


def test_it_says_whether_it_holds_greedy_samples(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"id": "1", "output": "a"}\n')
    assert not connect_recorded(f"recorded:{file}").holds_greedy
    file.write_text('{"id": "1", "output": "a", "role": "greedy"}\n')
    assert connect_recorded(f"recorded:{file}").holds_greedy
