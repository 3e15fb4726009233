"""The options of `topdraw sweep`: the axes of its grid.

Not here: what all cells share (`topdraw.cli.draw`). Try it: `topdraw sweep --help`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from topdraw.cli.options import POSITIVE, F, option

if TYPE_CHECKING:
    from topdraw.sampling.grid import Axes

_EACH = "As --temperature."
_AXES = {
    "temperature": "Values to try: start:stop:step, both ends included, or a list: 0,0.7,1.",
    "top_p": _EACH,
    "top_k": _EACH,
    "repetition_penalty": _EACH,
    "presence_penalty": _EACH,
    "frequency_penalty": _EACH,
}


def _values(
    _: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[float, ...] | None:
    from topdraw.core.records import Decoding
    from topdraw.errors import InputError
    from topdraw.sampling.grid import cells, parse_values

    if text is None:
        return None
    try:
        values = parse_values(text)
        cells({str(parameter.name).removeprefix("grid_"): values}, Decoding())
    except InputError as error:
        raise click.BadParameter(str(error)) from error
    return values


def _axis(name: str, about: str) -> Callable[[F], F]:
    short = ["-t"] if name == "temperature" else []
    return option(
        "Grid",
        f"--{name.replace('_', '-')}",
        *short,
        f"grid_{name}",
        callback=_values,
        metavar="VALUES",
        default="0:1.5:0.25" if name == "temperature" else None,
        about=about,
    )


_AT_ZERO = option(
    "Grid",
    "--greedy-samples",
    "n_at_zero",
    type=POSITIVE,
    metavar="N",
    default=1,
    about="Samples per problem at temperature 0; several show whether the model is deterministic.",
)


def grid_options(function: F) -> F:
    """Add the axes of a grid, as `grid_temperature` and so on, and what is drawn at 0."""
    command: Any = function
    for one in reversed([*(_axis(*each) for each in _AXES.items()), _AT_ZERO]):
        command = one(command)
    return command  # type: ignore[no-any-return]  # click's decorators keep what they wrap


def axes_of(given: dict[str, Any]) -> Axes:
    """The axes that were given, which leave `given`.

    Args:
        given: what click hands to the command.
    """
    from topdraw.sampling.grid import checked_axes

    values = {name: given.pop(f"grid_{name}") for name in _AXES}
    return checked_axes({name: each for name, each in values.items() if each is not None})
