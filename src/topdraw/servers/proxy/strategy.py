"""How a request is to be answered: how many candidates, chosen how; or one, passed through.

Said by the name of the model ("best-of-16/llama-3.1-8b"), by the field "topdraw" of the body, or by
the server's default, in this order. Not here: drawing (`candidates`) and choosing (`choice`).
Try it: `python -m pytest tests/servers/proxy/test_strategy.py`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from topdraw.core.records import Json
from topdraw.core.registry import names
from topdraw.errors import InputError
from topdraw.selection.resolve import NamedSelector, resolve_selector
from topdraw.selection.similarity import SIMILARITIES
from topdraw.servers.proxy.questions import PAIRS, PICKS, ways_of
from topdraw.servers.proxy.refusal import Refusal, of_input

MOST_SECONDS = 86_400.0
_LONGEST_SELECTOR = 200

_PREFIX = re.compile(r"(?P<select>[A-Za-z][^/]*)-(?P<n>[0-9]{1,9})/(?P<model>.+)", re.DOTALL)
_ALIASES = {
    "best-of": "best_of_n",
    "bon": "best_of_n",
    "vote": "majority",
    "weighted-vote": "weighted_majority",
}
_FIELDS = ("n", "select", "with", "by", "deadline_seconds", "seed", "candidates")


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one request is answered.

    Attributes:
        n: candidates drawn, >= 1.
        select: a selector, as users write it.
        ranked_by: name of the scorer whose values rank; "" when there is none.
        votes_by: name of the scorer whose answers vote.
        deadline_seconds: when to answer with the best so far; None for never.
        seed: of the choice among the candidates; None for a fresh one.
        candidates: whether a stream shows each candidate as it comes.
    """

    n: int = 16
    select: str = "best_of_n"
    ranked_by: str = ""
    votes_by: str = "number"
    deadline_seconds: float | None = None
    seed: int | None = None
    candidates: bool = False

    @property
    def selector(self) -> NamedSelector:
        """What chooses.

        Raises:
            Refusal: when there is no such selector, or none that can choose here.
        """
        if len(self.select) > _LONGEST_SELECTOR:
            raise Refusal(400, "The selector's name is too long.", param="topdraw.select")
        try:
            found = resolve_selector(self.select)
        except InputError as error:
            raise of_input(error) from None
        if "greedy" in found.needs:
            raise Refusal(400, f"{found.name} chooses a sample drawn apart; it cannot serve.")
        return found


class Offer(NamedTuple):
    """What a server can make while serving.

    Attributes:
        scorers: names of its scorers.
        judge: names of the comparisons that its judge makes; empty without one.
        judge_calls: most questions to it for one request.
        most: candidates of one request.
    """

    scorers: Collection[str] = ()
    judge: Collection[str] = ()
    judge_calls: int = 256
    most: int = 64


class Wanted(NamedTuple):
    """What a request asks for.

    Attributes:
        model: its name upstream.
        strategy: None to pass the request through.
    """

    model: str
    strategy: Strategy | None


def read_prefix(name: str, models: Collection[str] = ()) -> tuple[str, str, int] | None:
    """The model, the selector and n that a model's name asks for; None when it is just a name.

    Args:
        name: as the client gives it.
        models: names of models: none of them is a strategy.

    Examples:
        >>> read_prefix("best-of-16/llama-3.1-8b")
        ('llama-3.1-8b', 'best_of_n', 16)
        >>> read_prefix("memory-7b/chat"), read_prefix("best-of-16")
        (None, None)
    """
    match = None if name in models else _PREFIX.fullmatch(name)
    if match is None:
        return None
    word = match["select"]
    spec = _ALIASES.get(word, word)
    base, bracket, options = spec.partition("(")
    base = base if base in names("selector") else base.replace("-", "_")
    if base not in names("selector"):
        return None
    return match["model"], base + bracket + options, int(match["n"])


def wanted(
    body: Mapping[str, Json],
    *,
    default: Strategy | None,
    usual: Strategy,
    models: Collection[str],
    offer: Offer,
) -> Wanted:
    """The model and the strategy of a request.

    Args:
        body: of the request.
        default: of the server; None passes through.
        usual: what a request that names a strategy leaves out; its deadline is the longest.
        models: that clients may ask for, the first by default; empty for any.
        offer: what can be made here.

    Raises:
        Refusal: when it asks for something that is not there, or for too much.
    """
    name = body.get("model")
    if name is None and models:
        name = next(iter(models))
    if not isinstance(name, str) or not name:
        raise Refusal(400, "model is missing; it must be the name of a model.", param="model")
    prefix = read_prefix(name, models)
    model, strategy = name, default
    if prefix is not None:
        model, select, n = prefix
        strategy = dataclasses.replace(default or usual, select=select, n=n)
    if models and model not in models:
        raise Refusal(
            404,
            f"The model {model!r} is not served here. There are: {', '.join(models)}.",
            code="model_not_found",
            param="model",
        )
    strategy = _said(body, strategy, usual, offer.scorers)
    wish = body.get("n")
    several = wish if isinstance(wish, int) else 1
    if strategy is not None:
        check(strategy, offer)
        strategy = dataclasses.replace(
            strategy,
            n=max(strategy.n, several),
            deadline_seconds=_sooner(strategy.deadline_seconds, usual.deadline_seconds),
        )
    return Wanted(model, strategy)


def _sooner(asked: float | None, most: float | None) -> float | None:
    given = [seconds for seconds in (asked, most) if seconds is not None]
    return min(given, default=None)


def check(strategy: Strategy, offer: Offer) -> None:
    """Refuse what a server cannot do.

    Args:
        strategy: wanted.
        offer: of the server.

    Raises:
        Refusal: saying what it is.
    """
    if not 1 <= strategy.n <= offer.most:
        raise Refusal(
            422,
            f"{strategy.n} candidates were asked for; this server draws 1 to {offer.most}.",
            param="topdraw.n",
        )
    needs = strategy.selector.needs
    _check_made(strategy, needs, offer)
    asked = judge_questions(strategy)
    if asked > offer.judge_calls:
        raise Refusal(
            422,
            f"{strategy.select} asks the judge {asked} questions about {strategy.n} candidates; "
            f"this server asks at most {offer.judge_calls}.",
            param="topdraw.select",
        )
    if "value" in needs and not strategy.ranked_by:
        raise Refusal(
            400,
            f"{strategy.select} ranks by a scorer and this server has none.",
            param="topdraw.with",
        )


def judge_questions(strategy: Strategy) -> int:
    """Questions to a judge that a strategy may need, each order of a pair by itself."""
    names = _named(strategy.selector.needs, "pairs:")
    made = [name for name in names if name == PAIRS or name in PICKS]
    return sum(ways_of(name, strategy.select).questions(strategy.n) for name in made)


def _check_made(strategy: Strategy, needs: Collection[str], offer: Offer) -> None:
    lacking = [name for name in _named(needs, "score:") if name not in offer.scorers]
    if lacking:
        raise Refusal(
            400,
            f"{strategy.select} needs scores by {lacking[0]!r}; this server scores with "
            f"{', '.join(offer.scorers) or 'nothing'}.",
            param="topdraw.select",
        )
    known = [*SIMILARITIES, *offer.judge]
    lacking = [name for name in _named(needs, "pairs:") if name not in known]
    if lacking:
        judged = "" if offer.judge else " It has no judge."
        raise Refusal(
            400,
            f"{strategy.select} needs comparisons {lacking[0]!r}; this server makes "
            f"{', '.join(known)}.{judged}",
            param="topdraw.select",
        )


def _named(needs: Collection[str], kind: str) -> list[str]:
    return [need.removeprefix(kind) for need in needs if need.startswith(kind)]


def _said(
    body: Mapping[str, Json],
    strategy: Strategy | None,
    usual: Strategy,
    scorers: Collection[str],
) -> Strategy | None:
    """The strategy with what the field "topdraw" says of it."""
    said = body.get("topdraw")
    if said is None:
        return strategy
    if said is False:
        return None
    if not isinstance(said, dict):
        raise Refusal(400, "topdraw must be an object, or false.", param="topdraw")
    for field in said:
        if field not in _FIELDS:
            raise Refusal(
                400,
                f"topdraw has no field {field!r}; it has {', '.join(_FIELDS)}.",
                param=f"topdraw.{field}",
            )
    given = {name: value for name, value in said.items() if value is not None}
    changes: dict[str, object] = {}
    for name, check in _CHECKS.items():
        if name in given:
            changes[check.attribute] = check.read(name, given[name])
    for name, attribute in (("with", "ranked_by"), ("by", "votes_by")):
        if name in given:
            changes[attribute] = _known(name, given[name], scorers)
    return dataclasses.replace(strategy or usual, **changes)  # type: ignore[arg-type]  # checked above


def _known(field: str, value: Json, scorers: Collection[str]) -> str:
    # A scorer is code, so a client may only name one that the operator has chosen.
    if isinstance(value, str) and value in scorers:
        return value
    raise Refusal(
        400,
        f"{field} is {value!r}; this server scores with {', '.join(scorers) or 'nothing'}.",
        param=f"topdraw.{field}",
    )


class _Check(NamedTuple):
    attribute: str
    kind: type | tuple[type, ...]
    low: float
    high: float
    says: str

    def read(self, field: str, value: Json) -> Json:
        """The value, when it is one of those allowed."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = isinstance(value, self.kind) and (
            not number or self.low <= float_of(value) <= self.high
        )
        if not fits or (isinstance(value, bool) and self.kind is not bool):
            raise Refusal(
                422, f"{field} is {str(value)[:60]!r}; it must be {self.says}.",
                param=f"topdraw.{field}",
            )  # fmt: skip
        return value


def float_of(value: Json) -> float:
    """A number of a request as a float; infinite when it is too large for one, NaN for no number.

    Examples:
        >>> float_of(10**400), float_of("1")
        (inf, nan)
    """
    if not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


_CHECKS = {
    "n": _Check("n", int, 1, 1e9, "a whole number of 1 or more"),
    "select": _Check("select", str, 0, 0, "the name of a selector"),
    "deadline_seconds": _Check(
        "deadline_seconds", (int, float), 1e-3, MOST_SECONDS, "a number of seconds above 0"
    ),
    "seed": _Check("seed", int, 0, 2**63 - 1, "a whole number of 0 or more"),
    "candidates": _Check("candidates", bool, 0, 0, "true or false"),
}
