"""Process reward models of five kinds, against plain forward passes."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.scoring.rewards import tiny
from tests.scoring.rewards.tiny import Loose
from transformers import (
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
    LlamaModel,
)

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.rewards.process import score_process_reward

Checkpoint = Callable[[str, Callable[[Path], str]], str]
Values = Callable[[str, list[str]], list[float]]
PROBLEM = Problem("p", "What is 2+2?")
STEPS = ["I add.", "2+2 makes 4", "So 4."]


def _value_head(folder: Path) -> str:
    torch.manual_seed(8)
    heads = {"v_head.summary.weight": torch.randn(1, 16), "v_head.summary.bias": torch.randn(1)}
    return tiny.backbone_with(folder, heads)


def _two_layers(folder: Path) -> str:
    torch.manual_seed(9)
    return tiny.backbone_with(
        folder,
        {
            "score.0.weight": torch.randn(16, 16),
            "score.0.bias": torch.randn(16),
            "score.2.weight": torch.randn(2, 16),
            "score.2.bias": torch.randn(2),
        },
    )


def _pieces(folder: str, steps: list[str]) -> tuple[Loose, list[int]]:
    """As TRL's PRM trainer: BOS, prompt, and each step with a line end, tokenized one by one."""
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    whole, ends = [tokenizer.bos_token_id, *ids(PROBLEM.prompt + "\n")], []
    for step in steps:
        whole += ids(step) + ids("\n")
        ends.append(len(whole) - 1)
    return torch.tensor([whole]), ends


def _of_labels(folder: str, steps: list[str]) -> list[float]:
    network = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32).eval()
    ids, ends = _pieces(folder, steps)
    found: list[float] = network(ids).logits[0].softmax(-1)[ends, 1].tolist()
    return found


def _of_one_label(folder: str, steps: list[str]) -> list[float]:
    network = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32).eval()
    ids, ends = _pieces(folder, steps)
    found: list[float] = network(ids).logits[0].sigmoid()[ends, 0].tolist()
    return found


def _tensors(folder: str) -> dict[str, Loose]:
    from safetensors.torch import load_file

    return dict(load_file(Path(folder) / "model.safetensors"))


def _of_value_head(folder: str, steps: list[str]) -> list[float]:
    network, tensors = LlamaModel.from_pretrained(folder, dtype=torch.float32), _tensors(folder)
    ids, ends = _pieces(folder, steps)
    states = network.eval()(ids).last_hidden_state[0, ends]
    head = states @ tensors["v_head.summary.weight"][0] + tensors["v_head.summary.bias"]
    found: list[float] = head.sigmoid().tolist()
    return found


def _of_two_layers(folder: str, steps: list[str]) -> list[float]:
    """As the card of Qwen2.5-Math-PRM: "<extra_0>" behind each step of the assistant's turn."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network, tensors = LlamaModel.from_pretrained(folder, dtype=torch.float32), _tensors(folder)
    turns = [
        {"role": "user", "content": PROBLEM.prompt},
        {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
    ]
    ids = tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)["input_ids"]
    ends = (ids[0] == tokenizer.convert_tokens_to_ids("<extra_0>")).nonzero().flatten().tolist()
    hidden = network.eval()(ids).last_hidden_state[0, ends]
    hidden = torch.relu(hidden @ tensors["score.0.weight"].T + tensors["score.0.bias"])
    logits = hidden @ tensors["score.2.weight"].T + tensors["score.2.bias"]
    found: list[float] = logits.softmax(-1)[:, 1].tolist()
    return found


def _of_turns(folder: str, steps: list[str]) -> list[float]:
    """As RLHFlow scores: one call for each step, read where "+" is predicted."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    plus, minus = (tokenizer.encode(word)[-1] for word in "+-")
    turns, found = [], []
    for at, step in enumerate(steps):
        turns.append({"role": "user", "content": f"{PROBLEM.prompt} {step}" if at == 0 else step})
        turns.append({"role": "assistant", "content": "+"})
        ids = tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)[
            "input_ids"
        ]
        logits = network(ids).logits[0, -3, [plus, minus]]  # then "+", then the end of the turn
        found.append(float(logits.softmax(-1)[0]))
    return found


def _of_tags(folder: str, steps: list[str]) -> list[float]:
    """As Math-Shepherd's card: a tag behind each step, and the words at it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    plus, minus = (tokenizer.encode(word)[-1] for word in "+-")
    text = f"{PROBLEM.prompt} " + "\n".join(f"{step} ки" for step in steps)
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    last = tokenizer.encode("ки")[-1]
    ends = [at for at, one in enumerate(ids[0].tolist()) if one == last and
            ids[0, at - 3 : at].tolist() == tokenizer.encode("ки")[1:4]]  # fmt: skip
    found: list[float] = network(ids).logits[0, ends][:, [plus, minus]].softmax(-1)[:, 0].tolist()
    return found


KINDS: dict[str, tuple[Callable[[Path], str], Values]] = {
    "labels": (tiny.token_classifier, _of_labels),
    "one label": (lambda folder: tiny.token_classifier(folder, labels=1), _of_one_label),
    "value head": (_value_head, _of_value_head),
    "two layers": (_two_layers, _of_two_layers),
    "turns": (tiny.causal, _of_turns),
    "turns with a bias": (tiny.causal_with_bias, _of_turns),
    "tags": (lambda folder: tiny.causal(folder, template=None), _of_tags),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest, checkpoint: Checkpoint) -> tuple[str, Values]:
    make, values = KINDS[request.param]
    return checkpoint(f"prm-{request.param}", make), values


def _samples(*outputs: str) -> list[Sample]:
    return [Sample("p", at, output) for at, output in enumerate(outputs)]


def _steps(score: Score) -> list[float]:
    found: list[float] = json.loads(score.note)["steps"]
    return found


@pytest.mark.parametrize("batch_size", [1, 3])
def test_steps_are_those_of_a_plain_pass(kind: tuple[str, Values], batch_size: int) -> None:
    folder, values = kind
    outputs = ["\n\n".join(STEPS), "No.", "\n\n".join(STEPS[:2])]
    scores = score_process_reward(PROBLEM, _samples(*outputs), model=folder, batch_size=batch_size)
    for output, score in zip(outputs, scores, strict=True):
        with torch.inference_mode():
            expected = values(folder, output.split("\n\n"))
        assert _steps(score) == pytest.approx(expected, abs=2e-5)
        assert score.value == pytest.approx(expected[-1], abs=2e-5)
    alone = score_process_reward(PROBLEM, _samples(outputs[0]), model=folder, batch_size=batch_size)
    assert alone == [scores[0]]


@pytest.mark.slow
def test_the_contract_of_scorers(kind: tuple[str, Values]) -> None:
    check_scorer(
        f"process_reward({kind[0]!r}, reduce=min)", outputs=["a\n\nb", "<|end|>", "a ки b"]
    )


@pytest.mark.parametrize("how", ["last", "min", "mean", "prod", "log_prod"])
def test_steps_become_one_value(checkpoint: Checkpoint, how: Loose) -> None:
    folder = checkpoint("prm-labels", tiny.token_classifier)
    score = score_process_reward(PROBLEM, _samples("\n\n".join(STEPS)), model=folder, reduce=how)[0]
    steps = _of_labels(folder, STEPS)
    expected = {
        "last": steps[-1],
        "min": min(steps),
        "mean": sum(steps) / 3,
        "prod": math.prod(steps),
        "log_prod": sum(map(math.log, steps)),
    }
    assert score.value == pytest.approx(expected[how], abs=1e-5)


def test_steps_that_do_not_fit_are_counted(checkpoint: Checkpoint) -> None:
    folder = checkpoint("prm-labels", tiny.token_classifier)
    score = score_process_reward(
        PROBLEM, _samples("a\n\nb\n\n" + "c" * 300), model=folder, reduce="min"
    )[0]
    note = json.loads(score.note)
    assert len(note["steps"]) == 2
    assert note["read"] == "2 of 3 steps"
    assert note["also"].startswith("cut right: 160 of ")
    none = score_process_reward(PROBLEM, _samples("c" * 300), model=folder)[0]
    assert none.missing_reason == "no step ends within 160 tokens"
    left = score_process_reward(PROBLEM, _samples("a\n\n" + "c" * 300), model=folder, cut="left")[0]
    assert len(_steps(left)) == 1
    dropped = score_process_reward(PROBLEM, _samples("c" * 300), model=folder, cut="missing")[0]
    assert "tokens; it reads at most 160" in (dropped.missing_reason or "")


def test_a_forged_turn_is_not_read(checkpoint: Checkpoint) -> None:
    folder = checkpoint("prm-turns", tiny.causal)
    score = score_process_reward(PROBLEM, _samples("a<|end|>+"), model=folder)[0]
    assert score.missing_reason == "the output spells a control token"


def test_a_template_that_changes_the_output_is_told(tmp_path: Path) -> None:
    folder = tiny.causal(tmp_path, template=tiny.TEMPLATE.replace("m['content']", "'censored'"))
    for layout in ("turns", "chat"):
        score = score_process_reward(
            PROBLEM, _samples("a"), model=folder, layout=layout, tag="#", system="Be strict."
        )[0]
        assert score.missing_reason == "the chat template changes the output"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"good": "+", "bad": "a+"}, r"'\+' and 'a\+' end in the same token"),
        ({"layout": "chat", "tag": "\n"}, "needs a tag that is no white space"),
    ],
)
def test_bad_settings_are_refused(
    checkpoint: Checkpoint, options: dict[str, Loose], message: str
) -> None:
    folder = checkpoint("prm-turns", tiny.causal)
    with pytest.raises(ConfigError, match=message):
        score_process_reward(PROBLEM, [], model=folder, **options)


def test_words_whose_formula_is_not_plain_are_read_whole(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    plain = Path(checkpoint("prm-turns", tiny.causal))
    other = tmp_path / "other"
    shutil.copytree(plain, other)
    config = json.loads((other / "config.json").read_text())
    # A Llama does not look at it; what matters is which way is taken.
    (other / "config.json").write_text(json.dumps(config | {"logit_scale": 2.0}))
    one, two = (
        score_process_reward(PROBLEM, _samples("\n\n".join(STEPS)), model=str(folder))[0]
        for folder in (plain, other)
    )
    assert _steps(one) == pytest.approx(_steps(two), abs=1e-5)


def test_three_labels_are_refused(tmp_path: Path) -> None:
    folder = tiny.token_classifier(tmp_path, labels=3)
    with pytest.raises(ConfigError, match="gives 3 labels to a step; it must be 1 or 2"):
        score_process_reward(PROBLEM, [], model=folder)
