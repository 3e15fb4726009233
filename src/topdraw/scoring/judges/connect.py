"""From a judge's options, as users write them, to a judge that can be asked.

Not here: reading "judge(model=...)" itself (`core.spec`), asking (`asked`).
Try it: `topdraw judge --help`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from topdraw.core.spec import read_options, read_spec
from topdraw.errors import ConfigError, DomainError
from topdraw.models.connect import connect
from topdraw.models.endpoint import Endpoint
from topdraw.models.retry import Retry
from topdraw.scoring.judges.asked import Judge
from topdraw.scoring.judges.prompts import Kind, Prompt, read_prompt

#: The name that a judge goes by among scorers and on the command line.
NAME = "judge"
#: Questions under way at once.
AT_ONCE = 32
_MOST_VOTES = 100
_NAMES = {"points": "rubric", "pair": "pair", "list": "list"}


@dataclass(frozen=True, slots=True)
class Options:
    """How a judge is asked.

    Attributes:
        model: its name on its server, or a model as `topdraw models` lists them.
        url: address of its server; "" for a model that is no server.
        prompt: a shipped prompt or a file that ends in .toml; "" for the usual one.
        votes: replies to each question, whose verdicts are averaged.
        temperature: of the replies; below 0 for 0 with one vote and 1 with several.
        logprobs: whether to weigh verdicts by the probabilities of their tokens.
        api_key_env: environment variable with the key; "" for OPENAI_API_KEY.
        seed: of the replies.
    """

    model: str
    url: str = ""
    prompt: str = ""
    votes: int = 1
    temperature: float = -1.0
    logprobs: bool = True
    api_key_env: str = ""
    seed: int = 0


def read_judge_spec(spec: str) -> Options:
    """The options of "judge(model=NAME, url=URL)".

    Raises:
        ConfigError: when it is none, or an option is none of a judge's.
    """
    found = read_spec(spec)
    if found is None or found.name != NAME:
        raise ConfigError(
            f"{spec!r} is no judge.", hint="Write judge(model=NAME, url=http://localhost:8000/v1)."
        )
    given = read_options("the judge", _options, found.text)
    if "model" not in given:
        raise ConfigError("The judge needs model.", hint="Write judge(model=NAME, url=URL).")
    return Options(**given)  # type: ignore[arg-type]  # their types were checked


def _options(
    *,
    model: str,
    url: str = "",
    prompt: str = "",
    votes: int = 1,
    temperature: float = -1.0,
    logprobs: bool = True,
    api_key_env: str = "",
    seed: int = 0,
) -> None:
    """Declares what may be given."""


def connect_judge(
    options: Options, kind: Kind, *, usual: str = "", at_once: int = AT_ONCE
) -> Judge:
    """A judge, ready to be asked.

    Args:
        options: how.
        kind: of its verdicts.
        usual: name of the prompt when the options name none; "" for that of the kind.
        at_once: questions under way at its server.

    Raises:
        ConfigError: when there is no such prompt, or it is of another kind.
        DomainError: when votes is out of its range.
        InputError: when there is no such model.
    """
    if not 1 <= options.votes <= _MOST_VOTES:
        raise DomainError(f"votes is {options.votes}; it must be 1 to {_MOST_VOTES}.")
    prompt = prompt_of(options, kind, usual)
    if options.url:
        model = connect(
            options.url,
            model=options.model,
            api_key_env=options.api_key_env or None,
            chunk=options.votes,
            concurrency=at_once,
            retry=Retry(),
        )
        if isinstance(model, Endpoint) and model.api != "chat":
            raise ConfigError("A judge is asked by chat; this address is of the other route.")
    else:
        model = connect(options.model)
    temperature = options.temperature
    if temperature < 0:
        temperature = 0.0 if options.votes == 1 else 1.0
    return Judge(
        model,
        options.model,
        prompt,
        votes=options.votes,
        temperature=temperature,
        logprobs=options.logprobs,
        seed=options.seed,
    )


def prompt_of(options: Options, kind: Kind, usual: str = "") -> Prompt:
    """The prompt that the options name; see `connect_judge`."""
    return read_prompt(options.prompt or usual or _NAMES[kind], kind)


def label(options: Options, kind: Kind, usual: str = "") -> str:
    """The name of a judge's verdicts: its model, and what is unusual about how it is asked.

    Examples:
        >>> label(Options("org/llama-70b", votes=5), "points")
        'judge-llama-70b-5-votes'
    """
    prompt, usual = prompt_of(options, kind, usual), usual or "rubric"
    parts = [NAME, options.model.rstrip("/").rpartition("/")[2]]
    parts += [prompt.name] if prompt.name != usual else []
    parts += [f"{options.votes}-votes"] if options.votes > 1 else []
    plain = [
        "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in p) for p in parts
    ]
    return "-".join(plain)[:100]


def source(options: Options, prompt: Prompt) -> str:
    """What tells a judge from another: a digest of its prompt and settings, and its model's name.

    The address is not part of it: a judge goes on at another host.
    """
    told: Mapping[str, object] = {
        "prompt": prompt.digest,
        "votes": options.votes,
        "temperature": options.temperature,
        "logprobs": options.logprobs,
        "seed": options.seed,
    }
    return f"{hashlib.sha256(repr(told).encode()).hexdigest()[:12]} {options.model}"
