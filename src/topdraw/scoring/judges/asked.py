"""Asking a judge: one request for its replies, once more with a reminder when they say nothing.

Not here: what is asked (`fence`, `prompts`) and what a reply says (`verdicts`, `likelihood`).
Try it: `python -m pytest tests/scoring/judges/test_asked.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Json, Sample
from topdraw.core.seeds import sample_seed
from topdraw.errors import EndpointError
from topdraw.models.given import Given
from topdraw.models.retry import Refused
from topdraw.scoring.judges.paying import Withheld
from topdraw.scoring.judges.prompts import Prompt

V = TypeVar("V")

_ABOUT_THE_PROMPT = (400, 413, 422)
_HOPELESS = (401, 402, 403, 404)
# So many requests in a row without an answer: the judge is gone, not unlucky.
_GONE = 20
_TOP = (20, 5, 0)
_REFUSALS = ("content_filter", "refusal")


@dataclass(frozen=True, slots=True)
class Unread:
    """A reply without a verdict.

    Attributes:
        reason: why, in words.
        again: whether asking again with a reminder may help.
    """

    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Said(Generic[V]):
    """What a judge said in all its votes.

    Attributes:
        verdicts: those that could be read.
        unread: the others.
    """

    verdicts: tuple[V, ...]
    unread: tuple[Unread, ...]

    @property
    def reason(self) -> str:
        """Why there is no verdict."""
        return self.unread[0].reason if self.unread else "the judge said nothing"


#: A verdict out of a reply.
Read = Callable[[Sample], "V | Unread"]


class Judge:
    """A model that is asked for verdicts.

    Args:
        model: who judges.
        name: of it on its server.
        prompt: what it is asked.
        votes: replies to each question, >= 1.
        temperature: of them.
        logprobs: whether to ask for the probabilities of tokens.
        seed: of the replies.
    """

    def __init__(
        self,
        model: Model,
        name: str,
        prompt: Prompt,
        *,
        votes: int = 1,
        temperature: float = 0.0,
        logprobs: bool = True,
        seed: int = 0,
    ) -> None:
        self.model, self.name, self.prompt = model, name, prompt
        self.votes = votes
        self._decoding = Decoding(temperature=temperature, max_tokens=prompt.max_tokens)
        self._seed = seed
        self._manners = _Manners(0 if logprobs else len(_TOP) - 1)
        self._failures = 0
        self._worked = False

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        close = getattr(self.model, "aclose", None)
        if close is not None:
            await close()

    async def ask(self, problem_id: str, text: str, read: Read[V]) -> Said[V]:
        """The verdicts on one question.

        Args:
            problem_id: of the problem that it is about, for the bill.
            text: the prompt.
            read: a verdict out of a reply.

        Raises:
            Halted: when the meter forbids a request.
            Refused: when the judge will answer no question at all.
            EndpointError: when it did not answer this one.
        """
        said = await self._asked(problem_id, text, read)
        if not said.verdicts and any(one.again for one in said.unread):
            again = f"{text}\n\n{self.prompt.reminder}"
            said = await self._asked(problem_id, again, read)
        return said

    async def _asked(self, problem_id: str, text: str, read: Read[V]) -> Said[V]:
        with Withheld() as bill:
            replies = await self._replies(problem_id, text)
            found = [_checked(reply, read) for reply in replies]
            unread = tuple(one for one in found if isinstance(one, Unread))
            bill.bought = len(unread) < len(found)
        return Said(tuple(one for one in found if not isinstance(one, Unread)), unread)

    async def _replies(self, problem_id: str, text: str) -> list[Sample]:
        while True:
            tried = self._manners
            problem = Given(problem_id, text, body=self._body(text, tried))
            try:
                found = await self._drawn(problem)
            except Refused:
                raise
            except EndpointError as error:
                learned = tried.learned(error)
                if learned is None:
                    raise self._failed(error) from error
                self._manners = learned
                continue
            self._failures, self._worked = 0, True
            return found

    async def _drawn(self, problem: Given) -> list[Sample]:
        draw = self.model.generate(
            problem, tuple(range(self.votes)), decoding=self._decoding, seed=self._seed
        )
        found: list[Sample] = []
        try:
            async for sample in draw:
                found.append(sample)
        except EndpointError:
            if not found:
                raise
        finally:
            with contextlib.suppress(AttributeError):
                await draw.aclose()  # type: ignore[attr-defined]  # generators have it
        return found

    def _body(self, text: str, manners: _Manners) -> dict[str, Json]:
        body: dict[str, Json] = {
            "model": self.name,
            "messages": [{"role": "user", "content": text}],
            "temperature": self._decoding.temperature,
            manners.longest: self.prompt.max_tokens,
        }
        if self._decoding.temperature > 0:
            body["seed"] = sample_seed(self._seed, text, 0) % 2**31
        if _TOP[manners.top]:
            body |= {"logprobs": True, "top_logprobs": _TOP[manners.top]}
        return {name: value for name, value in body.items() if name not in manners.refused}

    def _failed(self, error: EndpointError) -> EndpointError:
        """The error to raise: the end of all asking, where the judge will never answer."""
        # A server that refuses some prompts is alive; one that has refused all so far is not ours.
        self._failures += not (self._worked and error.status in _ABOUT_THE_PROMPT)
        if error.status not in _HOPELESS and self._failures < _GONE:
            return error
        return Refused(
            f"The judge {self.name!r} does not answer: {error.message}",
            hint=error.hint or "What it has said so far is kept; the same command goes on.",
            status=error.status,
        )


@dataclass(frozen=True, slots=True)
class _Manners:
    """What the judge's server has turned out to take.

    Attributes:
        top: position in `_TOP`.
        longest: what it calls the longest reply.
        refused: fields that it does not want.
    """

    top: int = 0
    longest: str = "max_tokens"
    refused: frozenset[str] = frozenset()

    def learned(self, error: EndpointError) -> _Manners | None:
        """What to ask in place of what it refused; None when it refused something else."""
        if error.status not in (400, 422):
            return None
        said = f"{error.message} {error.said}".lower()
        if "logprobs" in said and _TOP[self.top]:
            return _Manners(self.top + 1, self.longest, self.refused)
        if "max_tokens" in said and self.longest == "max_tokens":
            return _Manners(self.top, "max_completion_tokens", self.refused)
        for field in ("temperature", "seed"):
            if field in said and field not in self.refused:
                return _Manners(self.top, self.longest, self.refused | {field})
        return None


def _checked(reply: Sample, read: Read[V]) -> V | Unread:
    if reply.finish_reason in _REFUSALS:
        return Unread(f"the judge refused: {_short(reply.output) or reply.finish_reason}")
    if not reply.output.strip():
        cut = reply.finish_reason == "length"
        return Unread("the judge's reply is empty" + (": cut off" if cut else ""), again=not cut)
    return read(reply)


def unreadable(reply: Sample, max_tokens: int) -> Unread:
    """Why a reply with text holds no verdict.

    Args:
        reply: of the judge.
        max_tokens: that it was given.
    """
    if reply.finish_reason == "length":
        return Unread(f"the judge's reply was cut off after {max_tokens:,} tokens")
    return Unread(f"no verdict in the judge's reply: {_short(reply.output)}", again=True)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 80 else f"{words[:40]} ... {words[-35:]}"
