from pathlib import Path

import pytest

from topdraw.analysis.winrate import official
from topdraw.analysis.winrate.controlled import Weights
from topdraw.analysis.winrate.official import difficulties, read_tables
from topdraw.errors import FormatError

GAMED = (
    ",model,preference,index,std_delta_len,instruction_difficulty,not_gamed_baseline\n"
    "0,verbose,0.9,0,-1.5,0.2,False\n1,verbose,,1,-1.5,0.3,False\n2,concise,0.1,1,2,0.4,False\n"
    "3,concise,0.1,0,nan,0.4,False\n"
)
HARD = ",instruction_difficulty\n0,0.2\n1,-0.4\n"
WEIGHTS = (
    ",np.tanh(std_delta_len),instruction_difficulty,not_gamed_baseline.astype(float)\nm,-1,0.5,2\n"
)


def _file(tmp_path: Path, name: str, text: str) -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def test_tables_are_read_and_named_with_their_sums(tmp_path: Path) -> None:
    found = read_tables(
        gamed=_file(tmp_path, "g.csv", GAMED),
        difficulty=_file(tmp_path, "d.csv", HARD),
        weights=_file(tmp_path, "w.csv", WEIGHTS),
        instructions=_file(tmp_path, "o.json", '[{"instruction": "a"}, {"instruction": "b"}]'),
    )
    assert found.gamed is not None
    assert found.gamed.value.tolist() == [0.9, 0.1]
    # As alpaca_eval does, difficulties are those beside the regulariser rows.
    assert found.difficulty == {0: 0.2, 1: 0.3}
    assert found.weights == {"m": Weights(-1, 0.5, 2)}
    assert found.order == {"a": 0, "b": 1}
    assert not found.official
    assert "SHA-256" in found.read[0]
    assert "not official" in found.read[1]
    assert read_tables().difficulty is None


def test_official_tables_are_known_by_their_sums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path, "d.csv", HARD)
    digest = official._digest(Path(path))
    monkeypatch.setattr(official, "SHA256", {digest: "instruction_difficulty.csv"})
    found = read_tables(difficulty=path)
    assert found.official
    assert found.difficulty == {0: 0.2, 1: -0.4}
    assert not read_tables(difficulty=path, gamed=_file(tmp_path, "g.csv", GAMED)).official


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("difficulty", "", "no column 'index'"),
        ("difficulty", ",x\n0,1\n", "no column 'instruction_difficulty'"),
        ("difficulty", HARD + "1,3\n", "line 4 has index 1 a second time"),
        ("difficulty", HARD + "x,3\n", "line 4: 'x' is not a number"),
        ("difficulty", HARD + "1.5,3\n", r"line 4: the index '1\.5' is not whole"),
        ("difficulty", HARD + "2\n", "line 4 has 1 cells, not 2"),
        ("difficulty", ",instruction_difficulty\n", "is empty"),
        ("gamed", GAMED + "3,m,1.7,0,0,0,False\n", r"line 6: the preference 1\.7 is not in"),
        ("gamed", HARD, "no column 'index'"),
        ("gamed", GAMED.splitlines()[0] + "\n0,m,,0,1,2,False\n", "has no row with a preference"),
        ("weights", WEIGHTS + "x,1,nan,2\n", "line 3: 'nan' is not a number"),
        ("instructions", '{"prompt": 1}', "line 1 has no 'instruction'"),
    ],
)
def test_a_wrong_table_is_one_sentence(tmp_path: Path, kind: str, text: str, said: str) -> None:
    path = _file(tmp_path, "table", text)
    with pytest.raises(FormatError, match=said):
        read_tables(**{kind: path})


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.csv cannot be read"):
        read_tables(gamed=str(tmp_path / "gone.csv"))
    with pytest.raises(FormatError, match=r"gone\.csv cannot be read"):
        read_tables(weights=str(tmp_path / "gone.csv"))


def test_an_instruction_without_difficulty_is_refused() -> None:
    assert difficulties({3: 0.5}, [3, 3], "f").tolist() == [0.5, 0.5]
    with pytest.raises(FormatError, match="no instruction 4, which f holds"):
        difficulties({3: 0.5}, [3, 4], "f")
