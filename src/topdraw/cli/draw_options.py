"""The options of a draw, spelled and explained once, under the headings of a help text.

Not here: the value they become; `topdraw.cli.draw`. Try it: `topdraw sample --help`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import NATURAL, POSITIVE, F, option

if TYPE_CHECKING:
    from topdraw.core.records import Json

_ABOVE_0 = click.FloatRange(min=0, min_open=True)
_SECONDS = _ABOVE_0


def _json_object(_: click.Context, __: click.Parameter, text: str | None) -> Mapping[str, Json]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise click.BadParameter(f'{text!r} is not a JSON object such as {{"min_p": 0.1}}.')
    return found


_MODEL: Callable[[F], F] = option(
    "Model",
    "--model",
    "-m",
    metavar="NAME",
    about="builtin, builtin:small, a model's name at --endpoint, or recorded:FILE. "
    "Default: builtin, or the only model at --endpoint.",
)
_N: Callable[[F], F] = option(
    "Run", "-n", "n", type=POSITIVE, metavar="N", default=100, about="Samples per problem."
)
_ANSWERS: Callable[[F], F] = option(
    "Run", "-n", "n", type=POSITIVE, metavar="N", default=16, about="Answers to choose from."
)
#: Of a study, which names several models and says itself how many samples it draws.
SHARED: list[Callable[[F], F]] = [
    option(
        "Model",
        "--endpoint",
        multiple=True,
        metavar="URL",
        about="An OpenAI-compatible server, e.g. http://localhost:8000/v1. Several of them with "
        "the same model share the work.",
    ),
    option(
        "Model",
        "--api",
        type=click.Choice(["chat", "completions"]),
        default="chat",
        about="How the endpoint is asked.",
    ),
    option("Run", "--seed", type=int, metavar="SEED", default=0, about="Samples follow from it."),
    option(
        "Run",
        "--concurrency",
        type=POSITIVE,
        metavar="N",
        about="Most requests at once, or worker processes of the built-in model.",
    ),
]

MODEL: list[Callable[[F], F]] = [_MODEL, _N, *SHARED]
#: The same for one question.
MODEL_ASKED: list[Callable[[F], F]] = [_MODEL, _ANSWERS, *SHARED]

SETTINGS: list[Callable[[F], F]] = [
    option(
        "Decoding",
        "--temperature",
        "-t",
        type=click.FloatRange(min=0),
        metavar="T",
        default=1.0,
        about="0 is greedy.",
    ),
    option(
        "Decoding",
        "--top-p",
        type=click.FloatRange(min=0, max=1, min_open=True),
        metavar="P",
        default=1.0,
        about="Keep the most likely tokens up to this mass.",
    ),
    option(
        "Decoding",
        "--top-k",
        type=NATURAL,
        metavar="K",
        default=0,
        about="Keep so many tokens; 0 keeps all.",
    ),
    option(
        "Decoding",
        "--repetition-penalty",
        type=_ABOVE_0,
        metavar="X",
        default=1.0,
        about="Above 1 repeats less; 1 is off.",
    ),
    option(
        "Decoding",
        "--presence-penalty",
        type=float,
        metavar="X",
        default=0.0,
        about="Above 0 repeats less, whatever the count; 0 is off.",
    ),
    option(
        "Decoding",
        "--frequency-penalty",
        type=float,
        metavar="X",
        default=0.0,
        about="Above 0 repeats less, by the count; 0 is off.",
    ),
]

OUTPUT: list[Callable[[F], F]] = [
    option(
        "Decoding",
        "--system",
        metavar="TEXT",
        default="",
        about="What a chat model is told before the prompt.",
    ),
    option(
        "Decoding",
        "--max-output-tokens",
        type=POSITIVE,
        metavar="N",
        about="Longest output. Default: the task's own.",
    ),
    option(
        "Decoding",
        "--stop",
        multiple=True,
        metavar="TEXT",
        about="Text that ends an output; may be repeated.",
    ),
    option(
        "Decoding",
        "--extra-body",
        callback=_json_object,
        metavar="JSON",
        about="Further fields of every request, e.g. '{\"min_p\": 0.1}'.",
    ),
]

DECODING: list[Callable[[F], F]] = [*SETTINGS, *OUTPUT]

ENDPOINT: list[Callable[[F], F]] = [
    option(
        "Endpoint",
        "--api-key-env",
        metavar="NAME",
        about="Environment variable with the key. Default: OPENAI_API_KEY.",
    ),
    option(
        "Endpoint",
        "--api-key-file",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        about="File with the key.",
    ),
    option(
        "Endpoint",
        "--chunk",
        type=POSITIVE,
        metavar="N",
        about="Most samples to ask for in one request. Default: 16.",
    ),
    option("Endpoint", "--stream", is_flag=True, about="Ask for streamed answers."),
    option(
        "Endpoint",
        "--retries",
        type=NATURAL,
        metavar="N",
        about="How often one request is asked again. Default: 15.",
    ),
    option(
        "Endpoint",
        "--timeout",
        type=_SECONDS,
        metavar="SECONDS",
        about="Longest time of one request. Default: 600.",
    ),
    option(
        "Endpoint",
        "--connect-timeout",
        type=_SECONDS,
        metavar="SECONDS",
        about="... until it is connected. Default: 10.",
    ),
    option(
        "Endpoint",
        "--first-byte-timeout",
        type=_SECONDS,
        metavar="SECONDS",
        about="... until the answer begins. Default: 600.",
    ),
    option(
        "Endpoint",
        "--between-bytes-timeout",
        type=_SECONDS,
        metavar="SECONDS",
        about="... without a byte of the answer. Default: 120.",
    ),
    option(
        "Endpoint",
        "--patience",
        type=_SECONDS,
        metavar="SECONDS",
        about="Give up a server that has given nothing usable for so long. Default: 120.",
    ),
]

BUDGET: list[Callable[[F], F]] = [
    option(
        "Budget",
        "--max-samples",
        type=POSITIVE,
        metavar="N",
        about="Stop when the run has so many samples.",
    ),
    option(
        "Budget",
        "--max-tokens",
        type=POSITIVE,
        metavar="N",
        about="Begin no request that would bring the run above it, prompts included, at the mean "
        "cost so far. (The longest output is --max-output-tokens.)",
    ),
    option(
        "Budget",
        "--max-usd",
        type=_ABOVE_0,
        metavar="USD",
        about="The same in USD; the model's price must be known.",
    ),
    option(
        "Budget",
        "--max-seconds",
        type=_ABOVE_0,
        metavar="SECONDS",
        about="Stop after so long; the same command goes on.",
    ),
]
prices_option = option(
    "Budget",
    "--prices",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    about="Your price table (TOML); it comes before the one that is shipped.",
    envvar="TOPDRAW_PRICES",
    show_envvar=True,
)

DURABILITY: Callable[[F], F] = option(
    "Run",
    "--durability",
    type=click.Choice(["none", "group", "strict"]),
    default="group",
    about="What a power cut may cost: none syncs at the end, group every second, strict each "
    "sample. A killed process loses none in any case.",
)
_BATCH: Callable[[F], F] = option(
    "Stopping",
    "--batch",
    type=POSITIVE,
    metavar="N",
    about="Look after every N samples. Default: 1 for pass, 4 for settled and best.",
)
_CONFIDENCE: Callable[[F], F] = option(
    "Stopping",
    "--confidence",
    type=click.FloatRange(min=0.5, max=1, min_open=True),
    metavar="P",
    default=0.95,
    about="How sure 'settled' and 'best' must be; 1: further samples cannot change the winner.",
)
_GAIN: Callable[[F], F] = option(
    "Stopping",
    "--gain",
    type=click.FloatRange(min=0),
    metavar="SD",
    default=0.0,
    about="Of 'best': how much better counts, in standard deviations of the problem's scores.",
)
STOPPING: list[Callable[[F], F]] = [
    option(
        "Stopping",
        "--until",
        type=click.Choice(["pass", "settled", "best"]),
        about="Draw a problem's samples until one passes, until the vote is settled, or until the "
        "rest will bring no better score (a MODEL); -n is then the most.",
    ),
    _BATCH,
    _CONFIDENCE,
    _GAIN,
]
SETTLED: list[Callable[[F], F]] = [
    option(
        "Stopping",
        "--until",
        type=click.Choice(["settled", "best"]),
        about="Ask until the vote is settled, or until the rest will bring no better score (a "
        "MODEL); -n is then the most.",
    ),
    _BATCH,
    _CONFIDENCE,
    _GAIN,
]
