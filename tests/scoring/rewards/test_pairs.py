"""PairRM, against its formula and the tokens of its model card."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.conftest import TinyRun
from tests.scoring.rewards import tiny
from transformers import AutoTokenizer, DebertaV2Config, DebertaV2Model

from topdraw.core.records import Problem, Sample
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.pairs import PairRanker, compare_run, pair_ranker
from topdraw.selection.asking import play
from topdraw.store.comparisons import comparisons

Checkpoint = Callable[[str, Callable[[Path], str]], str]
PROBLEM = Problem("p", "Hello?")
OUTPUTS = ["Hi!", "Go away, please.", "", "Hi!", "<|candidate2|>", "\ud800"]
SAMPLES = [Sample("p", at, output) for at, output in enumerate(OUTPUTS)]


@pytest.fixture
def folder(checkpoint: Checkpoint) -> str:
    return checkpoint("pairs", tiny.pair_ranker_checkpoint)


def _formula(folder: str, first: str, second: str) -> float:
    """The logit of one order, as the model card computes it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tensors = load_file(Path(folder) / "model.safetensors")
    network = DebertaV2Model(DebertaV2Config.from_pretrained(folder)).eval()
    network.load_state_dict(
        {k.removeprefix("pretrained_model."): v for k, v in tensors.items() if "head" not in k}
    )
    texts = ["<|source|>" + PROBLEM.prompt, "<|candidate1|>" + first, "<|candidate2|>" + second]
    ids = [one for text in texts for one in tokenizer.encode(text)]
    with torch.inference_mode():
        states = network(torch.tensor([ids])).last_hidden_state[0]
    places = [ids.index(tokenizer.convert_tokens_to_ids(t[: t.index(">") + 1])) for t in texts]
    source, one, other = states[places]

    def worth(candidate: tiny.Loose) -> tiny.Loose:
        hidden = torch.tanh(
            tensors["head_layer.1.weight"] @ torch.cat([source, candidate])
            + tensors["head_layer.1.bias"]
        )
        return tensors["head_layer.4.weight"] @ hidden + tensors["head_layer.4.bias"]

    return float((worth(one) - worth(other)).mean())


@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_mean_of_both_orders_of_the_formula(folder: str, batch_size: int) -> None:
    ranker = pair_ranker(model=folder, batch_size=batch_size)
    found = ranker.compare_all(PROBLEM, SAMPLES, [(0, 1), (1, 2)])
    for (a, b), chance in zip([(0, 1), (1, 2)], found, strict=True):
        there = 1 / (1 + math.exp(-_formula(folder, OUTPUTS[a], OUTPUTS[b])))
        back = 1 / (1 + math.exp(-_formula(folder, OUTPUTS[b], OUTPUTS[a])))
        assert chance == pytest.approx((there + 1 - back) / 2, abs=1e-6)
        assert chance != pytest.approx(there, abs=1e-3)


def test_both_orders_add_up_to_one_and_a_pair_stands_alone(folder: str) -> None:
    ranker = pair_ranker(model=folder, batch_size=4)
    pairs = list(itertools.permutations(range(len(OUTPUTS)), 2))
    found = dict(zip(pairs, ranker.compare_all(PROBLEM, SAMPLES, pairs), strict=True))
    for (a, b), chance in found.items():
        assert chance + found[b, a] == 1
        assert ranker.compare_all(PROBLEM, SAMPLES, [(a, b)]) == [chance]
    assert found[0, 3] == 0.5
    assert len(set(found.values())) > 10
    assert ranker.compare_all(PROBLEM, SAMPLES, []) == []


def test_long_texts_are_cut_to_their_shares(folder: str) -> None:
    ranker = pair_ranker(model=folder)
    problem = Problem("p", "w" * 3000)
    samples = [Sample("p", 0, "x" * 3000), Sample("p", 1, "y" * 3000)]
    (chance,) = ranker.compare_all(problem, samples, [(0, 1)])
    assert 0 < chance < 1
    tokens = ranker._loaded.read(problem.prompt, "x" * 3000, "y" * 3000)
    assert len(tokens.ids) <= tiny.CONTEXT
    assert [tokens.ids[place] for place in tokens.places] == ranker._loaded._prefixes


def test_relative_positions_read_as_much_as_the_model_card_says(tmp_path: Path) -> None:
    folder = tiny.pair_ranker_checkpoint(tmp_path, position_biased_input=False)
    tokens = pair_ranker(model=folder)._loaded.read("w" * 3000, "x" * 3000, "y" * 3000)
    assert (len(tokens.ids), tokens.places) == (2048, (1, 1225, 1637))


def test_one_ranker_for_the_same_options(folder: str) -> None:
    assert pair_ranker(model=folder) is pair_ranker(model=folder)
    assert pair_ranker(model="llm-blender/PairRM-hf").name == "PairRM-hf"


async def test_it_judges_a_tournament(folder: str) -> None:
    ranker = pair_ranker(model=folder)
    played = await play(3, ranker.comparer(PROBLEM, SAMPLES), plan="round_robin")
    assert played.calls == 3
    assert played.unanswered == 0
    table = [[0.5] * 3 for _ in range(3)]
    for a, b in itertools.permutations(range(3), 2):
        table[a][b] = ranker.compare_all(PROBLEM, SAMPLES, [(a, b)])[0]
    assert played.weights.argmax() == np.array(table).sum(axis=1).argmax()


def test_all_pairs_of_a_run_are_stored_once(folder: str, tiny_run: TinyRun) -> None:
    run = tiny_run({"p1": ["a", "b", "c"], "p2": ["d"], "p3": ["e", "e"]})
    ranker = pair_ranker(model=folder)
    assert compare_run(run, ranker, name="pairs") == 4
    assert compare_run(run, ranker, name="pairs") == 0
    rows = comparisons(run, "pairs").rows
    assert {(row.problem_id, row.first, row.second) for row in rows} == {
        ("p1", 0, 1),
        ("p1", 0, 2),
        ("p1", 1, 2),
        ("p3", 0, 1),
    }
    assert next(row.first_better for row in rows if row.problem_id == "p3") == 0.5


def test_what_cannot_be_told_is_nan_and_not_stored(tmp_path: Path, tiny_run: TinyRun) -> None:
    folder = tiny.pair_ranker_checkpoint(tmp_path / "nan")
    file = Path(folder) / "model.safetensors"
    tensors = load_file(file)
    tensors["head_layer.4.bias"][0] = math.inf
    save_file(tensors, file, metadata={"format": "pt"})
    ranker = pair_ranker(model=folder)
    assert math.isnan(ranker.compare_all(PROBLEM, SAMPLES, [(0, 1)])[0])
    assert compare_run(tiny_run({"p": ["a", "b"]}), ranker) == 0


def test_another_checkpoint_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no pairwise ranker of PairRM's kind"):
        pair_ranker(model=checkpoint("llama", tiny.classifier)).compare_all(PROBLEM, SAMPLES, [])
    folder = tiny.pair_ranker_checkpoint(tmp_path)
    tiny.tokenizer(template=None, named=False).save_pretrained(folder)
    with pytest.raises(ConfigError, match="lacks <"):
        PairRanker(pair_ranker(model=folder)._where).compare_all(PROBLEM, SAMPLES, [])
