"""`topdraw scorers` and `topdraw selectors`."""

import json

import pytest
from tests.cli.conftest import Topdraw

from topdraw.core.registry import names


@pytest.mark.parametrize(("command", "kind"), [("scorers", "scorer"), ("selectors", "selector")])
def test_every_name_is_listed_with_what_it_does(topdraw: Topdraw, command: str, kind: str) -> None:
    told = topdraw(command)
    assert told.code == 0, told.err
    listed = [line.split()[0] for line in told.out.splitlines()]
    assert listed == names(kind)  # type: ignore[arg-type]  # one of two
    assert all(len(line.split()) > 3 for line in told.out.splitlines())
    rows = json.loads(topdraw(command, "--json").out)
    assert [row["name"] for row in rows] == listed


def test_one_is_described_with_its_options(topdraw: Topdraw) -> None:
    told = topdraw("scorers", "reward_model")
    assert told.out.startswith("reward_model(model, ")
    assert "Args:" in told.out
    assert topdraw("selectors", "posterior").out.startswith("posterior(beta=1.0)\n")
    assert topdraw("selectors", "majority").out.startswith("majority\n")
    [row] = json.loads(topdraw("scorers", "judge", "--json").out)
    assert row["options"]["model"] is None


def test_an_unknown_name_lists_the_known(topdraw: Topdraw) -> None:
    told = topdraw("scorers", "rewrd")
    assert told.code == 3
    assert "Did you mean 'reward'?" in told.err
