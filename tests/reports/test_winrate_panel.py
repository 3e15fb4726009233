from topdraw.analysis.winrate.lengths import output_lengths
from topdraw.analysis.winrate.points import in_points
from topdraw.analysis.winrate.position import position_bias
from topdraw.analysis.winrate.result import Number, Result, differences
from topdraw.reports.winrate_panel import (
    all_differences,
    all_scores,
    difference_notes,
    differences_table,
    kinds,
    lengths_table,
    notes,
    position_table,
    scores_table,
)


def _result(model: str, each: dict[str, float], *said: str, **more: Number) -> Result:
    return Result(
        benchmark="AlpacaEval 2", model=model, against="base", part="", files=("f",),
        name="win rate", estimate=in_points(list(each.values())), published=more, each=each,
        lengths=output_lengths(list(each), [3.0] * len(each)),
        position=position_bias(list(each.values()), [1.0] * len(each)), notes=said,
    )  # fmt: skip


A = _result("a", {"x": 1.0, "y": 0.0}, "all", "one", win_rate=50.0)
B = _result("b", {"x": 0.5, "y": 0.0, "z": 1.0}, "all", win_rate=50.0, LC=40.0)
BARE = Result("WildBench", "c", "", "", (), "WB-Score", in_points([1.0, 0.0]), {}, {"x": 1.0})


def test_results_of_a_kind_stand_together() -> None:
    found = kinds([A, BARE, B])
    assert [title for title, _ in found] == [
        "AlpacaEval 2, win rate against base",
        "WildBench, WB-Score",
    ]
    assert found[0][1] == [A, B]


def test_each_model_has_ours_and_what_is_published() -> None:
    table = scores_table([A, B])
    assert table.columns == ("model", "ours", "win_rate", "LC")
    assert table.rows[0] == ("a", A.estimate, 50.0, None)


def test_lengths_show_only_what_there_is() -> None:
    table = lengths_table([A, BARE])
    assert table is not None
    assert table.columns == ("characters of outputs", "chosen")
    assert lengths_table([BARE]) is None


def test_positions_stand_where_they_are_known() -> None:
    table = position_table([A, BARE])
    assert table is not None
    assert table.rows[0][0] == "a"
    assert position_table([BARE]) is None


def test_programs_get_one_row_for_each_number() -> None:
    rows = all_scores([A, BARE]).rows
    assert [row[4] for row in rows] == ["win rate, ours", "win_rate", "WB-Score, ours"]
    gaps = differences([A, B])
    assert all_differences(gaps).rows[0][:6] == ("AlpacaEval 2", "", "base", "win rate", "a", "b")
    assert differences_table(gaps).rows[0][-1] == 2


def test_notes_name_whom_they_are_about() -> None:
    assert notes([A, B]) == ["all", "a: one"]
    many = [_result(name, {"x": 1.0}, "odd") for name in "abcd"]
    assert notes([*many, B])[0] == "a, b, c, ...: odd"
    assert difference_notes(differences([A, B])) == [
        "a less b: 1 instructions that only one of them has are left out."
    ]
