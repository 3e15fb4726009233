"""Samples and counts that somebody has paid for already: nothing is drawn.

python examples/recorded_samples.py
"""

import json
import sys
from pathlib import Path

import topdraw as td

SAMPLES = {
    "12 * 7": (84, ["12 * 7 = 84\n#### 84", "12 * 7 = 74\n#### 74", "#### 84", "I do not know."]),
    "15 + 9": (24, ["15 + 9 = 24\n#### 24", "#### 25", "#### 24", "15 + 9 is 24.\n#### 24"]),
    "90 - 37": (53, ["#### 63", "#### 53", "90 - 37 = 63\n#### 63", "#### 57"]),
}
# Correct ones of 10,000, as papers publish them.
COUNTS = "problem,n,c\na,10000,5210\nb,10000,61\nc,10000,2\nd,10000,0\ne,10000,904\nf,10000,17\n"


def main(folder: str = "runs/recorded") -> None:
    here = Path(folder)
    here.mkdir(parents=True, exist_ok=True)

    # Texts: a task of yours and a JSONL file of outputs; the verifier is run on them.
    recorded = here / "samples.jsonl"
    lines = [
        json.dumps({"problem_id": key, "output": text})
        for key, (_, texts) in SAMPLES.items()
        for text in texts
    ]
    recorded.write_text("\n".join(lines) + "\n")
    problems = [td.Problem(key, f"What is {key}?", target) for key, (target, _) in SAMPLES.items()]
    run = td.sample(problems, f"recorded:{recorded}", n=4, out=here / "run")
    run = td.score(run, "number")
    print("one sample      ", td.accuracy(run, "random", by="number"))
    print("vote of four    ", td.accuracy(run, "majority", by="number"))
    print("coverage at four", td.pass_at_k(run, 4, by="number"))

    # Counts alone are enough for coverage, its law and its page.
    counts = here / "counts.csv"
    counts.write_text(COUNTS)
    for k in (1, 100, 10_000):
        print(f"coverage at {k:>6,}", td.pass_at_k(counts, k))
    law = td.fit_coverage(counts)
    print(f"c = exp(a k^b): a = {law.a}, b = {law.b}")
    print("page:", td.report(counts))


if __name__ == "__main__":
    main(*sys.argv[1:2])
