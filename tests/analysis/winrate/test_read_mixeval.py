import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.winrate.made import mix_choice, mix_free, rows_of

from topdraw.analysis.winrate.read_mixeval import FREE_FORM, MULTIPLE_CHOICE, read_split
from topdraw.errors import FormatError


def test_a_free_form_split_knows_what_was_drawn_at_random(tmp_path: Path) -> None:
    path = tmp_path / "my-model" / "mixeval" / "2024-08-11" / "judge_results_ff_model_judge_x.jsonl"
    rows = [mix_free(0, 1.0), mix_free(1, 0.4, "no number"), mix_free(2, None, None)]
    found = read_split(rows_of(path, rows))
    assert (found.model, found.kind) == ("my-model", FREE_FORM)
    assert found.stored[:2].tolist() == [1.0, 0.4]
    assert np.isnan(found.stored[2])
    assert np.isnan(found.judged[1])
    assert found.benchmark[0] == "TriviaQA"


def test_a_multiple_choice_split_compares_letters(tmp_path: Path) -> None:
    rows = [mix_choice(0, "A"), mix_choice(1, "A", 1), mix_choice(2, "", 0)]
    found = read_split(rows_of(tmp_path / "judge_results_mp_rule.jsonl", rows))
    assert (found.kind, found.stored.tolist()) == (MULTIPLE_CHOICE, [1, 0, 0])
    rule = [{"id": 1, "options": ["x"], "target": [0], "eval_result": True}]
    assert read_split(rows_of(tmp_path / "n_close_multichoice.jsonl", rule)).stored.tolist() == [1]
    assert read_split(rows_of(tmp_path / "n_close_multichoice.jsonl", rule)).model == "n"


@pytest.mark.parametrize("target", [-1, 2, "A", None])
def test_a_target_that_is_no_option_is_refused(tmp_path: Path, target: object) -> None:
    with pytest.raises(FormatError, match="line 1 has no 'target'"):
        read_split(rows_of(tmp_path / "x.jsonl", [mix_choice(0, "A", target)]))


def test_a_score_outside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="score 3 is not between 0 and 1"):
        read_split(rows_of(tmp_path / "x.jsonl", [mix_free(0, 3)]))
    assert math.isnan(read_split(rows_of(tmp_path / "y.jsonl", [mix_free(0, None)])).stored[0])
