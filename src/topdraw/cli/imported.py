"""What an import says to people.

Not here: what it found (`topdraw.store.formats.report`).
Try it: `topdraw import samples.jsonl --out runs/mine`.
"""

from __future__ import annotations

from collections.abc import Iterator

from topdraw.cli.pace import many
from topdraw.cli.shown import line
from topdraw.store.formats.report import ImportReport, ScorerTally


def report_lines(report: ImportReport) -> Iterator[str]:
    """Lines for a terminal; nothing in them acts on it."""
    files = ", ".join(line(name, 80) for name in report.files)
    yield f"format: {report.format} ({files})"
    yield f"rows: {report.rows:,} read" + ("" if report.dropped else ", 0 dropped")
    for reason, count in report.dropped.items():
        first = line(report.first_dropped.get(reason, ""), 120)
        yield f"  dropped: {count:,} {line(reason, 200)} (the first: {first})"
    yield f"problems: {report.problems:,}"
    greedy = f", and {report.greedy:,} greedy" if report.greedy else ""
    yield (
        f"samples: {report.samples:,}{greedy}; per problem min {report.fewest:,}, "
        f"median {report.median:g}, max {report.most:,}"
    )
    if len(report.filters) > 1:
        yield f"filters merged: {', '.join(line(name, 60) for name in report.filters)}"
    if report.extractor:
        yield f"extractor: {line(report.extractor, 200)}"
    for name, tally in report.scorers.items():
        yield f"score {line(name, 100)}: {_tally(tally)}"
    yield f"by default: {line(report.by, 100) if report.by else 'no verdicts in the file'}"
    for warning in report.warnings:
        yield f"warning: {line(warning, 400)}"
    yield f"run: {line(report.run, 400)}"
    yield _next(report)


def _tally(tally: ScorerTally) -> str:
    passed = f", {tally.passed:,} of {tally.judged:,} passed" if tally.judged else ""
    missing = f", {tally.missing:,} missing" if tally.missing else ""
    return f"{many(tally.scored, 'sample')}{passed}{missing}"


def _next(report: ImportReport) -> str:
    run = line(report.run, 400)
    if report.by:
        return f"Next: topdraw report {run}, or topdraw score {run} SCORER to judge anew."
    return (
        f"Next: topdraw score {run} (with its task's own scorer, or name one), then topdraw report"
        f" {run}."
    )
