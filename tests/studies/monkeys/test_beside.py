import math
from pathlib import Path

import numpy as np
import pytest
from tests.studies.monkeys.made import law_counts, of_answers, of_counts

from topdraw.core.estimate import Estimate
from topdraw.studies.monkeys.beside import NO_MATCH, agreement, beside
from topdraw.studies.monkeys.plan import NAME
from topdraw.studies.published import published


def test_without_a_model_of_the_paper_all_is_for_reference(tmp_path: Path) -> None:
    found = beside(of_counts(tmp_path, {"m": [1, 2, 3]}, n=10))
    numbers = sum(
        len(table.rows) * len([name for name in table.numbers if name not in ("error std", "of")])
        for table in published(NAME)
    )
    assert len(found) == numbers
    assert all(one.ours is None and one.verdict == NO_MATCH for one in found)
    assert all("arXiv" in one.source for one in found)


def test_the_same_model_on_the_same_task_is_compared_value_for_value(tmp_path: Path) -> None:
    """Counts drawn from the published law of Pythia-70M on MATH: 10,000 samples of 128 problems."""
    c = law_counts(-7.59, -0.18, n=10_000, problems=128)
    readings = of_counts(tmp_path, {"Pythia-70M": c}, n=10_000, name="math_counts.csv")
    found = {one.what: one for one in beside(readings) if one.ours is not None}
    assert list(found) == ["a", "b", "mean error of the fit"]
    assert found["a"].verdict == found["b"].verdict == "agrees: within our interval"
    assert found["mean error of the fit"].verdict == "at least as close"
    assert found["mean error of the fit"].theirs == 0.0052
    assert readings[0].law is not None
    assert readings[0].law.residual <= 0.0052


def test_coverage_is_compared_where_our_samples_reach(tmp_path: Path) -> None:
    counts = {"meta-llama/Meta-Llama-3-8B-Instruct": [100] * 83 + [0] * 17}
    found = beside(of_counts(tmp_path, counts, n=100, name="MATH.csv"))
    by_what = {(one.task, one.what): one for one in found if "Llama-3-8B" in one.model}
    near = by_what["MATH", "coverage at k = 100"]
    assert near.ours is not None
    assert near.ours.value == pytest.approx(0.83)
    assert near.verdict.startswith("agrees")
    assert "do not reach it" in by_what["MATH", "coverage at k = 10,000"].verdict
    assert by_what["MATH", "a"].verdict == "the same model, but no law fits ours"
    assert by_what["MATH", "best selector at k = 100"].verdict.endswith("not measured here")
    assert by_what["MiniF2F", "a"].verdict == NO_MATCH


def test_a_file_that_names_no_task_is_compared_with_an_if(tmp_path: Path) -> None:
    c = law_counts(-3.92, -0.35, n=1000, problems=60)
    found = beside(of_counts(tmp_path, {"Pythia-12B": c}, n=1000, name="table.csv"))
    ours = [one for one in found if one.ours is not None]
    assert ours
    assert all(one.verdict.startswith("if table.csv is MATH: ") for one in ours)


def test_a_run_of_another_task_is_not_compared(tmp_path: Path) -> None:
    answers = {"p": "aab", "q": "abb"}
    one = of_answers(tmp_path, answers, right=dict.fromkeys(answers, "a"), model="GPT-4")
    assert all(each.ours is None for each in beside([one]))


def test_agreement_hangs_on_our_interval() -> None:
    assert agreement(Estimate(0.3, 0.2, 0.4), 0.41)[1].startswith("differs")
    assert agreement(Estimate(0.3, 0.2, 0.4), 0.4)[1].startswith("agrees")
    assert agreement(Estimate(0.3), 0.31)[1] == "off by 0.01; ours has no interval"


def test_the_best_selector_is_compared_with_the_papers(tmp_path: Path) -> None:
    import dataclasses

    answers = {f"p{at}": "a" * 40 + "b" * 60 for at in range(10)}
    right = {key: "b" if at < 4 else "a" for at, key in enumerate(answers)}
    one = of_answers(tmp_path, answers, right=right, model="Llama-3-8B-Instruct")
    named = dataclasses.replace(one, material=dataclasses.replace(one.material, task="math"))
    named = dataclasses.replace(
        named, material=dataclasses.replace(named.material, model="Llama-3-8B-Instruct")
    )
    (found,) = [
        each
        for each in beside([named])
        if each.what == "best selector at k = 100" and each.ours is not None
    ]
    assert found.ours is not None
    assert found.ours.value == pytest.approx(0.4, abs=0.03)
    assert found.verdict.startswith("agrees")


def test_recorded_game24_gives_the_published_coverage(shared_data: Path, tmp_path: Path) -> None:
    """Tree of Thoughts, Table 2: GPT-4 IO 7.3 %, best of 100 33 %."""
    import gzip
    import json

    (log,) = (shared_data / "game24").glob("*.json.gz")
    rows = json.loads(gzip.decompress(log.read_bytes()))
    counts = {"gpt-4": [sum(map(bool, row["accs"])) for row in rows if "accs" in row]}
    readings = of_counts(tmp_path, counts, n=100, name="game24.csv")
    ours = {one.what: one for one in beside(readings) if one.ours is not None}
    assert list(ours) == ["coverage at k = 1", "coverage at k = 100"]
    first, last = ours["coverage at k = 1"], ours["coverage at k = 100"]
    assert first.ours is not None
    assert last.ours is not None
    assert first.ours.value == pytest.approx(0.0734, abs=1e-4)
    assert last.ours.value == 0.33
    assert first.verdict == last.verdict == "agrees: within our interval"
    (one,) = readings
    assert one.law is not None
    # Of the eight published fits the errors are .002 to .0297.
    assert one.law.residual < 0.0189
    assert one.rise.law_error.value <= one.rise.line_error.value


def test_recorded_humaneval_gives_its_direct_coverage(shared_data: Path, tmp_path: Path) -> None:
    import gzip
    import json

    path = shared_data / "humaneval" / "codegen16b_100samples_tasks0_39.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    passed = [[result == "passed" for result in row["results"]] for row in map(json.loads, lines)]
    c = [sum(each) for each in passed]
    (one,) = of_counts(tmp_path, {"codegen-16b": c}, n=100)
    assert one.coverage(1).value == pytest.approx(np.mean(c) / 100)
    assert one.coverage(100).value == pytest.approx(np.mean([any(each) for each in passed]))
    assert one.law is not None
    assert one.law.residual < 0.0297
    assert not math.isnan(one.rise.less.value)
