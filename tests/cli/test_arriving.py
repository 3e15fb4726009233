"""Lines of candidates fit the terminal, whatever a model wrote; scoring goes on beside the draw."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.analysis.made_run import MODEL, SAMPLED

from topdraw.cli.arriving import arriving, candidate_line, clipped, score_words, scores_alone
from topdraw.core.records import Problem, Sample, Score, Task, Usage, sampler_hash
from topdraw.core.registry import scorer
from topdraw.store.run import Run, Sampler

HASH = sampler_hash(MODEL, SAMPLED)

SCORES = st.one_of(
    st.builds(Score, value=st.floats(), answer=st.none() | st.text()),
    st.builds(Score.verdict, st.booleans(), answer=st.none() | st.text()),
    st.builds(Score.missing, st.text()),
)


@given(st.text(), st.text(), st.dictionaries(st.text(), SCORES, max_size=3), st.integers(30, 120))
def test_a_candidate_is_one_line_that_fits(
    output: str, reason: str, scores: dict[str, Score], width: int
) -> None:
    one = Sample("q", 3, output, finish_reason=reason, usage=Usage(1, 12_345))
    shown = candidate_line(one, scores, width)
    assert cell_len(shown) <= width
    assert not set(shown) & {"\n", "\r", "\x1b", "\x07", "\u202e", "\u2028", "\x9b"}
    assert shown.startswith("   3 ")


def test_words_of_scores() -> None:
    assert score_words("r", Score(value=0.123456)) == "r 0.1235"
    assert score_words("v", Score.verdict(True)) == "v passed"
    assert score_words("v", Score.verdict(False)) == "v failed"
    assert score_words("j", Score.missing("gone")) == "j missing"
    assert score_words("n", Score(answer="4")) == ""


def test_a_cut_off_output_and_an_empty_one_say_so() -> None:
    cut = Sample("q", 0, "one two", finish_reason="length")
    assert candidate_line(cut, {}, 60).endswith("(length)  “one two”")
    assert candidate_line(Sample("q", 0, " \n"), {}, 60).endswith("(no text)")


def test_wide_characters_count_twice() -> None:
    assert clipped("漢字漢字", 8) == "漢字漢字"
    assert clipped("漢字漢字", 7) == "漢字漢…"


@scorer("arrives-long")
def _long(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    return [Score(value=float(len(sample.output))) for sample in samples]


@scorer("arrives-together")
def _together(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    return [Score(value=float(len(samples))) for _ in samples]


_together.together = True  # type: ignore[attr-defined]  # read by cli.arriving


@scorer("arrives-broken")
def _broken(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    return [Score(value=0.0)] * (len(samples) + 1)


def _run(folder: Path) -> Run:
    task = Task("ask", "1", (Problem("q", "?"),))
    drawn = [Sampler(HASH, "sampled", SAMPLED, 4)]
    return Run.create(folder, task=task, model=MODEL, samplers=drawn, seed=0)


def _arrive(folder: Path, scorers: Sequence[str]) -> tuple[Run, list[str]]:
    run = _run(folder)
    said: list[str] = []
    with arriving(scorers, folder, said.append) as came, run.writer() as writer:
        for index in range(4):
            one = Sample("q", index, "x" * (index + 1), sampler=HASH)
            writer.append(one)
            came(one)
    return Run.open(folder), said


def test_each_is_said_once_with_its_score_which_is_in_the_run(tmp_path: Path) -> None:
    run, said = _arrive(tmp_path / "r", ["arrives-long"])
    assert [line.split()[0] for line in said] == ["0", "1", "2", "3"]
    assert [line.split("arrives-long ")[1].split()[0] for line in said] == ["1", "2", "3", "4"]
    assert sorted(score.value for score in run.scores("arrives-long").values()) == [1, 2, 3, 4]


def test_a_scorer_that_must_see_all_waits(tmp_path: Path) -> None:
    assert scores_alone("arrives-long")
    assert not scores_alone("arrives-together")
    run, said = _arrive(tmp_path / "r", ["arrives-together"])
    assert len(said) == 4
    assert "arrives-together" not in run.scorers()


def test_a_scorer_that_breaks_its_contract_costs_no_line(tmp_path: Path) -> None:
    _, said = _arrive(tmp_path / "r", ["arrives-broken", "arrives-long"])
    assert len(said) == 4


def test_an_interrupt_ends_it_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    _run(tmp_path / "r")
    try:
        with arriving(["arrives-long"], tmp_path / "r", said.append):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert said == []
