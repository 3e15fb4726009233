"""Plain rows and lists: one sample a row, or one problem a row with lists of its samples.

Not here: tables that are read where they lie (`topdraw.store.plain_read`): those need no import.
Try it: `topdraw import samples.jsonl --map problem=question,text=response,correct=is_correct`.

Columns are found under the names of `plain_names.NAMES` or named by `--map`. List columns are those
of Hugging Face data sets of repeated samples, such as the Large Language Monkeys': `samples`,
`is_corrects` (also `is_correct`), `gt_answer`. Of CodeT and of HumanEval-like sets: `results`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score, Usage
from topdraw.errors import ConfigError, FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Record, Source
from topdraw.store.plain_names import NAMES, plain_name

_OURS = (
    "problem", "prompt", "target", "output", "correct", "answer", "reward", "index", "model",
    "finish_reason", "logprob", "tokens", "role",
)  # fmt: skip
_ALIASES = {"text": "output", "sample": "output", "id": "problem", "score": "reward"}
_MORE = {
    "output": ("sample", "samples", "generated_text", "model_output", "output_list"),
    "correct": ("results", "result", "is_correct_list"),
    "prompt": ("problem_text", "query"),
    "problem": ("orig_dset_idx",),
}
#: Rows of one file may have different fields; so many sets of them are remembered.
_MOST_PLANS = 1000
_TIMEOUTS = ("timeout", "timed out")


def checked_map(columns: Mapping[str, str]) -> dict[str, str]:
    """A `--map` in our names.

    Raises:
        ConfigError: when it names what no sample has.
    """
    found = {}
    for ours, theirs in columns.items():
        true = _ALIASES.get(ours, ours)
        if true not in _OURS:
            raise ConfigError(f"--map has no {ours!r}; it knows {', '.join((*_OURS, *_ALIASES))}.")
        found[true] = theirs
    return found


def _sniff(source: Source) -> int:
    return 10 if source.first and "output" in _plan(source.first, {}) else 0


def _plan(first: Values, said: Mapping[str, str]) -> dict[str, str]:
    """Our name of a column to the file's."""
    found = dict(said)
    free = {plain_name(key): key for key in reversed(first) if key not in said.values()}
    for ours in _OURS:
        known = (*NAMES[ours], *_MORE.get(ours, ()))
        name = None if ours in found else next((one for one in known if one in free), None)
        if name is not None:
            found[ours] = free.pop(name)
    if "problem" not in found and "prompt" in found:
        found["problem"] = found["prompt"]
    if "prompt" in found and "target" not in found and "answer" not in said:
        # Beside a question, "answer" is the right one; what was extracted has another name.
        if plain_name(found.get("answer", "")) == "answer":
            found["target"] = found.pop("answer")
            others = [one for one in NAMES["answer"] if one in free]
            found |= {"answer": free[others[0]]} if others else {}
    return found


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    said = checked_map(columns)
    plans: dict[tuple[str, ...], dict[str, str]] = {}
    for record in source.records(notes):
        fields = tuple(record.values)
        plan = plans.get(fields)
        if plan is None:
            if len(plans) == _MOST_PLANS:
                plans.clear()
            plan = _checked(_plan(record.values, said), record, said if not plans else {})
            plans[fields] = plan
        for row in _rows(record, plan):
            _count(row, plan, notes)
            yield row


def _count(row: Row, plan: Mapping[str, str], notes: Notes) -> None:
    """Note what a user should know of a verdict."""
    score = row.scores.get(f"plain:{plan.get('correct', '')}")
    if score is None or score.is_missing:
        return
    if score.note in _TIMEOUTS:
        notes.counts["timeouts, counted as wrong"] += 1
    if score.passed is None:
        name = plan["correct"][:40]
        notes.counts[
            f"cells of {name!r} are numbers and no verdicts: they rank, and no n has them"
        ] += 1


def _checked(plan: dict[str, str], record: Record, said: Mapping[str, str]) -> dict[str, str]:
    """A plan that names a problem and an output, and has the fields that a user named."""
    have = ", ".join(repr(name[:40]) for name in list(record.values)[:20]) or "none"
    for ours, theirs in said.items():
        if theirs not in record.values:
            raise FormatError(
                f"{record.place} has no field {theirs!r}, which was to be its {ours}; "
                f"it has {have}."
            )
    for ours in ("problem", "output"):
        if ours not in plan:
            raise FormatError(
                f"{record.place} has no {ours}; its fields are {have}.",
                hint=f"Name it with --map {ours}=FIELD.",
            )
    return plan


def _rows(record: Record, plan: Mapping[str, str]) -> Iterator[Row]:
    values, place = record.values, record.place
    outputs = cells.wanted(values, plan["output"], place)
    more = cells.rest(values, *plan.values())
    about: dict[str, Json] = {"plain": more} if more else {}
    if not isinstance(outputs, list):
        whole = {ours: values.get(theirs) for ours, theirs in plan.items()}
        yield _row(_problem(values, plan, place, {}), whole, plan, about)
        return
    problem = _problem(values, plan, place, about)
    lists: dict[str, list[Json]] = {"output": outputs}
    for ours in ("correct", "answer", "reward", "index", "finish_reason", "logprob", "tokens"):
        if isinstance(found := values.get(plan.get(ours, "")), list):
            lists[ours] = found
    whole = {ours: values.get(theirs) for ours, theirs in plan.items() if ours not in lists}
    cells.equally_long({plan[ours]: found for ours, found in lists.items()}, place)
    for at in range(len(outputs)):
        own = {ours: found[at] for ours, found in lists.items()}
        yield _row(problem, whole | own, plan, {})


def _problem(
    values: Values, plan: Mapping[str, str], place: str, about: Mapping[str, Json]
) -> Problem:
    found = cells.wanted(values, plan["problem"], place)
    key = cells.name(found)
    if key is None:
        raise FormatError(f"{place}: {plan['problem']!r} must be a text or a whole number.")
    prompt = values.get(plan.get("prompt", ""))
    target = values.get(plan.get("target", ""))
    return Problem(key, prompt if isinstance(prompt, str) else key, target, about)


def _row(
    problem: Problem, cell: Mapping[str, Json], plan: Mapping[str, str], about: Mapping[str, Json]
) -> Row:
    tokens = cells.whole(cell.get("tokens"), -1)
    model = cells.text(cell.get("model"))
    sample = Sample(
        problem.id,
        cells.whole(cell.get("index"), NEXT),
        cells.text(cell.get("output")),
        finish_reason=cells.text(cell.get("finish_reason")) or "unknown",
        logprob=cells.number(cell.get("logprob")),
        usage=Usage(output_tokens=max(tokens, 0), estimated=tokens < 0),
        metadata={**about, "model": model} if model else about,
    )
    greedy = cells.text(cell.get("role")).lower() == "greedy"
    return Row(problem, sample, _scores(cell, plan), greedy, model)


def _scores(cell: Mapping[str, Json], plan: Mapping[str, str]) -> dict[str, Score]:
    found: dict[str, Score] = {}
    answer = cells.name(cell.get("answer"))
    if "correct" in plan:
        found[f"plain:{plan['correct']}"] = _verdict(cell.get("correct"), answer)
    elif answer is not None:
        found[f"plain:{plan['answer']}"] = Score(answer=answer)
    if "reward" in plan:
        found[f"plain:{plan['reward']}"] = cells.valued(cells.number(cell.get("reward")))
    return found


def _verdict(value: Json, answer: str | None) -> Score:
    passed = cells.verdict(value)
    if passed is None and not _is_empty(value):
        return cells.valued(cells.number(value), why=f"{str(value)[:40]!r} is no verdict")
    note = value if isinstance(value, str) else ""
    return cells.judged(passed, answer=answer, note=note)


def _is_empty(value: Json) -> bool:
    return value is None or value == ""


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        nothing: list[Score | None] = [None] * len(held.samples)
        verdicts = held.scores.get(about.by, nothing)
        values = held.scores.get(about.value, nothing)
        for sample, verdict, value in zip(held.samples, verdicts, values, strict=True):
            yield _values(held.problem, sample, verdict, value)


def _values(problem: Problem, sample: Sample, verdict: Score | None, value: Score | None) -> Values:
    row: Values = {
        "problem_id": problem.id,
        "index": sample.index,
        "prompt": problem.prompt,
        "target": problem.target,
        "output": sample.output,
        "finish_reason": sample.finish_reason,
    }
    if verdict is not None:
        row |= {"correct": verdict.passed, "answer": verdict.answer}
    if value is not None:
        row["reward"] = None if value.value != value.value else value.value
    if sample.usage.output_tokens:
        row["output_tokens"] = sample.usage.output_tokens
    row |= cells.kept(problem.metadata, "plain") | cells.kept(sample.metadata, "plain")
    more = cells.rest(sample.metadata, "plain", "model")
    if more:
        row["metadata"] = more
    if "model" in sample.metadata:
        row["model"] = sample.metadata["model"]
    return row


FORMAT = Format(
    "plain", "JSON lines, lists, Parquet or Arrow rows of any names", _sniff, _read, _write
)
