"""Names through one door: decorated here, or entry points of installed packages."""

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core import registry
from topdraw.core.records import Candidates, FloatArray, Problem, Sample, Score, Task
from topdraw.core.registry import (
    Kind,
    get_scorer,
    get_selector,
    get_task,
    lookup,
    model,
    names,
    needs_of,
    registered_name,
    scorer,
    selector,
    task,
    unknown_name,
)
from topdraw.errors import ConfigError, UnknownNameError

_KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    copies = {kind: dict(known) for kind, known in registry._known.items()}
    monkeypatch.setattr(registry, "_known", copies)
    yield
    registry._entry_points.cache_clear()


@pytest.mark.parametrize("kind", _KINDS)
def test_everything_we_ship_can_be_loaded(kind: Kind) -> None:
    assert names(kind)
    assert names(kind) == sorted(set(names(kind)))
    for name in names(kind):
        assert callable(lookup(kind, name)), name
        assert registered_name(kind, lookup(kind, name)) == name


def test_what_is_decorated_is_found() -> None:
    @task("t")
    def load() -> Task:
        return Task("t", "1", ())

    @scorer("s")
    def rate(problem: Problem, samples: list[Sample], /) -> list[Score]:
        return []

    @selector("c", needs=("value",), ordered=True)
    def choose(candidates: Candidates, /) -> FloatArray:
        return np.zeros(candidates.n)

    @model("m")
    def connect(spec: str) -> str:
        return spec

    assert get_task("t") is load
    assert get_scorer("s") is rate
    assert get_selector("c") is choose
    assert lookup("model", "m") is connect
    assert needs_of(choose) == ("value",)
    assert needs_of(rate) == ()
    assert registered_name("scorer", rate) == "s"
    assert registered_name("selector", rate) is None
    assert {"s"} < set(names("scorer"))


def _make(body: int) -> Callable[[], int]:
    def function() -> int:
        return body

    return function


def test_the_same_function_may_come_again_and_replaces_itself() -> None:
    first, second = _make(1), _make(2)
    scorer("again")(first)
    scorer("again")(second)
    assert lookup("scorer", "again") is second


def test_a_name_taken_by_another_is_refused() -> None:
    scorer("mine")(_make(1))
    with pytest.raises(ConfigError, match=r"'mine' is already taken by .*_make"):
        scorer("mine")(lambda: 1)
    task("mine")(lambda: 1)


def test_a_shipped_name_is_refused_before_its_module_is_imported() -> None:
    registry._known["scorer"].pop("number", None)
    with pytest.raises(ConfigError, match=r"'number' is already taken by topdraw\.scoring\.number"):
        scorer("number")(_make(1))
    assert get_scorer("number").__module__ == "topdraw.scoring.number"


def test_entry_points_of_others_are_loaded_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("theirs", "json:dumps", "topdraw.scorers")
    asked: list[str] = []

    def points(*, group: str) -> list[EntryPoint]:
        asked.append(group)
        return [point] if group == point.group else []

    monkeypatch.setattr(registry, "entry_points", points)
    registry._entry_points.cache_clear()
    import json

    assert lookup("scorer", "theirs") is json.dumps
    assert names("scorer").count("theirs") == 1
    assert asked == ["topdraw.scorers"]


def test_unknown_names_list_the_known_closest_first() -> None:
    with pytest.raises(UnknownNameError) as caught:
        get_scorer("coutdown")
    assert caught.value.message == "There is no scorer named 'coutdown'."
    assert caught.value.hint.startswith("Did you mean 'countdown'? Known: countdown, ")
    assert "Did you mean" not in unknown_name("task", "zzz", ["countdown"]).hint
    assert unknown_name("task", "x", []).hint == "Known: none."


@given(st.text(max_size=10), st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=6))
def test_every_known_name_is_listed_once(name: str, known: list[str]) -> None:
    hint = unknown_name("scorer", name, known).hint
    listed = hint.split("Known: ", 1)[1].removesuffix(".")
    if known and not any(", " in word or "Known: " in word for word in known):
        assert sorted(listed.split(", ")) == sorted(", ".join(known).split(", "))
