"""MMLU and MMLU-Pro: exam questions of many subjects with four, or up to ten, options.

Not here: reading the letter (scorer "choice"); log-likelihoods of letters, which no `Model` gives.
Try it: `topdraw tasks mmlu -o path=FOLDER -o style=original --problems 3`.

Origin: Hendrycks et al. 2021 (arXiv 2009.03300), https://github.com/hendrycks/test, files without
a header in test/SUBJECT_test.csv and dev/SUBJECT_dev.csv; Wang et al. 2024 (arXiv 2406.01574) for
MMLU-Pro. Three conventions, whose scores differ by points:

    simple-evals  no examples, reasoning, last line `Answer: X` (github.com/openai/simple-evals)
    original      five examples of the subject's dev split, `Answer:`, the next token counts
    lm-eval       the same without examples (lm-evaluation-harness, task mmlu; `shots` adds some)

The last two compare log-likelihoods of the letters at their origin. Here the letter is generated:
at temperature 0 that is the same answer wherever the likeliest token is a letter at all. The style
also names the rule by which the scorer finds the letter.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import ConfigError, DomainError
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, text, texts
from topdraw.tasks.files import Row
from topdraw.tasks.lettered import letter_of, listed, step_by_step
from topdraw.tasks.source import read_rows

VERSION = "1"
MMLU = Origin(
    task="mmlu",
    about="Exam questions of 57 subjects with four options.",
    page="https://github.com/hendrycks/test",
    licence="MIT",
    problems=14_042,
    scorer="choice",
    hub="cais/mmlu",
    config="all",
)
PRO = Origin(
    task="mmlu_pro",
    about="Harder exam questions of 14 subjects with up to ten options.",
    page="https://huggingface.co/datasets/TIGER-Lab/MMLU-Pro",
    licence="MIT",
    problems=12_032,
    scorer="choice",
    hub="TIGER-Lab/MMLU-Pro",
)
_HEADER = ("question", "A", "B", "C", "D", "answer")
_SHOTS = {"simple-evals": 0, "original": 5, "lm-eval": 0}
# How the scorer "choice" finds the letter: what a style asks for is what it reads.
_RULES = {"simple-evals": "simple-evals", "original": "original", "lm-eval": "original"}
_REASONED: dict[str, Json] = {"max_tokens": 2048}
_NEXT_TOKEN: dict[str, Json] = {"max_tokens": 4, "stop": ["\n"]}


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    subject: str
    text: str
    options: list[str]
    letter: str


@task("mmlu", origin=MMLU)
def load_mmlu(
    *,
    path: str = "",
    problems: int | None = None,
    style: str = "simple-evals",
    shots: int | None = None,
) -> Task:
    """MMLU's questions, from a file, the original's folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "simple-evals", "original" or "lm-eval"; see the module.
        shots: examples before each question; None takes the style's own, 0, 5 and 0.

    Raises:
        ConfigError: when no path is given, there is no such file, or it has no dev split for shots.
        FormatError: naming file and line, when a row is no question.
        DomainError: when problems < 1, shots < 0, or the style is not known.
    """
    return _task(MMLU, "dev", path, problems, style, shots)


@task("mmlu_pro", origin=PRO)
def load_pro(
    *,
    path: str = "",
    problems: int | None = None,
    style: str = "simple-evals",
    shots: int | None = None,
) -> Task:
    """MMLU-Pro's questions, from a file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "simple-evals", "original" or "lm-eval"; see the module.
        shots: examples before each question; None takes the style's own, 0, 5 and 0.

    Raises:
        ConfigError: when no path is given, there is no such file, or it has no validation split
            for shots.
        FormatError: naming file and line, when a row is no question.
        DomainError: when problems < 1, shots < 0, or the style is not known.
    """
    return _task(PRO, "validation", path, problems, style, shots)


def _task(
    origin: Origin, dev: str, path: str, problems: int | None, style: str, shots: int | None
) -> Task:
    known_style(style, _SHOTS)
    wanted = _SHOTS[style] if shots is None else shots
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 0:
        raise DomainError(f"shots={wanted!r}: a whole number from 0.")
    rows = read_rows(path, origin, problems=problems, header=_HEADER)
    examples = _examples(path, dataclasses.replace(origin, split=dev), wanted)
    seen: dict[str, int] = defaultdict(int)

    def problem(name: str, row: Row) -> Problem:
        question = _question(row, origin)
        number = seen[question.subject]
        seen[question.subject] += 1
        return Problem(
            id=_id(origin.task, name, row, question.subject, number),
            prompt=_prompt(question, style, examples.get(question.subject, [])[:wanted]),
            target=question.letter,
            metadata={
                "options": list(question.options),
                "subject": question.subject,
                "letter_rule": _RULES[style],
            },
        )

    decoding = _REASONED if style == "simple-evals" else _NEXT_TOKEN
    return benchmark(origin, VERSION, rows, problem, decoding=decoding)


def _examples(path: str, origin: Origin, wanted: int) -> Mapping[str, list[_Question]]:
    found: dict[str, list[_Question]] = defaultdict(list)
    if wanted and Path(path).expanduser().is_file():
        raise ConfigError(
            f"{wanted} examples come from the split {origin.split!r}, which {path!r} has not.",
            hint="Give the folder that holds both splits, or -o shots=0.",
        )
    for row in read_rows(path, origin, header=_HEADER) if wanted else ():
        question = _question(row, origin)
        found[question.subject].append(question)
    return found


def _question(row: Row, origin: Origin) -> _Question:
    options = _options(row)
    return _Question(
        subject=_subject(row, origin.split),
        text=text(row, "question"),
        options=options,
        letter=letter_of(row, find(row, "answer", "answer_index", "target"), options),
    )


def _options(row: Row) -> list[str]:
    if find(row, "choices", "options") is not None:
        # MMLU-Pro fills short lists up with "N/A".
        return [one for one in texts(row, "choices", "options") if one != "N/A"]
    return [text(row, letter.lower(), letter) for letter in "ABCD"]


def _subject(row: Row, split: str) -> str:
    own = find(row, "subject", "category")
    name = own if isinstance(own, str) and own else row.file.removesuffix(f"_{split}")
    return name.strip().lower().replace(" ", "_")


def _id(task: str, name: str, row: Row, subject: str, number: int) -> str:
    own = find(row, "question_id")
    if isinstance(own, int) and not isinstance(own, bool):
        return f"{task}/{own}"
    return f"{task}/{subject}/{number}" if subject else name


def _prompt(question: _Question, style: str, examples: Sequence[_Question]) -> str:
    if style == "simple-evals":
        solved = "".join(
            f"{one.text}\n\n{listed(one.options)}\n\nAnswer: {one.letter}\n\n" for one in examples
        )
        return solved + step_by_step(question.text, question.options)
    # The original joins the words of the subject with a blank before each, so it has two.
    gap = "  " if style == "original" else " "
    about = question.subject.replace("_", " ")
    head = f"The following are multiple choice questions (with answers) about{gap}{about}.\n\n"
    solved = "".join(f"{_asked(one)} {one.letter}\n\n" for one in examples)
    return head + solved + _asked(question)


def _asked(question: _Question) -> str:
    return f"{question.text}\n{listed(question.options, '.')}\nAnswer:"
