"""Options that several commands share, spelled and explained once.

Not here: what a command does with them. Try it: `topdraw sample --help`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Draw:
    """The settings of a draw as the command line gives them."""

    model: str | None
    endpoint: str | None
    api: Literal["chat", "completions"]
    api_key_env: str | None
    n: int
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    max_tokens: int | None
    stop: tuple[str, ...]
    seed: int
    concurrency: int | None


def _option(
    *names: str,
    about: str,
    type: click.ParamType[Any] | type | None = None,  # noqa: A002 - click's own word
    default: object = None,
    multiple: bool = False,
) -> Callable[[F], F]:
    return click.option(
        *names,
        type=type,
        default=default,
        multiple=multiple,
        help=about,
        show_default=default is not None and not multiple,
    )


_POSITIVE = click.IntRange(min=1)
_MODEL = (
    "builtin, builtin:small, a model's name at --endpoint, or recorded:FILE; default: builtin, or "
    "the only model at --endpoint."
)
_ENDPOINT = "URL of an OpenAI-compatible server, e.g. http://localhost:8000/v1."
_KEY = "Environment variable with the endpoint's key; default: OPENAI_API_KEY."
_CONCURRENCY = "Requests at once, or worker processes of the built-in model."

_DRAW: list[Callable[[F], F]] = [
    _option("--model", "-m", about=_MODEL),
    _option("--endpoint", about=_ENDPOINT),
    _option(
        "--api",
        type=click.Choice(["chat", "completions"]),
        default="chat",
        about="How the endpoint is asked.",
    ),
    _option("--api-key-env", about=_KEY),
    _option("-n", "n", type=_POSITIVE, default=100, about="Samples per problem."),
    _option("--temperature", "-t", type=click.FloatRange(min=0), default=1.0, about="0 is greedy."),
    _option(
        "--top-p",
        type=click.FloatRange(min=0, max=1, min_open=True),
        default=1.0,
        about="Keep the most likely tokens up to this mass.",
    ),
    _option(
        "--top-k", type=click.IntRange(min=0), default=0, about="Keep so many tokens; 0 keeps all."
    ),
    _option(
        "--repetition-penalty",
        type=click.FloatRange(min=0, min_open=True),
        default=1.0,
        about="Above 1 repeats less; 1 is off.",
    ),
    _option("--max-tokens", type=_POSITIVE, about="Longest output; default: the task's own."),
    _option("--stop", multiple=True, about="Text that ends an output; may be repeated."),
    _option("--seed", type=int, default=0, about="Seed of the run; the samples follow from it."),
    _option("--concurrency", type=_POSITIVE, about=_CONCURRENCY),
]


def builtin_draw(model: str, *, n: int, temperature: float, seed: int) -> Draw:
    """A draw from the built-in model, everything else at its default."""
    return Draw(
        model=model,
        endpoint=None,
        api="chat",
        api_key_env=None,
        n=n,
        temperature=temperature,
        top_p=1.0,
        top_k=0,
        repetition_penalty=1.0,
        max_tokens=None,
        stop=(),
        seed=seed,
        concurrency=None,
    )


def draw_options(function: F) -> F:
    """Add the options of a draw; the command receives them as one `draw: Draw`."""

    @functools.wraps(function)
    def wrapped(**options: Any) -> Any:  # noqa: ANN401 - click hands over whatever was declared
        fields = {name: options.pop(name) for name in Draw.__dataclass_fields__}
        return function(draw=Draw(**fields), **options)

    command: Any = wrapped
    for option in reversed(_DRAW):
        command = option(command)
    return command  # type: ignore[no-any-return]  # click's decorators keep what they wrap


_TASK: list[Callable[[F], F]] = [
    _option("--problems", type=_POSITIVE, about="How many problems."),
    _option("--task-seed", type=int, about="Which problems a generated task makes."),
    _option(
        "--option",
        "-o",
        "task_options",
        multiple=True,
        about="An option of the task as KEY=VALUE, e.g. -o steps=4; may be repeated.",
    ),
]


def task_options(function: F) -> F:
    """Add the options that pick problems of a task."""
    command: Any = function
    for option in reversed(_TASK):
        command = option(command)
    return command  # type: ignore[no-any-return]  # click's decorators keep what they wrap


greedy_option = click.option(
    "--greedy/--no-greedy",
    default=True,
    show_default=True,
    help="Also draw one greedy sample per problem, for reference.",
)
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False),
    help="Run directory; the same one resumes. Default: under runs/.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data as JSON on stdout.")
by_option = _option("--by", about="Verifier that says what is correct; default: the task's own.")
value_option = _option("--value", about="Scorer that ranks samples; default: reward or logprob.")
run_argument = click.argument("run", metavar="RUN", type=click.Path(exists=True, file_okay=False))
