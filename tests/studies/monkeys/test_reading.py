from pathlib import Path

import numpy as np
import pytest
from tests.studies.monkeys.made import counts_file, law_counts, of_answers, of_counts

from topdraw.analysis.scaling.fitted import fit_counts
from topdraw.errors import DomainError
from topdraw.store.evidence import open_evidence
from topdraw.studies.material import RECORDED, Material
from topdraw.studies.monkeys.reading import by_task, read, steps


def test_counts_give_coverage_and_the_same_law_as_the_library(tmp_path: Path) -> None:
    c = law_counts(-2, -0.4, n=500, problems=40)
    (one,) = of_counts(tmp_path, {"m": c}, n=500)
    assert one.coverage(1).value == pytest.approx(np.mean(c) / 500)
    assert one.coverage(500).value == pytest.approx(np.mean(np.array(c) > 0))
    assert one.law is not None
    law = fit_counts(np.full(40, 500), np.array(c))
    assert (one.law.a, one.law.b) == (law.a, law.b)
    assert one.chosen == ()
    assert not one.judged
    assert one.keys == ()
    assert not one.costs
    assert (one.n, one.problems) == (500, 40)


def test_the_band_holds_the_pointwise_intervals(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": law_counts(-2, -0.4, n=200, problems=40)}, n=200)
    for value, low, high in zip(one.band.estimates, one.band.low, one.band.high, strict=True):
        assert low <= value.low
        assert high >= value.high


def test_what_is_the_same_at_every_k_has_no_law(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": [0, 0, 20, 20]}, n=20)
    assert one.law is None


def test_selectors_are_read_with_their_end_and_their_gap(tmp_path: Path) -> None:
    answers = {f"p{at}": "a" * 12 + "b" * 8 for at in range(12)}
    right = {key: "a" if at % 2 else "b" for at, key in enumerate(answers)}
    # The reward likes what is right.
    rewards = {
        key: [float(letter == right[key]) for letter in text] for key, text in answers.items()
    }
    one = of_answers(tmp_path, answers, right=right, rewards=rewards)
    by_name = {each.selector: each for each in one.chosen}
    assert list(by_name) == ["majority", "best_of_n", "weighted_majority"]
    vote, best = by_name["majority"], by_name["best_of_n"]
    assert vote.points[20].value == pytest.approx(0.5)
    assert best.points[20].value == pytest.approx(1.0)
    assert vote.points[1].value == pytest.approx(0.5)
    assert vote.gap.value == pytest.approx(0.5)
    assert best.gap.value == pytest.approx(0.0)
    assert (vote.since, vote.flat.last) == (2, 20)
    covered = one.coverage(20).value - one.coverage(2).value
    assert vote.behind.value == pytest.approx(covered - vote.gain.value)
    assert vote.behind.low <= vote.behind.value <= vote.behind.high
    assert (vote.ranked_by, best.ranked_by) == ("", "reward")
    assert one.judged


def test_a_settled_wrong_answer_is_told_by_its_text(tmp_path: Path) -> None:
    one = of_answers(
        tmp_path, {"p": "xyyyyyyyyyyyyyyyyyyy", "q": "ab" * 10}, right={"p": "z", "q": "a"}
    )
    assert [key.problem_id for key in one.keys] == ["p"]
    assert one.answers == {"p": "y"}


def test_too_few_samples_are_refused_with_their_problem(tmp_path: Path) -> None:
    path = counts_file(tmp_path, {"m": [0, 1]}, n=2, name="x.csv")
    with pytest.raises(DomainError, match="at least 3"):
        read(Material("x", RECORDED, "x", "m", open_evidence(path)))


def test_steps_reach_n_and_its_half() -> None:
    assert steps(2) == [1, 2]
    assert steps(1000)[-3:] == [300, 500, 1000]
    assert {32, 64} <= set(steps(64))


def test_the_strongest_at_one_sample_comes_first(tmp_path: Path) -> None:
    found = of_counts(tmp_path, {"weak": [1, 2, 3], "strong": [9, 9, 9]}, n=20)
    assert [one.name for one in by_task(found)["counts.csv"]] == ["strong", "weak"]


def test_the_larger_model_comes_first_where_sizes_are_known(tmp_path: Path) -> None:
    counts = {"pythia-70m": [9, 9, 9], "pythia-12b": [1, 2, 3]}
    found = of_counts(tmp_path, counts, n=20)
    assert [one.parameters > 1e9 for one in found] == [False, True]
    assert [one.name for one in by_task(found)["counts.csv"]] == ["pythia-12b", "pythia-70m"]
