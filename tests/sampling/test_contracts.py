"""check_model accepts what keeps the contract and catches each way of breaking it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.models.scripted_server import ScriptedServer
from tests.sampling.models_for_tests import Echo

from topdraw.core.records import Decoding, Json, Problem, Sample, Usage
from topdraw.models.endpoint import connect_endpoint
from topdraw.models.recorded import connect_recorded
from topdraw.sampling.contracts import check_model


def test_a_good_model_passes() -> None:
    check_model(Echo)


@pytest.mark.parametrize("options", [{}, {"most_choices": 1}, {"max_n": 2}])
@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_the_endpoint_passes(options: dict[str, int], chunk: int) -> None:
    with ScriptedServer(**options) as server:  # type: ignore[arg-type]  # the two options are int | None
        check_model(lambda: connect_endpoint(server.url, model="tiny", chunk=chunk))


def test_recorded_samples_pass(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text(json.dumps({"id": "contract/1", "samples": list("abcdef")}))
    check_model(lambda: connect_recorded(str(file)))


class Broken(Echo):
    """Echo with one thing wrong."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.asked = 0

    @property
    def identity(self) -> Mapping[str, Json]:
        return {"asked": self.asked} if self.how == "identity" else {}

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        self.asked += 1
        if self.how == "leak":
            self.left = asyncio.create_task(asyncio.sleep(0.01))
        if self.how == "always one":
            yield Sample(problem.id, 0, "x")
        if self.how == "n first" and list(indices) != [0]:
            indices = range(len(indices))
        for index in indices:
            await asyncio.sleep(0)
            if self.how == "missing" and index == 2:
                continue
            sample = Sample(problem.id, index, str(index))
            if self.how == "siblings":
                sample = Sample(problem.id, index, f"{index} of {len(indices)}")
            if self.how == "other problem":
                sample = Sample("other", index, "x")
            if self.how == "usage":
                sample = Sample(problem.id, index, "x", usage=Usage(-1, 0))
            if self.how == "reason":
                sample = Sample(problem.id, index, "x", finish_reason="")
            yield sample
            if self.how == "twice":
                yield sample


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("missing", r"did not give the samples \[2\]"),
        ("twice", "twice"),
        ("always one", "not asked for"),
        ("n first", "not asked for"),
        ("siblings", "depends on its siblings"),
        ("other problem", "'other'"),
        ("usage", "fewer than 0"),
        ("reason", "finish_reason"),
        ("identity", "changed its identity"),
        ("leak", "left tasks running"),
    ],
)
def test_each_breach_is_caught(how: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_model(lambda: Broken(how))
