"""The page of the study of greedy against sampled answers: which panels, and the finding.

Not here: the numbers (`studies.greedy`), what each panel shows (`greedy_sets`, `greedy_settings`,
`greedy_choosing`, `greedy_models`, `greedy_published`).
Try it: `topdraw study good-bad-greedy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from topdraw.reports.greedy_choosing import choosing_panels, passing_panels
from topdraw.reports.greedy_models import model_panels
from topdraw.reports.greedy_published import published_panels
from topdraw.reports.greedy_sets import claims_panel, set_panels, sets_told
from topdraw.reports.greedy_settings import setting_panels
from topdraw.reports.study_files import StudyPage
from topdraw.reports.variability_panel import category_of
from topdraw.reports.visible import plain
from topdraw.studies.greedy.claims import claims
from topdraw.studies.greedy.reading import GreedyReading, greedy_reading
from topdraw.studies.material import Material

TITLE = "The Good, The Bad, and The Greedy"
_MOST_NAMED = 4
_BIBTEX = (
    "@article{song2024good, title = {The Good, The Bad, and The Greedy: Evaluation of LLMs Should "
    "Not Ignore Non-Determinism}, author = {Song, Yifan and Wang, Guoyin and Li, Sujian and Lin, "
    "Bill Yuchen}, journal = {arXiv preprint arXiv:2407.10457}, year = {2024}}",
)


def greedy_page(found: Sequence[Material], *, level: float = 0.95) -> StudyPage:
    """What the study shows.

    Args:
        found: sets of samples, scored.
        level: confidence level of every interval.

    Raises:
        ConfigError: if no set has a scored sample.
        UnknownNameError: if a set has no scores by a scorer that was named.
    """
    return page_of(greedy_reading(found, category_of=category_of, level=level))


def page_of(reading: GreedyReading) -> StudyPage:
    """The same from numbers that are there.

    Args:
        reading: of the study.
    """
    first, *rest = set_panels(reading)
    panels = (
        first,
        claims_panel(claims(reading)),
        *setting_panels(reading),
        *choosing_panels(reading),
        *passing_panels(reading),
        *rest,
        *model_panels(reading),
        *published_panels(reading),
    )
    return StudyPage(
        TITLE,
        sets_told(reading),
        panels,
        facts=tuple(_facts(reading)),
        notes=tuple(_notes(reading)),
        kicker=tuple(_kicker(reading)),
        bibtex=_BIBTEX,
    )


def _kicker(reading: GreedyReading) -> Iterator[str]:
    tasks = list(dict.fromkeys(one.task for one in reading.sets))
    models = list(dict.fromkeys(one.name for one in reading.sets))
    for names, noun in ((tasks, "tasks"), (models, "models")):
        yield plain(", ".join(names), 80) if len(names) <= _MOST_NAMED else f"{len(names)} {noun}"


def _facts(reading: GreedyReading) -> Iterator[tuple[str, str]]:
    yield "sets of samples", f"{len(reading.sets):,}"
    for one in reading.sets:
        drawn = one.drawn
        told = f"{len(drawn.keys):,} problems, n = {drawn.n:,}, correct by {drawn.by}"
        decoding = drawn.material.decoding
        if decoding is not None:
            told += f", temperature {decoding.temperature:g}"
        yield one.label, told
    yield "intervals", f"{reading.level:.0%}"


def _notes(reading: GreedyReading) -> Iterator[str]:
    for told in reading.left_out:
        yield f"Left out: {told}"
    missing = sum(one.drawn.missing for one in reading.sets)
    if missing:
        yield f"Samples without a score, which are in no number: {missing:,}."
    if any(one.variability is None for one in reading.sets):
        yield (
            "Tables of counts do not say which sample was correct: they have no full runs and no "
            "greedy answers, only coverage."
        )
