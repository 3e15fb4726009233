"""The twenty public names, and how little importing them loads."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

import topdraw

HEAVY = {
    "numpy", "scipy", "duckdb", "aiohttp", "msgspec", "rich", "jinja2", "safetensors", "torch",
    "transformers", "pandas", "pyarrow",
}  # fmt: skip


def test_the_face_has_twenty_names_and_each_loads() -> None:
    assert len(topdraw.__all__) == len(set(topdraw.__all__)) == 20
    for name in topdraw.__all__:
        assert getattr(topdraw, name) is not None
    assert set(topdraw.__all__) <= set(dir(topdraw))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'best_of_all'"):
        topdraw.best_of_all  # noqa: B018 - the access is the test


def _loaded_by(code: str) -> set[str]:
    script = f"import json, sys; {code}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_importing_topdraw_loads_nothing_heavy() -> None:
    assert not _loaded_by("import topdraw") & HEAVY


def test_help_loads_click_and_nothing_heavy() -> None:
    code = (
        "from click.testing import CliRunner; from topdraw.cli.__main__ import cli; "
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0"
    )
    loaded = _loaded_by(code)
    assert "click" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("kind", ["tasks", "scorers", "selectors", "models"])
def test_our_own_names_come_through_the_entry_points(kind: str) -> None:
    points = entry_points(group=f"topdraw.{kind}")
    assert points
    for point in points:
        assert callable(point.load())
