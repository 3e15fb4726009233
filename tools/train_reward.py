"""Train the two reward heads on the built-in model's own outputs of training problems.

Not here: the language model (`tools/train_builtin.py`); it must be trained first.
Try it: `python -m tools.train_reward --problems 20 --samples 8 --out /tmp/heads`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from tools.builtin.drawing import draw, verify
from tools.builtin.export import write_arrays, write_file
from tools.builtin.heads import Group, auc, fit_naive, fit_reward
from tools.train_builtin import WEIGHTS

from topdraw.core.records import Json, Problem
from topdraw.models.builtin.engine import Engine
from topdraw.scoring.reward import read_outputs
from topdraw.scoring.reward_head import Floats, Reading, global_features, naive_reward, reward
from topdraw.tasks import arithmetic, countdown, functions
from topdraw.tasks.heldout import training_draw

VALIDATION_SHARE = 0.15


def training_problems(family: str, *, problems: int, seed: int) -> Iterator[Problem]:
    """Problems of a family that are not held out, worded as its task words them."""
    rng = np.random.default_rng([seed, *family.encode()])
    for index in range(problems):
        yield _MAKERS[family](rng, f"{family}/train/{index:05d}")


def _countdown(rng: np.random.Generator, name: str) -> Problem:
    game = training_draw(countdown.draw, rng)
    target: Json = {"numbers": list(game.numbers), "target": game.target}
    return Problem(name, game.prompt, target)


def _arithmetic(rng: np.random.Generator, name: str) -> Problem:
    story = training_draw(lambda r: arithmetic.draw(r, largest=299), rng)
    return Problem(name, story.prompt(), str(story.answer))


def _functions(rng: np.random.Generator, name: str) -> Problem:
    function = training_draw(lambda r: functions.draw(r, frequencies="uniform"), rng)
    target: Json = {
        "tests": [example.as_json() for example in function.tests],
        "examples": [example.as_json() for example in function.examples],
    }
    return Problem(name, function.prompt, target)


_MAKERS: dict[str, Callable[[np.random.Generator, str], Problem]] = {
    "countdown": _countdown,
    "arithmetic": _arithmetic,
    "functions": _functions,
}


def make_group(engine: Engine, problem: Problem, *, family: str, samples: int, seed: int) -> Group:
    """Draw, verify and read the outputs of one problem."""
    drawn = draw(engine, problem, samples, family=family, seed=seed)
    counts = Counter(sample.output for sample in drawn)
    firsts = {sample.output: sample for sample in reversed(drawn)}
    outputs = list(counts)
    verdicts = verify(problem, [firsts[output] for output in outputs], family=family)
    return Group(
        family=family,
        counts=np.array([counts[output] for output in outputs]),
        correct=np.array([bool(verdict.passed) for verdict in verdicts]),
        readings=tuple(read_outputs(problem.prompt, outputs)),
    )


def report(name: str, groups: list[Group], value: Callable[[Reading], float]) -> dict[str, float]:
    """Mean within-problem AUC per family, printed and returned."""
    found: dict[str, list[float]] = {}
    for group in groups:
        if group.is_mixed:
            values: Floats = np.array([value(reading) for reading in group.readings])
            found.setdefault(group.family, []).append(auc(values, group))
    means = {family: round(float(np.mean(each)), 4) for family, each in sorted(found.items())}
    print(name, means, flush=True)
    return means


def train(*, problems: int, samples: int, seed: int, epochs: int, out: Path) -> None:
    """Draw the data, fit both heads, judge them on problems they did not see, write them.

    Args:
        problems: per family.
        samples: per problem.
        seed: of everything.
        epochs: of the pairwise head.
        out: folder of the weights.
    """
    torch.set_num_threads(1)
    started = time.process_time()
    engine = Engine.load("builtin")
    groups = {
        family: [
            make_group(engine, problem, family=family, samples=samples, seed=seed)
            for problem in training_problems(family, problems=problems, seed=seed)
        ]
        for family in _MAKERS
    }
    drawn_seconds = time.process_time() - started
    print(f"drawn, verified and read in {drawn_seconds:.0f} CPU-s", flush=True)
    held = int(problems * VALIDATION_SHARE)
    fit = [group for each in groups.values() for group in each[held:]]
    judge = [group for each in groups.values() for group in each[:held]]
    pair = fit_reward(fit, seed=seed, epochs=epochs)
    naive = fit_naive(fit, seed=seed, epochs=NAIVE_EPOCHS)
    heads = {"reward": pair, "reward_naive": naive}
    for name, arrays in heads.items():
        write_arrays(out / f"{name}.safetensors", arrays)
    facts = {
        "problems_per_family": problems,
        "samples_per_problem": samples,
        "cpu_seconds": round(time.process_time() - started),
        "validation_auc": {
            "mean log-probability": report(
                "logprob", judge, lambda reading: float(global_features(reading)[1])
            ),
            "reward": report("reward", judge, lambda reading: reward(_wide(pair), reading)),
            "reward-naive": report(
                "naive", judge, lambda reading: naive_reward(_wide(naive), reading)
            ),
        },
    }
    write_file(out / "reward.json", (json.dumps(facts, indent=1) + "\n").encode())
    print(json.dumps(facts))


NAIVE_EPOCHS = 20


def _wide(arrays: dict[str, np.ndarray]) -> dict[str, Floats]:
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=400)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    train(
        problems=given.problems,
        samples=given.samples,
        seed=given.seed,
        epochs=given.epochs,
        out=given.out,
    )


if __name__ == "__main__":
    main()
