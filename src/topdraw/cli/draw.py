"""The settings of a draw as the command line gives them, and the options they come from.

Not here: drawing; `topdraw.cli.drawing`. Try it: `topdraw sample --help`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click
from click.core import ParameterSource

from topdraw.cli.draw_options import (
    BUDGET,
    DECODING,
    DURABILITY,
    ENDPOINT,
    MODEL,
    MODEL_ASKED,
    OUTPUT,
    SETTLED,
    SHARED,
    STOPPING,
    prices_option,
)
from topdraw.cli.options import F

if TYPE_CHECKING:
    from topdraw.core.records import Decoding
    from topdraw.sampling.budget import Budget


@dataclass(frozen=True, slots=True)
class Server:
    """Where an endpoint is and how it is asked; a field None is left to the client."""

    endpoint: tuple[str, ...] = ()
    api: Literal["chat", "completions"] = "chat"
    api_key_env: str | None = None
    api_key_file: str | None = None
    chunk: int | None = None
    stream: bool = False
    retries: int | None = None
    timeout: float | None = None
    connect_timeout: float | None = None
    first_byte_timeout: float | None = None
    between_bytes_timeout: float | None = None
    patience: float | None = None


@dataclass(frozen=True, slots=True)
class Stopping:
    """When a problem needs no further samples; `until` None draws them all."""

    until: Literal["pass", "settled", "best"] | None = None
    batch: int | None = None
    confidence: float = 0.95
    gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Draw:
    """The settings of a draw as the command line gives them; `given` names what was typed."""

    model: str | None
    n: int
    decoding: Decoding
    seed: int = 0
    concurrency: int | None = None
    durability: Literal["none", "group", "strict"] = "group"
    server: Server = Server()
    stopping: Stopping = Stopping()
    budget: Budget | None = None
    prices: str | None = None
    given: frozenset[str] = frozenset()


def builtin_draw(model: str, *, n: int, temperature: float, seed: int) -> Draw:
    """A draw from the built-in model, everything else at its default."""
    from topdraw.core.records import Decoding

    return Draw(model, n, Decoding(temperature=temperature), seed)


def question_options(function: F) -> F:
    """Add the options of a draw for one question; the command receives them as `draw: Draw`."""
    asked = [*MODEL_ASKED, *DECODING, *ENDPOINT, *BUDGET, prices_option, *SETTLED]
    return _add(function, asked)


def draw_options(function: F) -> F:
    """Add all options of a draw; the command receives them as one `draw: Draw`."""
    draw = [*MODEL, DURABILITY, *DECODING, *ENDPOINT, *BUDGET, prices_option, *STOPPING]
    return _add(function, draw)


def cell_options(function: F) -> F:
    """Add what all cells of a sweep share; the command receives it as `draw: Draw`."""
    return _add(function, [*MODEL, DURABILITY, *OUTPUT, *ENDPOINT, *BUDGET, prices_option])


def study_options(function: F) -> F:
    """Add what all runs of a study share; the command receives it as `draw: Draw`."""
    shared = [*SHARED, DURABILITY, *OUTPUT, *ENDPOINT, *BUDGET, prices_option]
    return _add(function, shared)


def _add(function: F, options: Sequence[Callable[[F], F]]) -> F:
    @functools.wraps(function)
    def wrapped(**given: Any) -> Any:  # noqa: ANN401 - click hands over whatever was declared
        return function(draw=_draw(given, _typed()), **given)

    command: Any = wrapped
    for one in reversed(options):
        command = one(command)
    return command  # type: ignore[no-any-return]  # click's decorators keep what they wrap


def _typed() -> frozenset[str]:
    context = click.get_current_context()
    source = context.get_parameter_source
    return frozenset(name for name in context.params if source(name) is ParameterSource.COMMANDLINE)


def _draw(given: dict[str, Any], typed: frozenset[str]) -> Draw:
    """The draw, made of the options that are its own, which leave `given`.

    A study names neither the model nor n here: each of its runs has its own.
    """
    from topdraw.core.records import Decoding
    from topdraw.sampling.budget import Budget

    caps = {name: given.pop(f"max_{name}") for name in ("samples", "tokens", "usd", "seconds")}
    given["max_tokens"] = given.pop("max_output_tokens")
    own = {f.name: given.pop(f.name) for f in dataclasses.fields(Draw) if f.name in given}
    return Draw(
        decoding=_take(Decoding, given),
        server=_take(Server, given),
        stopping=_take(Stopping, given),
        budget=Budget(**caps) if any(cap is not None for cap in caps.values()) else None,
        given=typed,
        **{"model": None, "n": 1, **own},
    )


def _take(kind: type[Any], given: dict[str, Any]) -> Any:  # noqa: ANN401 - a value of that kind
    return kind(**{f.name: given.pop(f.name) for f in dataclasses.fields(kind) if f.name in given})
