from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding, Problem, Task
from topdraw.errors import DomainError
from topdraw.sampling.plan import (
    as_task,
    check_decoding,
    default_path,
    samplers,
    units,
    with_task_defaults,
)

IDENTITY = {"kind": "toy", "model": "org/m"}
PROBLEMS = [Problem(f"p/{i}", "?") for i in range(3)]


@given(
    st.integers(1, 12),
    st.sets(st.tuples(st.sampled_from([p.id for p in PROBLEMS]), st.integers(0, 11))),
    st.none() | st.integers(1, 5),
    st.booleans(),
)
def test_units_are_exactly_what_is_missing(
    n: int, drawn: set[tuple[str, int]], chunk: int | None, greedy: bool
) -> None:
    wanted = samplers(IDENTITY, Decoding(), n, greedy=greedy)
    todo = list(units(PROBLEMS, wanted, {wanted[0].hash: drawn}, chunk))
    keys = [(u.sampler.role, u.problem.id, i) for u in todo for i in u.indices]
    expected = {("sampled", p.id, i) for p in PROBLEMS for i in range(n)}
    expected -= {("sampled", problem_id, i) for problem_id, i in drawn}
    expected |= {("greedy", p.id, 0) for p in PROBLEMS} if greedy else set()
    assert len(keys) == len(set(keys))
    assert set(keys) == expected
    for unit in todo:
        assert list(unit.indices) == sorted(unit.indices)
        assert chunk is None or len({i // chunk for i in unit.indices}) == 1


@given(st.integers(1, 5), st.sets(st.integers(0, 3)))
def test_a_resumed_run_asks_for_the_same_chunks(chunk: int, done: set[int]) -> None:
    (wanted,) = samplers(IDENTITY, Decoding(), 4 * chunk, greedy=False)
    whole = [u.indices for u in units(PROBLEMS[:1], [wanted], {}, chunk)]
    drawn = {("p/0", i) for number in done for i in whole[number]}
    rest = [u.indices for u in units(PROBLEMS[:1], [wanted], {wanted.hash: drawn}, chunk)]
    assert rest == [indices for number, indices in enumerate(whole) if number not in done]


def test_at_temperature_zero_there_is_no_second_sampler() -> None:
    assert len(samplers(IDENTITY, Decoding(temperature=0), 3, greedy=True)) == 1
    with pytest.raises(DomainError, match="n is 0"):
        samplers(IDENTITY, Decoding(), 0, greedy=False)


@pytest.mark.parametrize("bad", [0, "7", None, [1], True])
def test_only_a_number_is_a_default_for_max_tokens(bad: object) -> None:
    got = with_task_defaults(Decoding(), {"max_tokens": bad, "stop": []})  # type: ignore[dict-item]  # on purpose
    assert got.stop == ()
    if not isinstance(bad, int):
        assert got == Decoding()


def test_a_stop_text_alone_is_one_stop_text() -> None:
    assert with_task_defaults(Decoding(), {"stop": "##"}).stop == ("##",)


@given(st.floats(allow_nan=True))
def test_every_temperature_is_good_or_refused(temperature: float) -> None:
    decoding = Decoding(temperature=temperature)
    if 0 <= temperature < float("inf"):
        assert check_decoding(decoding) is decoding
    else:
        with pytest.raises(DomainError):
            check_decoding(decoding)


@given(st.floats(allow_nan=True), st.sampled_from(["presence_penalty", "frequency_penalty"]))
def test_every_penalty_is_good_or_refused(value: float, name: str) -> None:
    decoding = Decoding(**{name: value})  # type: ignore[arg-type]  # a penalty
    if -2 <= value <= 2:
        assert check_decoding(decoding) is decoding
    else:
        with pytest.raises(DomainError, match=rf"{name} is .*; it must be in \[-2, 2\]"):
            check_decoding(decoding)


@given(st.text(), st.text())
def test_a_path_never_leaves_its_root(task_name: str, model_name: str) -> None:
    task = Task(task_name, "1", tuple(PROBLEMS))
    path = default_path(task, {"model": model_name}, Decoding(), 0)
    assert path.parts[0] == "runs"
    assert len(path.parts) == 2
    assert not path.name.startswith(".")
    path.name.encode("ascii")


def test_settings_change_the_path_and_n_is_not_one() -> None:
    task = as_task(PROBLEMS)
    paths = {
        default_path(task, IDENTITY, Decoding(), 0),
        default_path(task, IDENTITY, Decoding(), 1),
        default_path(task, IDENTITY, Decoding(top_p=0.5), 0),
        default_path(task, {"model": "m2"}, Decoding(), 0),
        default_path(as_task(PROBLEMS[:2]), IDENTITY, Decoding(), 0),
    }
    assert len(paths) == 5
