"""A believable summary and its problems, made from a seed without a run.

Not here: tests. Try it: `python -m pytest tests/reports`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from topdraw.analysis.summary import Curve, Difference, ProblemRow, Summary
from topdraw.core.estimate import Estimate
from topdraw.core.records import Decoding, FloatArray, Json, Problem, Sample, Score, Usage
from topdraw.reports.recipe import Recipe, facts_of, run_command
from topdraw.reports.views import ProblemView, problem_view, shown_problems

OVER_PROBLEMS = "bootstrap over problems, 2,000 resamples"


def estimate(values: FloatArray) -> Estimate:
    error = 1.96 * float(values.std()) / math.sqrt(len(values))
    mean = float(values.mean())
    return Estimate(mean, mean - error, mean + error, method=OVER_PROBLEMS, n=len(values))


def _ks(n: int) -> tuple[int, ...]:
    return tuple(sorted({k for k in (1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 1000) if k < n} | {n}))


def _curve(
    strategy: str, label: str, chooser: str, ks: tuple[int, ...], table: FloatArray
) -> Curve:
    method = "exact" if strategy != "weighted_majority" else "simulated, 400 subsets, s.e. <= 0.004"
    told = f"{label}, {method}; {OVER_PROBLEMS}"
    made = tuple(replace(estimate(table[:, at]), method=told) for at in range(len(ks)))
    return Curve(strategy, label, chooser, ks, made, method)


def fake_summary(problems: int = 200, n: int = 100, seed: int = 0, missing: int = 0) -> Summary:
    """Curves of a model that solves problem i with probability p_i, p_i from a Beta."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.55, 0.65, size=problems)
    c = rng.binomial(n, p)
    ks = _ks(n)
    k = np.array(ks, float)
    share = (c / n)[:, None]
    oracle = 1 - (1 - share) ** k
    rival = rng.beta(1.2, 3, size=problems)[:, None]
    vote = 1 / (1 + np.exp(-2.2 * np.sqrt(k) * (share - rival))) * oracle
    best = np.minimum(oracle * (0.62 + 0.2 * rng.random((problems, 1))) ** np.log10(k), oracle)
    best = np.maximum(best, share)
    weighted = oracle / (1 + np.exp(-2.8 * np.sqrt(k) * (share - rival + 0.1)))
    vote[:, 0] = best[:, 0] = weighted[:, 0] = share[:, 0]
    greedy = (p + rng.normal(0, 0.15, problems) > 0.47).astype(float)
    tables = {"majority": vote, "best_of_n": best, "weighted_majority": weighted, "oracle": oracle}
    labels = {
        "majority": ("majority vote", ""),
        "best_of_n": ("best of k by reward", "reward"),
        "weighted_majority": ("vote weighted by reward", "reward"),
        "oracle": ("oracle (pass@k)", "countdown"),
    }
    one = (1,)
    curves = [
        Curve("greedy", "greedy", "", one, (estimate(greedy),), "exact"),
        Curve("random", "one sample (mean)", "", one, (estimate(share[:, 0]),), "exact"),
        *[_curve(name, *labels[name], ks, table) for name, table in tables.items()],
    ]
    real = max(
        ("majority", "best_of_n", "weighted_majority"), key=lambda s: tables[s][:, -1].mean()
    )
    differences = [
        Difference(a, b, n, estimate(x - y))
        for a, b, x, y in (
            ("majority", "random", vote[:, -1], share[:, 0]),
            ("best_of_n", "random", best[:, -1], share[:, 0]),
            ("weighted_majority", "random", weighted[:, -1], share[:, 0]),
            ("weighted_majority", "majority", weighted[:, -1], vote[:, -1]),
            ("greedy", "random", greedy, share[:, 0]),
            (real, "greedy", tables[real][:, -1], greedy),
            ("oracle", real, oracle[:, -1], tables[real][:, -1]),
        )
    ]
    rows = tuple(
        ProblemRow(f"countdown/{i:04d}", n, int(c[i]), 0, round(vote[i, -1]), float(best[i, -1]))
        for i in range(problems)
    )
    return Summary(
        task="countdown",
        model="builtin",
        by="countdown",
        value="reward",
        n=n,
        problems=problems,
        samples=problems * n,
        missing=missing,
        unanswered=(),
        ks=ks,
        curves=tuple(curves),
        differences=tuple(differences),
        gap=estimate(oracle[:, -1] - tables[real][:, -1]),
        rows=rows,
        never_solved=int((c == 0).sum()),
        output_tokens=problems * n * 11,
        scored_tokens=problems * n * 11,
        wanted=n,
    )


def fake_views(
    summary: Summary, outputs: tuple[str, ...] = (), most: int = 12
) -> list[ProblemView]:
    """Problems with samples; `outputs` replaces the model's texts in turn."""
    rng = np.random.default_rng(1)
    return [_view(row, rng, outputs) for row in shown_problems(summary.rows, most)]


def _view(row: ProblemRow, rng: np.random.Generator, outputs: tuple[str, ...]) -> ProblemView:
    a, b, c = (int(x) for x in rng.integers(2, 12, 3))
    problem = Problem(
        row.problem_id,
        f"Make {a * b - c} from the numbers {a}, {b}, {c}. "
        "Use each once with + - * / and parentheses.",
        {"numbers": [a, b, c], "target": a * b - c},
    )
    wrong = [f"{a}*{c}-{b}", f"({a}+{b})*{c}", f"{a}+{b}+{c}", f"{a}*{b}+{c}", f"{b}*({a}-{c})"]
    right = [f"{a}*{b}-{c}", f"{b}*{a}-{c}"]
    samples, scores = [], []
    for index in range(row.n):
        passed = index < row.c
        text = right[index % 2] if passed else wrong[int(rng.integers(0, 5)) % (1 + index % 5)]
        text = outputs[index % len(outputs)] if outputs else text
        samples.append(Sample(row.problem_id, index, text, usage=Usage(40, 11)))
        note = "equals the target" if passed else f"equals {a * c - b}, not {a * b - c}"
        answer = str(a * b - c) if passed else text
        scores.append(Score.verdict(passed, answer=answer, note=note))
    values = (rng.normal(size=row.n) + [1.5 * bool(s.passed) for s in scores]).tolist()
    best = np.zeros(row.n)
    best[int(np.argmax(values))] = 1.0
    vote = np.array([float(bool(s.passed) == (row.majority > 0.5)) for s in scores])
    vote /= max(vote.sum(), 1.0)
    chosen = {"majority": vote, "best_of_n": best}
    alone = (samples[0], scores[0])
    return problem_view(row, problem, samples, scores, values, chosen, greedy=alone)


def fake_recipe(n: int = 100) -> Recipe:
    """How the fake was made."""
    decoding = Decoding(temperature=0.8, max_tokens=32, stop=("\n",))
    model = {"kind": "builtin", "name": "builtin", "weights": "3f9c2a11d07b"}
    task: dict[str, Json] = {
        "name": "countdown",
        "version": "1",
        "options": {"problems": 200},
        "digest": "9d1f" * 4,
    }
    command = run_command(
        "countdown", {"problems": 200}, model, decoding, n, seed=0, greedy=True, value="reward"
    )
    facts = facts_of(
        version="0.1.0",
        task=task,
        model=model,
        decoding=decoding,
        seed=0,
        created="2026-11-20T10:52:18Z",
        by="countdown",
        value="reward",
    )
    return Recipe(command, facts)
