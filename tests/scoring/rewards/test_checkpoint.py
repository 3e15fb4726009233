"""Opening checkpoints: what is refused, and in which words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.scoring.rewards import tiny
from tests.scoring.rewards.tiny import Loose

from topdraw.core.records import Problem, Sample
from topdraw.errors import ConfigError, MissingPackage
from topdraw.scoring.apply import apply_scorer
from topdraw.scoring.resolve import resolve_scorer
from topdraw.scoring.rewards.checkpoint import Checkpoint as Opened
from topdraw.scoring.rewards.checkpoint import Where
from topdraw.scoring.rewards.classifier import score_reward_model

Checkpoint = Callable[[str, Callable[[Path], str]], str]
PROBLEM, SAMPLES = Problem("p", "?"), [Sample("p", 0, "!")]


def test_a_language_model_is_no_reward_model(checkpoint: Checkpoint) -> None:
    folder = checkpoint("causal", tiny.causal)
    with pytest.raises(ConfigError, match=r"lacks weights of .*: score\.weight.*at random"):
        score_reward_model(PROBLEM, SAMPLES, model=folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "./nowhere"}, r"There is no folder '\./nowhere'"),
        ({"model": "/no/where"}, "There is no folder"),
        ({"model": "org/nothing-of-this-name"}, "'org/nothing-of-this-name' cannot be loaded"),
        ({"device": "abacus"}, "The device 'abacus' cannot be used"),
        ({"dtype": "int3"}, "dtype is 'int3'; it must be one of float32, bfloat16, float16"),
    ],
)
def test_what_cannot_be_opened(
    checkpoint: Checkpoint, options: dict[str, Loose], message: str
) -> None:
    given = {"model": checkpoint("llama", tiny.classifier), **options}
    with pytest.raises(ConfigError, match=message):
        score_reward_model(PROBLEM, SAMPLES, **given)


def test_a_folder_in_the_home_directory(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(checkpoint("llama", tiny.classifier))
    monkeypatch.setenv("HOME", str(folder.parent))
    assert not score_reward_model(PROBLEM, SAMPLES, model=f"~/{folder.name}")[0].is_missing


def test_code_of_a_checkpoint_is_not_run_silently(tmp_path: Path) -> None:
    folder = Path(tiny.classifier(tmp_path))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("raise SystemExit('the code was run')\n")
    with pytest.raises(ConfigError, match=r"trust_remote_code=True"):
        score_reward_model(PROBLEM, SAMPLES, model=str(folder))
    with pytest.raises(SystemExit, match="the code was run"):
        score_reward_model(PROBLEM, SAMPLES, model=str(folder), trust_remote_code=True)


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("topdraw._optional.importlib.import_module", nothing)
    with pytest.raises(MissingPackage) as caught:
        apply_scorer(resolve_scorer("reward_model:org/any"), PROBLEM, SAMPLES)
    expected = "A reward model needs torch. Install it with: pip install 'topdraw[hf]'"
    assert str(caught.value) == expected


def test_dtype_attention_and_revision_are_passed_on(checkpoint: Checkpoint) -> None:
    folder = checkpoint("llama", tiny.classifier)
    where = Where(folder, revision="main", dtype="bfloat16", attention="eager")
    opened = Opened(where)
    network = opened.network("AutoModelForSequenceClassification")
    assert network.dtype == opened.torch.bfloat16
    assert network.config._attn_implementation == "eager"
    assert not network.training
    assert (opened.commit, opened.on_gpu) == ("", False)


@pytest.mark.parametrize(
    ("settings", "longest"),
    [
        ({"model_type": "llama", "max_position_embeddings": 8192}, 8192),
        ({"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"max_position_embeddings": 512, "position_biased_input": False}, 0),
        ({"model_type": "t5"}, 0),
    ],
)
def test_how_much_is_read(checkpoint: Checkpoint, settings: Loose, longest: int) -> None:
    opened = Opened(Where(checkpoint("llama", tiny.classifier)))
    opened.__dict__["config"] = SimpleNamespace(**settings)
    assert opened.longest == longest


def test_tensors_in_several_files_and_in_none(tmp_path: Path) -> None:
    from transformers import LlamaForSequenceClassification

    whole = tiny.classifier(tmp_path / "whole")
    network = LlamaForSequenceClassification.from_pretrained(whole)
    network.save_pretrained(tmp_path / "split", max_shard_size="8KB")
    assert len(list((tmp_path / "split").glob("*.safetensors"))) > 1
    one, several = (Opened(Where(str(tmp_path / name))) for name in ("whole", "split"))
    assert set(one.tensors) == set(several.tensors)
    (found,) = several.read("score.").values()
    assert found.equal(network.score.weight)
    (tmp_path / "whole" / "model.safetensors").unlink()
    assert Opened(Where(whole)).tensors == {}


def test_a_slow_tokenizer_is_refused(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Opened(Where(checkpoint("llama", tiny.classifier)))
    monkeypatch.setattr(type(tiny.tokenizer()), "is_fast", False)
    with pytest.raises(ConfigError, match="is a slow one"):
        assert opened.tokenizer


@pytest.fixture
def hub(checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A commit in the hub's cache, as a download leaves it; the name of its checkpoint."""
    import huggingface_hub.constants

    commit = "0123456789" * 4
    folder = tmp_path / "models--org--tiny"
    shutil.copytree(checkpoint("llama", tiny.classifier), folder / "snapshots" / commit)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return "org/tiny"


def test_a_name_on_the_hub_is_loaded_and_its_commit_told(
    hub: str, checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    (newest,) = score_reward_model(PROBLEM, SAMPLES, model=hub)
    assert f"org/tiny: commit {'0123456789' * 4} of the hub; pin it" in caplog.text
    caplog.clear()
    (pinned,) = score_reward_model(PROBLEM, SAMPLES, model=hub, revision="0123456789" * 4)
    assert caplog.text == ""
    folder = checkpoint("llama", tiny.classifier)
    assert [newest, pinned] == score_reward_model(PROBLEM, SAMPLES, model=folder) * 2
    with pytest.raises(ConfigError, match="cannot be loaded"):
        score_reward_model(PROBLEM, SAMPLES, model=hub, revision="v9")
