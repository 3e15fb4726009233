"""`topdraw scorers` and `topdraw selectors`."""

import json
import subprocess
import sys

import pytest
from tests.cli.conftest import Topdraw


@pytest.mark.parametrize(("command", "kind"), [("scorers", "scorer"), ("selectors", "selector")])
def test_every_name_is_listed_with_what_it_does(command: str, kind: str) -> None:
    # In a process of its own: in this one other tests have registered theirs.
    ask = f"from topdraw.core.registry import names; print(*names({kind!r}), sep='\\n')"
    registered = _said("-c", ask).split()
    listed = _said("-m", "topdraw.cli", command)
    assert [line.split()[0] for line in listed.splitlines()] == registered
    assert all(len(line.split()) > 3 for line in listed.splitlines())
    rows = json.loads(_said("-m", "topdraw.cli", command, "--json"))
    assert [row["name"] for row in rows] == registered


def _said(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
