"""ArmoRM's heads, against its formula written down plainly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.scoring.rewards import tiny
from tests.scoring.rewards.tiny import Loose
from transformers import AutoTokenizer, LlamaModel

from topdraw.core.records import Problem, Sample
from topdraw.errors import ConfigError
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.rewards.classifier import score_reward_model
from topdraw.scoring.rewards.objectives import objective_names

Checkpoint = Callable[[str, Callable[[Path], str]], str]
PROBLEM = Problem("p", "Hi there")
OUTPUTS = ["Hello!", "Go away.", "", "Hello! " * 9]


@pytest.fixture
def armo(checkpoint: Checkpoint) -> str:
    def make(folder: Path) -> str:
        return tiny.backbone_with(folder, tiny.armo_heads(), gating_temperature=10)

    return checkpoint("armo", make)


def _formula(folder: str, output: str) -> tuple[float, list[float]]:
    """Rewards of the last token, weighed by what the last token of the prompt says."""
    heads = tiny.armo_heads()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = LlamaModel.from_pretrained(folder, dtype=torch.float32).eval()
    turns = [{"role": "user", "content": PROBLEM.prompt}, {"role": "assistant", "content": output}]
    ids = tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)["input_ids"]
    pattern = tokenizer("<|end|><|start|>assistant\n", add_special_tokens=False)["input_ids"]
    found = ids[0].tolist()
    at = max(k for k in range(len(found)) if found[k : k + len(pattern)] == pattern)
    with torch.inference_mode():
        states = network(ids).last_hidden_state[0]
    gate = states[at]
    for layer in (0, 1):
        gate = torch.relu(heads[f"gating.layers.{layer}.weight"] @ gate
                          + heads[f"gating.layers.{layer}.bias"])  # fmt: skip
    gate = heads["gating.layers.2.weight"] @ gate + heads["gating.layers.2.bias"]
    weights = torch.softmax(gate / 10, dim=0) * 1.5
    rewards = heads["regression_layer.weight"] @ states[-1]
    score = (weights * (rewards @ heads["reward_transform_matrix"])).sum()
    return float(score), rewards.tolist()


@pytest.mark.parametrize("batch_size", [1, 3])
def test_score_and_objectives_are_those_of_the_formula(armo: str, batch_size: int) -> None:
    samples = [Sample("p", at, output) for at, output in enumerate(OUTPUTS)]
    scores = score_reward_model(PROBLEM, samples, model=armo, batch_size=batch_size)
    for output, score in zip(OUTPUTS, scores, strict=True):
        value, objectives = _formula(armo, output)
        assert score.value == pytest.approx(value, abs=1e-5)
        note = json.loads(score.note)
        assert note["score"] == pytest.approx(value, rel=1e-4)
        assert list(note["objectives"].values()) == pytest.approx(objectives, rel=1e-4)
    assert len({score.value for score in scores}) == len(OUTPUTS)


def test_one_objective_may_be_the_value(armo: str) -> None:
    found = score_reward_model(PROBLEM, [Sample("p", 0, "Hello!")], model=armo, objective="1")
    assert found[0].value == pytest.approx(_formula(armo, "Hello!")[1][1], abs=1e-5)
    with pytest.raises(ConfigError, match=r"has no objective 'helpful'.*It has 0, 1, 2"):
        score_reward_model(PROBLEM, [], model=armo, objective="helpful")


def test_the_published_model_has_nineteen_named_objectives() -> None:
    assert len(set(objective_names(19))) == 19
    assert objective_names(19)[0] == "helpsteer-helpfulness"


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_contract_of_scorers(armo: str, batch_size: int) -> None:
    check_scorer(f"reward_model({armo!r}, batch_size={batch_size})", outputs=["4", "<|end|>"])


def test_a_prompt_that_is_cut_off_is_missing(armo: str) -> None:
    samples = [Sample("p", 0, "x" * 300), Sample("p", 1, "y")]
    long, short = score_reward_model(PROBLEM, samples, model=armo, cut="left")
    assert "the end of the prompt cannot be found" in (long.missing_reason or "")
    assert not short.is_missing
    cut = score_reward_model(PROBLEM, samples, model=armo)[0]
    assert json.loads(cut.note)["also"].startswith("cut right: 160 of ")


def test_a_template_may_refuse(tmp_path: Path) -> None:
    folder = tiny.backbone_with(tmp_path, tiny.armo_heads())
    tiny.tokenizer(template="{{ raise_exception('no') }}").save_pretrained(folder)
    (score,) = score_reward_model(PROBLEM, [Sample("p", 0, "x")], model=folder)
    assert (score.missing_reason or "").startswith("the chat template refuses")


@pytest.mark.parametrize("gone", ["reward_transform_matrix", "gating.layers.0.weight"])
def test_a_head_that_is_not_there_is_refused(tmp_path: Path, gone: str) -> None:
    heads: dict[str, Loose] = tiny.armo_heads()
    del heads[gone]
    folder = tiny.backbone_with(tmp_path, heads)
    with pytest.raises(ConfigError, match=f"lacks {gone}; it is no ArmoRM"):
        score_reward_model(PROBLEM, [], model=folder)


def test_it_needs_a_chat_template(tmp_path: Path) -> None:
    folder = tiny.backbone_with(tmp_path, tiny.armo_heads())
    tiny.tokenizer(template=None).save_pretrained(tmp_path)
    (tmp_path / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(ConfigError, match="has no chat template"):
        score_reward_model(PROBLEM, [], model=folder)
