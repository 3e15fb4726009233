"""What each selector reaches, on the built-in model and on recorded sets: the tables of a page.

docs/choosing.md quotes them. Draws into FOLDER (kept, resumed) and prints Markdown; the recorded
sets are read from --data when given, one folder each (math_rm, gsm8k).
Try it: `python benchmarks/measure_selectors.py FOLDER --problems 20 -n 16`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

import topdraw as td
from topdraw.analysis.curves import at_all, at_ks, scored
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.core.records import Candidates, FloatArray, Json
from topdraw.scoring.functions import score_functions
from topdraw.selection.candidates import candidates
from topdraw.selection.resolve import resolve_selector
from topdraw.store.evidence import Evidence, open_evidence

SELECTORS = (
    "random",
    "majority",
    "best_of_n",
    "weighted_majority",
    "weighted_majority(pool=max)",
    "borda",
    "cascade(majority, best_of_n)",
    "mix(majority, best_of_n)",
    "posterior(0.5)",
    "knockout",
    "knockout(beta=0.25)",
    "swiss",
    "mean_logprob",
    "weighted_majority(weight=exp, value=mean_logprob)",
    "mbr(f1)",
    "mbr(chrf)",
)
FILTERS = (
    "filter(public-1, random)",
    "filter(public-1, majority)",
    "filter(public-1, best_of_n)",
    "filter(public, random)",
    "filter(public, best_of_n)",
)


#: Solvers of the recorded GSM8K samples, in the order of their index.
SOLVERS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def drawn(folder: Path, task: str, problems: int, n: int, seed: int) -> td.Run:
    """The run of a built-in task, scored by its verifier and by both shipped reward models."""
    loaded = td.load(task, problems=problems, seed=seed)
    run = td.sample(loaded, "builtin", n, seed=seed, out=folder / task)
    td.score(run, [loaded.scorer, "reward", "reward-naive", "self-certainty"])
    if task == "functions":
        for name, shown in (("public-1", 1), ("public", None)):
            if name not in run.scorers():
                run.add_scores(name, public_scores(run, shown))
    return run


def public_scores(run: td.Run, shown: int | None) -> Iterator[tuple[td.Sample, td.Score]]:
    """Verdicts by the first examples of the prompt alone: what a user could test."""
    by_problem: dict[str, list[td.Sample]] = {}
    for sample in run.samples():
        by_problem.setdefault(sample.problem_id, []).append(sample)
    for problem_id, samples in by_problem.items():
        problem = run.problems[problem_id]
        assert isinstance(problem.target, dict)
        examples = problem.target["examples"]
        assert isinstance(examples, list)
        target: Json = {"tests": examples[:shown]}
        found = score_functions(dataclasses.replace(problem, target=target), samples)
        yield from zip(samples, found, strict=True)


@dataclasses.dataclass(frozen=True)
class Reached:
    """A selector on the problems of a set: expected correctness of k and of all samples."""

    name: str
    at_k: FloatArray
    whole: FloatArray


def reached(
    run: Evidence, specs: Sequence[str], *, by: str, value: str | None, k: int
) -> list[Reached]:
    """Each selector that the set has data for."""
    found = []
    for spec in specs:
        chooser = resolve_selector(spec)
        each = candidates(run, by=by, value=value, needs=chooser.needs)
        problems = [scored(one) for one in each.values() if not one.missing.all()]
        if not lacks(problems, chooser.needs):
            at_k = at_ks(chooser, problems, [k], subsets=200).values[:, 0]
            found.append(Reached(chooser.name, at_k, at_all(chooser, problems)))
    return found


def lacks(problems: Sequence[Candidates], needs: Sequence[str]) -> bool:
    """Whether the set has nothing that a selector goes by."""
    blank = {
        "value": all(np.isnan(one.value).all() for one in problems),
        "answer": all((one.answer < 0).all() for one in problems),
        "logprob": all(np.isnan(one.logprob).all() for one in problems),
    }
    return any(blank.get(need, False) for need in needs)


def show(title: str, found: Sequence[Reached], k: int) -> None:
    """A Markdown table, the best first."""
    by_name = {one.name: one for one in found}
    mean, vote = by_name["random"].whole, by_name.get("majority")
    print(f"\n### {title}\n")
    print(f"| selector | of {k} | of all | less mean sample | less majority | p |")
    print("|---|---|---|---|---|---|")
    for one in sorted(found, key=lambda each: -float(np.nanmean(each.whole))):
        gain = paired_difference(one.whole, mean)
        over = paired_difference(one.whole, vote.whole) if vote and one is not vote else None
        cells = (mean_estimate(one.at_k), mean_estimate(one.whole), gain, over or "",
                 f"{over.p_value:.2g}" if over else "")  # fmt: skip
        print(f"| `{one.name}` | " + " | ".join(map(str, cells)) + " |", flush=True)


def builtin(folder: Path, problems: int, n: int, seed: int) -> None:
    """The three tasks of the built-in model."""
    k = min(8, n)
    for task in ("arithmetic", "countdown", "functions"):
        run = drawn(folder, task, problems, n, seed)
        specs = (*SELECTORS, *(FILTERS if task == "functions" else ()), "oracle")
        by = "number" if task == "arithmetic" else task
        found = reached(run, specs, by=by, value="reward", k=k)
        for value in ("reward-naive", "self-certainty"):
            found += [
                dataclasses.replace(one, name=f"{one.name} by {value}")
                for one in reached(run, ["best_of_n", "borda(0.5)"], by=by, value=value, k=k)
            ]
        show(f"{task}, {problems} problems x {n}", found, k)


def recorded(folder: Path, data: Path) -> None:
    """MATH with a reward model, and four solvers of GSM8K."""
    rows = [json.loads(line) for line in (data / "math_rm").glob("*.jsonl").__next__().open()]
    math = [
        {
            "problem": str(row["idx"]),
            "index": at,
            "correct": bool(row["score"][at]),
            "answer": row["pred"][at],
            "reward": row["pred_score"][at][0],
            "output": row["response"][at],
        }
        for row in rows
        for at in range(len(row["response"]))
    ]
    table = written(folder / "math_rm.jsonl", math)
    show("MATH, 40 problems x 8", reached(table, (*SELECTORS, "oracle"), by="correct",
                                         value="reward", k=4), 4)  # fmt: skip
    rows = [json.loads(line)
            for line in (data / "gsm8k" / "example_model_solutions_even.jsonl").open()]  # fmt: skip
    solved = [
        {
            "problem": str(row["index"]),
            "index": at,
            "correct": row[name]["is_correct"],
            "answer": row[name]["solution"].rpartition("A:")[2].strip(),
            "output": row[name]["solution"],
        }
        for row in rows
        for at, name in enumerate(SOLVERS)
    ]
    table = written(folder / "gsm8k.jsonl", solved)
    specs = ("random", "majority", "mbr(f1)", "mbr(chrf)", "oracle")
    show("GSM8K, four solvers", reached(table, specs, by="correct", value=None, k=2), 2)


def written(path: Path, rows: Sequence[Mapping[str, Json]]) -> Evidence:
    """A table of these rows."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_evidence(path)


def main() -> None:
    """Draw, choose, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("-n", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    if asked.data is not None:
        recorded(asked.folder, asked.data)
    builtin(asked.folder, asked.problems, asked.n, asked.seed)


if __name__ == "__main__":
    main()
