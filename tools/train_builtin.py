"""Train the built-in language model: one run, one seed, two stages ("small" is an early branch).

Not here: the reward models (`tools/train_reward.py`).
Try it: `python -m tools.train_builtin --steps 40 --out /tmp/weights` (the real run takes minutes).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tools.builtin.export import write_config, write_file, write_model, write_tokenizer
from tools.builtin.network import Llama
from tools.builtin.optimise import Learner, rate_factor
from tools.builtin.tokens import Batch, batches, count_concepts, train_tokenizer

WEIGHTS = Path(__file__).parents[1] / "src/topdraw/models/builtin/weights"
STEPS = 5600
BRANCH_SHARE = 0.2
BRANCH_DECAY_SHARE = 0.05
DECAY_START_SHARE = 0.5
LOG_EVERY = 50


@dataclass
class Record:
    """What a stage has seen so far."""

    stage: str
    started: float = field(default_factory=time.process_time)
    steps: int = 0
    examples: int = 0
    tokens: int = 0
    answer_tokens: int = 0
    concepts: Counter[str] = field(default_factory=Counter)
    recent: dict[str, list[float]] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)

    def add(self, batch: Batch, sums: dict[str, tuple[float, int]]) -> None:
        """Count a batch; print a line now and then."""
        self.steps += 1
        self.examples += len(batch.kinds)
        self.tokens += batch.tokens.size
        self.answer_tokens += int(batch.is_answer.sum())
        count_concepts(self.concepts, batch)
        for kind, (loss, count) in sums.items():
            entry = self.recent.setdefault(kind, [0.0, 0.0])
            entry[0] += loss
            entry[1] += count
        if self.steps % LOG_EVERY == 0:
            self.flush()

    def flush(self) -> None:
        """Print the mean loss per answer token of each kind since the last line."""
        if self.recent:
            self.losses = {kind: s / n for kind, (s, n) in sorted(self.recent.items())}
            shown = "  ".join(f"{kind} {loss:.3f}" for kind, loss in self.losses.items())
            seconds = time.process_time() - self.started
            print(f"{self.stage} {self.steps:5d}  {seconds:6.0f} s  {shown}", flush=True)
        self.recent = {}

    def facts(self) -> dict[str, object]:
        """What the model card needs."""
        return {
            "steps": self.steps,
            "examples": self.examples,
            "tokens": self.tokens,
            "answer_tokens": self.answer_tokens,
            "cpu_seconds": round(time.process_time() - self.started),
            "losses": {kind: round(loss, 4) for kind, loss in self.losses.items()},
            "concepts": dict(self.concepts.most_common()),
        }


def train(
    *,
    seed: int,
    steps: int,
    out: Path,
    batch_tokens: int = 3000,
    tokenizer_examples: int = 20_000,
) -> None:
    """Train both stages and write every file.

    Args:
        seed: of the initial weights, the tokenizer's texts and the data.
        steps: of the main run, the branch not counted; 0 writes untrained weights.
        out: folder of the weights.
        batch_tokens: padded tokens a step.
        tokenizer_examples: texts the tokenizer learns its merges from.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tokenizer = train_tokenizer(seed, examples=tokenizer_examples)
    learner = Learner(Llama())
    write_tokenizer(out / "tokenizer.json", tokenizer)
    write_config(out / "config.json", learner.model.shape)
    branch_at = int(steps * BRANCH_SHARE)
    decay_start = int(steps * DECAY_START_SHARE)
    record = Record("builtin")
    source = batches(tokenizer, seed, tokens=batch_tokens)
    for step in range(steps):
        if step == branch_at:
            record.flush()
            branch_steps = max(1, int(steps * BRANCH_DECAY_SHARE))
            side = batches(tokenizer, seed + 1, tokens=batch_tokens)
            before = time.process_time()
            _finish_small(learner.branch(), side, record, branch_steps, out)
            record.started += time.process_time() - before
        factor = rate_factor(step, decay_start=decay_start, steps=steps)
        batch = next(source)
        record.add(batch, learner.step(batch, factor))
    record.flush()
    _write_stage(out, learner.model, record)
    if not steps:
        _write_stage(out, learner.model, Record("small"))


def _finish_small(
    learner: Learner, source: Iterator[Batch], main: Record, steps: int, out: Path
) -> None:
    record = Record("small", started=main.started, concepts=Counter(main.concepts))
    record.steps, record.examples = main.steps, main.examples
    record.tokens, record.answer_tokens = main.tokens, main.answer_tokens
    for step in range(steps):
        batch = next(source)
        record.add(batch, learner.step(batch, rate_factor(step, decay_start=0, steps=steps)))
    record.flush()
    _write_stage(out, learner.model, record)


def _write_stage(out: Path, model: Llama, record: Record) -> None:
    facts = record.facts()
    write_model(out / f"{record.stage}.safetensors", model)
    print(json.dumps({"stage": record.stage, **facts}), flush=True)
    write_file(out / f"{record.stage}.json", (json.dumps(facts, indent=1) + "\n").encode())


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--batch-tokens", type=int, default=3000)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    train(seed=given.seed, steps=given.steps, out=given.out, batch_tokens=given.batch_tokens)


if __name__ == "__main__":
    main()
