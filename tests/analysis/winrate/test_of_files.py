import json
import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.winrate.made import (
    Row,
    annotation,
    judgment,
    mix_choice,
    mix_free,
    raw,
    wild_pair,
    wild_score,
    write,
)
from tests.analysis.winrate.test_read_answers import META

from topdraw.analysis.winrate.controlled import Gamed, Weights
from topdraw.analysis.winrate.of_files import Settings, win_rates
from topdraw.analysis.winrate.official import Tables
from topdraw.analysis.winrate.read_answers import read_answers
from topdraw.analysis.winrate.result import Result
from topdraw.core.estimate import Estimate
from topdraw.errors import ConfigError, FormatError, UnknownNameError

BOARD = json.loads((Path(__file__).parents[2] / "golden" / "winrate.json").read_text())[
    "alpaca_eval2"
]


def _one(path: Path, settings: Settings | None = None) -> Result:
    (found,) = win_rates([path], settings=settings).results
    return found


def _said(result: Result, what: str) -> bool:
    return any(what in note for note in result.notes)


def _value(result: Result, name: str) -> float:
    value = result.published[name]
    return value.value if isinstance(value, Estimate) else float(str(value))


def _annotations(rows: int = 40, *, seed: int = 0) -> list[Row]:
    random = np.random.default_rng(seed)
    return [
        annotation(at, float(1 + random.random()), out="x" * int(random.integers(5, 80)))
        for at in range(rows)
    ]


def test_every_real_annotation_file_gives_the_leaderboard(shared_data: Path) -> None:
    folder = shared_data / "alpaca_eval2"
    paths = sorted(folder.glob("*.annotations.json.gz"))
    found = win_rates([*paths, folder / "annotations_compact.jsonl.gz"]).results
    assert len(found) == len(paths) + len(BOARD["rows"])
    for one in found:
        name = one.model.split(" (")[0]
        for column, value in BOARD["rows"][name].items():
            if column in one.published:
                assert _value(one, column) == pytest.approx(value, abs=1e-9)
        assert "LC without official table" in one.published
        assert "LC" not in one.published
        assert _said(one, "not the leaderboard's LC")
        assert one.estimate.value == pytest.approx(_value(one, "win_rate"))


def test_null_rows_draws_and_repeats_are_counted(tmp_path: Path) -> None:
    rows = [*_annotations(20), annotation(3, None), annotation(4, 0), annotation(5, 1.5)]
    one = _one(write(tmp_path / "m.annotations.json", rows))
    assert (one.published["n_total"], one.published["n_draws"]) == (22, 2)
    assert one.estimate.missing == 1
    assert _said(one, "1 annotation failed")
    assert _said(one, "23 rows answer 20 instructions")
    assert len(one.each) == 20


def test_lc_needs_lengths_and_five_rows(tmp_path: Path) -> None:
    few = _one(write(tmp_path / "a.json", _annotations(4)))
    assert _said(few, "No LC: it needs")
    bare = [{"instruction": str(at), "preference": 1.2} for at in range(9)]
    assert _said(_one(write(tmp_path / "b.json", bare)), "No LC: it needs")
    same = [annotation(3 * at, 1 + at / 9, out="abc" if at % 2 else "abd") for at in range(9)]
    never = _one(write(tmp_path / "c.json", same))
    assert _said(never, "always differ by the same")
    assert math.isnan(_value(never, "LC without official table"))


def test_one_text_for_all_is_noticed_and_so_is_a_wild_lc(tmp_path: Path) -> None:
    rows = [annotation(at, 1 + 0.9 * (at % 3 == 0), out="I win.") for at in range(60)]
    one = _one(write(tmp_path / "null.json", rows))
    assert _said(one, "known to fool LC")
    assert _said(one, "far from the plain win rate")


def _tables(rows: int, *, official: bool = True, order: bool = False) -> Tables:
    random = np.random.default_rng(1)
    gamed = Gamed(random.random(2 * rows), random.normal(size=2 * rows), np.zeros(2 * rows))
    return Tables(
        difficulty={at: float(at % 3 - 1) for at in range(rows)},
        gamed=gamed,
        order={f"Do {at}.": at for at in range(rows)} if order else None,
        official=official,
    )


def test_with_official_tables_it_is_lc_and_a_row_is_found_by_its_text(tmp_path: Path) -> None:
    rows = _annotations(30)
    path = write(tmp_path / "m.annotations.json", rows)
    by_place = _one(path, Settings(tables=_tables(30)))
    assert "LC" in by_place.published
    assert _said(by_place, "by the place of the row")
    mixed = write(tmp_path / "n.annotations.json", rows[::-1][:29])
    with pytest.raises(FormatError, match="has 29 rows and the difficulty table 30") as caught:
        win_rates([mixed], settings=Settings(tables=_tables(30)))
    assert "--instructions" in caught.value.hint
    ordered = _one(path, Settings(tables=_tables(30, order=True)))
    whole = write(tmp_path / "o.annotations.json", rows[::-1])
    turned = _one(whole, Settings(tables=_tables(30, order=True)))
    assert _value(ordered, "LC") == _value(by_place, "LC")
    assert _value(turned, "LC") == pytest.approx(_value(ordered, "LC"), abs=2)
    assert not _said(turned, "by the place")
    dropped = _one(mixed, Settings(tables=_tables(30, order=True)))
    assert dropped.published["n_total"] == 29
    with pytest.raises(FormatError, match="in different orders"):
        win_rates([path, whole], settings=Settings(tables=_tables(30)))


def test_a_stored_index_says_which_row_is_which(tmp_path: Path) -> None:
    rows = [{**row, "index": at} for at, row in enumerate(_annotations(30))]
    straight = _one(write(tmp_path / "a.json", rows[:20]), Settings(tables=_tables(30)))
    assert not _said(straight, "by the place")
    lost = [*rows[:20], {**rows[20], "index": 99}]
    with pytest.raises(FormatError, match="has no instruction 99"):
        win_rates([write(tmp_path / "b.json", lost)], settings=Settings(tables=_tables(30)))


def test_a_repeated_instruction_needs_the_order_and_then_works(tmp_path: Path) -> None:
    rows = _annotations(29)
    path = write(tmp_path / "m.json", [*rows, rows[0]])
    with pytest.raises(FormatError, match="which row is which"):
        win_rates([path], settings=Settings(tables=_tables(30)))
    assert "LC" in _one(path, Settings(tables=_tables(30, order=True))).published
    strange = write(tmp_path / "n.json", [*rows, annotation(77, 1.5)])
    with pytest.raises(FormatError, match=r"'Do 77\.' is not in the order"):
        win_rates([strange], settings=Settings(tables=_tables(30, order=True)))


def test_other_tables_are_labelled(tmp_path: Path) -> None:
    one = _one(
        write(tmp_path / "m.json", _annotations(30)), Settings(tables=_tables(30, official=False))
    )
    assert "LC (tables given)" in one.published
    assert _said(one, "not the official ones")


def test_stored_weights_need_the_model_and_difficulties(tmp_path: Path) -> None:
    path = write(tmp_path / "m.annotations.json", _annotations(5))
    weights = {"m": Weights(-1, 0.0, 0.0)}
    tables = Tables(difficulty={0: 1.0, 1: 2.0}, weights=weights, official=True)
    assert _one(path, Settings(tables=tables)).published["LC (stored weights), SE"] == 0.0
    assert _value(_one(path, Settings(tables=tables)), "LC (stored weights)") == 50.0
    with pytest.raises(ConfigError, match="need the difficulty"):
        win_rates([path], settings=Settings(tables=Tables(weights=weights)))
    other = Tables(difficulty={0: 1.0}, weights={"n": Weights(0, 0, 0)})
    with pytest.raises(UnknownNameError, match="no stored weights of 'm'; of n"):
        win_rates([path], settings=Settings(tables=other))


def test_position_is_told_where_it_is_known(tmp_path: Path) -> None:
    rows = [annotation(at, 1.8 if at % 2 else 1.2, raw_completion=raw(0.8)) for at in range(10)]
    position = _one(write(tmp_path / "m.json", rows)).position
    assert position is not None
    assert position.first_wins.value == pytest.approx(80)
    assert position.when_first.value == pytest.approx(80)
    assert position.when_second.value == pytest.approx(20)


def test_arena_has_a_result_for_each_category(tmp_path: Path) -> None:
    rows = [judgment(at, "B>A", "A=B") for at in range(9)]
    rows += [judgment(at, None, "A>B", category="coding") for at in range(3)]
    hard, coding = win_rates([write(tmp_path / "m.jsonl", rows)]).results
    assert (hard.part, coding.part) == ("hard_prompt", "coding")
    assert hard.estimate.value == 75.0
    assert _value(hard, "score") == pytest.approx(75, abs=3)
    assert _value(hard, "each game once") == 75.0
    assert hard.position is not None
    assert hard.position.when_first.value == 50.0
    assert coding.published["dropped"] == 3
    assert _said(coding, "3 judgments (both games) have no verdict")
    assert math.isnan(coding.estimate.value)


def test_v01_has_an_elo_and_drops_games(tmp_path: Path) -> None:
    games = [{"score": "B>A"}, {"score": None}], [{"score": "A>B"}, {"score": "A>>B"}]
    rows = [
        {"question_id": str(at), "model": "m", "games": games[at % 2]} for at in range(10)
    ]  # fmt: skip
    one = _one(write(tmp_path / "m.jsonl", rows))
    assert one.benchmark == "Arena-Hard v0.1"
    assert _value(one, "score") == pytest.approx(80)
    assert _value(one, "Elo") == pytest.approx(1000 + 400 * math.log10(4))
    assert _said(one, "5 games have no verdict")
    always = [{"question_id": "x", "model": "m", "games": [{"score": "B>A"}, {"score": "A>B"}]}]
    sure = _one(write(tmp_path / "n.jsonl", always), Settings(strong=2))
    assert sure.published["Elo"] is None
    assert _said(sure, "no finite Elo")
    assert _said(sure, "Strong verdicts count 2 times")


def test_style_control_joins_the_numbers(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = ["A>>B", "A>B", "A=B", "B>A", "B>>A"]
    rows = [
        judgment(at, str(random.choice(labels)), str(random.choice(labels)), model=model)
        for at in range(30)
        for model in "mn"
    ]
    meta = [META | {"token_len": int(random.integers(50, 900))} for _ in range(90)]
    answers = [
        {"uid": f"q{at}", "model": model, "metadata": meta[30 * k + at]}
        for k, model in enumerate(("m", "n", "o3-mini-2025-01-31"))
        for at in range(30)
    ]
    read = read_answers([str(write(tmp_path / "answers.jsonl", answers))])
    path = write(tmp_path / "j.jsonl", [*rows, judgment(99, None, None, model="lost")])
    m, n, lost = win_rates([path], settings=Settings(answers=read)).results
    for one in (m, n):
        assert 0 < _value(one, "style-controlled") < 100
        low, high = _value(one, "their style 5 %"), _value(one, "their style 95 %")
        assert low <= _value(one, "their style median") <= high
        assert _said(one, "changes (2 here)")
    assert "style-controlled" not in lost.published
    with pytest.raises(FormatError, match="needs the answer of 'm' to 'q0'"):
        win_rates([path], settings=Settings(answers={}))
    alone = write(tmp_path / "k.jsonl", [judgment(at, "B>A", "A>B") for at in range(9)])
    (sure,) = win_rates([alone], settings=Settings(answers=read)).results
    assert _said(sure, "no finite fit exists")


def test_wildbench_scores_count_what_failed(tmp_path: Path) -> None:
    rows = [wild_score(at, str(1 + at % 10), primary_tag="Math") for at in range(940)]
    rows += [wild_score(1000, "N/A"), wild_score(1001, "9", "")]
    one = _one(write(tmp_path / "m.json", rows))
    assert _value(one, "WB-Score") == pytest.approx(one.estimate.value)
    assert (one.published["failed"], one.published["n"]) == (1, 941)
    assert one.published["avg length"] == 4.0
    assert _value(one, "task-macro") == pytest.approx(10.0 / 4.75)
    assert _said(one, "82 of WildBench's 1,024 tasks are not in the file")
    assert _said(one, "1 empty or truncated outputs")


def test_wildbench_rewards_have_penalties_and_a_mean_over_references(tmp_path: Path) -> None:
    rows = [
        wild_pair(0, "m", 2),
        wild_pair(1, "m", 1, "a" * 700),
        wild_pair(2, "Llama-2-70b-chat-hf", 1),
        wild_pair(3, None, None),
        wild_pair(4, "m", 2, "cut... (truncated)"),
    ]
    path = write(tmp_path / "ref=Llama-2-70b-chat-hf" / "m.json", rows)
    one = _one(path, Settings(penalties=(500.0, 1000.0)))
    assert one.against == "Llama-2-70b-chat-hf"
    assert _value(one, "reward") == pytest.approx(20)
    assert _value(one, "reward, K=500") == pytest.approx(10)
    assert _value(one, "reward, K=1000") == pytest.approx(20)
    assert one.estimate.value == pytest.approx(25)  # the failed one is in no denominator of ours
    assert (one.published["failed"], one.published["win much"], one.published["tie"]) == (1, 1, 0)
    assert _said(one, "1 judgment failed")
    assert _said(one, "No task-macro")
    other = [
        {"session_id": f"s{at}", "model_outputs": {"m": "x", "r": "y"}, "winner": "r", "extent": 2}
        for at in (0, 1)
    ]
    both = win_rates([path, write(tmp_path / "ref=r" / "m.json", other)]).results
    assert [each.against for each in both][2] == "mean of 2 references"
    assert both[2].estimate.value == pytest.approx(np.mean([(100 - 100) / 2, (50 - 100) / 2]))
    assert _value(both[2], "reward") == pytest.approx((20 - 100) / 2)
    assert _said(both[2], "2 rewards of tasks without all references")


def test_mixeval_takes_both_splits_of_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "model" / "mixeval" / "v"
    free = [mix_free(0, 1.0), mix_free(1, 0.3, "?"), mix_free(2, None), mix_free(3, 0.0)]
    choice = [mix_choice(at, "A") for at in range(3)]
    one_path = write(folder / "judge_results_ff_x.jsonl", free)
    two_path = write(folder / "judge_results_mp_x.jsonl", choice)
    (both,) = win_rates([one_path, two_path]).results
    assert both.model == "model"
    assert _value(both, "overall") == pytest.approx(100 * (0.433 * 0.5 + 1.0 * 0.5))
    assert both.estimate.value == pytest.approx(80)
    assert both.published["drawn at random"] == 1
    assert _said(both, "drawn at random by MixEval")
    assert _said(both, "1 judgment failed")
    assert _said(_one(one_path), "Only the free-form split")


def test_several_files_are_compared_and_told_apart(tmp_path: Path) -> None:
    first = write(tmp_path / "a.annotations.json", _annotations(30, seed=1))
    second = write(tmp_path / "b.annotations.json", _annotations(25, seed=2))
    again = write(tmp_path / "x" / "b.annotations.json", _annotations(25, seed=3))
    found = win_rates([first, second, again])
    assert [one.model.split(" (")[0] for one in found.results] == ["a", "b", "b"]
    assert found.results[1].model != found.results[2].model
    plain, lc = (
        [one for one in found.differences if one.kind[3] == name]
        for name in ("win rate", "LC without official table")
    )
    assert len(plain) == len(lc) == 3
    same = win_rates([first, write(tmp_path / "c.annotations.json", _annotations(30, seed=4))])
    a, b = (_value(one, "LC without official table") for one in same.results)
    assert same.differences[1].estimate.value == pytest.approx(a - b)
    twice = win_rates([first, first]).results
    assert twice[1].model == f"{twice[0].model} #2"
    assert found.differences[0].only_a == 5
    scores = write(tmp_path / "w.json", [wild_score(0, 5), wild_score(1, 6)])
    assert len(win_rates([first, scores]).differences) == 0


@pytest.mark.parametrize(
    "row", [{"a": 1}, {"instruction": "x", "output": "y", "generator": "z"}, {}]
)
def test_an_unknown_file_is_one_sentence_and_says_what_is_known(
    tmp_path: Path, row: dict[str, object]
) -> None:
    with pytest.raises(FormatError, match=r"f\.jsonl, line 1: these are no judgments") as caught:
        win_rates([write(tmp_path / "f.jsonl", [row, row])])
    assert "Arena-Hard" in caught.value.hint
