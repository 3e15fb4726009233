"""Samples a second of `reward_model` over a plain loop and over transformers' own pipeline.

All three score the same texts with the same classifier (a Llama of 256 dimensions and four layers,
random weights) in one process, one thread, float32; the best of some alternating rounds counts.
"long" are 32 outputs of 20 to 800 tokens, all different; "short" are 32 answers of 4 to 12 tokens,
of which 12 are different, as answers to one question are.
Not here: GPUs.
Try it: `python benchmarks/bench_reward_models.py` prints one JSON line for each set.
"""

from __future__ import annotations

import os

os.environ.update({"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"})

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaForSequenceClassification,
    pipeline,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.scoring.rewards import tiny

from topdraw.core.records import Problem, Sample
from topdraw.scoring.rewards.classifier import score_reward_model

ROUNDS = 3
PROBLEM = Problem("p", "How many nuts does Leo have now? Work in steps.")


def checkpoint(folder: str) -> str:
    """A classifier large enough that arithmetic, not Python, takes the time."""
    torch.manual_seed(0)
    kept = tiny.tokenizer(pad=True)
    config = LlamaConfig(
        vocab_size=len(kept), hidden_size=256, intermediate_size=688, num_hidden_layers=4,
        num_attention_heads=8, max_position_embeddings=2048, num_labels=1, pad_token_id=2,
    )  # fmt: skip
    LlamaForSequenceClassification(config).eval().save_pretrained(folder)
    kept.save_pretrained(folder)
    return folder


def outputs(kind: str) -> list[str]:
    """32 outputs."""
    draw = random.Random(0)  # noqa: S311  texts, no secrets
    if kind == "long":
        lengths = [min(int(20 * 2 ** draw.expovariate(0.6)), 800) for _ in range(32)]
        return ["".join(draw.choices("abcdefgh ", k=length)) for length in lengths]
    answers = ["".join(draw.choices("0123456789", k=draw.randint(4, 12))) for _ in range(12)]
    return [*answers, *draw.choices(answers, k=20)]


def messages(output: str) -> list[dict[str, str]]:
    """The conversation of an output."""
    return [
        {"role": "user", "content": PROBLEM.prompt},
        {"role": "assistant", "content": output},
    ]


def scorers(folder: str) -> dict[str, Callable[[list[str]], list[float]]]:
    """The three ways to score some outputs."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    pipe: Any = pipeline("text-classification", model=network, tokenizer=tokenizer, batch_size=16)

    def ours(texts: list[str]) -> list[float]:
        samples = [Sample("p", at, text) for at, text in enumerate(texts)]
        return [score.value for score in score_reward_model(PROBLEM, samples, model=folder)]

    def batched(texts: list[str]) -> list[float]:
        samples = [Sample("p", at, text) for at, text in enumerate(texts)]
        scores = score_reward_model(PROBLEM, samples, model=folder, batch_size=16)
        return [score.value for score in scores]

    def loop(texts: list[str]) -> list[float]:
        found = []
        with torch.inference_mode():
            for text in texts:
                ids = tokenizer.apply_chat_template(
                    messages(text), return_tensors="pt", return_dict=True
                )
                found.append(float(network(**ids).logits[0, 0]))
        return found

    def piped(texts: list[str]) -> list[float]:
        rendered = [tokenizer.apply_chat_template(messages(t), tokenize=False) for t in texts]
        # The template has BOS already, and the pipeline would add another.
        given = [text.removeprefix(tokenizer.bos_token) for text in rendered]
        return [found["score"] for found in pipe(given, function_to_apply="none")]

    return {"ours": ours, "ours_batch_16": batched, "loop": loop, "pipeline": piped}


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        ways = scorers(checkpoint(folder))
        for kind in ("long", "short"):
            texts = outputs(kind)
            values: dict[str, list[float]] = {}
            best = dict.fromkeys(ways, 0.0)
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    started = time.perf_counter()
                    values[name] = way(texts)
                    best[name] = max(best[name], len(texts) / (time.perf_counter() - started))
            line = {
                "benchmark": "reward_models",
                "outputs": kind,
                "samples_per_second": {name: round(speed, 1) for name, speed in best.items()},
                "over_loop": round(best["ours"] / best["loop"], 2),
                "over_pipeline": round(best["ours"] / best["pipeline"], 2),
                "batch_16_over_pipeline": round(best["ours_batch_16"] / best["pipeline"], 2),
                "largest_difference": {
                    name: max(abs(a - b) for a, b in zip(found, values["loop"], strict=True))
                    for name, found in values.items()
                },
            }
            print(json.dumps(line))


if __name__ == "__main__":
    main()
