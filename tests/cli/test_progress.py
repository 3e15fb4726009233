"""Progress of long work: counts on stderr, with or without a terminal, a total or none."""

import re
import sys

import pytest

from topdraw.cli import progress as module
from topdraw.cli.progress import progress


def test_lines_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LINE_SECONDS", 0.0)
    with progress("Scoring") as advance:
        advance(1, 2000, "")
        advance(2000, 2000, "done")
    with progress("Importing", unit="rows") as advance:
        advance(1024, 0, "")
    out, err = capsys.readouterr()
    assert out == ""
    assert re.sub(r"\d+\.\d s", "T s", err).splitlines() == [
        "Scoring: 1/2,000 samples, T s",
        "Scoring: 2,000/2,000 samples, T s done",
        "Scoring: 2,000/2,000 samples, T s done",
        "Importing: 1,024 rows, T s",
    ]


def test_short_work_of_no_known_total_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Importing", unit="rows") as advance:
        advance(5, 0, "")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("total", "shown"), [(0, "1,024 rows"), (2048, "1,024/2,048 rows")])
def test_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, total: int, shown: str
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    with progress("Importing", unit="rows") as advance:
        advance(1024, total, "")
    out, err = capsys.readouterr()
    assert out == ""
    assert shown in err
