"""arena-hard: a model's answers, and judgments of two games against a baseline.

Not here: the leaderboard's own score (`topdraw.analysis.winrate`).
Try it: `topdraw import model_answer/gpt-4-0314.jsonl judgments/gpt-4-0314.jsonl`.

Judgments hold no answers: give the file of answers first, and both become one run. In game 0 the
baseline is A, in game 1 the model is. `arena-hard:JUDGE` is the mean over both games of what the
verdict is worth to the model, "A>>B" weighing as three, as arena-hard-auto of 2025 counts; a null
verdict makes the score missing, as it drops the row there. Files of v0.1's first form, with
`question_id` and `choices`, are read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score, Usage
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "arena_hard"
#: What a verdict is worth to A, once per point of weight.
_WORTH = {"A>>B": [1.0] * 3, "A>B": [1.0], "A=B": [0.5], "A<B": [0.0], "A<<B": [0.0] * 3}
_MIRRORED = {"B>>A": "A<<B", "B>A": "A<B", "B=A": "A=B", "B<A": "A>B", "B<<A": "A>>B"}


def _sniff(source: Source) -> int:
    if not source.has("uid") and not source.has("question_id"):
        return 0
    is_old = source.has("choices", "model_id")
    return 90 if is_old or source.has("messages", "ans_id") or source.has("games", "judge") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values = record.values
        key = cells.identity(values, "uid" if "uid" in values else "question_id", record.place)
        model = cells.text(values.get("model", values.get("model_id")))
        if "games" in values:
            kept = cells.rest(values, "uid", "model")
            name = f"arena-hard:{cells.text(values.get('judge')) or 'judge'}"
            problem = Problem(key, key, None, {_KEY: cells.rest(kept, "games")})
            score = _judged(cells.listed(values["games"]))
            _, index = notes.seen.get(f"{key}\n{model}", ("", 0))
            yield Row(problem, None, {name: score}, model=model, index=index)
            continue
        _, index = notes.seen.get(key, ("", 0))
        answers = list(_answers(key, index, values, model))
        notes.seen |= {key: ("", index + len(answers)), f"{key}\n{model}": ("", index)}
        yield from answers


def _answers(key: str, index: int, values: Values, model: str) -> Iterator[Row]:
    """The answer of a line; of the first form, as FastChat's, one or several choices."""
    if "choices" not in values:
        yield _answer(key, index, values, model)
        return
    for at, choice in enumerate(map(cells.nested, cells.listed(values["choices"]))):
        turns = cells.listed(choice.get("turns"))
        texts = [one.get("content") if isinstance(one, dict) else one for one in turns]
        output = "\n\n".join(map(cells.text, texts))
        sample = Sample(key, index + at, output, finish_reason="unknown")
        yield Row(Problem(key, key), sample, model=model)


def _answer(key: str, index: int, values: Values, model: str) -> Row:
    turns = [cells.nested(one) for one in cells.listed(values.get("messages"))]
    asked = [cells.text(one.get("content")) for one in turns if one.get("role") == "user"]
    given = [one.get("content") for one in turns if one.get("role") == "assistant"]
    last = given[-1] if given else None
    # The newer files wrap an answer in an object.
    output = cells.text(last.get("answer") if isinstance(last, dict) else last)
    kept = cells.rest(values, "uid", "model", "messages")
    tokens = cells.whole(cells.nested(values.get("metadata")).get("token_len"))
    sample = Sample(
        key,
        index,
        output,
        finish_reason="unknown",
        usage=Usage(output_tokens=tokens, estimated=not tokens),
        metadata={_KEY: kept},
    )
    return Row(Problem(key, "\n\n".join(asked) or key), sample, model=model)


def _judged(games: list[Json]) -> Score:
    told = [cells.text(cells.nested(game).get("score")) for game in games]
    verdicts = [_MIRRORED.get(one.upper(), one.upper()) for one in told]
    note = ", ".join(one or "null" for one in told)
    if len(verdicts) != 2 or any(one not in _WORTH for one in verdicts):
        return Score.missing(f"null judgment ({note})")
    worth = [1 - one for one in _WORTH[verdicts[0]]] + _WORTH[verdicts[1]]
    return Score(value=sum(worth) / len(worth), note=note)


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        for sample in held.samples:
            answer: Values = {"role": "assistant", "content": {"answer": sample.output}}
            asked: Values = {"role": "user", "content": held.problem.prompt}
            row: Values = {
                "uid": held.problem.id,
                "ans_id": f"{held.problem.id}-{sample.index}",
                "model": about.model,
                "messages": [asked, answer],
            }
            yield row | cells.kept(sample.metadata, _KEY)


FORMAT = Format(
    "arena-hard", "arena-hard answers and judgments", _sniff, _read, _write, one_each=True
)
