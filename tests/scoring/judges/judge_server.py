"""A scripted judge: a real HTTP server whose replies are a function of what it is asked.

Not here: expectations. Try it: `python -m pytest tests/scoring/judges`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.models.scripted_server import Fault, Script, ScriptedServer

from topdraw.models.retry import Retry

QUICK = Retry(2, base_seconds=0.001, cap_seconds=0.002, dead_after_seconds=0.001)


@dataclass(frozen=True)
class Reply:
    """What the judge says: its text, why it ended, chances of tokens in place of one."""

    text: str
    finish: str = "stop"
    word: str = ""
    chances: Mapping[str, float] | None = None


Answer = Callable[[str], Reply | Fault | str]


def tokens_of(reply: Reply) -> list[dict[str, Any]]:
    """A token a word, as servers show them, with the chances of one of them."""
    found = []
    for text in re.findall(r"\s*\w+|[^\w]", reply.text):
        top = [{"token": text, "logprob": -0.01}]
        logprob = -0.01
        if reply.chances and text.strip() == reply.word:
            top = [
                {"token": word, "logprob": math.log(chance)}
                for word, chance in reply.chances.items()
            ]
            logprob = math.log(reply.chances.get(text, reply.chances.get(text.strip(), 1e-9)))
        found.append({"token": text, "logprob": logprob, "top_logprobs": top})
    return found


def saying(answer: Answer) -> Script:
    """The script of a judge that answers by what stands in the prompt."""

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        said = answer(body["messages"][0]["content"])
        if isinstance(said, Fault):
            return said
        reply = Reply(said) if isinstance(said, str) else said
        logprobs = {"content": tokens_of(reply)} if body.get("logprobs") else None
        choice = {
            "message": {"role": "assistant", "content": reply.text},
            "finish_reason": reply.finish,
            "logprobs": logprobs,
        }
        return Fault("choices", choices=[choice | {"index": i} for i in range(body.get("n", 1))])

    return script


def judge_server(answer: Answer, *, cancels: bool = False) -> ScriptedServer:
    return ScriptedServer(saying(answer), models=("j",), cancels=cancels)


def shown(prompt: str) -> list[str]:
    """The outputs in a judge's prompt, in the order shown."""
    return re.findall(r"\[BEGIN ANSWER[^\]]*\]\n(.*?)\n\[END ANSWER", prompt, re.S)
