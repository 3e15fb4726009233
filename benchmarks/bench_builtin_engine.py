"""Tokens per CPU-second of the built-in engine over transformers' `generate`, same weights.

Both in one process with one BLAS thread and float32, at temperature 1 on one prompt; the best of
some alternating rounds counts, since machines are noisy.
Not here: worker processes, which add cores but no speed per core.
Try it: `python benchmarks/bench_builtin_engine.py` prints one JSON line for n = 1, 10, 100.
"""

from __future__ import annotations

import os

os.environ.update(
    dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import json
import time
from collections.abc import Callable

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from topdraw.core.records import Decoding
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.engine import Engine
from topdraw.models.builtin.weights import FOLDER, load

PROMPT = (
    "Leo has 68 nuts. A friend gives Leo 37 more. He gets 4 bags of 31. He finds 30 more. "
    "How many nuts does Leo have now? Work in steps, then end with #### and the answer."
)
MAX_TOKENS = 64
ROUNDS = 5


def reference() -> LlamaForCausalLM:
    """The same weights as a transformers model."""
    fields = json.loads((FOLDER / "config.json").read_text())
    for ours in ("chat", "chat_template", "special_tokens", "torch_dtype", "architectures"):
        fields.pop(ours, None)
    model = LlamaForCausalLM(LlamaConfig(**fields)).eval()
    tensors = {name: torch.from_numpy(array) for name, array in load("builtin").tensors.items()}
    model.load_state_dict(tensors, strict=False)
    return model


def tokens_per_second(draw: Callable[[int], int], round_number: int) -> float:
    """Tokens of one round over the process's CPU time."""
    started = time.process_time()
    tokens = draw(round_number)
    return tokens / (time.process_time() - started)


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    engine, model = Engine.load(), reference()
    ids = engine.prompt_ids(PROMPT)
    given = torch.tensor([ids])

    for n in (1, 10, 100):

        def ours(number: int, n: int = n) -> int:
            draws = [Draw(i, number * n + i) for i in range(n)]
            outputs = engine.generate(ids, draws, Decoding(max_tokens=MAX_TOKENS))
            return sum(len(output.tokens) for output in outputs)

        def theirs(number: int, n: int = n) -> int:
            torch.manual_seed(number)
            with torch.inference_mode():
                rows = model.generate(
                    given,
                    attention_mask=torch.ones_like(given),
                    do_sample=True,
                    num_return_sequences=n,
                    max_new_tokens=MAX_TOKENS,
                    top_k=0,
                )
            end = engine.config.end
            answers = [row[len(ids) :].tolist() for row in rows]
            return sum((row.index(end) + 1 if end in row else len(row)) for row in answers)

        best = {"ours": 0.0, "transformers": 0.0}
        for number in range(ROUNDS):
            best["ours"] = max(best["ours"], tokens_per_second(ours, number))
            best["transformers"] = max(best["transformers"], tokens_per_second(theirs, number))
        print(
            json.dumps(
                {
                    "benchmark": "builtin engine, tokens per CPU-second over transformers generate",
                    "n": n,
                    "ratio": round(best["ours"] / best["transformers"], 2),
                    "ours": round(best["ours"]),
                    "transformers": round(best["transformers"]),
                    "prompt_tokens": len(ids),
                }
            )
        )


if __name__ == "__main__":
    main()
