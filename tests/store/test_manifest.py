from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import problems, texts

from topdraw.core.records import Decoding, Problem, Task
from topdraw.core.until import Until
from topdraw.errors import StoreError
from topdraw.store.manifest import (
    FILE,
    Manifest,
    Sampler,
    differences,
    digest,
    merged,
    read_manifest,
    task_identity,
    write_manifest,
)

decodings = st.builds(
    Decoding,
    temperature=st.floats(0, 2),
    top_p=st.floats(0.1, 1),
    top_k=st.integers(0, 100),
    repetition_penalty=st.floats(0.5, 2),
    max_tokens=st.one_of(st.none(), st.integers(1, 9999)),
    stop=st.lists(st.text(max_size=4), max_size=3).map(tuple),
    presence_penalty=st.floats(-2, 2),
    frequency_penalty=st.floats(-2, 2),
    extra_body=st.dictionaries(st.sampled_from(["min_p", "guided"]), st.floats(0, 1)),
)
samplers = st.builds(
    Sampler, st.text("0123456789abcdef"), st.sampled_from(["sampled", "greedy"]), decodings,
    st.integers(1, 10**6),
)  # fmt: skip
manifests = st.builds(
    Manifest,
    schema=st.just(1),
    topdraw=st.just("0.1.0"),
    task=st.dictionaries(st.sampled_from(["name", "version"]), st.text(max_size=5)),
    model=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    seed=st.integers(-(2**70), 2**70),
    samplers=st.lists(samplers, max_size=2, unique_by=lambda one: one.role).map(tuple),
    created=st.just("2026-01-01T00:00:00+00:00"),
    scorer=st.text(max_size=5),
    until=st.one_of(
        st.none(),
        st.builds(Until, st.just("pass"), st.text(max_size=5), st.integers(1, 99)),
        st.builds(
            Until,
            st.just("settled"),
            st.text(max_size=5),
            st.integers(1, 99),
            st.floats(0.5, 1, exclude_min=True),
        ),
    ),
    extra=st.dictionaries(st.sampled_from(["later", "more"]), st.integers()),
)
PLAIN = Manifest(
    1, "0", {"name": "t"}, {"name": "m"}, 0, (Sampler("h", "sampled", Decoding(), 4),), "now", ""
)


@given(manifests)
def test_a_manifest_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, manifest: Manifest
) -> None:
    folder = tmp_path_factory.mktemp("m")
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest


@given(manifests)
def test_nothing_differs_from_itself(manifest: Manifest) -> None:
    assert differences(manifest, manifest) == []
    assert merged(manifest, manifest) == manifest


@given(manifests, manifests)
def test_merging_keeps_every_role_and_the_larger_n(old: Manifest, new: Manifest) -> None:
    both = merged(old, new)
    assert {one.role for one in both.samplers} == {
        one.role for one in [*old.samplers, *new.samplers]
    }
    for has in old.samplers:
        now = both.sampler(has.role)
        asked = new.sampler(has.role)
        assert now is not None
        assert (now.hash, now.decoding) == (has.hash, has.decoding)
        assert now.n == max(has.n, asked.n if asked else 0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seed": 7}, "seed: run has 0, asked 7"),
        ({"model": {"name": "x"}}, "model name: run has 'm', asked 'x'"),
        ({"model": {"name": "m", "q": 4}}, "model q: run has none, asked 4"),
        ({"model": {}}, "model name: run has 'm', asked none"),
        ({"task": {"name": "u"}}, "task name: run has 't', asked 'u'"),
    ],
)
def test_a_difference_in_words(changed: dict[str, object], words: str) -> None:
    new = dataclasses.replace(PLAIN, **changed)  # type: ignore[arg-type]  # as listed above
    assert differences(PLAIN, new) == [words]


@pytest.mark.parametrize(("field", "value"), [("temperature", 0.7), ("stop", ("x",)), ("top_k", 3)])
def test_a_difference_in_decoding(field: str, value: object) -> None:
    decoding = dataclasses.replace(Decoding(), **{field: value})  # type: ignore[arg-type]  # a setting
    new = dataclasses.replace(PLAIN, samplers=(Sampler("k", "sampled", decoding, 4),))
    (words,) = differences(PLAIN, new)
    assert words.startswith(f"{field}: run has ")


def test_the_greedy_sampler_is_named_in_its_difference() -> None:
    def with_greedy(tokens: int) -> Manifest:
        decoding = Decoding(temperature=0.0, max_tokens=tokens)
        return dataclasses.replace(PLAIN, samplers=(Sampler("g", "greedy", decoding, 1),))

    assert differences(with_greedy(5), with_greedy(6)) == [
        "greedy max_tokens: run has 5, asked 6",
    ]
    assert differences(PLAIN, with_greedy(6)) == []


def test_another_hash_of_the_same_settings_is_a_difference() -> None:
    new = dataclasses.replace(PLAIN, samplers=(Sampler("k", "sampled", Decoding(), 4),))
    assert differences(PLAIN, new) == ["sampler: run has 'h', asked 'k'"]


@given(st.lists(problems, max_size=4), texts)
def test_the_digest_sees_what_matters_and_nothing_else(many: list[Problem], text: str) -> None:
    before = digest(many)
    other = [dataclasses.replace(one, metadata={"x": text}) for one in many]
    assert digest(other) == before
    assert digest([*many, Problem("new", text)]) != before
    changed = [dataclasses.replace(one, prompt=one.prompt + "!") for one in many]
    assert not many or digest(changed) != before
    task = Task("t", "1", tuple(many), options={"n": 1})
    assert task_identity(task)["digest"] == before
    assert task_identity(task)["options"] == {"n": 1}


def test_options_that_made_the_same_problems_are_no_difference() -> None:
    new = dataclasses.replace(PLAIN, task={**PLAIN.task, "options": {"problems": 200}})
    assert differences(PLAIN, new) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "names no schema"),
        ("{}", "names no schema"),
        ('{"schema": 1}', "is damaged"),
        ('{"schema": 2}', "schema 2; this topdraw reads up to 1"),
    ],
)
def test_what_is_no_manifest_is_a_clear_error(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(StoreError, match=words):
        read_manifest(tmp_path)


def test_a_sampler_that_is_damaged_is_a_clear_error(tmp_path: Path) -> None:
    write_manifest(tmp_path, PLAIN)
    values = json.loads((tmp_path / FILE).read_text())
    values["samplers"] = [{"hash": "h"}]
    (tmp_path / FILE).write_text(json.dumps(values))
    with pytest.raises(StoreError, match="is damaged"):
        read_manifest(tmp_path)


def test_stopping_rules_differ_in_words() -> None:
    ruled = dataclasses.replace(PLAIN, until=Until("pass", "number"))
    settled = dataclasses.replace(PLAIN, until=Until("settled", "number", 8, 0.99))
    first = "until the first pass by number, looking after every sample"
    assert differences(PLAIN, ruled) == [f"until: run has none, asked {first}"]
    assert differences(ruled, PLAIN) == [f"until: run has {first}, asked none"]
    assert differences(ruled, settled) == [
        f"until: run has {first}, asked until the vote is settled by number at confidence 0.99, "
        "looking after every 8 samples"
    ]
    assert merged(ruled, ruled).until == ruled.until


def test_a_manifest_without_a_stopping_rule_is_that_of_an_older_version(tmp_path: Path) -> None:
    write_manifest(tmp_path, PLAIN)
    assert "until" not in json.loads((tmp_path / FILE).read_text())
    assert read_manifest(tmp_path).until is None


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "bored", "by": "number"},
        {"rule": "pass", "by": "number", "patience": 3},
        {"rule": "pass"},
        {"rule": "settled", "by": "number", "confidence": 0.1},
        "pass",
        [],
        0,
    ],
)
def test_a_stopping_rule_of_a_later_version_is_refused(tmp_path: Path, rule: object) -> None:
    write_manifest(tmp_path, PLAIN)
    values = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps({**values, "until": rule}))
    with pytest.raises(StoreError, match="has a stopping rule that this topdraw does not know"):
        read_manifest(tmp_path)
