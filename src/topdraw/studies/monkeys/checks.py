"""Whether a task's verifier says the same twice, and accepts what is known to be correct.

Done once, after drawing, and stored as `checks/NAME.json` in the study's folder: a flaky verifier
would make another table each time. Not here: answer keys (`keys`), the audit (`analysis.audit`).
Try it: `topdraw study monkeys --task humaneval --model M`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from topdraw.analysis.audit import audit_tests
from topdraw.analysis.proportion import share_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import Sample, Score, Task
from topdraw.errors import StoreError
from topdraw.scoring.apply import apply_scorer
from topdraw.scoring.resolve import NamedScorer, resolve_scorer
from topdraw.scoring.suites import known_solutions
from topdraw.store.run import Run
from topdraw.store.segments import write_atomically
from topdraw.studies.material import RECORDED, Material

FOLDER = "checks"
#: So many of a problem's samples are judged a second time.
FIRST = 20


@dataclass(frozen=True, slots=True)
class Check:
    """What became of a verifier.

    Attributes:
        scorer: its name.
        why: why it was not asked again; "" when it was.
        problems: of which samples were judged a second time.
        samples: how many.
        changed: samples with another verdict.
        flaky: problems with such a sample.
        suites: problems with a known-correct solution that could be judged.
        broken: of them, those whose tests reject one.
        unsteady: of them, those whose tests do not say the same every time.
    """

    scorer: str
    why: str = ""
    problems: int = 0
    samples: int = 0
    changed: int = 0
    flaky: tuple[str, ...] = ()
    suites: int = 0
    broken: int = 0
    unsteady: int = 0

    def flaky_share(self, level: float = 0.95) -> Estimate:
        """Problems of which a sample has another verdict the second time."""
        return share_estimate(len(self.flaky), self.problems, level=level, method="judged twice")

    def broken_share(self, level: float = 0.95) -> Estimate:
        """Suites that reject a known-correct solution."""
        return share_estimate(self.broken, self.suites, level=level, method="known solutions")


def check_verifier(run: Run, task: Task, spec: str) -> Check:
    """Judge the first samples of each problem again, and known solutions, where there are any.

    Args:
        run: scored by the verifier.
        task: its task.
        spec: the verifier.

    Raises:
        ConfigError: if the verifier does not return one score per sample.
        StoreError: if the run cannot be read.
    """
    named = resolve_scorer(spec)
    if inspect.iscoroutinefunction(named.scorer):
        return Check(named.name, "each verdict is a request to a server")
    stored = run.scores(named.name)
    groups: dict[str, list[Sample]] = {}
    for sample in run.samples():
        known = stored.get((sample.sampler, sample.problem_id, sample.index))
        if known is not None and not known.is_missing:
            groups.setdefault(sample.problem_id, []).append(sample)
    firsts = {key: group[:FIRST] for key, group in groups.items()}
    again = _judged(named, run, firsts)
    changed: dict[str, int] = {}
    for key, group in firsts.items():
        before = [stored[one.sampler, one.problem_id, one.index] for one in group]
        pairs = zip(before, again[key], strict=True)
        changed[key] = sum(one.passed is not two.passed for one, two in pairs if not two.is_missing)
    suites = broken = unsteady = 0
    if any(known_solutions(problem) for problem in task.problems):
        audit = audit_tests(task, by=spec)
        suites = len(audit.suites) - audit.missing
        broken = sum(one.rejected > 0 for one in audit.suites)
        unsteady = sum(one.flaky > 0 for one in audit.suites)
    return Check(
        scorer=named.name,
        problems=len(firsts),
        samples=sum(map(len, firsts.values())),
        changed=sum(changed.values()),
        flaky=tuple(key for key, count in changed.items() if count),
        suites=suites,
        broken=broken,
        unsteady=unsteady,
    )


def _judged(
    named: NamedScorer, run: Run, groups: dict[str, list[Sample]]
) -> dict[str, list[Score]]:
    def judge(key: str) -> list[Score]:
        return apply_scorer(named, run.problems[key], groups[key])

    threads = int(getattr(named.scorer, "workers", 1))
    with ThreadPoolExecutor(threads, thread_name_prefix="topdraw-check") as pool:
        return dict(zip(groups, pool.map(judge, groups), strict=True))


def stored_check(folder: Path, name: str, make: Callable[[], Check]) -> Check:
    """The check of a run that is stored in a study's folder, made where it is not.

    Args:
        folder: of the study.
        name: of the run.
        make: makes it.

    Raises:
        StoreError: when it is damaged, or cannot be written.
    """
    file = folder / FOLDER / f"{name}.json"
    found = _read(file)
    if found is None:
        found = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(asdict(found), indent=1).encode() + b"\n")
    return found


def check_of(material: Material) -> Check | None:
    """What became of the verifier of a study's run; None of recorded samples, or if not done.

    Args:
        material: of a study.

    Raises:
        StoreError: when it is damaged.
    """
    if material.part == RECORDED:
        return None
    return _read(material.evidence.path.parents[1] / FOLDER / f"{material.name}.json")


def _read(file: Path) -> Check | None:
    try:
        values = json.loads(file.read_bytes())
        return Check(**{**values, "flaky": tuple(values["flaky"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"{file} cannot be read: {error!r}.", hint="Remove it; the same study makes it again."
        ) from error
