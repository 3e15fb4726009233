"""Which request meets which fault: a function of (seed, prompt, request seed, attempt) by hash.

A plan never looks at a clock or at other requests, so that the faults are the same at any
concurrency. `first`, `always` and `once_per_prompt` are for tests of one fault.
Try it: `python -m pytest tests/models/test_fault_matrix.py -k mix`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tests.models.fault_kinds import FAULTS, Fault, whole
from tests.models.fault_wire import Ask

Plan: TypeAlias = Callable[[Ask], Fault]

# These cost a deadline each, so a mix holds only a few of them.
RARE = ("hang", "stall", "drip for ever")
# "another model" and the usage faults change what is stored of a sample; a mix leaves them out.
_OF_ANOTHER_KIND = ("another model", "usage missing", "usage null", "usage false", "usage negative")
MIX = tuple(name for name in FAULTS if name not in (*RARE, *_OF_ANOTHER_KIND))


def quiet(ask: Ask) -> Fault:
    """Nothing goes wrong."""
    return whole


def first(*faults: Fault | str) -> Plan:
    """Each prompt and seed meets these in turn, then nothing."""
    return lambda ask: _fault(faults[ask.attempt]) if ask.attempt < len(faults) else whole


def always(fault: Fault | str) -> Plan:
    return lambda ask: _fault(fault)


def after(requests: int, fault: Fault | str) -> Plan:
    """All goes well for this many requests of the server, and nothing afterwards."""
    return lambda ask: whole if ask.number < requests else _fault(fault)


def until(requests: int, fault: Fault | str) -> Plan:
    """This many requests of the server meet the fault, and none afterwards."""
    return lambda ask: _fault(fault) if ask.number < requests else whole


def on_prompt(prompt: str, fault: Fault | str) -> Plan:
    """This prompt always meets it, no other does."""
    return lambda ask: _fault(fault) if ask.prompt == prompt else whole


def mix(
    seed: int,
    *,
    share: float = 0.5,
    most: int = 4,
    names: Sequence[str] = MIX,
    rare: Sequence[str] = RARE,
    rare_share: float = 0.01,
) -> Plan:
    """A seeded mix of everything.

    Args:
        seed: of the mix.
        share: of the attempts that meet one of `names`.
        most: faults that a prompt and seed meets at most, one per attempt.
        names: each as likely as the others.
        rare: likewise, in `rare_share` of the attempts.
        rare_share: see `rare`.
    """

    def plan(ask: Ask) -> Fault:
        if ask.attempt >= most:
            return whole
        u = ask.chance(seed, ask.attempt)
        which = ask.chance(seed, ask.attempt, "which")
        if rare and u < rare_share:
            return FAULTS[rare[int(which * len(rare))]]
        return FAULTS[names[int(which * len(names))]] if u < rare_share + share else whole

    return plan


def _fault(fault: Fault | str) -> Fault:
    return FAULTS[fault] if isinstance(fault, str) else fault
