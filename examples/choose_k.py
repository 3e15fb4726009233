"""How many samples to draw for a budget: the smallest k that is not told apart from the best.

python examples/choose_k.py
"""

import datetime
import sys

import topdraw as td
from topdraw.analysis.comparison import compare_measures
from topdraw.analysis.cost_report import CostReport, cost_of
from topdraw.sampling.prices import Price

# Made up: USD per million input and output tokens, and the day of the price.
PRICES = {"builtin": Price(2.5, 10.0, datetime.date(2026, 11, 20))}
BUDGET_USD = 0.01  # of a problem
KS = (1, 2, 4, 8, 16, 32)


def main(out: str = "runs/choose-k", problems: int = 40, n: int = 32) -> None:
    task = td.load("arithmetic", problems=problems)
    run = td.score(td.sample(task, "builtin", n=n, temperature=1.2, out=out), ["number", "reward"])

    print("k, USD of a problem, solved by the vote, by the best of k, by an oracle")
    reports = [_cost(run, selector) for selector in ("majority", "best_of_n", "oracle")]
    vote, best, _ = reports
    for at, k in enumerate(KS):
        solved = "  ".join(str(report.solved[at]) for report in reports)
        print(f"{k:>3}  {vote.cost[at]:.5f}  {solved}")

    for report in (vote, best):
        at = _smallest_good_enough(run, report)
        print(
            f"{report.strategy}: k = {report.ks[at]} for {report.cost[at]:.4f} USD solves"
            f" {report.solved[at]}, at {report.per_solved[at]} USD for each solved problem"
        )


def _cost(run: td.Run, selector: str) -> CostReport:
    return cost_of(run, selector=selector, ks=KS, prices=PRICES, value="reward")


def _smallest_good_enough(run: td.Run, report: CostReport) -> int:
    """Of what the budget allows, the first k that is not told apart from the best one, paired."""
    affordable = [at for at, usd in enumerate(report.cost) if usd <= BUDGET_USD]
    best = max(affordable, key=lambda at: report.solved[at].value)
    name = report.strategy
    pairs = [(f"{name}@{KS[best]}", f"{name}@{KS[at]}") for at in affordable if at < best]
    lines = compare_measures(run, pairs, value="reward").lines if pairs else ()
    return next((at for at, line in enumerate(lines) if line.difference.low <= 0), best)


if __name__ == "__main__":
    main(*sys.argv[1:2])
