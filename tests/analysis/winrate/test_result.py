import pytest

from topdraw.analysis.winrate.points import in_points
from topdraw.analysis.winrate.result import Result, differences, failed


def _result(model: str, each: dict[str, float], against: str = "base") -> Result:
    return Result(
        benchmark="B", model=model, against=against, part="", files=(), name="win rate",
        estimate=in_points(list(each.values())), published={}, each=each,
    )  # fmt: skip


def test_differences_are_paired_within_a_kind() -> None:
    a = _result("a", {"x": 1.0, "y": 1.0, "z": 0.5})
    b = _result("b", {"y": 0.0, "z": 0.5, "w": 1.0})
    c = _result("c", {"y": 1.0, "z": 0.5}, against="another")
    found = differences([a, c, b])
    assert [(one.a, one.b) for one in found] == [("a", "b")]
    assert found[0].estimate.value == 50.0
    assert found[0].estimate.n == 2
    assert (found[0].only_a, found[0].only_b) == (1, 1)


def test_adjusted_p_allows_for_all_pairs_of_a_kind() -> None:
    each = [{str(at): float(at % k == 0) for at in range(60)} for k in (1, 2, 3)]
    found = differences([_result(name, one) for name, one in zip("abc", each, strict=True)])
    assert len(found) == 3
    assert all(one.adjusted_p >= one.estimate.p_value for one in found)
    assert max(one.adjusted_p for one in found) > min(one.estimate.p_value for one in found)


def test_without_a_shared_instruction_there_is_no_number() -> None:
    (found,) = differences([_result("a", {"x": 1.0}), _result("b", {"y": 1.0})])
    assert found.estimate.value != found.estimate.value
    assert failed(0) == ()
    assert failed(1200) == ("1,200 judgments failed and are in no number.",)


def test_nobody_differs_from_himself() -> None:
    each = {str(at): at / 9 for at in range(10)}
    (found,) = differences([_result("a", each), _result("b", each)])
    assert found.estimate.value == 0
    assert found.estimate.p_value == 1
    assert found.adjusted_p == pytest.approx(1)
