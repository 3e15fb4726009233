"""The protocols tell a model from what is none, and shipped things keep them."""

from collections.abc import AsyncIterator, Mapping, Sequence

from topdraw.core.protocols import Model, Scorer, Selector, TaskLoader
from topdraw.core.records import Decoding, Json, Problem, Sample
from topdraw.core.registry import get_scorer, get_selector, get_task


class Echo:
    """A model that answers with the prompt."""

    @property
    def identity(self) -> Mapping[str, Json]:
        return {"name": "echo"}

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        for index in indices:
            yield Sample(problem.id, index, problem.prompt)


class Nameless:
    """Draws, but does not say who it is."""

    generate = Echo.generate


async def test_a_model_is_what_draws_and_says_who_it_is() -> None:
    echo: Model = Echo()
    assert isinstance(echo, Model)
    assert not isinstance(Nameless(), Model)
    drawn = echo.generate(Problem("p", "hi"), [2, 0], decoding=Decoding(), seed=0)
    assert [(sample.index, sample.output) async for sample in drawn] == [(2, "hi"), (0, "hi")]


def test_shipped_things_keep_the_protocols() -> None:
    assert isinstance(get_scorer("number"), Scorer)
    assert isinstance(get_selector("majority"), Selector)
    assert isinstance(get_task("countdown"), TaskLoader)
