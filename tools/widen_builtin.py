"""Widen a trained stage to longer word problems and larger numbers, by a short second training.

The first training knows 2-5 steps and totals below 1,000; beyond them it fails always in the same
way. Afterwards errors are scattered digits again, which is what votes and rewards need.
Not here: the first training (`tools/train_builtin.py`), which must be done before.
Try it: `python -m tools.widen_builtin --stage small --steps 20 --out /tmp/weights`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tools.builtin.data import WIDE
from tools.builtin.export import read_model, write_file, write_model
from tools.builtin.optimise import Learner, rate_factor
from tools.builtin.tokens import batches
from tools.train_builtin import WEIGHTS, Record

STEPS = {"builtin": 600, "small": 300}
RATE_SHARE = 0.35
"""Of the first training's learning rates: the new start."""


def widen(
    *, stage: str, steps: int, seed: int, source: Path, out: Path, batch_tokens: int = 3000
) -> None:
    """Train a stage some steps more, with fresh optimisers and a falling learning rate.

    Args:
        stage: "builtin" or "small".
        steps: of this training.
        seed: of its data.
        source: folder of the trained weights.
        out: folder of the widened weights; may be the same.
        batch_tokens: padded tokens a step.
    """
    torch.set_num_threads(1)
    learner = Learner(read_model(source / f"{stage}.safetensors"))
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    record = Record(stage)
    stream = batches(tokenizer, seed, tokens=batch_tokens, sizes=WIDE)
    for step in range(steps):
        batch = next(stream)
        factor = RATE_SHARE * rate_factor(step, decay_start=steps // 5, steps=steps)
        record.add(batch, learner.step(batch, factor))
    record.flush()
    first = json.loads((source / f"{stage}.json").read_text())
    facts = {**first, "widening": record.facts()}
    write_model(out / f"{stage}.safetensors", learner.model)
    write_file(out / f"{stage}.json", (json.dumps(facts, indent=1) + "\n").encode())


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=list(STEPS), required=True)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--source", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    steps = STEPS[given.stage] if given.steps is None else given.steps
    widen(stage=given.stage, steps=steps, seed=given.seed, source=given.source, out=given.out)


if __name__ == "__main__":
    main()
