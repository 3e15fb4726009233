"""Verifier of whole programs: standard input in, standard output compared, test by test.

Not here: the sandbox; functions with unit tests (`unit_tests`); comparing outputs (`outputs`).
Try it: `topdraw tasks codecontests -o path=FILE`, then `topdraw score RUN io_tests`.

Target: see `cases`. Public, private and generated tests are kept apart in the note. The public
ones are all run; of the rest none after the first that fails. Out of time is wrong: a case may
take max(4 s, what the problem states, 4 x the reference solution) of processor time.
Programs are the last Markdown block of an output, in the language it names (Python, C, C++), or
the whole output; one in a language that nothing here can run is missing. The answer (for votes) is
what the program gives on the public inputs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.scoring.cases import Cases, IoCase, by_group, is_foreign, language_of, read_cases
from topdraw.scoring.checking import check
from topdraw.scoring.marks import NOT_RUN, PASSED, WRONG, mark, note
from topdraw.scoring.outputs import same_output
from topdraw.scoring.plain_text import equal, text_of
from topdraw.scoring.programs import LONGEST, Program, whole
from topdraw.scoring.sandbox.jobs import Calls, Job, Language, Limits, StdioCases
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict
from topdraw.scoring.suites import known_solutions
from topdraw.scoring.timed import REFERENCE_SECONDS, check_timed, limits, reached

PUBLIC = "public"
AT_ONCE = 16
_SHOWN = 40
_LONGEST_ANSWER = 200
_KNOWN = "programs are Python, C++ or C"


@dataclass(slots=True)
class _Tried:
    """A program on its way through the tests."""

    program: Program
    marks: str = ""
    public: list[str] = field(default_factory=list)
    reason: str = ""
    missing: str = ""

    @property
    def is_over(self) -> bool:
        return bool(self.reason or self.missing)


@scorer("io_tests")
def score_io_tests(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does the program it writes give the right output on every test?

    Equal programs are run once.

    Args:
        problem: its target holds the tests (see the module).
        samples: of this problem.

    Returns:
        Verdicts with per-test results by group in the note. Missing scores when the target has no
        tests, the compiler is not there, or the sandbox broke or had no processor to spare.

    Raises:
        SandboxUnavailable: where this machine does not allow what the sandbox takes.
    """
    cases = read_cases(problem)
    if isinstance(cases, str):
        return [Score.missing(cases) for _ in samples]
    programs = {sample.output: whole(sample.output) for sample in samples}
    tried = {one: _Tried(one) for one in programs.values() if len(one.source) <= LONGEST}
    for one in filter(is_foreign, tried):
        tried[one].missing = f"there is no compiler for {one.language}; {_KNOWN}"
    known = [one for one in tried if not is_foreign(one)]
    for language in dict.fromkeys(language_of(one, cases.language) for one in known):
        same = [tried[one] for one in known if language_of(one, cases.language) == language]
        _try_all(problem, cases, language, same)
    return [_score(cases, tried.get(programs[sample.output])) for sample in samples]


# Threads that may score different problems at once: they wait for the sandbox.
score_io_tests.workers = 4  # type: ignore[attr-defined]  # read by scoring.engine


def _score(cases: Cases, tried: _Tried | None) -> Score:
    if tried is None:
        return Score.verdict(False, note=f"longer than {LONGEST} characters")
    if tried.missing:
        return Score.missing(tried.missing)
    groups = by_group(cases.tests, tried.marks.ljust(len(cases.tests), NOT_RUN))
    rule = f"{tried.program.rule} {tried.program.language}".strip()
    compared = "values" if cases.entry else cases.rule
    text = note(groups, rule=f"{rule}, {compared}", reason=tried.reason)
    return Score.verdict(not tried.reason, answer=_answer(tried), note=text)


def _answer(tried: _Tried) -> str | None:
    if not any(tried.public):
        return None
    text = "|".join(tried.public)
    if len(text) <= _LONGEST_ANSWER:
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _try_all(
    problem: Problem, cases: Cases, language: Language, programs: Sequence[_Tried]
) -> None:
    references = [
        one.source
        for one in map(whole, known_solutions(problem))
        if language_of(one, cases.language) == language and not is_foreign(one)
    ]
    for tests in _batches(cases.tests, built=bool(language.build)):
        left = [tried for tried in programs if not tried.is_over]
        sources = [_named(tried.program.source, cases.entry) for tried in left]

        def job(source: str, allowed: Limits, tests: Sequence[IoCase] = tests) -> Job:
            return _job(source, language, cases, tests, allowed)

        def reference_seconds(tests: Sequence[IoCase] = tests) -> float:
            return _slowest(references, language, cases, tests)

        for tried, outcome in zip(left, check_timed(sources, job, reference_seconds), strict=True):
            try:
                _note_outcome(tried, cases, tests, outcome)
            except Exception as error:  # noqa: BLE001  ours, and this program's alone
                tried.missing = f"{type(error).__name__}: {error}"


def _batches(tests: Sequence[IoCase], *, built: bool) -> Iterator[Sequence[IoCase]]:
    """Public tests, then a few at a time; all at once where every batch would be built anew."""
    if built:
        yield tests
        return
    first = sum(1 for test in tests if test.group == PUBLIC)
    ordered = tests[:first] if all(test.group == PUBLIC for test in tests[:first]) else ()
    if ordered:
        yield ordered
    rest = tests[len(ordered) :]
    for at in range(0, len(rest), AT_ONCE):
        yield rest[at : at + AT_ONCE]


def _job(
    source: str, language: Language, cases: Cases, tests: Sequence[IoCase], allowed: Limits
) -> Job:
    seconds = max(allowed.cpu_seconds, cases.cpu_seconds)
    if cases.entry:
        inputs = tuple(tuple(t.given) for t in tests if isinstance(t.given, list))
        return Calls(source, cases.entry, inputs, limits(seconds))
    public = tests[0].group == PUBLIC
    texts = tuple(str(test.given) for test in tests)
    return StdioCases(source, language, texts, limits(seconds), stop_early=not public)


def _named(source: str, entry: str) -> str:
    """A program whose function may be a method of `class Solution`, as on LeetCode."""
    if not entry:
        return source
    return f"{source}\n\ntry:\n    {entry}\nexcept NameError:\n    {entry} = Solution().{entry}\n"


def _slowest(
    references: Sequence[str], language: Language, cases: Cases, tests: Sequence[IoCase]
) -> float:
    """The processor time of a reference on the case that takes it longest; 0 without one."""
    if not references:
        return 0.0
    source = _named(references[0], cases.entry)
    (outcome,) = check([_job(source, language, cases, tests, limits(REFERENCE_SECONDS))])
    if outcome.verdict != Verdict.RAN:
        return 0.0
    return max(
        [outcome.cpu_seconds if cases.entry else 0.0] + [c.cpu_seconds for c in outcome.cases]
    )


def _note_outcome(tried: _Tried, cases: Cases, tests: Sequence[IoCase], outcome: Outcome) -> None:
    if outcome.missing:
        tried.missing = outcome.missing
        return
    for test, case in zip(tests, reached(outcome, len(tests)), strict=True):
        if test.group == PUBLIC:
            ran = case.verdict == Verdict.RAN
            tried.public.append(_said(case, cases) if ran else "")
        one = _mark(case, test, cases)
        tried.marks += one
        if one != PASSED and not tried.reason:
            why = case.message or ("" if one != WRONG else _gave(case, test, cases))
            tried.reason = why or outcome.message or str(case.verdict or outcome.verdict)


def _mark(case: Case, test: IoCase, cases: Cases) -> str:
    if case.verdict != Verdict.RAN:
        return mark(case.verdict)
    if cases.entry:
        return PASSED if same_value(case.value, test.expected) else WRONG
    right = same_output(case.stdout, str(test.expected), rule=cases.rule, tolerance=cases.tolerance)
    return PASSED if right else WRONG


def _said(case: Case, cases: Cases) -> str:
    return text_of(_listed(case.value)) if cases.entry else " ".join(case.stdout.split())


def _gave(case: Case, test: IoCase, cases: Cases) -> str:
    gave = text_of(case.value) if cases.entry else repr(" ".join(case.stdout[:1000].split()))
    wanted = (
        text_of(test.expected) if cases.entry else repr(" ".join(str(test.expected)[:1000].split()))
    )
    return f"gave {gave[:_SHOWN]}, not {wanted[:_SHOWN]}"


def same_value(value: object, expected: Json) -> bool:
    """Whether what a function gave is what APPS expects: the value, or a list of it alone.

    Tuples count as lists, as in `eval/testing_util.py` of APPS.

    Examples:
        >>> same_value((1, 2), [1, 2]), same_value(3, [3]), same_value([3], 3)
        (True, True, False)
    """
    plain = _listed(value)
    if isinstance(expected, list) and len(expected) == 1 and equal(plain, expected[0]):
        return True
    return equal(plain, expected)


def _listed(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_listed(entry) for entry in value]
    return value
