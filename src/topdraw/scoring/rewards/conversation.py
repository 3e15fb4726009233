"""From a problem and an output to the tokens that a reward model reads.

The rendered chat template is tokenized as it is, so a BOS that it holds is there once. Text of the
output that spells a control token is read as plain text: an output cannot forge a turn.
Not here: the network (`checkpoint`) and batches (`passes`).
Try it: `python -m pytest tests/scoring/rewards/test_conversation.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from topdraw.core.records import Json, Problem
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.checkpoint import Foreign
from topdraw.scoring.rewards.told import say_once

Cut: TypeAlias = Literal["right", "left", "missing"]
Message: TypeAlias = Mapping[str, Json]

#: Longer texts are cut unless the user says a larger max_length.
USUAL_LENGTH = 8192
# The tokenizer's way of saying that it knows no limit.
_NO_LIMIT = 10**9
_HERE = "TopdrawOutputHere"
_CUT = re.compile(r"cut (?:left|right): \d+ of \d+ tokens read")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a network reads of one sample.

    Attributes:
        ids: of the tokens.
        types: token types of two texts; () when the network has none.
        places: of tokens whose states matter, besides the last one; meant by who reads them.
        note: what was done to the text, for people; "" when nothing was.
        refused: why it cannot be read; "" when it can.
    """

    ids: tuple[int, ...]
    types: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    note: str = ""
    refused: str = ""


def messages_of(problem: Problem) -> list[Message]:
    """The turns before the answer: the problem's own messages, else its prompt as a user's turn.

    Args:
        problem: `metadata["messages"]` counts when each has a role and a text.

    Examples:
        >>> messages_of(Problem("1", "1+1="))
        [{'role': 'user', 'content': '1+1='}]
    """
    given = problem.metadata.get("messages")
    if isinstance(given, list) and given and all(_is_message(one) for one in given):
        return [
            {"role": one["role"], "content": readable(str(one["content"]))}
            for one in given
            if isinstance(one, dict)
        ]
    return [{"role": "user", "content": readable(problem.prompt)}]


def _is_message(one: Json) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(k), str) for k in ("role", "content"))


def readable(text: str) -> str:
    r"""A text that a tokenizer can read: lone surrogates become U+FFFD.

    Examples:
        >>> readable("a\ud800") == "a\ufffd"
        True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def was_cut(note: str) -> bool:
    """Whether a score's note says that its text was too long, and cut.

    Examples:
        >>> was_cut("cut right: 8192 of 9120 tokens read"), was_cut("cut the apple")
        (True, False)
    """
    return "cut " in note and _CUT.search(note) is not None


class Reader:
    """Makes tokens of texts.

    Args:
        tokenizer: of the checkpoint.
        model: its name, for people.
        longest: most tokens that the network reads; 0 when it does not say.
        max_length: most tokens to read; None for those that the checkpoint allows, at most 8192.
        cut: what becomes of longer ones: the right or the left end is cut off, or no score is made.

    Raises:
        ConfigError: when max_length is below 1 or above what the network reads.
    """

    def __init__(
        self,
        tokenizer: Foreign,
        model: str,
        *,
        longest: int = 0,
        max_length: int | None = None,
        cut: Cut = "right",
    ) -> None:
        self.tokenizer, self.model, self.cut = tokenizer, model, cut
        limits = [n for n in (int(tokenizer.model_max_length), longest) if 0 < n < _NO_LIMIT]
        most = min(limits, default=_NO_LIMIT)
        if max_length is not None and not 1 <= max_length <= (longest or _NO_LIMIT):
            raise ConfigError(
                f"max_length is {max_length}; {model!r} reads 1 to {longest or 'any number of'} "
                "tokens."
            )
        self.max_length = max_length or min(most, USUAL_LENGTH)
        self._control = _control_tokens(tokenizer)

    def conversation(self, messages: Sequence[Message], output: str) -> Tokens:
        """The tokens of the turns and the output as the assistant's turn.

        Without a chat template the last turn and the output are given as a pair of texts where the
        tokenizer has a separator for them, else one after the other with an empty line between.

        Args:
            messages: the turns before it.
            output: the text.
        """
        text = readable(output)
        if not self.tokenizer.chat_template:
            return self._without_template(str(messages[-1]["content"]), text)
        forged = self.forges(text)
        turns = [*messages, {"role": "assistant", "content": _HERE if forged else text}]
        rendered, refused = self.render(turns)
        if refused:
            return Tokens((), refused=refused)
        if not forged:
            return self.shortened(self.ids(rendered))
        before, here, after = rendered.partition(_HERE)
        if not here:
            return Tokens((), refused="the chat template changes the output")
        ids = [*self.ids(before), *self.ids(text, plain=True), *self.ids(after)]
        return self.shortened(ids, note="control tokens read as text")

    def _without_template(self, prompt: str, output: str) -> Tokens:
        tokenizer = self.tokenizer
        both, one = (tokenizer.num_special_tokens_to_add(pair=pair) for pair in (True, False))
        say_once(self.model, "it has no chat template; it reads the prompt and the output alone.")
        plain = self.forges(output)
        note = "control tokens read as text" if plain else ""
        if both > one:
            found = tokenizer(prompt, output, split_special_tokens=plain, verbose=False)
            types = tuple(found["token_type_ids"]) if "token_type_ids" in found else ()
            return self.shortened(found["input_ids"], types=types, note=note)
        found = tokenizer(f"{prompt}\n\n{output}", split_special_tokens=plain, verbose=False)
        return self.shortened(found["input_ids"], note=note)

    def render(self, turns: Sequence[Message], *, open_end: bool = False) -> tuple[str, str]:
        """The text of some turns, and why there is none.

        Args:
            turns: of the conversation.
            open_end: whether the header of the next, the assistant's turn follows.
        """
        from jinja2 import TemplateError

        try:
            text: str = self.tokenizer.apply_chat_template(
                list(turns), tokenize=False, add_generation_prompt=open_end
            )
        except (TemplateError, TypeError, ValueError, KeyError) as error:
            return "", f"the chat template refuses the conversation: {str(error)[:200]}"
        return text, ""

    def ids(self, text: str, *, plain: bool = False) -> list[int]:
        """The tokens of a text, nothing added.

        Args:
            text: without lone surrogates.
            plain: whether what spells a control token is text.
        """
        found = self.tokenizer(
            text, add_special_tokens=False, split_special_tokens=plain, verbose=False
        )
        return list(found["input_ids"])

    def forges(self, text: str) -> bool:
        """Whether a text spells a control token."""
        return any(token in text for token in self._control)

    def shortened(self, ids: Sequence[int], *, types: Sequence[int] = (), note: str = "") -> Tokens:
        """The tokens that fit, with a note on those that do not.

        Args:
            ids: of all tokens.
            types: of all tokens; () for none.
            note: what there is to say already.
        """
        most = self.max_length
        if len(ids) <= most:
            return Tokens(tuple(ids), tuple(types), note=note)
        if self.cut == "missing":
            return Tokens((), refused=f"{len(ids)} tokens; it reads at most {most}")
        kept = slice(None, most) if self.cut == "right" else slice(-most, None)
        say_once(self.model, f"some texts are longer than {most} tokens; see their notes.")
        said = f"cut {self.cut}: {most} of {len(ids)} tokens read"
        note = f"{note}; {said}" if note else said
        return Tokens(tuple(ids[kept]), tuple(types[kept]), note=note)


def _control_tokens(tokenizer: Foreign) -> tuple[str, ...]:
    added = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
    return tuple(dict.fromkeys(t for t in [*added, *tokenizer.all_special_tokens] if t))
