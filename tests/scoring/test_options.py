"""Scorers with options."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from topdraw.core import registry
from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.resolve import is_scorer_spec, resolve_scorer


def _scaled(
    problem: Problem, samples: Sequence[Sample], /, *, model: str, scale: float = 1.0
) -> list[Score]:
    return [Score(value=scale * len(s.output), note=model) for s in samples]


@pytest.fixture(autouse=True)
def scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._known, "scorer", dict(registry._known["scorer"]))
    monkeypatch.setattr(_scaled, "workers", 3, raising=False)
    registry.scorer("scaled")(_scaled)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("scaled:org/some-model", "scaled-some-model"),
        ("scaled(org/some-model, scale=2)", "scaled-some-model-2"),
        ("scaled(model='a, b')", "scaled-a-b"),
        ("mine=scaled(model=m)", "mine"),
        ("mine = number", "mine"),
    ],
)
def test_a_spec_names_its_scores(spec: str, name: str) -> None:
    assert resolve_scorer(spec).name == name
    assert is_scorer_spec(spec)


def test_options_reach_the_function_and_its_attributes_stay() -> None:
    found = resolve_scorer("scaled(m, scale=3)")
    assert found.scorer(Problem("p", ""), [Sample("p", 0, "four")])[0] == Score(value=12, note="m")
    assert getattr(found.scorer, "workers", 1) == 3
    check_scorer("scaled(m, scale=3)")


def test_other_options_are_another_source() -> None:
    same = {
        resolve_scorer("x=scaled(m, scale=2)").source,
        resolve_scorer("x=scaled(scale=2, model=m)").source,
    }
    assert len(same) == 1
    assert same != {resolve_scorer("x=scaled(m, scale=3)").source}


def test_a_function_may_prepare_and_name_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def prepare(model: str, scale: float = 1.0) -> Scorer:
        made.append(model)
        return lambda problem, samples: [Score(value=scale) for _ in samples]

    monkeypatch.setattr(_scaled, "prepare", prepare, raising=False)
    monkeypatch.setattr(_scaled, "named", lambda model, scale=1.0: model.upper(), raising=False)
    found = resolve_scorer("scaled(m, scale=3)")
    assert (found.name, made) == ("M", ["m"])
    assert found.scorer(Problem("p", ""), [Sample("p", 0, "")])[0].value == 3


def test_options_that_are_no_matter_are_the_same_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scaled, "aside", ("scale",), raising=False)
    sources = {resolve_scorer(f"x=scaled({text})").source for text in ("m", "m, 2", "m, 3")}
    assert len(sources) == 1
    assert resolve_scorer("x=scaled(other)").source not in sources


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("scaled", r"The scorer 'scaled' needs model\..*Write scaled\(model=\.\.\.\)"),
        ("scaled(scale=2)", "needs model"),
        ("scaled(m, x=1)", "'x=1' is no option of the scorer 'scaled', which takes model, scale"),
        ("scaled(m, scale=abc)", "scale is 'abc'; it must be a number"),
        ("number(3)", "'3' is no option of the scorer 'number', which takes no options"),
    ],
)
def test_bad_options_are_refused(spec: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_scorer(spec)


def test_a_name_in_front_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def f(problem, samples):\n    return [1.0 for _ in samples]\n"
    )
    assert resolve_scorer(f"good={tmp_path}/mine.py:f").name == "good"
