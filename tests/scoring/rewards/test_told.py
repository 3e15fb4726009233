"""What is said once."""

import pytest

from topdraw.scoring.rewards.told import say_once


def test_once_for_each_model(caplog: pytest.LogCaptureFixture) -> None:
    for model in ("told-a", "told-b", "told-a"):
        say_once(model, "it is small.")
    assert [record.getMessage() for record in caplog.records] == [
        "told-a: it is small.",
        "told-b: it is small.",
    ]
