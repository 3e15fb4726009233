"""Draw n samples of every problem from a model into a run; the same call goes on where it stopped.

Not here: how a model is asked (`models`), what is on disk (`store`), what there is to do (`plan`).
What one answer brought is in the journal, in one write, before any of it counts.
Try it: `python -m pytest tests/sampling/test_engine.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from os import PathLike

from topdraw.core.protocols import Model
from topdraw.core.records import Json, Problem, Sample, Task
from topdraw.core.registry import get_scorer
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError
from topdraw.models.connect import connect
from topdraw.sampling.account import Account
from topdraw.sampling.budget import Budget
from topdraw.sampling.interrupts import Brake, in_a_loop, in_a_thread, ours
from topdraw.sampling.order import Order
from topdraw.sampling.plan import (
    Unit,
    as_task,
    check_decoding,
    default_path,
    samplers,
    spread,
    units,
    with_task_defaults,
)
from topdraw.sampling.prices import Price, PriceTable, price_of
from topdraw.sampling.progress import Progress
from topdraw.sampling.session import Session, Watcher, close
from topdraw.sampling.spent import Spent
from topdraw.sampling.stopping import Judge, Pursuit
from topdraw.store.run import Durability, Run, Sampler
from topdraw.store.table import sample_columns

_DEFAULT_CONCURRENCY = 8


def sample(
    problems: Task | Iterable[Problem],
    model: Model | str,
    n: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    repetition_penalty: float = 1.0,
    presence_penalty: float = 0.0,
    frequency_penalty: float = 0.0,
    max_tokens: int | None = None,
    stop: Iterable[str] = (),
    extra_body: Mapping[str, Json] | None = None,
    system: str = "",
    seed: int = 0,
    greedy: bool = False,
    out: str | PathLike[str] | None = None,
    concurrency: int | None = None,
    budget: Budget | None = None,
    prices: PriceTable | None = None,
    until: Until | None = None,
    judge: Judge | None = None,
    durability: Durability = "group",
    on_progress: Watcher | None = None,
    on_sample: Callable[[Sample], None] | None = None,
    on_interrupt: Callable[[], None] | None = None,
) -> Run:
    """Draw n samples of every problem and give the run that holds them.

    What is on disk already is not drawn again, so the same call resumes an interrupted run, and
    one with a larger n adds to it. What is drawn does not depend on `concurrency`.

    Ctrl-C or SIGTERM once begins no further request and gives those under way three seconds; twice
    stops at once. Either way every finished sample is on disk, and the same call goes on.

    Args:
        problems: a task, or problems with distinct ids.
        model: a model, or a spec for `connect`.
        n: samples per problem, >= 1; with `until`, the most.
        temperature: >= 0; 0 is greedy.
        top_p: in (0, 1].
        top_k: >= 0 tokens kept; 0 keeps all.
        repetition_penalty: > 0; 1 is off.
        presence_penalty: in [-2, 2], taken off the logit of every token generated before; 0 is off.
        frequency_penalty: in [-2, 2], taken off once per time it was generated; 0 is off.
        max_tokens: most tokens per output; None takes the task's, or leaves it to the model.
        stop: texts that end an output; none takes the task's.
        extra_body: further fields of a request to an endpoint; they are part of the sampler.
        system: what a chat model is told before every prompt; it is part of the sampler.
        seed: of the run; each sample has a child seed of it.
        greedy: also draw one sample per problem at temperature 0, as a reference.
        out: directory of the run; None makes a name from task, model and settings under runs/.
        concurrency: calls to the model at once; None leaves it to the model.
        budget: caps on samples, tokens, USD and seconds; None for none.
        prices: comes before the shipped table of prices; None for none.
        until: stop drawing a problem when this rule is content; it is stored with the run, and
            estimators that it would bias correct for it or refuse.
        judge: scores samples for `until`; None takes the registered scorer that it names. Where it
            raises an exception, the other problems are drawn first.
        durability: "none" leaves syncing to the system until the end, "group" syncs every second,
            "strict" counts a sample only once it survives a power cut.
        on_progress: called after each sample and every second, in the event loop: keep it short.
        on_sample: called with each new sample once it is on disk, likewise.
        on_interrupt: called when the first Ctrl-C or SIGTERM comes.

    Raises:
        DomainError: for a number outside its range or two problems with one id.
        ConfigError: for a cap in USD on a model without a price.
        UnknownNameError: for a stopping rule by a scorer that nobody registered.
        ResumeConflict: when `out` holds a run that was drawn otherwise.
        BudgetExhausted: when a cap stopped the draw; everything drawn is on disk.
        EndpointError: when samples could not be drawn. All others are on disk by then; `Refused`
            (a wrong key, say) comes early, the rest after everything else has finished.
    """
    model = connect(model) if isinstance(model, str) else model
    order = Order(
        problems=problems,
        n=n,
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        repetition_penalty=repetition_penalty,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        max_tokens=max_tokens,
        stop=stop,
        extra_body=extra_body,
        system=system,
        seed=seed,
        greedy=greedy,
        out=out,
        concurrency=concurrency,
        budget=budget,
        prices=prices,
        until=until,
        judge=judge,
        durability=durability,
        on_progress=on_progress,
        on_sample=on_sample,
    )
    brake = Brake(on_interrupt)

    async def draw(signals: tuple[signal.Signals, ...]) -> Run:
        try:
            return await _sample(order, model, brake, signals)
        finally:
            # The loop ends here, and connections cannot outlive their loop.
            await close(model)

    run = in_a_thread(draw(()), brake) if in_a_loop() else asyncio.run(draw(ours()))
    brake.end()
    return run


async def sample_async(
    problems: Task | Iterable[Problem],
    model: Model | str,
    n: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    repetition_penalty: float = 1.0,
    presence_penalty: float = 0.0,
    frequency_penalty: float = 0.0,
    max_tokens: int | None = None,
    stop: Iterable[str] = (),
    extra_body: Mapping[str, Json] | None = None,
    system: str = "",
    seed: int = 0,
    greedy: bool = False,
    out: str | PathLike[str] | None = None,
    concurrency: int | None = None,
    budget: Budget | None = None,
    prices: PriceTable | None = None,
    until: Until | None = None,
    judge: Judge | None = None,
    durability: Durability = "group",
    on_progress: Watcher | None = None,
    on_sample: Callable[[Sample], None] | None = None,
) -> Run:
    """The same as `sample`, in the running event loop, whose signals are left alone.

    A model that is handed over stays open: close it with its own `aclose` if it has one. When the
    task is cancelled, every finished sample is on disk before the cancellation goes on.
    """
    order = Order(
        problems=problems,
        n=n,
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        repetition_penalty=repetition_penalty,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        max_tokens=max_tokens,
        stop=stop,
        extra_body=extra_body,
        system=system,
        seed=seed,
        greedy=greedy,
        out=out,
        concurrency=concurrency,
        budget=budget,
        prices=prices,
        until=until,
        judge=judge,
        durability=durability,
        on_progress=on_progress,
        on_sample=on_sample,
    )
    connected = connect(model) if isinstance(model, str) else model
    try:
        return await _sample(order, connected, Brake(), ())
    finally:
        if isinstance(model, str):
            await close(connected)


async def _sample(
    order: Order, model: Model, brake: Brake, signals: tuple[signal.Signals, ...]
) -> Run:
    task = as_task(order.problems)
    decoding = check_decoding(with_task_defaults(order.decoding, task.decoding))
    wanted = samplers(model.identity, decoding, order.n, greedy=order.greedy)
    at_once = _at_once(model, order.concurrency)
    budget = order.budget or Budget()
    price = _price(model, budget, order.prices)
    judge = None if order.until is None else order.judge or get_scorer(order.until.by)
    run = _run(order, task, model, wanted)
    drawn = {sampler.hash: run.drawn(sampler.hash) for sampler in wanted}
    total = len(task.problems) * sum(sampler.n for sampler in wanted)
    done = sum(i < sampler.n for sampler in wanted for _, i in drawn[sampler.hash])
    progress = Progress(done=done, total=total)
    if done == total:
        if order.on_progress is not None:
            order.on_progress(progress)
        return run
    metered = bool(getattr(model, "metered", False))
    spent = _spent(run, metered, sum(map(len, drawn.values())))
    spent.longest = decoding.max_tokens
    with contextlib.ExitStack() as stack:
        bill = stack.enter_context(run.bill_writer()) if metered else None
        writer = stack.enter_context(run.writer(durability=order.durability))
        account = Account(budget, price, spent, bill)
        session = Session(
            model,
            order.seed,
            writer,
            account,
            progress,
            strict=order.durability == "strict",
            watcher=order.on_progress,
        )
        chunk = getattr(model, "chunk", None)
        plan = units(task.problems, wanted, drawn, chunk)
        todo: Iterator[Unit | AsyncIterator[Unit]] = plan if budget.is_empty else iter(spread(plan))
        took = order.on_sample
        if order.until is not None and judge is not None:
            pursuit = stack.enter_context(
                Pursuit(wanted[0], order.until, judge, run.samples(), session.ended)
            )
            todo = _pursued(task, wanted, drawn, chunk, pursuit)
            took = _both(pursuit.add, order.on_sample)
        with brake.of(session, signals):
            await session.all(todo, at_once, seconds=budget.seconds, took=took)
        account.write_bill()
        if bill is not None:  # while the samples are synced
            bill.finish()
    session.report(run.path)
    return run


def _run(order: Order, task: Task, model: Model, wanted: Sequence[Sampler]) -> Run:
    decoding, until = wanted[0].decoding, order.until
    place = default_path(task, model.identity, decoding, order.seed, until=until)
    return Run.create(
        order.out if order.out is not None else place,
        task=task,
        model=model.identity,
        samplers=wanted,
        seed=order.seed,
        until=until,
    )


def _pursued(
    task: Task,
    wanted: Sequence[Sampler],
    drawn: Mapping[str, Collection[tuple[str, int]]],
    chunk: int | None,
    pursuit: Pursuit,
) -> Iterator[Unit | AsyncIterator[Unit]]:
    for problem in task.problems:
        yield pursuit.units(problem)
        yield from units([problem], wanted[1:], drawn, chunk)


def _both(
    first: Callable[[Sample], None], then: Callable[[Sample], None] | None
) -> Callable[[Sample], None]:
    if then is None:
        return first

    def tell(sample: Sample) -> None:
        first(sample)
        then(sample)

    return tell


def _price(model: Model, budget: Budget, prices: PriceTable | None) -> Price | None:
    name = str(model.identity.get("model") or model.identity.get("name") or "")
    price = price_of(name, prices)
    if price is None and budget.usd is not None:
        raise ConfigError(
            f"The price of {name!r} is unknown, so that a cap of {budget.usd:g} USD cannot "
            "be kept.",
            hint="Name it in a table of prices: --prices FILE; or cap the tokens.",
        )
    return price


def _spent(run: Run, metered: bool, samples: int) -> Spent:
    if metered:
        return Spent.by(run.bill(), samples)
    if not samples:
        return Spent()
    found = [sample_columns(run, role=sampler.role) for sampler in run.manifest.samplers]
    prompt = sum(int(columns.prompt_tokens.sum()) for columns in found)
    output = sum(int(columns.output_tokens.sum()) for columns in found)
    return Spent(samples, prompt, output, samples, samples)


def _at_once(model: Model, concurrency: int | None) -> int:
    if concurrency is None:
        return int(getattr(model, "concurrency", _DEFAULT_CONCURRENCY))
    if concurrency < 1:
        raise DomainError(f"concurrency is {concurrency}; it must be at least 1.")
    limit = getattr(model, "limit_requests", None)
    if limit is not None:
        limit(concurrency)
    return concurrency
