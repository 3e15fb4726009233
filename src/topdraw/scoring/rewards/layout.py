r"""Where the steps of an output stand in what a process reward model reads, by family.

pieces: BOS, prompt and a line end, then each step and a tag, tokenized piece by piece, as the data
of TRL's PRM trainer and Skywork's PRM are; text: prompt and steps with tags behind them as one text
(Math-Shepherd); chat: such steps as the assistant's turn (Qwen2.5-Math-PRM); turns: each step a
user's turn that the assistant answers by "+" (RLHFlow). What is read is the state at the last token
of a tag; of turns, the one before the answer.
Not here: the network (`process`).
Try it: `python -m pytest tests/scoring/rewards/test_layout.py`.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from topdraw.scoring.rewards.conversation import Message, Reader, Tokens, readable

Layout: TypeAlias = Literal["pieces", "text", "chat", "turns"]


@dataclass(frozen=True, slots=True)
class _Placed:
    """Tokens and which of them are read."""

    ids: list[int]
    places: list[int]
    refused: str = ""


def lay_out(
    reader: Reader,
    layout: Layout,
    turns: Sequence[Message],
    steps: Sequence[str],
    *,
    tag: str,
    good: str,
) -> Tokens:
    """The tokens of a problem and the steps of an output.

    Args:
        reader: makes tokens.
        layout: the family.
        turns: before the output.
        steps: of the output, at least one.
        tag: what stands behind each step, when the layout is not turns.
        good: the assistant's answer to a good step, when it is.

    Returns:
        Their `places` are those of the steps that fit, in order. Refused when none fits,
        or when the output could forge a turn.
    """
    clean = [readable(step) for step in steps]
    if layout != "pieces" and any(reader.forges(step) for step in clean):
        return Tokens((), refused="the output spells a control token")
    placed = _LAYOUTS[layout](reader, turns, clean, good if layout == "turns" else tag)
    if placed.refused:
        return Tokens((), refused=placed.refused)
    tokens = reader.shortened(placed.ids)
    if tokens.refused:
        return tokens
    lost = len(placed.ids) - len(tokens.ids) if reader.cut == "left" else 0
    places = tuple(p - lost for p in placed.places if 0 <= p - lost < len(tokens.ids))
    if not places:
        return Tokens((), refused=f"no step ends within {len(tokens.ids)} tokens")
    return Tokens(tokens.ids, places=places, note=tokens.note)


def _pieces(reader: Reader, turns: Sequence[Message], steps: Sequence[str], tag: str) -> _Placed:
    bos = reader.tokenizer.bos_token_id
    prompt = "\n".join(str(turn["content"]) for turn in turns)
    ids = [*([] if bos is None else [bos]), *reader.ids(prompt + "\n")]
    behind, places = reader.ids(tag), []
    for step in steps:
        ids += [*reader.ids(step, plain=reader.forges(step)), *behind]
        places.append(len(ids) - 1)
    return _Placed(ids, places)


def _tagged(steps: Sequence[str], tag: str) -> tuple[str, list[int]]:
    """The steps with their tags, and where each tag ends."""
    text, ends = "", []
    for step in steps:
        text += step + tag
        ends.append(len(text.rstrip()))
    return text.rstrip(), ends


def _text(reader: Reader, turns: Sequence[Message], steps: Sequence[str], tag: str) -> _Placed:
    prompt = "\n".join(str(turn["content"]) for turn in turns)
    text, ends = _tagged(steps, tag)
    before = f"{prompt} "
    return _found(reader, before + text, [len(before) + end for end in ends], special=True)


def _chat(reader: Reader, turns: Sequence[Message], steps: Sequence[str], tag: str) -> _Placed:
    text, ends = _tagged(steps, tag)
    rendered, refused = reader.render([*turns, {"role": "assistant", "content": text}])
    start = rendered.rfind(text)
    if start < 0:  # many templates trim what people say
        trimmed = text.lstrip()
        start = rendered.rfind(trimmed) - (len(text) - len(trimmed))
    if refused or start < 0:
        return _Placed([], [], refused or "the chat template changes the output")
    return _found(reader, rendered, [start + end for end in ends])


def _turns(reader: Reader, turns: Sequence[Message], steps: Sequence[str], good: str) -> _Placed:
    texts = [f"{turns[-1]['content']} {steps[0]}", *steps[1:]]
    asked = list(turns[:-1])
    for text in texts:
        asked += [{"role": "user", "content": text}, {"role": "assistant", "content": good}]
    rendered, refused = reader.render(asked)
    cursor, ends = 0, []
    for text in texts:
        start = rendered.find(text.strip(), cursor)
        answer = rendered.find(good, start + len(text.strip())) if start >= 0 else -1
        if answer < 0:
            return _Placed([], [], refused or "the chat template changes the output")
        cursor = answer + len(good)
        ends.append(cursor)
    placed = _found(reader, rendered, ends)
    # The answer is predicted by the token before it.
    width = len(reader.ids(good))
    return _Placed(placed.ids, [place - width for place in placed.places], placed.refused)


def _found(reader: Reader, text: str, ends: Sequence[int], *, special: bool = False) -> _Placed:
    """The tokens of a text, and which of them hold the characters before these ends."""
    found = reader.tokenizer(
        text, add_special_tokens=special, return_offsets_mapping=True, verbose=False
    )
    ids, spans = list(found["input_ids"]), [tuple(span) for span in found["offset_mapping"]]
    # Tokens that the tokenizer adds have the span (0, 0).
    real = [at for at, (start, end) in enumerate(spans) if end > start]
    starts = [spans[at][0] for at in real]
    places = [real[bisect.bisect_left(starts, end) - 1] for end in ends]
    return _Placed(ids, places)


_LAYOUTS: Mapping[Layout, Callable[[Reader, Sequence[Message], Sequence[str], str], _Placed]] = {
    "pieces": _pieces,
    "text": _text,
    "chat": _chat,
    "turns": _turns,
}
