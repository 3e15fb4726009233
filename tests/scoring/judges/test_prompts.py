"""Prompts are files that are checked before anything is asked."""

from pathlib import Path

import pytest

from topdraw.errors import ConfigError, FormatError
from topdraw.scoring.judges.prompts import read_prompt, shipped

GOOD = """
kind = "points"
verdict = "Score"
low = 0
high = 5
text = '''{{question}} {{answer}} {{ target }} {{low}}-{{high}} {{mark}} Score: N'''
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_the_shipped_prompts_are_of_every_kind() -> None:
    kinds = {prompt.kind for prompt in shipped().values()}
    assert kinds == {"points", "pair", "list"}
    assert all("{{mark}}" in prompt.text for prompt in shipped().values())


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    prompt = read_prompt(written(tmp_path, GOOD), "points")
    filled = prompt.filled(
        {"question": "{{answer}}", "answer": "A", "target": "T", "mark": "m", "low": "x"}
    )
    assert (prompt.name, prompt.low, prompt.high) == ("mine", 0, 5)
    assert filled == "{{answer}} A T 0-5 m Score: N"  # what a text says is no place
    assert len(prompt.digest) == 12
    assert "0 to 5" in prompt.reminder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("{{answer}}", "x"), "no place {{answer}}"),
        (("{{mark}}", "{{anser}}"), "nothing goes in the place {{anser}}"),
        (("Score: N", "N"), 'never says "Score:"'),
        (("low = 0", "low = 7"), "the scale 7 to 5"),
        (("high = 5", "high = true"), "high is True"),
        (("high = 5", "max_tokens = 0"), "max_tokens is 0"),
        (('kind = "points"', 'kind = "point"'), "kind is 'point'"),
        (('verdict = "Score"', "verdict = 3"), "verdict must be a text"),
        (("low = 0", "lwo = 0"), "a field 'lwo'"),
        (("low = 0", "low ="), "cannot be used"),
    ],
)
def test_what_is_wrong_with_a_prompt_is_said(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    path = written(tmp_path, GOOD.replace(*change))
    with pytest.raises(FormatError) as caught:
        read_prompt(path, "points")
    assert words in caught.value.message
    assert path in caught.value.message


def test_a_prompt_that_is_not_there_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no prompt 'rubrik'; there are list, pair"):
        read_prompt("rubrik", "points")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_prompt(str(tmp_path / "none.toml"), "points")
    with pytest.raises(ConfigError, match="of the kind 'pair'; 'points' is needed"):
        read_prompt("pair", "points")
    path = tmp_path / "latin.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError):
        read_prompt(str(path), "points")
