from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.strategies import HASH, HOSTILE, MODEL, make, texts

from topdraw.core.billing import Answered, Asked, Bill
from topdraw.core.records import Decoding, Problem, Task
from topdraw.errors import ConfigError, FormatError
from topdraw.store import parquet
from topdraw.store.bill import pack_request, total
from topdraw.store.digests import read_digests, write_digests
from topdraw.store.rows import BILL, AttemptRow, BillRow
from topdraw.store.run import BillWriter, Run, Sampler
from topdraw.store.segments import segments
from topdraw.store.text import unearth

ASKED = Asked("a", 0, 4, "host:1")
DELIVERED = Answered("delivered", 4, 100, 40, status=200, seconds=0.5)
UNUSED = Answered("unused", 0, 100, 30, status=200, note="cut off")
REFUSED = Answered("refused", status=429, note="later")
UNKNOWN = Answered("unknown", note="reset")

endpoints = st.one_of(st.sampled_from(["host:1", "host:2", "\ud800", "\ufffd"]), texts)
askeds = st.builds(Asked, texts, st.integers(0, 2**62), st.integers(1, 2**40), endpoints)
tokens = st.one_of(st.none(), st.integers(0, 2**50))
answers = st.one_of(
    st.builds(
        Answered,
        fate=st.just("delivered"),
        samples=st.integers(1, 2**40),
        prompt_tokens=tokens,
        output_tokens=tokens,
        estimated=st.booleans(),
        status=st.just(200),
        seconds=st.floats(0, 1e6),
        note=texts,
    ),
    st.builds(
        Answered,
        fate=st.sampled_from(["unused", "refused", "unknown"]),
        prompt_tokens=tokens,
        output_tokens=tokens,
        estimated=st.booleans(),
        status=st.one_of(st.none(), st.integers(100, 599)),
        note=texts,
    ),
)


class Request(NamedTuple):
    asked: Asked
    answered: Answered | None


def expected(requests: Iterable[Request], kept_samples: int = 0) -> Bill:
    """The bill as its definition says, request by request."""
    listed = list(requests)
    names = {one.asked.endpoint for one in listed}
    everywhere = means(listed) or (0.0, 0.0)
    found = [
        of_endpoint([one for one in listed if one.asked.endpoint == name], everywhere)
        for name in names
    ]
    return total(found, kept_samples=kept_samples) if found else Bill()


def means(requests: Sequence[Request]) -> tuple[float, float] | None:
    ended = [one.answered for one in requests if one.answered is not None]
    delivered = [one for one in ended if one.fate == "delivered"]
    prompts = [one.prompt_tokens for one in delivered if one.prompt_tokens is not None]
    outputs = [(one.output_tokens, one.samples) for one in delivered]
    known = [(output, samples) for output, samples in outputs if output is not None]
    if not prompts or not known:
        return None
    output = sum(one for one, _ in known) / sum(samples for _, samples in known)
    return sum(prompts) / len(prompts), output


def of_endpoint(requests: Sequence[Request], everywhere: tuple[float, float]) -> Bill:
    prompt, output = means(requests) or everywhere
    counts = dict.fromkeys(("delivered", "unused", "refused", "unknown"), 0)
    paid = unknown = 0
    estimated = False
    tokens = {"delivered": [0, 0], "unused": [0, 0]}
    missing = {"delivered": [0, 0], "unused": [0, 0]}
    for asked, answered in requests:
        fate = "unknown" if answered is None else answered.fate
        counts[fate] += 1
        unknown += asked.samples * (fate == "unknown")
        if answered is None or fate not in tokens:
            continue
        choices = answered.samples if fate == "delivered" else asked.samples
        paid += choices
        estimated |= answered.estimated or None in (answered.prompt_tokens, answered.output_tokens)
        tokens[fate][0] += answered.prompt_tokens or 0
        tokens[fate][1] += answered.output_tokens or 0
        missing[fate][0] += answered.prompt_tokens is None
        missing[fate][1] += choices * (answered.output_tokens is None)
    sums = {
        fate: (
            tokens[fate][0] + round(prompt * missing[fate][0]),
            tokens[fate][1] + round(output * missing[fate][1]),
        )
        for fate in tokens
    }
    return Bill(
        requests=len(requests),
        **counts,
        paid_samples=paid,
        unknown_samples=unknown,
        prompt_tokens=sums["delivered"][0] + sums["unused"][0],
        output_tokens=sums["delivered"][1] + sums["unused"][1],
        unused_tokens=sum(sums["unused"]),
        estimated=estimated,
    )


def create(path: Path) -> Run:
    task = Task("t", "1", (Problem("a", "?"),))
    samplers = [Sampler(HASH, "sampled", Decoding(), 10**6)]
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0)


def note(run: Run, *requests: Request) -> None:
    with run.bill_writer() as writer:
        for asked, answered in requests:
            attempt = writer.begin(asked)
            if answered is not None:
                writer.end(attempt, answered)


def test_a_run_without_requests_has_an_empty_bill(tmp_path: Path) -> None:
    run = create(tmp_path)
    with run.writer() as writer:
        writer.append(make("a", 0))
    with run.bill_writer():
        pass
    assert run.bill() == Bill()
    assert run.bill_by_endpoint() == {}
    run.seal()
    assert not (tmp_path / "bill").exists()


def test_each_fate_counts_as_it_should(tmp_path: Path) -> None:
    run = create(tmp_path)
    ends = (DELIVERED, DELIVERED, UNUSED, REFUSED, UNKNOWN, None)
    note(run, *(Request(ASKED, end) for end in ends))
    with run.writer() as writer:
        for at in range(5):
            writer.append(make("a", at))
    for _ in range(2):
        bill = run.bill()
        assert bill == Bill(
            requests=6,
            delivered=2,
            unused=1,
            refused=1,
            unknown=2,
            paid_samples=12,
            kept_samples=5,
            unknown_samples=8,
            prompt_tokens=300,
            output_tokens=110,
            unused_tokens=130,
        )
        assert bill.paid_unused == 7
        run.seal()
        run = Run.open(tmp_path)


def test_tokens_that_nobody_knows_are_taken_to_be_the_mean(tmp_path: Path) -> None:
    run = create(tmp_path)
    silent = dataclasses.replace(DELIVERED, prompt_tokens=None, output_tokens=None)
    lost = dataclasses.replace(UNUSED, prompt_tokens=None, output_tokens=None)
    note(run, Request(ASKED, DELIVERED))
    assert not run.bill().estimated
    note(run, Request(ASKED, silent), Request(dataclasses.replace(ASKED, samples=2), lost))
    note(run, Request(dataclasses.replace(ASKED, endpoint="host:2"), lost))
    bill = run.bill()
    assert bill.estimated
    assert (bill.prompt_tokens, bill.output_tokens) == (400, 40 + 40 + 20 + 40)
    assert bill.unused_tokens == 200 + 20 + 40
    note(run, Request(ASKED, REFUSED))
    assert run.bill_by_endpoint()["host:2"].output_tokens == 40


def test_tokens_are_not_made_up_from_nothing(tmp_path: Path) -> None:
    run = create(tmp_path)
    note(run, Request(ASKED, Answered("unused", status=200)))
    assert run.bill().tokens == 0
    assert run.bill().estimated


def test_each_endpoint_has_its_bill_whatever_its_name(tmp_path: Path) -> None:
    run = create(tmp_path)
    for name in HOSTILE:
        note(run, Request(dataclasses.replace(ASKED, endpoint=name), DELIVERED))
    note(run, Request(dataclasses.replace(ASKED, endpoint="\ud800"), None))
    for _ in range(2):
        found = run.bill_by_endpoint()
        assert list(found) == sorted(HOSTILE)
        assert found["\ud800"].requests == 2
        assert found["\ud800"].unknown == 1
        assert {one.requests for name, one in found.items() if name != "\ud800"} == {1}
        assert total(found.values(), kept_samples=0) == run.bill()
        run.seal()


def test_an_attempt_ends_once(tmp_path: Path) -> None:
    with create(tmp_path).bill_writer() as writer:
        attempt = writer.begin(ASKED)
        with pytest.raises(FormatError, match="prompt_tokens has 71 bits"):
            writer.end(attempt, dataclasses.replace(DELIVERED, prompt_tokens=2**70))
        writer.end(attempt, DELIVERED)
        for name in (attempt, "x"):
            with pytest.raises(ConfigError, match="is not under way"):
                writer.end(name, DELIVERED)


def test_names_of_attempts_never_come_twice(tmp_path: Path) -> None:
    run = create(tmp_path)
    names = []
    for _ in range(3):
        with run.bill_writer() as one, run.bill_writer() as other:
            names += [writer.begin(ASKED) for writer in (one, other) for _ in range(3)]
    assert len(set(names)) == 18
    assert run.bill().unknown == 18


@given(askeds, answers)
def test_a_request_comes_back_as_it_was(asked: Asked, answered: Answered) -> None:
    for end in (None, answered):
        line = pack_request("w-1", asked, end)
        row = msgspec.json.decode(line, type=BillRow)
        true = {"problem_id": row.problem_id, "endpoint": row.endpoint, "note": row.note}
        true |= unearth(row.original)  # type: ignore[arg-type]  # texts
        assert Asked(true["problem_id"], row.index, row.asked_samples, true["endpoint"]) == asked
        assert row.missing == (end is None)
        key = msgspec.json.decode(line, type=AttemptRow)
        assert (key.key, key.missing) == (row.key, row.missing)
        if end is not None:
            assert true["note"] == end.note
            assert (row.fate, row.samples, row.status) == (end.fate, end.samples, end.status)
            assert row.seconds == end.seconds


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, Answered | None]]:
    """Steps of three writers: (writer, request, None to begin it or what came of it)."""
    steps: list[tuple[int, int, Answered | None]] = []
    open_requests: list[tuple[int, int]] = []
    for at in range(draw(st.integers(1, 8))):
        writer = draw(st.integers(0, 2))
        steps.append((writer, at, None))
        open_requests.append((writer, at))
        for _ in range(draw(st.integers(0, len(open_requests)))):
            who, which = open_requests.pop(draw(st.integers(0, len(open_requests) - 1)))
            steps.append((who, which, draw(answers)))
    return steps


def outcome(steps: list[tuple[int, int, Answered | None]], asked: Sequence[Asked]) -> Bill:
    ends = {which: end for _, which, end in steps}  # the last word on each
    return expected(Request(asked[which], end) for which, end in ends.items())


@pytest.mark.slow
@settings(max_examples=15)
@given(steps=histories(), asked=st.lists(askeds, min_size=8, max_size=8), data=st.data())
def test_a_bill_is_the_sum_of_what_was_acknowledged_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, Answered | None]],
    asked: list[Asked],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    run = create(folder / "run")
    sealed_at = data.draw(st.integers(0, len(steps) - 1))
    writers = [run.bill_writer() for _ in range(3)]
    names: dict[int, str] = {}
    before: dict[Path, int] = {}
    for at, (who, which, end) in enumerate(steps):
        before = {path: path.stat().st_size for path in segments(run.path / "bill" / "segments")}
        if at == sealed_at:  # a writer leaves, what it stored is compacted, another comes
            for one in writers:
                one.__exit__(None, None, None)
            run.seal()
            writers = reopened(run, writers)
            before = {}
        if end is None:
            names[which] = writers[who].begin(asked[which])
        else:
            writers[who].end(names[which], end)
    assert run.bill() == outcome(steps, asked)
    (grown,) = (
        path
        for path in segments(run.path / "bill" / "segments")
        if path.stat().st_size > before.get(path, 0)
    )
    start, end_at = before.get(grown, 0), grown.stat().st_size
    copy = folder / "copy"
    for size in {data.draw(st.integers(start, end_at - 1)), end_at - 1, end_at}:
        shutil.copytree(run.path, copy)
        os.truncate(copy / "bill" / "segments" / grown.name, size)
        wanted = outcome(steps if size == end_at else steps[:-1], asked)
        again = Run.open(copy)
        assert again.bill() == wanted
        assert bool(again.recovered) == (start < size < end_at)
        again.seal()
        assert again.bill() == wanted
        shutil.rmtree(copy)
    for one in writers:
        one.__exit__(None, None, None)
    run.seal()
    assert run.bill() == outcome(steps, asked)


def reopened(run: Run, writers: list[BillWriter]) -> list[BillWriter]:
    """New writers that know of the attempts under way, as if they had begun them."""
    fresh = [run.bill_writer() for _ in writers]
    for one, other in zip(fresh, writers, strict=True):
        one._begun.update(other._begun)
    return fresh


@pytest.mark.slow
@pytest.mark.parametrize("end", [DELIVERED, None])
def test_a_cut_at_every_byte_of_the_last_record(tmp_path: Path, end: Answered | None) -> None:
    run = create(tmp_path / "run")
    writer = run.bill_writer()
    attempts = [writer.begin(ASKED) for _ in range(2)]
    writer.end(attempts[0], UNUSED)
    before = [Request(ASKED, UNUSED), Request(ASKED, None)]
    if end is not None:
        writer.end(attempts[1], end)
    else:
        writer.begin(ASKED)
    after = [before[0], Request(ASKED, end)] if end else [*before, Request(ASKED, None)]
    (path,) = segments(run.path / "bill" / "segments")
    data = path.read_bytes()
    start = data[:-1].rindex(b"\n") + 1
    writer.__exit__(None, None, None)
    for size in range(start, len(data) + 1):
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        path.write_bytes(data[:size])
        wanted = expected(after if size == len(data) else before)
        assert Run.open(run.path).bill() == wanted


def test_what_is_in_segments_and_parts_counts_once(tmp_path: Path) -> None:
    """As after a kill between writing a part and deleting its segments."""
    run = create(tmp_path / "run")
    note(run, Request(ASKED, DELIVERED), Request(ASKED, None))
    bill = run.bill()
    shutil.copytree(run.path / "bill", tmp_path / "kept")
    run.seal()
    shutil.copytree(tmp_path / "kept", run.path / "bill", dirs_exist_ok=True)
    for _ in range(2):
        assert run.bill() == bill
        run.seal()
    rows = list(parquet.select(run.path / "bill", BILL))
    assert len(rows) == 2
    part = parquet.parts(run.path / "bill")[-1]
    shutil.copy(part, part.with_name("part-00099.parquet"))  # replaced, not yet deleted
    assert run.bill() == bill


def test_samples_in_two_parts_are_kept_once(tmp_path: Path) -> None:
    """As after a kill while a part took the place of another."""
    run = create(tmp_path)
    note(run, Request(ASKED, DELIVERED))
    with run.writer() as writer:
        writer.append(make("a", 0))
    run.seal()
    assert run.bill().kept_samples == 1
    folder = run.path / "samples"
    (part,) = parquet.parts(folder)
    shutil.copy(part, part.with_name("part-00099.parquet"))
    planned = dataclasses.replace(read_digests(folder), drops=[part.name])
    write_digests(folder, planned)
    assert run.bill().kept_samples == 1


@pytest.mark.parametrize("hostile", ["", "\ud800"])
def test_an_end_counts_wherever_its_beginning_lies(tmp_path: Path, hostile: str) -> None:
    run = create(tmp_path)
    asked = dataclasses.replace(ASKED, endpoint=f"host{hostile}")
    first = run.bill_writer()
    attempt = first.begin(asked)
    first.__exit__(None, None, None)
    run.seal()
    assert run.bill() == expected([Request(asked, None)])
    (second,) = reopened(run, [first])
    second.end(attempt, DELIVERED)
    assert run.bill() == expected([Request(asked, DELIVERED)])
    second.__exit__(None, None, None)
    run.seal()
    assert run.bill() == expected([Request(asked, DELIVERED)])
    (stale,) = reopened(run, [first])
    stale._journal.append(pack_request(attempt, asked))
    assert run.bill() == expected([Request(asked, DELIVERED)])
    stale.__exit__(None, None, None)


def test_a_fate_of_a_later_version_is_unknown_to_us(tmp_path: Path) -> None:
    run = create(tmp_path)
    line = pack_request("w-1", ASKED, DELIVERED).replace(b'"delivered"', b'"deferred"')
    journal = run.bill_ledger().journal()
    journal.append(line)
    journal.close()
    for _ in range(2):
        assert run.bill() == expected([Request(ASKED, UNKNOWN)])
        run.seal()


WORKER = """
import os, sys
from topdraw.core.billing import Answered, Asked
from topdraw.store.run import Run

run = Run.open(sys.argv[1])
with run.bill_writer() as writer:
    for index in range(10**9):
        attempt = writer.begin(Asked("a", index, 2, "host:1"))
        os.write(1, b"b")
        if index % 3:
            writer.end(attempt, Answered("delivered", 2, 7, 11))
            os.write(1, b"e")
        if index % 200 == 199:
            with run.bill_writer() as other:
                other.begin(Asked("a", index, 2, "host:2"))
                os.write(1, b"B")
            run.seal()
"""


@pytest.mark.slow
def test_the_bill_of_killed_writers_is_exact_and_can_be_read_meanwhile(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    told = {b"b": 0, b"e": 0, b"B": 0}
    workers = 0
    for _ in range(2):
        command = [sys.executable, "-c", WORKER, str(run.path)]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
        heard = []
        for process in running:
            assert process.stdout is not None
            heard.append(process.stdout.read(500))
        requests = 0
        for _ in range(5):
            bill = run.bill()
            assert bill.requests >= requests
            assert bill.requests == bill.delivered + bill.unknown
            assert (bill.prompt_tokens, bill.output_tokens) == (
                7 * bill.delivered,
                11 * bill.delivered,
            )
            requests = bill.requests
        for at, process in enumerate(running):
            process.send_signal(signal.SIGKILL)
            assert process.stdout is not None
            heard[at] += process.stdout.read()
            process.wait()
            process.stdout.close()
        workers += len(running)
        for kind in told:
            told[kind] += sum(text.count(kind) for text in heard)
        bill = Run.open(run.path).bill()
        begun = told[b"b"] + told[b"B"]
        # At most one record per kill was stored and not heard of.
        assert begun <= bill.requests <= begun + workers
        assert told[b"e"] <= bill.delivered <= told[b"e"] + workers
        assert bill.requests == bill.delivered + bill.unknown
    found = run.bill_by_endpoint()
    assert told[b"B"] <= found["host:2"].unknown <= told[b"B"] + workers
    run.seal()
    assert run.bill() == bill
