from pathlib import Path

import pytest
from tests.analysis.winrate.made import judgment, rows_of

from topdraw.analysis.winrate.read_arena import read_judgments
from topdraw.errors import FormatError


def test_models_and_categories_are_told_apart(tmp_path: Path) -> None:
    rows = [
        judgment(0, "A>B", "B>A"),
        judgment(1, None, "A=B"),
        judgment(2, "A>>B", "A=B", category="creative_writing", baseline="gemini-2.0-flash-001"),
        judgment(3, "A=B", "A=B", model="other"),
    ]
    found = read_judgments(rows_of(tmp_path / "m.jsonl", rows))
    assert [(one.model, one.category) for one in found] == [
        ("m", "hard_prompt"),
        ("m", "creative_writing"),
        ("other", "hard_prompt"),
    ]
    assert found[0].games == (("A>B", "B>A"), (None, "A=B"))
    assert found[1].baseline == "gemini-2.0-flash-001"
    assert not found[0].old


def test_v01_is_known_by_its_question_id(tmp_path: Path) -> None:
    game = {"user_prompt": "", "judgment": "[[B>A]]", "score": "B>A"}
    row = {"question_id": "x", "model": "m", "judge": "j", "games": [game, game]}
    (found,) = read_judgments(rows_of(tmp_path / "m.jsonl", [row]))
    assert (found.old, found.baseline, found.instructions) == (True, "gpt-4-0314", ("x",))


def test_a_game_without_a_score_is_read_from_its_judgment(tmp_path: Path) -> None:
    games: list[object] = [{"judgment": {"answer": "so [[b>>a]]"}}, {"judgment": "[A=B]"}]
    more: list[object] = [None, {"score": None, "judgment": "[[A>B]]"}]
    rows = [judgment(0, "", "", games=games), judgment(1, "", "", games=more)]
    (found,) = read_judgments(rows_of(tmp_path / "m.jsonl", rows))
    assert found.games == (("B>>A", "A=B"), (None, None))


@pytest.mark.parametrize(
    ("games", "said"),
    [
        (None, "no list of games"),
        ([None], "has 1 games"),
        (["A>B", None], "neither an object nor null"),
        ([{"score": 1}, None], "neither a text nor null"),
    ],
)
def test_a_broken_row_is_one_sentence(tmp_path: Path, games: object, said: str) -> None:
    rows = [judgment(0, "A>B", "B>A"), judgment(1, "", "", games=games)]
    with pytest.raises(FormatError, match=rf"m\.jsonl, line 2 has .*{said}|line 2.*{said}"):
        read_judgments(rows_of(tmp_path / "m.jsonl", rows))
