"""How each strategy looks and is spoken of: one colour, dash and mark everywhere.

Not here: what a strategy does; that is `topdraw.selection`.
Try it: `python -c "from topdraw.reports.strategies import look; print(look('majority'))"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from topdraw.analysis.summary import Curve

ORDER = ("greedy", "random", "majority", "best_of_n", "weighted_majority", "posterior", "oracle")
"""Rows of every table; strategies beyond these follow before the oracle."""
_BOUNDS = frozenset({"oracle", "worst", "random", "greedy"})


@dataclass(frozen=True, slots=True)
class Look:
    """The look of one strategy.

    Attributes:
        key: suffix of its CSS class, `s-<key>`, which carries the colour.
        dash: SVG dash pattern; "" is solid. Plain long dashes are kept for models and forecasts.
        mark: shape of its points: "circle", "square", "diamond", "triangle" or "".
        reference: True when it does not depend on k and is drawn as a level line.
    """

    key: str
    dash: str = ""
    mark: str = "circle"
    reference: bool = False


_LOOKS = {
    "oracle": Look("oracle", mark="circle"),
    "best_of_n": Look("best", mark="square"),
    "majority": Look("majority", dash="3 3", mark="triangle"),
    "weighted_majority": Look("weighted", dash="9 3 2 3", mark="diamond"),
    "posterior": Look("posterior", dash="8 2 2 2 2 2", mark="diamond"),
    "greedy": Look("greedy", dash="2 5", mark="", reference=True),
    "random": Look("single", dash="6 2 1 2", mark="", reference=True),
    "worst": Look("single", dash="1 2", mark=""),
}


def look(strategy: str) -> Look:
    """How this strategy is drawn; one we do not know is drawn in a colour of its own.

    Args:
        strategy: name of the selector.

    Examples:
        >>> look("oracle").key
        'oracle'
    """
    return _LOOKS.get(strategy, Look("other", dash="5 2", mark="circle"))


def chosen_name(strategy: str) -> str:
    """What a strategy is called beside the samples that it picks.

    Args:
        strategy: name of the selector.

    Examples:
        >>> chosen_name("weighted_majority")
        'weighted majority'
    """
    known = {"best_of_n": "best of n", "weighted_majority": "weighted majority"}
    return known.get(strategy, strategy)


def phrase(curve: Curve) -> str:
    """How the k samples were turned into one, after "100 samples ".

    Args:
        curve: a strategy's curve; its `chooser` is text from outside.
    """
    by = f" by {curve.chooser}" if curve.chooser else ""
    known = {
        "majority": "chosen by vote",
        "weighted_majority": f"chosen by vote weighted{by}",
        "best_of_n": f"chosen{by or ' as best of n'}",
        "oracle": "chosen by an oracle",
    }
    return known.get(curve.strategy, f"chosen{by or ' by ' + curve.label}")


def in_order(curves: Iterable[Curve]) -> list[Curve]:
    """The curves as rows of a table: references first, oracle last, others as they came."""
    rank = {name: at for at, name in enumerate(ORDER)}
    unknown = rank["oracle"] - 0.5
    return sorted(curves, key=lambda curve: rank.get(curve.strategy, unknown))


def is_real(curve: Curve, judge: str) -> bool:
    """Whether somebody could use this selector: it chooses among k, and not by the verdict.

    Args:
        curve: a strategy's curve.
        judge: the verifier; a strategy that chooses by it is the oracle under another name.
    """
    return curve.strategy not in _BOUNDS and not (judge and curve.chooser == judge)
