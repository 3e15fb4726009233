"""Questions of your own to a server of your own: the vote, what it was worth, and the bill.

    python examples/own_endpoint.py http://localhost:8000/v1 llama-3.1-8b

A key is read from OPENAI_API_KEY. Killed at any moment, the same command goes on.
"""

import sys
from pathlib import Path

import topdraw as td
from topdraw.core.records import Task

QUESTIONS = {
    "eggs": ("Tom has 60 eggs. He buys 14 more. He sells 30. How many eggs does Tom have now?", 44),
    "nuts": ("Leo has 25 nuts. He finds 13 more. He loses 7. How many nuts does Leo have now?", 31),
    "keys": ("Ann has 48 keys. She sells 19. She finds 5. How many keys does Ann have now?", 34),
}
HOW = " Work in steps, then end with #### and the answer."


def main(url: str, model: str, out: str = "runs/own-endpoint") -> None:
    problems = [td.Problem(key, text + HOW, answer) for key, (text, answer) in QUESTIONS.items()]
    task = Task("questions", "1", tuple(problems), scorer="number")

    run = td.sample(task, td.connect(url, model=model), n=16, temperature=0.8, out=Path(out))
    run = td.score(run, "number")

    for choice in td.select(run, "majority"):
        answer = "no answer" if choice.sample is None else choice.sample.output.strip()[-40:]
        print(f"{choice.problem.id:<5} {choice.probability:.2f} of the votes: ...{answer!r}")
    print("one sample  ", td.accuracy(run, "random"))
    print("vote of 16  ", td.accuracy(run, "majority"))
    print("coverage    ", td.pass_at_k(run, 16))

    bill = run.bill()
    print(f"{bill.requests} requests, {bill.tokens:,} tokens, {bill.paid_unused} paid and not used")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:4])
