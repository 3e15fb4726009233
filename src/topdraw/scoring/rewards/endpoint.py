"""The scorer `score_endpoint`: a reward model behind HTTP, on vLLM or text-embeddings-inference.

Not here: requests (`server`), their bodies and replies (`replies`).
Try it: `topdraw score RUN --with "score_endpoint(url=http://localhost:8000, model=NAME)"`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.scoring.rewards.conversation import messages_of, readable
from topdraw.scoring.rewards.naming import ASIDE, score_name
from topdraw.scoring.rewards.replies import Said, Style
from topdraw.scoring.rewards.server import server_of
from topdraw.scoring.rewards.steps import Reduce, reduced, split_steps
from topdraw.scoring.rewards.values import as_note, real, rounded

# A server that rewards every token says thousands of numbers; the note holds the first.
_NOTED = 200


@scorer("score_endpoint")
async def score_endpoint(
    problem: Problem,
    samples: Sequence[Sample],
    /,
    *,
    url: str,
    model: str = "",
    style: Style = "classify",
    label: str = "",
    reduce: Reduce = "last",
    split: str = "",
    tag: str = "",
    truncate: bool = False,
    batch_size: int = 32,
    concurrency: int = 16,
    key_env: str = "",
) -> list[Score]:
    """What a reward model on a server thinks of each output.

    Args:
        problem: its messages, else its prompt, are sent; by some styles the last one alone.
        samples: their outputs are sent, equal ones once.
        url: of the server: "http://localhost:8000".
        model: its name there; may be "" where the server has only one.
        style: "classify" (vLLM, sequence classifiers; the server applies its chat template),
            "pooling" (vLLM, any reward model; of a process reward model each step), "score" (vLLM,
            cross-encoders), "predict" or "rerank" (text-embeddings-inference).
        label: which label is the value, a name or a number from 0, where there are several; "" for
            the second less the first of two.
        reduce: of pooling, one value of those of steps or tokens: last, min, mean, prod, log_prod.
            The last two take the values as probabilities.
        split: of pooling: what separates steps; "" leaves the output as it is.
        tag: of pooling: what is put behind each step, as "<extra_0>".
        truncate: of predict and rerank: let the server cut long texts. It does not say which.
        batch_size: most outputs in one request, where a request may hold several.
        concurrency: most requests at once.
        key_env: environment variable that holds the key; "" for no key.

    Returns:
        Values, no verdict and no answer; of steps with a note that holds them. Missing, with the
        reason, for each text that the server refused or gave no finite number for; one refused
        text costs no other. How much a score depends on what else the server computes at the time
        is the server's affair.

    Raises:
        ConfigError: when it is no address, the key is not there, or the server refuses every
            request or never answered.
        DomainError: when batch_size or concurrency is below 1.

    References:
        vLLM's pooling APIs; text-embeddings-inference's openapi.json.
    """
    server = server_of(url, model, style, key_env, batch_size, concurrency)
    turns = messages_of(problem)
    texts = {sample.output: _tagged(readable(sample.output), split, tag) for sample in samples}
    sent = list(dict.fromkeys(texts.values()))
    said = dict(zip(sent, await server.ask(turns, sent, label, truncate=truncate), strict=True))
    note = "the server may have cut it" if truncate and style in ("predict", "rerank") else ""
    return [_score(said[texts[sample.output]], reduce, note) for sample in samples]


score_endpoint.named = functools.partial(score_name, "score_endpoint")  # type: ignore[attr-defined]  # functions take attributes
score_endpoint.aside = ASIDE  # type: ignore[attr-defined]  # likewise


def _tagged(output: str, split: str, tag: str) -> str:
    if not (split or tag):
        return output
    return "".join(step + tag for step in split_steps(output, split))


def _score(said: Said, how: Reduce, note: str) -> Score:
    if said.why:
        return Score.missing(said.why)
    if len(said.values) == 1:
        return real(said.values[0], note)
    steps: dict[str, Json] = {"steps": [rounded(value) for value in said.values[:_NOTED]]}
    if len(said.values) > _NOTED:
        steps["of"] = len(said.values)
    return real(_of_steps(said.values, how), as_note(steps, note))


def _of_steps(values: Sequence[float], how: Reduce) -> float:
    """As `steps.reduced`, of values that need not be probabilities where that is no matter."""
    if how == "last":
        return values[-1]
    if how == "min":
        return min(values)
    if how == "mean":
        return math.fsum(values) / len(values)
    if any(not 0 <= value <= 1 for value in values):
        return math.nan
    return reduced([math.log(value) if value else -math.inf for value in values], how)
