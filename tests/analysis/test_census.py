"""What a run holds, the same whether it lies in segments or in parts."""

import dataclasses
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import TinyRun

from topdraw.analysis.census import census
from topdraw.analysis.tallies import tallies_of_parts, tallies_of_rows
from topdraw.core.records import Sample
from topdraw.store.run import Run

TEXTS = st.lists(st.sampled_from(["", " \n", "a", "b", "a ", "\u2003", "ä"]), max_size=6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outputs=st.dictionaries(st.sampled_from("pqrs"), TEXTS, min_size=1))
def test_rows_and_parts_tell_the_same_and_it_is_true(
    tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, list[str]]
) -> None:
    name = str(tmp_path_factory.mktemp("census") / "run")
    greedy = {key: texts[0] for key, texts in outputs.items() if texts}
    run = tiny_run(outputs, greedy=greedy, name=name)
    loose = census(run)
    run.seal()
    assert tallies_of_parts(run) == tallies_of_rows(run)
    assert census(run) == loose
    held = loose.roles[0]
    assert held.drawn == sum(map(len, outputs.values()))
    assert held.repeated == sum(len(texts) - len(set(texts)) for texts in outputs.values())
    assert held.uniform == sum(len(texts) > 1 == len(set(texts)) for texts in outputs.values())
    assert held.empty == sum(text in ("", " \n") for texts in outputs.values() for text in texts)
    assert held.output_tokens == sum(len(text) for texts in outputs.values() for text in texts)


def _stored_again(run: Run, change: dict[str, object]) -> list[Sample]:
    samples = run.samples()
    with run.writer() as writer:
        for sample in samples:
            writer.append(dataclasses.replace(sample, **change))  # type: ignore[arg-type]  # a test
    return samples


def test_a_sample_stored_twice_counts_once(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["1", "2"]})
    _stored_again(run, {"output": "late"})
    assert census(run).roles[0].drawn == 2
    assert census(run).roles[0].repeated == 0


def test_texts_that_differ_in_a_lone_surrogate_alone_do_not_repeat(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x\ud800", "x\ud801", "x\ud800"]})
    run.seal()
    assert tallies_of_parts(run) is None
    assert census(run).roles[0].repeated == 1


def test_ends_are_counted_the_commonest_first(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["1", "2", "3"]})
    ends = ["length", "refusal", "length"]
    with run.writer() as writer:
        for sample, end in zip(run.samples(), ends, strict=True):
            new = dataclasses.replace(sample, index=sample.index + 3, finish_reason=end)
            writer.append(new)
    run.seal()
    found = census(run).roles[0].finish_reasons
    assert found == Counter({"stop": 3, "length": 2, "refusal": 1})
    assert list(found) == ["stop", "length", "refusal"]


def test_scores_are_counted_by_verdict(tiny_run: TinyRun) -> None:
    from topdraw.core.records import Score

    run = tiny_run({"a": ["1", "2", "3"]})
    scores = [Score.verdict(True), Score.verdict(False), Score.missing("down")]
    run.add_scores("mine", zip(run.samples(), scores, strict=True))
    (found,) = census(run).scorers
    assert dataclasses.asdict(found) == {
        "scorer": "mine", "scored": 2, "judged": 2, "passed": 1, "missing": 1,
    }  # fmt: skip
