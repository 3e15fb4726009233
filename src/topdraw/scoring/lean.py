"""Verifier of Lean 4 proofs: the statement unchanged, no gap, no new axiom, accepted by Lean.

Not here: the text rules (`lean_text`) and running Lean (`lean_process`).
Try it: `topdraw score RUN lean`, with Lean and Mathlib installed.

Target: `{"statement": "theorem name (binders) : conclusion := by sorry", "header": "import ..."}`.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.scoring.lean_process import CPU_SECONDS, Checked, lean_command, run_lean
from topdraw.scoring.lean_text import (
    ALLOWED_AXIOMS,
    ProofFile,
    Statement,
    axioms_in,
    proof_file,
    read_statement,
)

LONGEST = 100_000
_SHOWN = 160


@scorer("lean")
def score_lean(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does it prove the problem's theorem?

    A proof may use the axioms propext, Classical.choice and Quot.sound, and no other: `sorry` and
    `native_decide` are further ones. Equal outputs are checked once.

    Args:
        problem: its target holds the statement (see the module).
        samples: of this problem.

    Returns:
        Verdicts; out of processor time (300 s) is wrong. Missing scores when the target has no
        statement, or Lean had no processor to run on.

    Raises:
        MissingPackage: when Lean is not installed.
    """
    statement = read_statement(problem.target)
    if isinstance(statement, str):
        return [Score.missing(statement) for _ in samples]
    if samples:
        lean_command()
    known = {o: _score(statement, o) for o in dict.fromkeys(s.output for s in samples)}
    return [known[sample.output] for sample in samples]


# Threads that may score different problems at once: they wait for Lean.
score_lean.workers = 2  # type: ignore[attr-defined]  # read by scoring.engine


def _score(statement: Statement, output: str) -> Score:
    if len(output) > LONGEST:
        return Score.verdict(False, note=f"longer than {LONGEST} characters")
    if not output.strip():
        return Score.verdict(False, note="empty")
    return _checked(statement, output)


@functools.lru_cache(maxsize=1024)
def _checked(statement: Statement, output: str) -> Score:
    file = proof_file(statement, output, secrets.token_hex(16))
    if isinstance(file, str):
        return Score.verdict(False, note=file)
    checked = run_lean(file.source)
    if checked.late == "wall":
        return Score.missing("harness-overload: Lean had too little of the processor")
    return _verdict(file, checked)


def _verdict(file: ProofFile, checked: Checked) -> Score:
    if checked.late:
        return Score.verdict(False, note=f"{file.rule}; took more than {CPU_SECONDS} s")
    axioms = axioms_in(checked.printed, file.name)
    if checked.code != 0 or axioms is None:
        return Score.verdict(False, note=f"{file.rule}; {_first_error(checked)}")
    new = sorted(axioms - ALLOWED_AXIOMS)
    if new:
        return Score.verdict(False, note=f"{file.rule}; new axioms: {', '.join(new)[:_SHOWN]}")
    return Score.verdict(True, note=f"{file.rule}; axioms: {', '.join(sorted(axioms)) or 'none'}")


def _first_error(checked: Checked) -> str:
    lines = checked.printed.splitlines()
    line = next((line for line in lines if "error" in line), None)
    if line is None:
        return f"Lean ended with code {checked.code}"
    return line.partition("error")[2].lstrip(": ")[:_SHOWN] or "error"
