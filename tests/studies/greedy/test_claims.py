import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.studies.greedy.made import made_material, sure

from topdraw.core.estimate import Estimate
from topdraw.studies.greedy.claims import Claim, claims, pooled_spread
from topdraw.studies.greedy.reading import GreedyReading, greedy_reading
from topdraw.studies.material import Material

P, N = 60, 8
Make = Callable[..., Material]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(share: float, greedy: float | None = None, n: int = N, **options: object) -> Material:
        name = f"{len(list(tmp_path.iterdir()))}"
        answers = None if greedy is None else np.arange(P) < round(P * greedy)
        table = np.sort(sure(P, share, n, seed=len(name)), axis=0)[::-1]
        return made_material(tmp_path / name, table, greedy=answers, **options)  # type: ignore[arg-type]  # as there

    return made


def _claim(reading: GreedyReading, start: str) -> Claim:
    (found,) = (one for one in claims(reading) if one.text.startswith(start))
    return found


def _verdict(start: str, *sets: Material) -> str:
    return _claim(greedy_reading(sets), start).verdict


def test_without_greedy_answers_nothing_is_claimed(make: Make) -> None:
    reading = greedy_reading([make(0.5, n=1)])
    assert {one.verdict for one in claims(reading)} == {"cannot tell"}
    assert len(claims(reading)) == 11
    assert {one.source for one in claims(reading)} == {
        "its list of findings",
        "its main table",
        "no table of it: a common finding",
    }


@pytest.mark.parametrize(
    ("greedy", "gap", "better"),
    [
        (0.9, "supported", "supported"),
        (0.1, "supported", "contradicted"),
        (0.5, "cannot tell", "cannot tell"),
    ],
)
def test_greedy_against_sampled(make: Make, greedy: float, gap: str, better: str) -> None:
    reading = greedy_reading([make(0.5, greedy)])
    assert _claim(reading, "There is").verdict == gap
    assert _claim(reading, "Greedy decoding does").verdict == better
    assert "[" in _claim(reading, "There is").decided_by


def test_no_gap_at_all_contradicts(make: Make) -> None:
    reading = greedy_reading([make(0.5, 0.5)])
    (one,) = reading.sets
    assert one.variability is not None
    nothing = Estimate(0.0, -0.004, 0.004, p_value=1.0)
    overall = replace(one.variability.overall, difference=nothing)
    none = replace(one, variability=replace(one.variability, overall=overall))
    assert _claim(replace(reading, sets=(none,)), "There is").verdict == "contradicted"


def test_an_open_ended_task_is_told_apart(make: Make) -> None:
    start = "AlpacaEval"
    assert _verdict(start, make(0.5, 0.1, task="alpaca_eval")) == "supported"
    assert _verdict(start, make(0.5, 0.9, task="alpaca_eval")) == "contradicted"
    assert _verdict(start, make(0.5, 0.5, task="alpaca_eval")) == "cannot tell"
    assert _verdict(start, make(0.5, 0.9, task="gsm8k")) == "cannot tell"


def test_models_agree_or_do_not(make: Make) -> None:
    start = "The finding is the same"
    up, down = (make(0.5, greedy, model=f"{greedy}") for greedy in (0.95, 0.05))
    assert _verdict(start, up, make(0.5, 0.9, model="b")) == "supported"
    assert _verdict(start, up, down) == "contradicted"
    assert _verdict(start, up) == "cannot tell"


def test_runs_that_share_an_effect_lie_further_apart(tmp_path: Path) -> None:
    start = "Full runs lie"
    even = greedy_reading([made_material(tmp_path / "even", sure(100, 0.5, 20))])
    assert _claim(even, start).verdict == "contradicted"
    assert pooled_spread(even.sets, 0.95).value == pytest.approx(1.0, abs=0.3)
    shares = np.where(np.arange(20) % 2, 0.2, 0.8)
    moved = np.random.default_rng(0).random((100, 20)) < shares
    wide = greedy_reading([made_material(tmp_path / "wide", moved)])
    assert _claim(wide, start).verdict == "supported"
    few = greedy_reading([made_material(tmp_path / "few", sure(100, 0.5, 2))])
    assert _claim(few, start).verdict == "cannot tell"


def test_runs_without_any_spread_are_in_no_ratio(tmp_path: Path) -> None:
    reading = greedy_reading([made_material(tmp_path / "run", np.ones((5, 4)))])
    assert math.isnan(pooled_spread(reading.sets, 0.95).value)


def _over(make: Make, shares: dict[float, float], axis: str = "temperature") -> list[Material]:
    return [make(share, **{axis: value}) for value, share in shares.items()]


def test_temperature(make: Make) -> None:
    harm, optimum = "High temperature", "Temperature has"
    inside = greedy_reading(_over(make, {0.5: 0.1, 1.0: 0.4, 1.5: 0.1}))
    assert _claim(inside, harm).verdict == "supported"
    assert _claim(inside, optimum).verdict == "supported"
    rising = greedy_reading(_over(make, {0.5: 0.1, 1.0: 0.4, 1.5: 0.9}))
    assert _claim(rising, harm).verdict == "contradicted"
    assert _claim(rising, optimum).verdict in ("contradicted", "cannot tell")
    below = greedy_reading(_over(make, {0.25: 0.2, 0.5: 0.4}))
    assert _claim(below, harm).verdict == "cannot tell"
    assert _claim(below, optimum).verdict == "cannot tell"


def test_a_penalty_is_claimed_of_open_ended_tasks_alone(make: Make) -> None:
    start, axis = "A higher repetition", "repetition_penalty"

    def read(low: float, high: float, task: str) -> Claim:
        sets = [make(low, task=task), make(high, task=task, **{axis: 1.2})]
        return _claim(greedy_reading(sets), start)

    assert read(0.2, 0.8, "alpaca_eval").verdict == "supported"
    assert read(0.8, 0.2, "alpaca_eval").verdict == "contradicted"
    other = read(0.2, 0.8, "gsm8k")
    assert other.verdict == "cannot tell"
    assert "best at repetition penalty 1.2" in other.decided_by


def test_a_weaker_model_passes_a_stronger(tmp_path: Path) -> None:
    start = "With the best of N"

    def read(name: str, share: float, reward: bool) -> Claim:
        table = sure(P, share, N)
        rewards = {f"p{at:03d}": row.astype(float).tolist() for at, row in enumerate(table)}
        weak = made_material(
            tmp_path / f"{name}-weak", table, model="weak", rewards=rewards if reward else None
        )
        strong = made_material(tmp_path / f"{name}-strong", sure(P, 0.6, N, 1), model="strong")
        return _claim(greedy_reading([weak, strong]), start)

    chosen = read("chosen", 0.3, reward=True)
    assert chosen.verdict == "supported"
    assert "by reward" in chosen.decided_by
    assert "oracle alone" in read("oracle", 0.3, reward=False).decided_by
    assert read("never", 0.01, reward=False).verdict == "contradicted"
