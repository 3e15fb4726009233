"""Why a candidate was chosen, as sentences for people; nothing in them acts on a terminal.

Not here: the facts (`analysis.why`). Try it: `topdraw ask "2+2?" -n 8`.
"""

from __future__ import annotations

from collections.abc import Sequence

from topdraw.analysis.why import Value, Votes, Why
from topdraw.cli.pace import many
from topdraw.cli.shown import line

_NAMED = 12


def reasons(found: Why) -> str:
    """Why that candidate, in one to four sentences.

    Examples:
        >>> votes = Votes("24", 3, (0, 1, 5), 5, "23", 2, tied=False)
        >>> print(reasons(Why("majority", 1, 6, 1 / 3, (0, 5), votes, None)))
        majority chose candidate 1 of 6: the answer 24 has 3 of 5 votes, 1 more than 23. \
Agreed: 0, 1, 5. 1 candidate has no answer.
    """
    if found.index is None:
        return f"{found.selector} could choose none of {many(found.among, 'candidate')}."
    told = [_votes(found.votes)] if found.votes else []
    told += [_value(found.value)] if found.value else []
    if not told:
        told = [f"its weight is {found.weight:.3g}"]
    # They are numbered from 0, those that failed too: never "candidate 7 of 5".
    among = f"of {found.among}" if found.index < found.among else f"of the {found.among} that came"
    head = f"{found.selector} chose candidate {found.index} {among}: {'; '.join(told)}."
    return " ".join([head, *_rest(found)])


def _votes(votes: Votes) -> str:
    if votes.answer is None:
        return "it has no answer to vote on"
    answer = line(votes.answer, 80)
    told = f"the answer {answer} has {votes.count} of {many(votes.voters, 'vote')}"
    if votes.next_answer is None:
        return told if votes.count == 1 else f"{told}: all agree"
    other, ahead = line(votes.next_answer, 80), votes.count - votes.next_count
    if ahead == 0:
        return f"{told}, as many as {other}"
    return f"{told}, {abs(ahead)} {'more' if ahead > 0 else 'fewer'} than {other}"


def _value(value: Value) -> str:
    scorer = line(value.scorer, 60)
    if value.value != value.value:
        return f"it has no score by {scorer}"
    told = f"{scorer} {value.value:.4g}"
    if value.next_index is None:
        return f"{told}, the only one scored"
    if value.margin == 0:
        return f"{told}, as much as candidate {value.next_index}"
    where = "above the next" if value.margin > 0 else "below the best"
    return f"{told}, {abs(value.margin):.3g} {where} (candidate {value.next_index})"


def _rest(found: Why) -> list[str]:
    votes, value, told = found.votes, found.value, []
    if votes and votes.tied:
        told.append("Chance chose between answers of equal weight.")
    elif (votes is None or votes.answer is None) and found.equals:
        told.append(f"Chance chose among it and {_list(found.equals)}, which weigh the same.")
    if votes and 1 < votes.count < found.among:
        told.append(f"Agreed: {_list(votes.agreed)}.")
    if votes and found.among > votes.voters:
        told.append(f"{_have(found.among - votes.voters)} no answer.")
    if value and found.among > value.scored:
        told.append(f"{_have(found.among - value.scored)} no score by {line(value.scorer, 60)}.")
    return told


def _have(count: int) -> str:
    return f"{many(count, 'candidate')} {'has' if count == 1 else 'have'}"


def _list(indices: Sequence[int]) -> str:
    more = len(indices) - _NAMED
    shown = ", ".join(map(str, indices[:_NAMED]))
    return f"{shown} and {more} more" if more > 0 else shown
