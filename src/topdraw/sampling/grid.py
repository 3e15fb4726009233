"""A grid of decoding settings: its axes as people write them, and the cells they make.

Not here: drawing the cells (`topdraw.sampling.sweep`).
Try it: `python -c "from topdraw.sampling.grid import *; print(parse_values('0:1.5:0.25'))"`.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from topdraw.core.records import Decoding
from topdraw.errors import ConfigError, DomainError
from topdraw.sampling.plan import check_decoding

#: Settings that a grid may vary, and the letters that name them in a cell's folder.
AXES: Mapping[str, str] = {
    "temperature": "t",
    "top_p": "p",
    "top_k": "k",
    "repetition_penalty": "r",
    "presence_penalty": "pp",
    "frequency_penalty": "fp",
}

Axes: TypeAlias = Mapping[str, tuple[float, ...]]

_MOST_VALUES = 1000


@dataclass(frozen=True, slots=True)
class Cell:
    """One way of drawing of a grid.

    Attributes:
        name: of its folder, such as "t0.7-r1.1".
        settings: the value of each axis.
        decoding: all settings.
    """

    name: str
    settings: Mapping[str, float]
    decoding: Decoding


def parse_values(text: str) -> tuple[float, ...]:
    """The values of an axis from "start:stop:step" (both ends included) and comma lists.

    Reckoned in decimals, so that 0:1:0.1 ends at 1 and holds 0.3 and not 0.30000000000000004.

    Args:
        text: such as "0:1.5:0.25", "0.9,1,1.1" or "0,0.5:1:0.1".

    Returns:
        Rising, each once as written.

    Raises:
        ConfigError: for what is no such list, a step that leads nowhere, a value named twice, or
            more than a thousand values.

    Examples:
        >>> parse_values("0:1:0.25")
        (0.0, 0.25, 0.5, 0.75, 1.0)
        >>> parse_values("1.1,0.9")
        (0.9, 1.1)
    """
    values = [value for part in text.split(",") for value in _part(part.strip(), text)]
    if len(values) > _MOST_VALUES:
        raise ConfigError(f"{text!r} has more than {_MOST_VALUES:,} values.")
    twice = next((one for one in values if values.count(one) > 1), None)
    if twice is not None:
        raise ConfigError(f"{text!r} has the value {written(float(twice))} twice.")
    return tuple(sorted(map(float, values)))


def _part(part: str, text: str) -> Iterable[Decimal]:
    numbers = [_number(each.strip(), text) for each in part.split(":")]
    if len(numbers) == 1:
        return numbers
    if len(numbers) != 3:
        raise ConfigError(
            f"{part!r} is no range of values: write start:stop:step, such as 0:1.5:0.25."
        )
    start, stop, step = numbers
    if step <= 0 or stop < start:
        raise ConfigError(
            f"{part!r} leads nowhere: its step must be above 0 and its stop not below its start."
        )
    count = int(min((stop - start) / step, Decimal(_MOST_VALUES))) + 1
    return [start + at * step for at in range(count)]


def _number(text: str, whole: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ConfigError(
            f"{text!r} in {whole!r} is no number: write values such as 0.9,1,1.1 or "
            "start:stop:step."
        )
    return number


def written(value: float) -> str:
    """A value as its cell's name has it: all digits, none too many.

    Examples:
        >>> written(1.0), written(0.25), written(-0.5)
        ('1', '0.25', '-0.5')
    """
    return str(int(value)) if value.is_integer() else repr(value)


def checked_axes(axes: Mapping[str, Iterable[float]]) -> Axes:
    """Axes as a grid stores them: in the order of `AXES`, values rising, each once.

    Args:
        axes: values of each setting that varies.

    Raises:
        ConfigError: for a setting that no grid varies, a list without values, or no axis at all.
        DomainError: for a value that is no number.
    """
    for name in axes:
        if name not in AXES:
            raise ConfigError(f"A sweep cannot vary {name!r}; it can: {', '.join(AXES)}.")
    found = {name: tuple(sorted(set(map(float, axes[name])))) for name in AXES if name in axes}
    for name, values in found.items():
        if not values:
            raise ConfigError(f"The axis {name} has no values.")
        if not all(map(math.isfinite, values)):
            raise DomainError(f"The axis {name} has a value that is no number: {values}.")
    if not found:
        raise ConfigError("A sweep needs at least one axis, such as temperature 0:1.5:0.25.")
    return found


def cells(axes: Axes, base: Decoding) -> tuple[Cell, ...]:
    """The cells of a grid, the first axis slowest.

    Args:
        axes: as `checked_axes` gives them.
        base: every other setting.

    Raises:
        DomainError: for a value outside its setting's range, or a top_k that is not whole.
    """
    return tuple(_cell(axes, point, base) for point in itertools.product(*axes.values()))


def _cell(axes: Axes, point: Sequence[float], base: Decoding) -> Cell:
    settings = dict(zip(axes, point, strict=True))
    name = "-".join(f"{AXES[axis]}{written(value)}" for axis, value in settings.items())
    top_k = settings.get("top_k", base.top_k)
    if not float(top_k).is_integer():
        raise DomainError(f"top_k is {top_k}; it must be a whole number >= 0.")
    changed: dict[str, Any] = {**settings, "top_k": int(top_k)}
    decoding = dataclasses.replace(base, **changed)
    return Cell(name, settings, check_decoding(decoding))
