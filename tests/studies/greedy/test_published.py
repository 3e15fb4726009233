import math

import pytest

from topdraw.studies.greedy.published import greedy_numbers, matching


def test_the_printed_numbers_are_all_there() -> None:
    numbers = greedy_numbers()
    assert len(numbers.rows) == 7 * 6 + 3 + 4
    assert len(numbers.best) == 4 * 3
    assert "2407.10457" in numbers.paper
    row = numbers.row("Llama-3-8B-Instruct", "HumanEval")
    assert (row.greedy, row.mean, row.std, row.gap) == (0.585, 0.318, 0.0362, 0.183)
    assert "30.5" in row.doubts[0]
    with pytest.raises(KeyError, match="GPT-5"):
        numbers.row("GPT-5", "GSM8K")


def test_std_of_gsm8k_is_twice_the_binomial_and_that_of_humaneval_is_it() -> None:
    """Sanity of the published variance: 2.50 against 1.32, 3.62 against 3.64."""
    numbers = greedy_numbers()
    gsm8k = numbers.row("Llama-3-8B-Instruct", "GSM8K")
    humaneval = numbers.row("Llama-3-8B-Instruct", "HumanEval")
    assert gsm8k.std / gsm8k.binomial == pytest.approx(1.9, abs=0.01)
    assert humaneval.std / humaneval.binomial == pytest.approx(1.0, abs=0.01)


def test_graded_benchmarks_have_no_binomial() -> None:
    row = greedy_numbers().row("GPT-4-Turbo", "AlpacaEval 2")
    assert math.isnan(row.binomial)


def test_sizes_have_no_spread() -> None:
    row = greedy_numbers().row("Qwen2-0.5B-Instruct", "GSM8K")
    assert math.isnan(row.std)
    assert row.where == "table of sizes"


@pytest.mark.parametrize(
    ("task", "model", "found"),
    [
        ("gsm8k", "meta-llama/Meta-Llama-3-8B-Instruct", True),
        ("humaneval", "Qwen/Qwen2-7B-Instruct", True),
        ("humaneval+", "Qwen/Qwen2-7B-Instruct", False),
        ("mmlu", "Qwen/Qwen2-7B-Instruct", False),
        ("gsm8k", "Qwen/Qwen2-7B", False),
        ("countdown", "builtin", False),
    ],
)
def test_a_row_is_ours_where_model_and_task_are(task: str, model: str, found: bool) -> None:
    assert (matching(task, model, greedy_numbers().rows) is not None) == found
