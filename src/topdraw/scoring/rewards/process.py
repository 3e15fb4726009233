"""The scorer `process_reward`: a network says of each step of an output whether it is good.

Not here: the network (`stepwise`), where steps stand (`layout`), and one value of all (`steps`).
Try it: `topdraw score RUN --with "process_reward(model=FOLDER, reduce=min)"`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Literal, cast

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.checkpoint import Checkpoint, Where
from topdraw.scoring.rewards.conversation import Cut, Reader, messages_of
from topdraw.scoring.rewards.kept import kept
from topdraw.scoring.rewards.layout import Layout
from topdraw.scoring.rewards.naming import ASIDE, score_name
from topdraw.scoring.rewards.passes import Failed
from topdraw.scoring.rewards.steps import Reduce, reduced, split_steps
from topdraw.scoring.rewards.stepwise import TAGS, Stepwise, family_of
from topdraw.scoring.rewards.values import as_note, real, rounded


@scorer("process_reward")
def score_process_reward(
    problem: Problem,
    samples: Sequence[Sample],
    /,
    *,
    model: str,
    reduce: Reduce = "last",
    split: str = "\n\n",
    layout: Literal["", "pieces", "text", "chat", "turns"] = "",
    tag: str = "",
    good: str = "+",
    bad: str = "-",
    system: str = "",
    max_length: int | None = None,
    cut: Cut = "right",
    batch_size: int | None = None,
    device: str = "",
    dtype: str = "",
    attention: str = "",
    revision: str = "",
    trust_remote_code: bool = False,
) -> list[Score]:
    """How good a process reward model finds the steps of each output.

    The kind of checkpoint is seen from its tensors: a token classifier (TRL), a value head
    (Skywork), two layers (Qwen2.5-Math-PRM), else a language model that answers each step by `good`
    or `bad`: as turns where it has a chat template (RLHFlow), else behind tags (Math-Shepherd).

    Args:
        problem: its prompt or messages are read.
        samples: their outputs are read. A score depends on its own output alone, to the last bit.
        model: a folder or a name on the hub.
        reduce: last, min, mean or prod of the probabilities that the steps are good, or log_prod,
            the logarithm of their product. A NaN or an infinite log_prod is missing.
        split: what separates steps in an output; blank steps do not count.
        layout: see `scoring.rewards.layout`; "" for that of the kind.
        tag: what stands behind each step; "" for that of the kind.
        good: the word for a good step, of language models; its last token counts.
        bad: likewise for a bad one.
        system: a system turn before all others, when the problem has none; "" for none.
        max_length: as of `reward_model`.
        cut: likewise; a note says how many steps were read.
        batch_size: likewise.
        device: likewise.
        dtype: likewise.
        attention: likewise.
        revision: likewise.
        trust_remote_code: likewise; none of the kinds above needs it.

    Returns:
        Values, no verdict and no answer; the note holds the probability of each step, as JSON.

    Raises:
        ConfigError: when the checkpoint cannot be loaded or has no such head.
        MissingPackage: without the extra "hf".

    References:
        Lightman et al. 2023 (arXiv 2305.20050); Wang et al. 2023 (arXiv 2312.08935).
    """
    where = Where(model, revision, device, dtype, attention, trust_remote_code)
    loaded = _loaded(where, layout, tag, good, bad, max_length, cut, batch_size)
    turns = messages_of(problem)
    if system and turns[0]["role"] != "system":
        turns = [{"role": "system", "content": system}, *turns]
    steps = [split_steps(sample.output, split) for sample in samples]
    tokens = [loaded.read(turns, each) for each in steps]
    results = loaded.passes(tokens)
    return [
        _score(result, reduce, len(each), one.note)
        for result, each, one in zip(results, steps, tokens, strict=True)
    ]


score_process_reward.named = functools.partial(score_name, "process_reward")  # type: ignore[attr-defined]  # functions take attributes
score_process_reward.aside = ASIDE  # type: ignore[attr-defined]  # likewise


def _score(result: object, how: Reduce, steps: int, note: str) -> Score:
    if isinstance(result, Failed):
        return Score.missing(result.reason)
    logs = cast("list[float]", result)
    said: dict[str, Json] = {"steps": [rounded(math.exp(one)) for one in logs]}
    if len(logs) < steps:
        said["read"] = f"{len(logs)} of {steps} steps"
    return real(reduced(logs, how), as_note(said, note))


@kept
def _loaded(
    where: Where,
    layout: Layout | Literal[""],
    tag: str,
    good: str,
    bad: str,
    max_length: int | None,
    cut: Cut,
    batch_size: int | None,
) -> Stepwise:
    checkpoint = Checkpoint(where)
    family = family_of(checkpoint)
    family = family._replace(layout=layout or family.layout)
    family = family._replace(tag=tag or TAGS[family.layout] if layout else tag or family.tag)
    if family.layout in ("text", "chat") and not family.tag.strip():
        raise ConfigError(f"The layout {family.layout!r} needs a tag that is no white space.")
    reader = Reader(
        checkpoint.tokenizer,
        where.model,
        longest=checkpoint.longest,
        max_length=max_length,
        cut=cut,
    )
    return Stepwise(checkpoint, reader, family, good, bad, batch_size)
