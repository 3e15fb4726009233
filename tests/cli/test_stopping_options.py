"""Options of stopping rules that would do nothing are usage errors; so is a rule by no verdicts."""

from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

SMALL = ("countdown", "--problems", "2", "-n", "4", "--concurrency", "1", "--out", "x")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("sample", *SMALL, "--batch", "2"), ("--batch", "--until")),
        (("sample", *SMALL, "--confidence", "0.9"), ("--confidence", "--until")),
        (("sample", *SMALL, "--by", "number"), ("--by", "--until")),
        (("run", *SMALL, "--batch", "2"), ("--batch", "--until")),
        (("ask", "1+1?", "--confidence", "0.9"), ("--confidence", "--until")),
        (
            ("run", *SMALL, "--until", "pass", "--confidence", "0.9"),
            ("--confidence", "settled"),
        ),
    ],
)
def test_what_would_do_nothing_is_a_usage_error(
    topdraw: Topdraw, tmp_path: Path, given: tuple[str, ...], words: tuple[str, ...]
) -> None:
    done = topdraw(*given)
    assert done.code == 2, done.err
    assert all(word in done.err for word in words)
    assert not (tmp_path / "x").exists()


def test_until_pass_by_a_scorer_without_verdicts_is_refused(topdraw: Topdraw) -> None:
    done = topdraw("sample", *SMALL, "--until", "pass", "--by", "reward")
    assert done.code == 3
    assert "'reward'" in done.err
    assert "--until settled" in done.err or "--by" in done.err
