from pathlib import Path

import numpy as np
import pytest
from tests.analysis.winrate.made import Row, write
from tests.conftest import TinyRun

from topdraw.analysis.winrate.lengths import output_lengths, read_samples
from topdraw.errors import FormatError


def test_each_instruction_counts_once() -> None:
    found = output_lengths(["a", "a", "b"], [10, 20, 45], [5, 5, np.nan])
    assert found is not None
    assert found.chosen.value == 30.0
    assert found.less_baseline is not None
    assert found.less_baseline.value == 10.0
    assert found.mean_sample is None
    assert output_lengths(["a"], [np.nan]) is None


def test_chosen_is_set_beside_the_mean_sample(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"instruction": "a", "output": ["x" * 10, "x" * 30]},
        {"instruction": "b", "output": "x" * 5},
        {"instruction": "b", "output": "x" * 7},
        {"instruction": "other", "output": "x"},
    ]
    samples = read_samples(str(write(tmp_path / "outputs.json", rows)))
    found = output_lengths(["a", "b", "c"], [30, 7, 99], samples=samples)
    assert found is not None
    assert found.mean_sample is not None
    assert found.less_mean_sample is not None
    assert (found.mean_sample.value, found.less_mean_sample.value) == (13.0, 5.5)
    assert found.samples == 4
    strangers = output_lengths(["z"], [1], samples=samples)
    assert strangers is not None
    assert strangers.mean_sample is None


def test_samples_of_a_run_are_found_by_prompt_and_by_id(tiny_run: TinyRun) -> None:
    found = read_samples(str(tiny_run({"p": ["abcd", "ab"]}).path))
    assert found.mean == {"p": 3.0, "Solve p.": 3.0}
    assert found.count["p"] == 2


@pytest.mark.parametrize("row", [{"instruction": "a"}, {"instruction": "a", "output": [1]}])
def test_a_row_without_output_is_refused(tmp_path: Path, row: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="line 2 has no 'output'"):
        read_samples(str(write(tmp_path / "o.json", [row])))
