"""The page of the study of coverage.

Not here: its panels (`study_monkeys_panels`), the numbers (`studies.monkeys`).
Try it: `topdraw study monkeys`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from topdraw.analysis.architectures import read_architectures
from topdraw.analysis.cost import Tables
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.reports.panel import Panel
from topdraw.reports.study_files import StudyPage
from topdraw.reports.study_monkeys_panels import (
    budgets_panel,
    claims_panel,
    coverage_panel,
    family_panel,
    fits_panel,
    passing_panel,
    published_panel,
    selection_panel,
    slug,
    verifier_panel,
)
from topdraw.sampling.prices import read_prices
from topdraw.studies.folder import ARCHITECTURES, PRICES
from topdraw.studies.kept import forget, kept
from topdraw.studies.material import Material
from topdraw.studies.monkeys.beside import beside
from topdraw.studies.monkeys.checks import check_of
from topdraw.studies.monkeys.claims import claims_of, claims_of_pair, told
from topdraw.studies.monkeys.pairs import Pair, family, pair
from topdraw.studies.monkeys.plan import NAME
from topdraw.studies.monkeys.reading import Reading, by_task, read
from topdraw.studies.published import published

_TITLE = "Study of coverage"
_BIBTEX = (
    "@article{brown2024monkeys, title = {Large Language Monkeys: Scaling Inference Compute with "
    "Repeated Sampling}, author = {Brown, Bradley and Juravsky, Jordan and Ehrlich, Ryan and "
    "Clark, Ronald and Le, Quoc V. and R{\\'e}, Christopher and Mirhoseini, Azalia}, journal = "
    "{arXiv preprint arXiv:2407.21787}, year = {2024}}",
)
#: Pairs of models that are looked at on one task: the strongest with each of the next.
_PAIRS = 4


def monkeys_page(
    found: Sequence[Material], *, folder: Path | None = None, level: float = 0.95
) -> StudyPage:
    """What the study shows.

    Args:
        found: sets of samples, scored.
        folder: of the study, where its own prices and architectures lie; None for none.
        level: confidence level of every interval.

    Raises:
        FormatError: if a table of prices or architectures cannot be read.
        StoreError: if a run or a check cannot be.
    """
    tables = tables_in(folder)
    by_name: dict[str, list[Material]] = {}
    for material in found:
        by_name.setdefault(material.task, []).append(material)
    readings: list[Reading] = []
    pairs: list[Pair] = []
    notes: list[str] = []
    for each in by_name.values():
        # Samples of one task are in memory at a time.
        told = _Told.of([kept(one) for one in each], tables, level)
        readings += told.readings
        pairs += told.pairs
        notes += told.notes
    if not readings:
        return StudyPage(_TITLE, "Nothing can be said of these samples yet.", (), notes=(*notes,))
    grouped = by_task(readings)
    return StudyPage(
        title=_TITLE,
        claim=finding(grouped, pairs),
        panels=tuple(_panels(grouped, pairs, level)),
        facts=_facts(readings, level),
        notes=(*notes, *_notes(readings)),
        kicker=(NAME, *grouped, f"{len(readings)} sets of samples"),
        bibtex=_BIBTEX,
    )


class _Told(NamedTuple):
    """What the models of one task say."""

    readings: list[Reading]
    pairs: list[Pair]
    notes: list[str]

    @classmethod
    def of(cls, found: Sequence[Material], tables: Tables, level: float) -> _Told:
        readings: list[Reading] = []
        notes: list[str] = []
        for material in found:
            try:
                readings.append(read(material, tables=tables, level=level))
            except (ConfigError, DomainError, UnknownNameError) as error:
                notes.append(f"{material.name} is left out: {error}")
        pairs = [
            two
            for strong, *others in by_task(readings).values()
            for weak in others[:_PAIRS]
            if (two := pair(strong, weak, tables=tables, level=level)) is not None
        ]
        for material in found:
            forget(material)
        return cls(readings, pairs, notes)


def tables_in(folder: Path | None) -> Tables:
    """Prices and architectures of a study's own.

    Args:
        folder: of the study; None for none.

    Raises:
        FormatError: if one cannot be read.
    """
    prices = folder / PRICES if folder else None
    shapes = folder / ARCHITECTURES if folder else None
    return Tables(
        read_prices(prices) if prices and prices.is_file() else None,
        read_architectures(shapes) if shapes and shapes.is_file() else None,
    )


def _panels(grouped: dict[str, list[Reading]], pairs: list[Pair], level: float) -> list[Panel]:
    readings = [one for each in grouped.values() for one in each]
    keys = _keys(list(grouped))
    claims = [claim for one in readings for claim in claims_of(one)]
    claims += [claim for two in pairs for claim in claims_of_pair(two)]
    shifts = [(task, family(each, level=level)) for task, each in grouped.items() if len(each) > 1]
    theirs = published(NAME)
    made: list[Panel | None] = [
        *(coverage_panel(each, theirs, f"coverage-{keys[task]}") for task, each in grouped.items()),
        claims_panel(claims),
        fits_panel(readings),
        family_panel(shifts, pairs),
        *(selection_panel(each, f"selection-{keys[task]}") for task, each in grouped.items()),
        passing_panel(pairs),
        budgets_panel(grouped, pairs),
        verifier_panel([(one, check_of(one.material)) for one in readings], level),
        published_panel(beside(readings)),
    ]
    return [panel for panel in made if panel is not None]


def _keys(tasks: Sequence[str]) -> dict[str, str]:
    """A word for each task that can stand in an anchor; no two alike."""
    taken: dict[str, str] = {}
    for task in tasks:
        word, at = slug(task), 2
        while word in taken.values():
            word, at = f"{slug(task)}-{at}", at + 1
        taken[task] = word
    return taken


def finding(grouped: dict[str, list[Reading]], pairs: Sequence[Pair]) -> str:
    """What the study finds on its first task, in one sentence.

    Args:
        grouped: readings of each task, the strongest first.
        pairs: of models.
    """
    task, each = next(iter(grouped.items()))
    one = each[0]
    first, last = one.band.estimates[0], one.band.estimates[-1]
    said = [f"On {task}, {one.n:,} samples of {one.name} solve {last}, one solves {first}"]
    if one.chosen:
        best = max(one.chosen, key=lambda chosen: chosen.flat.end.value)
        said.append(f"the best selector, {told(best)}, ends at {best.flat.end}")
    passing = next((two.passing for two in pairs if two.passing.task == task), None)
    if passing is not None and passing.sure is not None:
        said.append(
            f"{passing.weak} with {passing.sure:,} samples passes {passing.strong} with one, by "
            f"{passing.less}"
        )
    return "; ".join(said) + "."


def _facts(found: Sequence[Reading], level: float) -> tuple[tuple[str, str], ...]:
    facts = [("level of intervals", f"{level:.0%}")]
    for one in found:
        decoding = one.material.decoding
        drawn = "" if decoding is None else f", temperature {decoding.temperature:g}"
        counts = f"{one.problems:,} problems, {one.n:,} samples of each"
        facts.append((f"{one.task}, {one.name}", f"{counts}, verifier {one.one.by}{drawn}"))
    return tuple(facts)


def _notes(found: Sequence[Reading]) -> list[str]:
    notes = []
    lost = {f"{one.task}, {one.name}": one.known.counts.missing for one in found}
    for name, missing in lost.items():
        if missing:
            what = "sample" if missing == 1 else "samples"
            notes.append(f"{name}: {missing:,} {what} without a score left out.")
    few = [one for one in found if one.problems < 20]
    if few:
        notes.append(
            f"{few[0].task} has only {few[0].problems} problems: intervals are wide, and those of "
            "laws and shifts are rough."
        )
    return notes
