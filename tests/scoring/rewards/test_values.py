"""From numbers to scores."""

import json
import math

import pytest

from topdraw.core.records import Score
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.values import as_note, place_of, real, rounded


def test_only_finite_values_are_scores() -> None:
    assert real(1.5, "x") == Score(value=1.5, note="x")
    assert real(math.inf).missing_reason == "the reward model gave inf"


def test_a_label_is_a_name_or_a_number() -> None:
    names = ["bad", "good", "0"]
    assert [place_of(name, names, "m") for name in ("good", "1", "0")] == [1, 1, 2]
    with pytest.raises(ConfigError, match=r"has no objective '3'.*bad, good, 0; or a number"):
        place_of("3", names, "m")


def test_notes_are_one_line_of_json() -> None:
    assert json.loads(as_note({"a": rounded(1 / 3)}, "b\nc")) == {"a": 0.333333, "also": "b\nc"}
    assert "\n" not in as_note({}, "b\nc")
