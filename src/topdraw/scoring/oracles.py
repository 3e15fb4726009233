"""Whether a function's output is right where the reference solution's output is known.

Not here: getting either. Origin of all rules: evalplus, `evalplus/eval/__init__.py` and
`_special_oracle.py` at 26d6d00b; where ours differs stands below.
Try it: `python -c "from topdraw.scoring.oracles import agrees; print(agrees(0.1+0.2, 0.3))"`.

Equal by Python's `==` is right (so True is 1 and 1.0 is 1). Otherwise, when a tolerance is given,
or the expected value is a float or a list or tuple of floats (tolerance 1e-6 then), both must have
the same type, and differ by at most atol + 1e-7 of the expected value. evalplus keeps the 1e-6 for
later inputs of the same program; here every input is for itself. Shapes must be equal: [[0.5]] is
not [0.5], as it is to numpy's allclose. Values are plain data from the sandbox: no `==` of the
program's own is ever called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from topdraw.errors import DomainError

FLOATS_ATOL = 1e-6
_RTOL = 1e-7
_NUMBERS = (int, float, complex)


def agrees(
    output: object,
    expected: object,
    arguments: Sequence[object] = (),
    *,
    atol: float = 0.0,
    oracle: str = "",
) -> bool:
    """Whether an output is right.

    Args:
        output: what the program gave; plain data.
        expected: what the reference solution gave; plain data.
        arguments: of the call.
        atol: absolute tolerance; 0 for the module's rule.
        oracle: another rule by its name in `ORACLES`.

    Returns:
        False, too, for values that cannot be compared.

    Raises:
        DomainError: when there is no such oracle.

    Examples:
        >>> agrees([1.0, 2.0], [1.0, 2.0000001]), agrees((1, 2), [1, 2]), agrees(1, True)
        (True, False, True)
        >>> agrees([3, 4, 3], (4, 3), oracle="set"), agrees(2.0, None, [[-4.0, 2.0]], oracle="root")
        (True, True)
    """
    if oracle and oracle not in ORACLES:
        raise DomainError(f"oracle={oracle!r}: known are {', '.join(ORACLES)}.")
    try:
        if oracle:
            return bool(ORACLES[oracle](output, expected, arguments, atol))
        return _same(output, expected, atol)
    except (TypeError, ValueError, RecursionError, ArithmeticError, IndexError, MemoryError):
        return False


def _same(output: object, expected: object, atol: float) -> bool:
    if output == expected:
        return True
    if atol == 0 and _floats(expected):
        atol = FLOATS_ATOL
    if atol == 0 or type(output) is not type(expected) or not _same_shape(output, expected):
        return False
    with np.errstate(all="ignore"):
        return bool(np.allclose(output, expected, rtol=_RTOL, atol=atol))  # type: ignore[arg-type]  # raises when it cannot


def _same_shape(output: object, expected: object) -> bool:
    """Whether both are numbers, or lists of the same shape; looked at before numpy copies them."""
    if isinstance(output, list | tuple) and isinstance(expected, list | tuple):
        return len(output) == len(expected) and all(map(_same_shape, output, expected))
    return isinstance(output, _NUMBERS) and isinstance(expected, _NUMBERS)


def _floats(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(entry, float) for entry in value)
    return isinstance(value, float)


def _as_sets(output: object, expected: object, arguments: Sequence[object], atol: float) -> bool:
    """Order and repetition do not count: Mbpp 2, 7, 111, 140, 232, 249, 579, 769."""
    wanted, seen = set(expected), set()  # type: ignore[call-overload]  # raises when it cannot
    for entry in output:  # type: ignore[attr-defined]  # raises when it cannot
        if entry not in wanted:
            return False  # at once: a range may have more entries than fit in memory
        seen.add(entry)
    return len(seen) == len(wanted)


def _anything(output: object, expected: object, arguments: Sequence[object], atol: float) -> bool:
    """Mbpp 164, whose statement is ambiguous."""
    return True


def _zero_too(output: object, expected: object, arguments: Sequence[object], atol: float) -> bool:
    """Mbpp 295: 0 is as good."""
    return output == 0 or _same(output, expected, atol)


def _surface(output: object, expected: object, arguments: Sequence[object], atol: float) -> bool:
    """Mbpp 581: the height of a pyramid may be read as the perpendicular one."""
    edge, height = map(_real, arguments)
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    upright = round(edge**2 + 2 * edge * slant)
    return _same(output, expected, atol) or abs(_real(output) - upright) <= atol


def _digits(output: object, expected: object, arguments: Sequence[object], atol: float) -> bool:
    """Mbpp 558: digit by digit after padding with zeros."""
    one, other = (str(argument) for argument in arguments)
    width = max(len(one), len(other))
    pairs = zip(one.zfill(width), other.zfill(width), strict=True)
    apart = sum(abs(int(a) - int(b)) for a, b in pairs)
    return output == apart or _same(output, expected, atol)


def _root(output: object, expected: object, arguments: Sequence[object], atol: float) -> bool:
    """HumanEval 32: any zero of the polynomial with these coefficients."""
    (coefficients,) = arguments
    if not isinstance(coefficients, list | tuple):
        return False
    at = _real(output)
    powers = (math.pow(at, power) for power in range(len(coefficients)))
    value = sum(_real(c) * power for c, power in zip(coefficients, powers, strict=True))
    return abs(value) <= atol


def _real(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} is no number")
    return float(value)


Oracle = Callable[[object, object, Sequence[object], float], bool]

ORACLES: dict[str, Oracle] = {
    "set": _as_sets,
    "anything": _anything,
    "zero too": _zero_too,
    "surface": _surface,
    "digits": _digits,
    "root": _root,
}
