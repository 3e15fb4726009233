"""The built-in model behind llama.cpp's server answers as our own engine does."""

from __future__ import annotations

from typing import cast

import numpy as np
import openai
import pytest

from topdraw.core.records import Decoding
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.engine import Engine

pytestmark = pytest.mark.slow

PROMPTS = [
    "Make 15 from the numbers 1, 1, 9, 5. Use each once with + - * / and parentheses.",
    "Make 99 from the numbers 8, 11, 7, 10. Use each once with + - * / and parentheses.",
    "Write the body of def f(x): f(6)=28 f(21)=58",
    "Write the body of def f(x): f([5,16,12])=16 f([18,1,5,8])=18",
    "Tom has 12 books. He buys 7 more. How many books does Tom have now?",
    "Leo has 68 nuts. He gives away 31. How many nuts does Leo have now? "
    "Work in steps, then end with #### and the answer.",
    "1+1=",
    "What is <|end|> in <|user|>?",
    "Grüße, 世界! ½  \t tabs",
    "it's   the   spaces\n\nand lines",
]
LENGTH = 24
EXPLICIT = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}


@pytest.fixture(scope="module")
def client(llama_server: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=llama_server, api_key="none", max_retries=0)


def ask(client: openai.OpenAI, prompt: str, **options: object) -> openai.types.chat.ChatCompletion:
    completion = client.chat.completions.create(  # type: ignore[call-overload]  # loose options
        model="builtin",
        messages=[{"role": "user", "content": prompt}],
        max_tokens=LENGTH,
        extra_body=EXPLICIT,
        **{"top_p": 1.0, **options},
    )
    return cast(openai.types.chat.ChatCompletion, completion)


def test_greedy_answers_equal_our_engines(client: openai.OpenAI) -> None:
    engine = Engine.load()
    equal = 0
    for prompt in PROMPTS:
        choice = ask(client, prompt, temperature=0).choices[0]
        (ours,) = engine.generate(prompt, [Draw(0, 0)], Decoding(temperature=0, max_tokens=LENGTH))
        equal += choice.message.content == ours.text
    # Almost equal logits may swap where sums are added in another order.
    assert equal >= len(PROMPTS) - 1


def test_prompts_become_the_same_tokens(client: openai.OpenAI) -> None:
    engine = Engine.load()
    for prompt in PROMPTS:
        if "<|" in prompt:  # the server reads special tokens out of text, we never do
            continue
        usage = ask(client, prompt, temperature=0).usage
        assert usage is not None
        assert usage.prompt_tokens == len(engine.prompt_ids(prompt))


def test_n_choices_come_and_differ(client: openai.OpenAI) -> None:
    choices = ask(client, PROMPTS[0], n=4, temperature=1.5, seed=1).choices
    assert len(choices) == 4
    assert len({choice.message.content for choice in choices}) > 1


def test_logprobs_are_the_untempered_ones_of_our_engine(client: openai.OpenAI) -> None:
    engine = Engine.load()
    choice = ask(client, PROMPTS[0], temperature=1.5, seed=3, logprobs=True).choices[0]
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    entries = [entry.model_dump() for entry in choice.logprobs.content]
    (trace,) = engine.trace(PROMPTS[0], [[entry["id"] for entry in entries]])
    np.testing.assert_allclose([entry["logprob"] for entry in entries], trace.logprobs, atol=2e-3)
