"""Rows through `datasets`: a folder it reads as it reads the hub, and the hub out of reach."""

import builtins
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from topdraw.core.origin import Origin
from topdraw.errors import ConfigError, MissingPackage
from topdraw.tasks import hub
from topdraw.tasks.hub import read_hub
from topdraw.tasks.source import read_rows


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.invalid")
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.mark.usefixtures("offline")
def test_a_hub_out_of_reach_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        list(read_hub("openai/gsm8k-of-nobody", config="main", split="test"))
    said = str(caught.value)
    assert "could not be read from the hub: it is out of reach, and nothing is cached." in said
    assert "https://huggingface.co/datasets/openai/gsm8k-of-nobody and pass it with" in said
    assert "\n" not in said
    assert "Retrying" not in capfd.readouterr().err


@pytest.mark.usefixtures("offline")
def test_the_hubs_client_is_left_as_it_was() -> None:
    constants = pytest.importorskip("huggingface_hub").constants
    before = constants.HF_HUB_OFFLINE
    with pytest.raises(ConfigError):
        read_hub("openai/gsm8k-of-nobody", config="main", split="test")
    assert constants.HF_HUB_OFFLINE == before


def test_behind_a_proxy_names_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://proxy.invalid"})
    assert hub._reachable("https://hub.invalid")
    monkeypatch.setattr("urllib.request.getproxies", dict)
    assert hub._reachable("https://localhost:1")
    assert not hub._reachable("https://hub.invalid")


@pytest.mark.usefixtures("offline")
def test_a_data_set_that_datasets_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "org" / "quiz"
    folder.mkdir(parents=True)
    rows = [{"q": "a", "n": [1, 2]}, {"q": "b", "n": []}]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = read_rows(f"hf:{folder}", Origin("quiz", "", "", ""))
    assert [row.values for row in read] == rows
    assert (read[1].number, read[1].file) == (2, "quiz")
    with pytest.raises(ConfigError, match="'dev'"):
        read_rows(f"hf:{folder}", Origin("quiz", "", "", "", split="dev"))


def test_without_the_package_the_pip_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def blocked(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  the builtin's own name
        locals: Mapping[str, object] | None = None,  # noqa: A002  the builtin's own name
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        if name == "datasets":
            raise ModuleNotFoundError("No module named 'datasets'", name="datasets")
        return real(name, globals, locals, fromlist, level)

    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.setattr(builtins, "__import__", blocked)
    with pytest.raises(MissingPackage, match=r"pip install 'topdraw\[datasets\]'"):
        read_hub("openai/gsm8k", config="main", split="test")


def test_versions_that_run_code_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets, "__version__", "3.6.0")
    with pytest.raises(MissingPackage, match=r"needs datasets >= 4, not 3\.6\.0"):
        read_hub("openai/gsm8k", config="main", split="test")
