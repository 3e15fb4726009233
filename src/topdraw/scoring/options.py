"""A scorer with options: a registered function together with what its keyword-only parameters are.

Three attributes of the function are asked for, all optional: `prepare(**options)` makes the scorer,
once, where loading is worth it (a model); `named(**options)` names its scores; both take what the
function takes. `aside` names options that do not tell its scores from others (a device).

Not here: how a spec is read (`core.spec`) and where a function comes from (`resolve`).
Try it: `python -m pytest tests/scoring/test_options.py`.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from topdraw.core.protocols import Scorer
from topdraw.core.spec import read_options
from topdraw.errors import ConfigError

_PASSED_ON = ("workers", "equivalent")


class WithOptions(NamedTuple):
    """A scorer made of a function and options.

    Attributes:
        name: under which its scores are stored.
        scorer: what is called.
        options: that were given, by name, sorted.
        telling: those of them that make its scores others than those without.
    """

    name: str
    scorer: Scorer
    options: Mapping[str, object]
    telling: Mapping[str, object]


def needs_options(function: Scorer) -> bool:
    """Whether a scorer cannot be called without options."""
    return bool(_required(function))


def with_options(name: str, function: Scorer, text: str) -> WithOptions:
    """A scorer with its options.

    Args:
        name: under which the function is registered.
        function: it.
        text: of the options, see `core.spec.read_options`.

    Raises:
        ConfigError: for an option that is none of the function's, is of another type, or lacks.
    """
    options = dict(sorted(read_options(f"the scorer {name!r}", function, text).items()))
    lacking = [key for key in _required(function) if key not in options]
    if lacking:
        raise ConfigError(
            f"The scorer {name!r} needs {', '.join(lacking)}.",
            hint=f"Write {name}({lacking[0]}=...).",
        )
    named = getattr(function, "named", None)
    label = named(**options) if named else _label(name, options)
    prepare = cast("Callable[..., Scorer] | None", getattr(function, "prepare", None))
    made = prepare(**options) if prepare else _bound(function, options)
    aside = getattr(function, "aside", ())
    telling = {key: value for key, value in options.items() if key not in aside}
    return WithOptions(label, made, options, telling)


def _required(function: Scorer) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some builtins tell nothing
        return []
    return [
        p.name
        for p in parameters
        if p.kind is inspect.Parameter.KEYWORD_ONLY and p.default is inspect.Parameter.empty
    ]


def _bound(function: Scorer, options: Mapping[str, object]) -> Scorer:
    bound: Any = functools.partial(cast(Callable[..., object], function), **options)
    for attribute in _PASSED_ON:
        if hasattr(function, attribute):
            setattr(bound, attribute, getattr(function, attribute))
    return cast(Scorer, bound)


def _label(name: str, options: Mapping[str, object]) -> str:
    values = (str(value).rstrip("/").rpartition("/")[2] for value in options.values())
    return re.sub(r"[^\w.+-]+", "-", "-".join([name, *values])).strip("-")
