"""TRL's data: preferences (`prompt`, `chosen`, `rejected`) and SFT (`prompt`, `completion`).

Not here: which pairs are worth training on (`topdraw.training.pairs`).
Try it: `topdraw export runs/try --format trl-preference --by countdown`.

Texts or lists of messages, as TRL 1.x takes them; topdraw writes texts. Of a preference the chosen
output is sample 0 and passed `trl:chosen`, the rejected one is sample 1 and did not. Margins and
further columns are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source
from topdraw.store.plain_names import NAMES

CHOSEN = "trl:chosen"
_KEY = "trl"
#: A sample file, not training data, has one of these beside prompt and completion.
_NOT_SFT = frozenset(
    name for ours in ("problem", "correct", "reward", "index", "answer") for name in NAMES[ours]
)


def _sniff_preference(source: Source) -> int:
    return 85 if source.has("chosen", "rejected") else 0


def _sniff_sft(source: Source) -> int:
    if source.has("prompt", "completion") and _NOT_SFT.isdisjoint(source.first):
        return 40
    return 60 if source.has("messages") and not source.has("uid") else 0


def _read_preference(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values, place = record.values, record.place
        asked = values.get("prompt")
        chosen, rejected = (
            _turns(cells.wanted(values, name, place), place) for name in ("chosen", "rejected")
        )
        prompt = _said(_turns(asked, place)) if asked is not None else _shared(chosen, rejected)
        more = cells.rest(values, "prompt", "chosen", "rejected")
        problem = Problem(_id(prompt, place), prompt, None, {_KEY: more} if more else {})
        for turns, is_chosen in ((chosen, True), (rejected, False)):
            text = turns[-1][1] if turns else ""
            if asked is None and prompt and len(turns) == 1:
                text = text.removeprefix(prompt)
            sample = Sample(problem.id, NEXT, text, finish_reason="unknown")
            yield Row(problem, sample, {CHOSEN: Score.verdict(is_chosen)})


def _read_sft(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values, place = record.values, record.place
        if "messages" in values:
            turns = _turns(values["messages"], place)
            prompt, output = _said(turns[:-1]), turns[-1][1] if turns else ""
        else:
            prompt = _said(_turns(cells.wanted(values, "prompt", place), place))
            output = _said(_turns(cells.wanted(values, "completion", place), place))
        more = cells.rest(values, "prompt", "completion", "messages")
        sample = Sample(
            _id(prompt, place),
            NEXT,
            output,
            finish_reason="unknown",
            metadata={_KEY: more} if more else {},
        )
        yield Row(Problem(sample.problem_id, prompt), sample)


def _turns(value: Json, place: str) -> list[tuple[str, str]]:
    """Role and text of each turn; a text alone is a turn without a role."""
    if isinstance(value, str):
        return [("", value)]
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise FormatError(f"{place}: a text or a list of messages is needed.")
    turns = map(cells.nested, value)
    return [(cells.text(one.get("role")), cells.text(one.get("content"))) for one in turns]


def _said(turns: list[tuple[str, str]]) -> str:
    if len(turns) == 1:
        return turns[0][1]
    return "\n\n".join(f"{role}: {text}" if role else text for role, text in turns)


def _shared(chosen: list[tuple[str, str]], rejected: list[tuple[str, str]]) -> str:
    """The prompt that both sides begin with, where a row has none of its own."""
    if len(chosen) > 1:
        return _said(chosen[:-1])
    first, second = (turns[0][1] if turns else "" for turns in (chosen, rejected))
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return first[: first.rfind("\n", 0, same) + 1]


def _id(prompt: str, place: str) -> str:
    if not prompt:
        raise FormatError(f"{place} has no prompt.")
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write_preference(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        if held.picked is None or held.rejected is None:
            continue
        chosen, rejected = held.samples[held.picked], held.samples[held.rejected]
        if chosen.output == rejected.output or not _is_better(held, about):
            continue
        row: Values = {"prompt": held.problem.prompt, "chosen": chosen.output}
        yield row | {"rejected": rejected.output} | cells.kept(held.problem.metadata, _KEY)


def _is_better(held: Held, about: About) -> bool:
    """Whether the chosen sample beats the rejected one: of a tie there is no preference."""
    scores = held.scores.get(about.value) or held.scores.get(about.by)
    if scores is None or held.picked is None or held.rejected is None:
        return False
    chosen, rejected = scores[held.picked], scores[held.rejected]
    return chosen is not None and rejected is not None and chosen.value > rejected.value


def _write_sft(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        for sample in held.samples:
            row: Values = {"prompt": held.problem.prompt, "completion": sample.output}
            yield row | cells.kept(sample.metadata, _KEY)


PREFERENCE = Format(
    "trl-preference", "TRL preference data: prompt, chosen, rejected", _sniff_preference,
    _read_preference, _write_preference,
)  # fmt: skip
SFT = Format(
    "trl-sft", "TRL SFT data: prompt and completion, or messages", _sniff_sft, _read_sft,
    _write_sft, one_each=True,
)  # fmt: skip
FORMATS = (PREFERENCE, SFT)
