import numpy as np
import pytest

from topdraw.core.records import Problem, Sample
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.reward import traced
from topdraw.scoring.self_certainty import score_self_certainty

PROBLEM = Problem("1", "Make 24 from the numbers 3, 5, 8. Use each once with + - * /.")
OUTPUTS = ["8*(5-2)", "3*8", "", "8*(5-2)", "zzz"]


@pytest.mark.slow
def test_it_keeps_the_contract_of_scorers() -> None:
    check_scorer("self-certainty", problem=PROBLEM, outputs=OUTPUTS)


def test_it_is_the_mean_over_the_tokens_and_the_end() -> None:
    scores = score_self_certainty(PROBLEM, [Sample("1", i, o) for i, o in enumerate(OUTPUTS)])
    traces = traced(PROBLEM.prompt, OUTPUTS)
    means = [trace.certainties.mean() for trace in traces]
    assert [score.value for score in scores] == pytest.approx(means, rel=1e-6)
    assert scores[0].value == scores[3].value
    assert min(score.value for score in scores) > 0
    # Certain tokens are far from uniform: the two run against each other.
    sure, unsure = (np.concatenate(each) for each in ([t.certainties for t in traces],
                                                      [t.entropies for t in traces]))  # fmt: skip
    assert np.corrcoef(sure, unsure)[0, 1] < 0


def test_a_prompt_that_cannot_be_read_is_our_failure() -> None:
    long = Problem("1", "3 " * 5000)
    assert score_self_certainty(long, [Sample("1", 0, "x")])[0].is_missing
