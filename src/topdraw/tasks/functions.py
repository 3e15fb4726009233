"""Small Python functions from input/output examples, of 32 families with Zipf frequencies.

Not here: running the code (scorer "functions") and the rule that holds problems out.
Try it: `python -c "import topdraw as td; print(td.load('functions', problems=3).problems[0])"`.

Prompt: `Write the body of def f(x): f(2)=7 f(3)=9`
Output: the body, one line: `return x*2+3`.
Target: `{"tests": [[input, output], ...], "examples": [[input, output], ...]}`: hidden tests and
the examples of the prompt; inputs and outputs are integers, strings or lists of integers.
Right iff `def f(x):` with this body gives every hidden output; the idea is that of HumanEval
(Chen et al. 2021). Few examples leave several functions possible: passing them is not enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError
from topdraw.tasks.heldout import held_out_draws

Value: TypeAlias = "int | str | list[int]"
Frequencies = Literal["zipf", "uniform"]

VERSION = "1"
ZIPF_EXPONENT = 1.2
_LETTERS = "abcdefgh"


@dataclass(frozen=True, slots=True)
class Family:
    """Functions that differ only in a constant or two.

    Attributes:
        name: short, stable.
        kind: type of x: "int", "list" or "str".
        body: the body, with {a} and {b} where the constants go.
        function: (x, a, b) -> f(x).
    """

    name: str
    kind: Literal["int", "list", "str"]
    body: str
    function: Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Example:
    """One input and the output of the function."""

    x: Value
    y: Value

    def as_json(self) -> Json:
        """The pair as a JSON list."""
        return [_as_json(self.x), _as_json(self.y)]


@dataclass(frozen=True, slots=True)
class Function:
    """One function to write.

    Attributes:
        family: name of its family.
        examples: shown in the prompt.
        tests: hidden; their inputs are not among the examples.
        solution: the body.
    """

    family: str
    examples: tuple[Example, ...]
    tests: tuple[Example, ...]
    solution: str

    @property
    def key(self) -> str:
        """Canonical: the examples shown, in sorted order."""
        return "functions " + " ".join(sorted(_show(example) for example in self.examples))

    @property
    def prompt(self) -> str:
        """The user turn."""
        return "Write the body of def f(x): " + " ".join(map(_show, self.examples))


def _show(example: Example) -> str:
    return f"f({_literal(example.x)})={_literal(example.y)}"


def _literal(value: Value) -> str:
    return repr(value).replace(" ", "")


def _as_json(value: Value) -> Json:
    return list(value) if isinstance(value, list) else value


# The order is the frequency rank; kinds and difficulties are interleaved on purpose, so that
# frequency is not difficulty.
FAMILIES: tuple[Family, ...] = (
    Family("linear", "int", "return x*{a}+{b}", lambda x, a, b: x * a + b),
    Family("sum", "list", "return sum(x)", lambda x, a, b: sum(x)),
    Family("reverse_text", "str", "return x[::-1]", lambda x, a, b: x[::-1]),
    Family("linear_minus", "int", "return x*{a}-{b}", lambda x, a, b: x * a - b),
    Family("scale_list", "list", "return [i*{a} for i in x]", lambda x, a, b: [i * a for i in x]),
    Family("square_plus", "int", "return x*x+{b}", lambda x, a, b: x * x + b),
    Family("largest", "list", "return max(x)", lambda x, a, b: max(x)),
    Family("upper", "str", "return x.upper()", lambda x, a, b: x.upper()),
    Family("remainder", "int", "return x%{a}", lambda x, a, b: x % a),
    Family("spread", "list", "return max(x)-min(x)", lambda x, a, b: max(x) - min(x)),
    Family("add", "int", "return x+{b}", lambda x, a, b: x + b),
    Family("shift_list", "list", "return [i+{b} for i in x]", lambda x, a, b: [i + b for i in x]),
    Family("twice_text", "str", "return x+x", lambda x, a, b: x + x),
    Family("distance", "int", "return abs(x-{b})", lambda x, a, b: abs(x - b)),
    Family("sort", "list", "return sorted(x)", lambda x, a, b: sorted(x)),
    Family("quotient", "int", "return x//{a}", lambda x, a, b: x // a),
    Family("sum_plus", "list", "return sum(x)+{b}", lambda x, a, b: sum(x) + b),
    Family("length_text", "str", "return len(x)", lambda x, a, b: len(x)),
    Family("times", "int", "return x*{a}", lambda x, a, b: x * a),
    Family("rest", "list", "return x[1:]", lambda x, a, b: x[1:]),
    Family("at_least", "int", "return max(x,{b})", lambda x, a, b: max(x, b)),
    Family("ends", "list", "return x[0]+x[-1]", lambda x, a, b: x[0] + x[-1]),
    Family("first_letter", "str", "return x[0]", lambda x, a, b: x[0]),
    Family("minus_from", "int", "return {b}-x", lambda x, a, b: b - x),
    Family("reverse_list", "list", "return x[::-1]", lambda x, a, b: x[::-1]),
    Family("sum_times", "list", "return sum(x)*{a}", lambda x, a, b: sum(x) * a),
    Family("triangle", "int", "return x*(x+1)//2", lambda x, a, b: x * (x + 1) // 2),
    Family("smallest", "list", "return min(x)", lambda x, a, b: min(x)),
    Family("mirror_text", "str", "return x+x[::-1]", lambda x, a, b: x + x[::-1]),
    Family("at_most", "int", "return min(x,{b})", lambda x, a, b: min(x, b)),
    Family("rotate_list", "list", "return x[1:]+x[:1]", lambda x, a, b: x[1:] + x[:1]),
    Family("rotate_text", "str", "return x[1:]+x[0]", lambda x, a, b: x[1:] + x[0]),
)


def probabilities(frequencies: Frequencies = "zipf") -> list[float]:
    """Probability of each family, in the order of `FAMILIES`.

    Args:
        frequencies: "zipf": proportional to rank ** -1.2; "uniform": all equal.
    """
    exponent = ZIPF_EXPONENT if frequencies == "zipf" else 0.0
    weights = [rank**-exponent for rank in range(1, len(FAMILIES) + 1)]
    return [weight / sum(weights) for weight in weights]


_CUMULATIVE = {kind: np.cumsum(probabilities(kind)) for kind in ("zipf", "uniform")}


def draw(
    rng: np.random.Generator,
    *,
    examples: int = 2,
    tests: int = 10,
    frequencies: Frequencies = "zipf",
) -> Function:
    """One function with examples and hidden tests.

    Args:
        rng: advanced.
        examples: shown, >= 1.
        tests: hidden, >= 1; examples + tests <= 30.
        frequencies: how often each family comes.

    Raises:
        DomainError: if a number is outside its range or frequencies is not known.
    """
    if examples < 1 or tests < 1 or examples + tests > 30:
        raise DomainError(f"examples={examples}, tests={tests}: each >= 1, at most 30 together.")
    if frequencies not in _CUMULATIVE:
        raise DomainError(f"frequencies={frequencies!r}: known are zipf, uniform.")
    rank = int(np.searchsorted(_CUMULATIVE[frequencies], rng.random()))
    family = FAMILIES[min(rank, len(FAMILIES) - 1)]
    a, b = int(rng.integers(2, 10)), int(rng.integers(1, 21))
    pairs = [Example(x, family.function(x, a, b)) for x in _inputs(rng, family, examples + tests)]
    return Function(
        family=family.name,
        examples=tuple(pairs[:examples]),
        tests=tuple(pairs[examples:]),
        solution=family.body.format(a=a, b=b),
    )


def _inputs(rng: np.random.Generator, family: Family, count: int) -> list[Value]:
    found: dict[str, Value] = {}
    while len(found) < count:
        x = _input(rng, family.kind)
        found.setdefault(repr(x), x)
    return list(found.values())


def _input(rng: np.random.Generator, kind: str) -> Value:
    if kind == "int":
        return int(rng.integers(0, 41))
    size = int(rng.integers(3, 6))
    if kind == "list":
        numbers: list[int] = rng.integers(0, 21, size=size).tolist()
        return numbers
    return "".join(_LETTERS[i] for i in rng.integers(len(_LETTERS), size=size).tolist())


@task("functions")
def load(
    *,
    problems: int = 200,
    seed: int = 0,
    examples: int = 2,
    tests: int = 10,
    frequencies: Frequencies = "uniform",
) -> Task:
    """The function-writing task: held-out problems, the same for the same settings.

    Args:
        problems: how many; a larger number extends the same list.
        seed: >= 0.
        examples: shown in the prompt.
        tests: hidden tests.
        frequencies: "uniform" gives every family the same weight; "zipf" is how often the
            built-in model saw them in training.

    Raises:
        DomainError: if the settings make no sense.

    Examples:
        >>> load(problems=2).problems[0].id
        'functions/0000'
    """
    drawn = held_out_draws(
        lambda rng: draw(rng, examples=examples, tests=tests, frequencies=frequencies),
        problems=problems,
        seed=seed,
    )
    return Task(
        name="functions",
        version=VERSION,
        problems=tuple(_problem(i, function) for i, function in enumerate(drawn)),
        scorer="functions",
        decoding={"max_tokens": 32},
        description="Write a one-line Python function from input/output examples.",
    )


def _problem(index: int, function: Function) -> Problem:
    return Problem(
        id=f"functions/{index:04d}",
        prompt=function.prompt,
        target={
            "tests": [example.as_json() for example in function.tests],
            "examples": [example.as_json() for example in function.examples],
        },
        metadata={"family": function.family},
    )
