import datetime
from pathlib import Path

import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.architectures import Architecture
from topdraw.analysis.cost import Tables, cost_axes, costs_of, model_of
from topdraw.core.billing import Answered, Asked
from topdraw.core.until import Until
from topdraw.sampling.prices import Price
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run

PRICES = {"made": Price(1.0, 4.0, datetime.date(2026, 11, 20))}
MODELS = {"made": Architecture(parameters=10, layers=1, width=2)}

# Every made sample has a prompt of 2 tokens and an output of 5.
READ, WRITTEN = 2, 5


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path / "run", {"p": [YES, NO, LOST], "q": [NO, NO, NO]})


def test_the_axes_are_those_that_are_known(run: Run) -> None:
    assert [axis.unit for axis in cost_axes(run, [1])] == ["output_tokens"]
    axes = {axis.unit: axis for axis in cost_axes(run, [1, 3], prices=PRICES, architectures=MODELS)}
    assert list(axes) == ["output_tokens", "usd", "flops"]
    assert axes["output_tokens"].values == (WRITTEN, 3 * WRITTEN)
    assert axes["output_tokens"].label == "output tokens per problem"
    assert axes["usd"].at(3) == pytest.approx((READ + 3 * WRITTEN * 4) / 1e6)
    model = MODELS["made"]
    written = sum(model.token_flops(context) for context in range(3, 8))
    assert axes["flops"].at(3) == pytest.approx(
        model.token_flops(1) + model.token_flops(2) + 3 * written
    )
    with pytest.raises(ValueError, match="not in tuple"):
        axes["usd"].at(2)


def test_prompts_can_count_with_every_sample(run: Run) -> None:
    axes = cost_axes(run, [3], prices=PRICES, shared_prompts=False)
    assert axes[1].values[0] == pytest.approx(3 * (READ + WRITTEN * 4) / 1e6)


def test_problems_keep_the_order_asked_for_and_unknown_ones_cost_nothing_known(run: Run) -> None:
    costs = costs_of(run, problem_ids=["q"], tables=Tables(PRICES))
    assert list(costs) == ["output_tokens", "tokens", "usd"]
    assert costs["tokens"].of_k([2]).tolist() == [[READ + 2 * WRITTEN]]
    assert costs_of(run, problem_ids=["q", "none"]) == {}
    assert costs_of(run, samples=[]) == {}


def test_a_table_of_counts_has_no_cost(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("problem,n,c\na,4,2\nb,4,0\n")
    assert cost_axes(open_evidence(path), [1, 2]) == ()


def test_a_table_with_lengths_has_output_tokens(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_text("problem,index,correct,tokens\na,0,1,10\na,1,0,20\nb,0,1,30\nb,1,1,30\n")
    axes = cost_axes(open_evidence(path), [2])
    assert [(axis.unit, axis.values) for axis in axes] == [("output_tokens", (45.0,))]


def test_seconds_are_those_of_the_requests(run: Run) -> None:
    assert "seconds" not in costs_of(run)
    with run.bill_writer() as writer:
        for key, seconds in (("p", 6.0), ("q", 1.5)):
            asked = Asked(key, 0, 3, "localhost")
            writer.end(writer.begin(asked), Answered("delivered", 3, 2, 15, seconds=seconds))
    assert costs_of(run)["seconds"].each.tolist() == [2.0, 0.5]


def test_of_a_stopped_run_the_first_samples_count(tmp_path: Path) -> None:
    until = Until("pass", by="judge")
    run = made_run(tmp_path / "stopped", {"p": [NO, YES], "q": [YES]}, until=until, cap=4)
    assert costs_of(run)["output_tokens"].of_k([1]).tolist() == [[5.0], [5.0]]


def test_a_model_is_called_what_the_server_calls_it(run: Run, tmp_path: Path) -> None:
    assert model_of(run) == "made"
    served = made_run(tmp_path / "b", {"p": [YES]}, model={"model": "gpt-4o", "name": "ours"})
    assert model_of(served) == "gpt-4o"
    assert [axis.unit for axis in cost_axes(served, [1])] == ["output_tokens", "usd"]
