"""What score servers are asked and answer, by style: bodies of requests, values in replies.

classify, score, pooling: vLLM (0.19), of a sequence classifier, a
cross-encoder, and any reward model; predict, rerank: text-embeddings-inference (1.7).
Not here: sending (`server`).
Try it: `python -m pytest tests/scoring/rewards/test_replies.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from topdraw.core.records import Json
from topdraw.scoring.rewards.conversation import Message

Style: TypeAlias = Literal["classify", "score", "pooling", "predict", "rerank"]

#: Styles whose requests hold one text each; the server puts the texts of many requests together.
SINGLE: frozenset[Style] = frozenset({"classify", "pooling"})


class Said(NamedTuple):
    """What a server said of one text.

    Attributes:
        values: of the steps, one when there are none; () when there is no usable value.
        why: there is none; "" when there is.
    """

    values: tuple[float, ...]
    why: str = ""


def body_of(
    style: Style,
    model: str,
    turns: Sequence[Message],
    outputs: Sequence[str],
    *,
    truncate: bool,
) -> dict[str, Json]:
    """The body of a request.

    Args:
        style: of the server.
        model: its name there; "" leaves it out.
        turns: before the outputs.
        outputs: one for the styles in `SINGLE`, else some.
        truncate: whether text-embeddings-inference may cut what is too long, without saying so.
    """
    prompt = str(turns[-1]["content"])
    body: dict[str, Json] = {"model": model} if model else {}
    if style in SINGLE:
        answer: Json = {"role": "assistant", "content": outputs[0]}
        body["messages"] = [*(dict(turn) for turn in turns), answer]
        # The raw value; a sigmoid of it would make large ones equal.
        return body | {"use_activation": False} if style == "classify" else body
    if style == "score":
        return body | {"text_1": prompt, "text_2": list(outputs), "use_activation": False}
    cut: dict[str, Json] = {"raw_scores": True, "truncate": truncate}
    if style == "predict":
        return body | cut | {"inputs": [[prompt, output] for output in outputs]}
    return body | cut | {"query": prompt, "texts": list(outputs)}


def read_body(style: Style, payload: Json, n: int, label: str) -> list[Said]:
    """What a reply says of each of n texts, in the order in which they were sent.

    Args:
        style: of the server.
        payload: the decoded body.
        n: texts that were sent.
        label: which of several labels is the value: its name, or a number from 0; "" for the second
            less the first of two.
    """
    if style == "predict":
        rows = payload if isinstance(payload, list) else []
        # One text may come without the outer list.
        if n == 1 and rows and isinstance(rows[0], dict):
            rows = [rows]
        found = {at: _of_labels(row, label) for at, row in enumerate(rows)}
    else:
        found = {at: _of_item(style, item, label) for at, item in _items(payload) if at is not None}
    return [found.get(at, Said((), "the server said nothing of it")) for at in range(n)]


def _items(payload: Json) -> list[tuple[int | None, dict[str, Json]]]:
    """The entries of a reply and which text each is about."""
    listed: Json = payload
    if isinstance(payload, dict):
        listed = payload.get("data", payload.get("results"))
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return [(_whole(item.get("index")), item) for item in items]


def _whole(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _of_item(style: Style, item: dict[str, Json], label: str) -> Said:
    if style == "classify":
        return _of_row(item.get("probs"), label)
    if style == "pooling":
        return _of_steps(item.get("data"), label)
    return _of_row([item.get("score", item.get("relevance_score"))], label)


def _of_steps(data: Json, label: str) -> Said:
    """A number, a row of numbers, or a row for each step or token."""
    rows: list[Json] = data if isinstance(data, list) else [data]
    if not rows or not all(isinstance(row, list) for row in rows):
        return _of_row(rows, label)
    steps = [_of_row(row, label, steps=True) for row in rows]
    bad = next((step for step in steps if step.why), None)
    return bad or Said(tuple(step.values[0] for step in steps))


def _of_row(row: Json, label: str, *, steps: bool = False) -> Said:
    numbers = [_number(one) for one in row] if isinstance(row, list) else []
    if not numbers or not all(math.isfinite(one) for one in numbers):
        return Said((), f"the server gave {str(row)[:60]}")
    if label:
        at = int(label) if label.isdecimal() else len(numbers)
        if at >= len(numbers):
            return Said((), f"the server gave {len(numbers)} labels without names, no {label!r}")
        return Said((numbers[at],))
    if len(numbers) == 1:
        return Said((numbers[0],))
    if len(numbers) == 2:
        # The two probabilities of a step are normalised; two logits are not.
        return Said((numbers[1] if steps else numbers[1] - numbers[0],))
    return Said((), f"the server gave {len(numbers)} labels; say which one: label=...")


def _of_labels(row: Json, label: str) -> Said:
    """Scores with the names of their labels, largest first."""
    entries = [one for one in row if isinstance(one, dict)] if isinstance(row, list) else []
    named = {str(one.get("label")): _number(one.get("score")) for one in entries}
    if label and not label.isdecimal():
        if label not in named:
            return Said((), f"the server gave no label {label!r}, but {', '.join(named) or 'none'}")
        return _of_row([named[label]], "")
    return _of_row([named[name] for name in sorted(named, key=_order)], label)


def _order(name: str) -> tuple[int, str]:
    number = name.rpartition("_")[2]
    return (int(number) if number.isdecimal() else 0, name)


def _number(value: Json) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if fits else math.nan  # type: ignore[arg-type]  # told apart by `fits`
