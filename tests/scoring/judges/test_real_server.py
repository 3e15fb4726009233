"""Probabilities of tokens as a real server gives them: llama.cpp with the shipped model."""

from __future__ import annotations

import asyncio

import pytest
from tests.models.conftest import llama_server as llama_server

from topdraw.core.records import Sample
from topdraw.models.endpoint import connect_endpoint
from topdraw.scoring.judges.asked import Judge
from topdraw.scoring.judges.likelihood import expected_number, joined, tokens_of
from topdraw.scoring.judges.prompts import read_prompt
from topdraw.scoring.judges.verdicts import read_number

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("llama_server")]

QUESTION = "Tom has 2 books. He buys 5 more. How many books does Tom have now?"


def test_the_tokens_of_a_reply_and_their_others_are_read(llama_server: str) -> None:
    model = connect_endpoint(llama_server, model="builtin")
    seen: list[Sample] = []

    def read(reply: Sample) -> int:
        seen.append(reply)
        return 0

    async def main() -> None:
        judge = Judge(model, "builtin", read_prompt("rubric", "points"))
        try:
            await judge.ask("p", QUESTION, read)
        finally:
            await judge.aclose()

    asyncio.run(main())
    (reply,) = seen
    tokens = tokens_of(reply)
    assert joined(tokens).strip() == reply.output.strip()
    # Twenty were asked for; those that are no whole character share one text.
    assert all(len(token.chances) > 5 for token in tokens)
    assert max(len(token.chances) for token in tokens) >= 20
    assert all(0 < sum(token.chances.values()) <= 1.01 for token in tokens)
    # Greedy: what was said is the likeliest.
    assert all(token.chances[token.text] == max(token.chances.values()) for token in tokens)
    found = read_number(joined(tokens), "Rating")
    if found is not None:  # it answers with the number alone
        weighed = expected_number(tokens, found.at, found.text, 0, 9)
        assert weighed is not None
        assert weighed.mass > 0.5
