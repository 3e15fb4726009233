"""Draw many, verify and score them, keep the best, know exactly what it bought.

The public face: twenty names, loaded when first used. Everything else is found by its floor, for
example `topdraw.analysis.coverage`. Try it: `python -c "import topdraw; print(topdraw.__all__)"`.
"""

from __future__ import annotations

from importlib import import_module

from topdraw._version import __version__ as __version__

# Type checkers read this constant as `typing.TYPE_CHECKING`, whose import alone would double the
# time of `import topdraw`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from topdraw.analysis.accuracy import accuracy as accuracy
    from topdraw.analysis.estimates import pass_at_k as pass_at_k
    from topdraw.analysis.scaling import fit_coverage as fit_coverage
    from topdraw.analysis.select import select as select
    from topdraw.core.estimate import Estimate as Estimate
    from topdraw.core.protocols import Model as Model
    from topdraw.core.records import Problem as Problem
    from topdraw.core.records import Sample as Sample
    from topdraw.core.records import Score as Score
    from topdraw.core.registry import scorer as scorer
    from topdraw.core.registry import selector as selector
    from topdraw.core.registry import task as task
    from topdraw.errors import TopdrawError as TopdrawError
    from topdraw.models.connect import connect as connect
    from topdraw.reports.page import report as report
    from topdraw.sampling.engine import sample as sample
    from topdraw.scoring.engine import score as score
    from topdraw.store.run import Run as Run
    from topdraw.tasks.load import load as load
    from topdraw.training.pairs import preference_pairs as preference_pairs

_HOME = {
    "Problem": "core.records",
    "Sample": "core.records",
    "Score": "core.records",
    "Run": "store.run",
    "Estimate": "core.estimate",
    "Model": "core.protocols",
    "load": "tasks.load",
    "connect": "models.connect",
    "sample": "sampling.engine",
    "score": "scoring.engine",
    "select": "analysis.select",
    "report": "reports.page",
    "pass_at_k": "analysis.estimates",
    "accuracy": "analysis.accuracy",
    "fit_coverage": "analysis.scaling",
    "preference_pairs": "training.pairs",
    "task": "core.registry",
    "scorer": "core.registry",
    "selector": "core.registry",
    "TopdrawError": "errors",
}

__all__ = [
    "Estimate",
    "Model",
    "Problem",
    "Run",
    "Sample",
    "Score",
    "TopdrawError",
    "accuracy",
    "connect",
    "fit_coverage",
    "load",
    "pass_at_k",
    "preference_pairs",
    "report",
    "sample",
    "score",
    "scorer",
    "select",
    "selector",
    "task",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'topdraw' has no attribute {name!r}")
    value = getattr(import_module(f"topdraw.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
