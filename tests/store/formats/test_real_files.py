"""Real files of other tools, and the numbers that are known of them.

The sources of the numbers stand in the README beside each file: the tool's own results on the same
samples, or the paper's.
"""

from collections.abc import Callable
from fractions import Fraction
from math import comb
from pathlib import Path

import pytest
from tests.store.formats.made import Imported, exported, imported, key

import topdraw as td
from topdraw.store.formats.exporting import encode
from topdraw.store.formats.importing import import_files
from topdraw.store.formats.source import open_source
from topdraw.store.run import Run

Take = Callable[..., Imported]


@pytest.fixture
def taken(shared_data: Path, tmp_path: Path) -> Take:
    """Imports a file of the reference data into a folder of its own."""

    def take(name: str, model: str | None = None) -> Imported:
        (path,) = shared_data.glob(name)
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        return Imported(import_files([path], folder, model=model), Run.open(folder))

    return take


def mean_pass_at(run: Run, k: int, by: str) -> float:
    return td.pass_at_k(run, k, by=by).value


def test_inspect_in_both_containers(taken: Take) -> None:
    for name in ("formats/inspect*.eval", "formats/inspect*.json.gz"):
        report, run = taken(name)
        assert (report.format, report.problems, report.samples) == ("inspect", 12, 48)
        assert (report.fewest, report.median, report.most) == (4, 4, 4)
        assert report.by == run.manifest.scorer == "inspect:last_a"
        assert run.manifest.model["model"] == "mockllm/model"
        assert [mean_pass_at(run, k, report.by) for k in (1, 2, 4)] == pytest.approx(
            [0.22917, 0.36111, 0.5], abs=5e-6
        )
        first = run.samples()[0]
        assert (first.problem_id, first.index, first.usage.output_tokens) == ("gsm8k-0", 0, 53)
        assert run.problems["gsm8k-0"].target == "18"
        assert run.scores(report.by)[key(first)].answer == "26"


def test_lm_eval_is_48_samples_and_not_24_rows(taken: Take) -> None:
    report, run = taken("formats/lm_eval_samples*")
    assert (report.format, report.rows, report.problems, report.samples) == ("lm-eval", 24, 12, 48)
    assert report.filters == ("score-first", "maj@4")
    assert run.manifest.task["name"] == "gsm8k_even12"
    assert report.by == ""  # its metrics judge the filters' answers
    td.score(run, "number")
    assert [mean_pass_at(run, k, "number") for k in (1, 2, 4)] == pytest.approx(
        [0.22917, 0.36111, 0.5], abs=5e-6
    )
    voted = list(run.scores("lm-eval:exact_match,maj@4").values())
    assert len(voted) == 12
    assert sum(one.note.startswith("exact_match 1.0") for one in voted) == 3  # maj@4 = .25
    assert [row["resps"] for row in exported(run, "lm-eval")] == [
        [[one.output for one in run.samples() if one.problem_id == key]] for key in run.problems
    ]


def test_the_same_samples_in_both_tools_are_the_same_run(taken: Take) -> None:
    _, first = taken("formats/lm_eval_samples*")
    ours = [one.output for one in first.samples()]
    _, second = taken("formats/inspect*.eval")
    assert [one.output for one in second.samples()] == ours


def test_lm_eval_results_are_not_believed(taken: Take) -> None:
    with pytest.raises(td.TopdrawError, match="holds no sample to import: 1 file of averages"):
        taken("formats/lm_eval_results*")


@pytest.mark.slow
def test_game_of_24_is_what_the_paper_says(taken: Take) -> None:
    report, run = taken("game24/*.json.gz")
    assert (report.format, report.problems, report.most) == ("tree-of-thought", 100, 100)
    assert run.manifest.model["model"] == "gpt-4"
    sampled = run.manifest.sampler("sampled")
    assert sampled is not None
    assert sampled.decoding.temperature == 0.7
    verdicts = run.scores(report.by)
    correct = [
        sum(verdicts[sampled.hash, name, at].passed is True for at in range(100))
        for name in run.problems
    ]
    for k, wanted in ((1, ".0734"), (10, ".1789"), (50, ".2728"), (100, ".33")):
        failing = sum(Fraction(comb(100 - c, k), comb(100, k)) for c in correct)
        exact = 1 - Fraction(failing, 100)
        assert abs(exact - Fraction(wanted)) < Fraction(5, 100_000)
        assert mean_pass_at(run, k, report.by) == pytest.approx(float(exact), abs=1e-12)


def test_four_solvers_of_gsm8k(taken: Take) -> None:
    report, run = taken("gsm8k/example*")
    assert (report.format, report.problems, report.samples) == ("gsm8k-solutions", 660, 2640)
    assert [mean_pass_at(run, k, report.by) for k in (1, 2, 3, 4)] == pytest.approx(
        [0.3735, 0.5210, 0.6064, 0.6652], abs=5e-5
    )
    by_solver: dict[object, list[bool]] = {}
    verdicts = run.scores(report.by)
    for sample in run.samples():
        passed = verdicts[key(sample)].passed is True
        by_solver.setdefault(sample.metadata["model"], []).append(passed)
    assert [sum(one) / 660 for one in by_solver.values()] == pytest.approx(
        [0.2197, 0.3894, 0.3197, 0.5652], abs=5e-5
    )
    assert len(report.models) == 4
    alone = taken("gsm8k/example*", model="175b_verification")
    assert alone.report.samples == 660
    assert mean_pass_at(alone.run, 1, alone.report.by) == pytest.approx(0.5652, abs=5e-5)
    assert alone.run.manifest.model["model"] == "175b_verification"


@pytest.mark.slow
def test_codegen_on_humaneval(taken: Take) -> None:
    report, run = taken("humaneval/codegen16b_100*")
    assert (report.format, report.problems, report.most) == ("plain", 40, 100)
    known = {1: 0.41275, 2: 0.54002, 5: 0.65312, 10: 0.69984, 20: 0.73993, 50: 0.80304, 100: 0.85}
    for k, wanted in known.items():
        assert mean_pass_at(run, k, report.by) == pytest.approx(wanted, abs=5e-6)
    assert any("9 timeouts" in warning for warning in report.warnings)


def test_humaneval_samples(taken: Take) -> None:
    report, run = taken("humaneval/*tasks0_4.jsonl.gz")
    assert (report.format, report.problems, report.samples) == ("humaneval", 5, 500)
    assert [row["task_id"] for row in exported(run, "humaneval")[::100]] == list(run.problems)


def test_rewards_of_qwen_math(taken: Take) -> None:
    report, run = taken("math_rm/*.jsonl")
    assert (report.format, report.problems, report.samples) == ("qwen-math", 40, 320)
    assert [mean_pass_at(run, k, report.by) for k in (1, 2, 4, 8)] == pytest.approx(
        [0.9219, 0.9464, 0.9675, 0.975], abs=5e-5
    )
    best = td.accuracy(run, "best_of_n", by=report.by, value="qwen-math:pred_score")
    assert best.value == pytest.approx(0.95)
    assert report.repeating == 13


@pytest.mark.parametrize(
    ("name", "wins"),
    [("claude-2", 17.188240356708075), ("FuseChat-Llama-3.2-3B-Instruct", 51.29667662027143)],
)
def test_annotations_of_alpaca_eval(taken: Take, name: str, wins: float) -> None:
    report, run = taken(f"alpaca_eval2/{name}.annotations.json.gz")
    assert (report.format, report.problems) == ("alpaca-annotations", 805)
    scores = run.scores("alpaca_eval:weighted_alpaca_eval_gpt4_turbo").values()
    assert 100 * sum(one.value for one in scores) / len(scores) == pytest.approx(wins, abs=1e-5)
    assert run.manifest.model["model"] == name


def test_outputs_of_alpaca_eval_and_answers_of_arena_hard(taken: Take) -> None:
    report, run = taken("alpaca_eval2/gpt4*")
    assert (report.format, report.samples) == ("alpaca", 5)
    assert run.manifest.model["model"] == "gpt4_1106_preview"
    report, run = taken("arena_hard/model_answer*")
    assert (report.format, report.samples) == ("arena-hard", 5)
    assert run.manifest.model["model"] == "gpt-4-0314"
    assert run.samples()[0].output.startswith("To implement a SCIM")


def test_questions_alone_are_no_samples(shared_data: Path, tmp_path: Path) -> None:
    for name in ("gsm8k/test_even.jsonl", "humaneval/HumanEval.jsonl.gz"):
        with pytest.raises(td.TopdrawError, match="of no format that topdraw knows"):
            import_files([shared_data / name], tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("game24/*.json.gz", ""),
        ("gsm8k/example*", ""),
        ("math_rm/*.jsonl", "qwen-math:pred_score"),
        ("alpaca_eval2/gpt4*", ""),
        ("alpaca_eval2/claude-2*first5*", "alpaca_eval:weighted_alpaca_eval_gpt4_turbo"),
        ("arena_hard/model_answer*", ""),
        ("humaneval/*tasks0_4.jsonl.gz", ""),
    ],
)
def test_real_files_come_back_as_they_were(
    taken: Take, name: str, value: str, shared_data: Path
) -> None:
    report, run = taken(name)
    (path,) = shared_data.glob(name)
    original = [one.values for one in open_source(path).records()]
    assert exported(run, report.format, value=value) == original


def test_an_exported_log_of_inspect_is_imported_as_the_same_run(
    taken: Take, tmp_path: Path
) -> None:
    report, run = taken("formats/inspect*.eval")
    path = tmp_path / "again.json"
    path.write_bytes(encode(exported(run, "inspect")))
    again = imported(path)
    assert again.report.scorers == report.scorers
    assert [one.output for one in again.run.samples()] == [one.output for one in run.samples()]
    assert list(again.run.problems.values()) == list(run.problems.values())
