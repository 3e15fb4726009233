"""What a draw is before anything is drawn: task, samplers, place on disk, units of work.

Not here: drawing; that is `engine`. Everything here is a pure function of its arguments.
Try it: `python -m pytest tests/sampling/test_plan.py`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topdraw.core.records import Decoding, Json, Problem, Task, sampler_hash
from topdraw.core.until import Until
from topdraw.errors import DomainError
from topdraw.store.run import Sampler


@dataclass(frozen=True, slots=True)
class Unit:
    """Samples of one problem that one call of the model draws.

    Attributes:
        sampler: how they are drawn.
        problem: what they answer.
        indices: which ones, rising.
    """

    sampler: Sampler
    problem: Problem
    indices: tuple[int, ...]


def as_task(problems: Task | Iterable[Problem]) -> Task:
    """The task itself, or a nameless task of these problems.

    Raises:
        DomainError: when there are no problems, or two have the same id.
    """
    task = problems if isinstance(problems, Task) else Task("problems", "1", tuple(problems))
    if not task.problems:
        raise DomainError(f"The task {task.name!r} has no problems.")
    seen: set[str] = set()
    for problem in task.problems:
        if problem.id in seen:
            raise DomainError(
                f"Two problems of {task.name!r} have the id {problem.id!r}; ids must be distinct."
            )
        seen.add(problem.id)
    return task


def with_task_defaults(decoding: Decoding, defaults: Mapping[str, Json]) -> Decoding:
    """The decoding, with the task's own max_tokens and stop where the user gave none."""
    max_tokens, stop = defaults.get("max_tokens"), defaults.get("stop")
    if decoding.max_tokens is None and isinstance(max_tokens, int):
        decoding = dataclasses.replace(decoding, max_tokens=max_tokens)
    if not decoding.stop and isinstance(stop, Sequence):
        texts = (stop,) if isinstance(stop, str) else tuple(str(text) for text in stop)
        decoding = dataclasses.replace(decoding, stop=texts)
    return decoding


def check_decoding(decoding: Decoding) -> Decoding:
    """The decoding itself.

    Raises:
        DomainError: when a setting is outside its range; NaN always is.
    """
    d = decoding
    rules = {
        "temperature": (d.temperature, 0 <= d.temperature < math.inf, "a finite number >= 0"),
        "top_p": (d.top_p, 0 < d.top_p <= 1, "in (0, 1]; 1 keeps every token"),
        "top_k": (d.top_k, d.top_k >= 0, ">= 0; 0 keeps every token"),
        "repetition_penalty": (
            d.repetition_penalty,
            0 < d.repetition_penalty < math.inf,
            "a finite number > 0; 1 is off",
        ),
        "max_tokens": (d.max_tokens, d.max_tokens is None or d.max_tokens >= 1, ">= 1"),
        "stop": (d.stop, all(d.stop), "texts that are not empty"),
        "presence_penalty": (d.presence_penalty, -2 <= d.presence_penalty <= 2, "in [-2, 2]"),
        "frequency_penalty": (d.frequency_penalty, -2 <= d.frequency_penalty <= 2, "in [-2, 2]"),
    }
    for name, (value, good, allowed) in rules.items():
        if not good:
            raise DomainError(f"{name} is {value}; it must be {allowed}.")
    return decoding


def samplers(
    identity: Mapping[str, Json], decoding: Decoding, n: int, *, greedy: bool
) -> tuple[Sampler, ...]:
    """The samplers of a run: n samples a problem, and one greedy reference if wanted.

    At temperature 0 every sample is the greedy one already: there is no second sampler then.

    Raises:
        DomainError: if n < 1.
    """
    if n < 1:
        raise DomainError(f"n is {n}; it must be at least 1 sample per problem.")
    drawn = Sampler(sampler_hash(identity, decoding), "sampled", decoding, n)
    if not greedy or decoding.greedy:
        return (drawn,)
    reference = dataclasses.replace(decoding, temperature=0.0, top_p=1.0, top_k=0)
    return (drawn, Sampler(sampler_hash(identity, reference), "greedy", reference, 1))


def units(
    problems: Iterable[Problem],
    wanted: Sequence[Sampler],
    drawn: Mapping[str, Collection[tuple[str, int]]],
    chunk: int | None,
) -> Iterator[Unit]:
    """The work that is left, problem by problem, so that a partial run has complete problems.

    Chunks end at multiples of `chunk`, whatever is drawn already: a resumed run asks for the same
    samples together that an uninterrupted one does.

    Args:
        problems: in task order.
        wanted: the samplers.
        drawn: finished (problem id, index) by sampler hash.
        chunk: most samples in one unit, >= 1; None for all of a problem.
    """
    for problem in problems:
        for sampler in wanted:
            done, size = drawn.get(sampler.hash, ()), chunk or sampler.n
            for start in range(0, sampler.n, size):
                group = range(start, min(start + size, sampler.n))
                if left := tuple([i for i in group if (problem.id, i) not in done]):
                    yield Unit(sampler, problem, left)


def spread(found: Iterable[Unit]) -> list[Unit]:
    """The same work with the problems side by side, for a draw that may have to end early.

    The greedy samples come first, then the first chunk of every problem, then the second.

    Args:
        found: as `units` gives it.

    Examples:
        >>> two = [Problem("a", ""), Problem("b", "")]
        >>> one = Sampler("h", "sampled", Decoding(), 2)
        >>> [(u.problem.id, u.indices) for u in spread(units(two, [one], {}, 1))]
        [('a', (0,)), ('b', (0,)), ('a', (1,)), ('b', (1,))]
    """
    return sorted(found, key=lambda unit: (unit.sampler.role != "greedy", unit.indices[0]))


def default_path(
    task: Task,
    identity: Mapping[str, Json],
    decoding: Decoding,
    seed: int,
    *,
    until: Until | None = None,
    root: str = "runs",
) -> Path:
    """Where a run lies when the user names no place: the same call finds the same place.

    `n` is not part of it: asking for more samples goes on in the same run.
    """
    problems = [[p.id, p.prompt, p.target] for p in task.problems]
    config = [task.name, task.version, problems, dict(identity), decoding.as_dict(), seed]
    if until is not None:
        config.append(until.as_dict())
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:6]
    name = identity.get("model") or identity.get("name") or identity.get("kind") or "model"
    return Path(root) / f"{_slug(task.name)}-{_slug(str(name))}-{digest}"


def _slug(text: str) -> str:
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.")[:40] or "x"
