import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.architectures import (
    Architecture,
    architecture_of,
    read_architectures,
)
from topdraw.errors import FormatError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "cost.json").read_text())["parameters"]

SMALL = Architecture(parameters=1000, layers=3, width=7)


@pytest.mark.parametrize("config", GOLDEN["llama"], ids=lambda one: one["model"])
def test_parameters_are_those_of_the_published_configuration(config: dict[str, Any]) -> None:
    """Gated feed-forward, two norms a layer, one at the end, grouped keys and values."""
    width, key_value = config["width"], config["key_value"]
    attention = 2 * width * width + 2 * width * key_value
    biases = (width + 2 * key_value) * config["biased"]
    layer = attention + biases + 3 * width * config["feed_forward"] + 2 * width
    embeddings = config["vocabulary"] * width * (1 if config["tied"] else 2)
    _check(config, embeddings + config["layers"] * layer + width)


@pytest.mark.parametrize("config", GOLDEN["neox"], ids=lambda one: one["model"])
def test_parameters_of_the_pythia_suite(config: dict[str, Any]) -> None:
    """Feed-forward four times as wide, biases everywhere, norms with bias, untied embeddings."""
    width = config["width"]
    layer = 12 * width**2 + 13 * width
    _check(config, 2 * config["vocabulary"] * width + config["layers"] * layer + 2 * width)


def _check(config: dict[str, Any], parameters: int) -> None:
    found = architecture_of(config["model"])
    assert found is not None
    assert (found.layers, found.width) == (config["layers"], config["width"])
    assert found.parameters == parameters


@given(st.integers(0, 40), st.integers(0, 40))
def test_totals_are_sums_over_tokens_each_at_its_context(prompt: int, output: int) -> None:
    reading = sum(SMALL.token_flops(context) for context in range(1, prompt + 1))
    writing = sum(SMALL.token_flops(prompt + at) for at in range(1, output + 1))
    assert SMALL.prompt_flops(prompt) == pytest.approx(reading)
    assert SMALL.output_flops(prompt, output) == pytest.approx(writing)


def test_totals_take_arrays() -> None:
    together = SMALL.output_flops(np.array([3, 5]), np.array([2, 4]))
    assert together == pytest.approx([SMALL.output_flops(3, 2), SMALL.output_flops(5, 4)])


@pytest.mark.parametrize(
    "name",
    ["meta-llama/Meta-Llama-3-8B-Instruct", "LLAMA-3-8B", "llama-3.1-8b-instruct"],
)
def test_vendors_cases_and_variants_are_the_same_architecture(name: str) -> None:
    assert architecture_of(name) == architecture_of("llama-3-8b")


def test_what_is_in_no_table_is_unknown() -> None:
    assert architecture_of("gpt-4o") is None
    assert architecture_of("") is None


def test_a_table_of_ones_own_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[architecture]]\nmodels = ["gemma-2b", "Own/Model"]\nparameters = 10\nlayers = 2\n'
        'width = 4\ndate = 2026-11-20\nsource = "me"\n'
    )
    table = read_architectures(path)
    for name in ("google/gemma-2b-it", "own/model"):
        found = architecture_of(name, table)
        assert found is not None
        assert (found.parameters, found.source) == (10, "me")


ENTRY = '[[architecture]]\nmodels = ["m"]\nparameters = 1\nlayers = 1\nwidth = 1\ndate = 2026-01-01'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"no \[\[architecture\]\]"),
        ("not toml", "cannot be used"),
        (ENTRY.replace("layers = 1\n", ""), "entry 1 has no layers"),
        (ENTRY.replace('["m"]', '"m"'), "it must be a list of names"),
        (ENTRY.replace("width = 1", "width = 0"), "width is 0, it must be a whole number above 0"),
        (ENTRY.replace("layers = 1", "layers = true"), "layers is True"),
        (ENTRY.replace("2026-01-01", '"today"'), "it must be a day"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_architectures(path)


def test_a_table_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_architectures(tmp_path / "none.toml")
