r"""Lean 4 proofs as text: the theorem's statement, what a proof may not contain, the file to check.

Not here: running Lean (`lean_process`) and the scorer (`lean`).
Try it: `python -m pytest tests/scoring/test_lean_text.py`.

The file states the goal first, as a proposition under a name nobody can guess, then holds what the
model wrote, and at the end proves the goal by the model's theorem:

    <header>
    def topdraw_goal_<secret> : Prop := ∀ (binders), conclusion
    <the model's theorem>
    theorem topdraw_final_<secret> : _root_.topdraw_goal_<secret> := @name
    #print axioms topdraw_final_<secret>

So a changed statement, hidden hypotheses, shadowed names or notation do not help. What could change
how the last lines are read, or run code while Lean works, is refused: see `REFUSED`. Comments are
cut out first, and what is cut out is not given to Lean either: nothing can hide in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from topdraw.core.records import Json

ALLOWED_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})
REFUSED = {
    "sorry": "leaves a gap",
    "admit": "leaves a gap",
    "sorryAx": "leaves a gap",
    **dict.fromkeys(("axiom", "constant", "opaque"), "assumes what it should prove"),
    **dict.fromkeys(
        (
            *("macro", "macro_rules", "syntax", "declare_syntax_cat", "elab", "elab_rules"),
            *("notation", "notation3", "infix", "infixl", "infixr", "prefix", "postfix"),
        ),
        "changes the language",
    ),
    **dict.fromkeys(
        (
            *("run_cmd", "run_tac", "run_meta", "run_elab", "by_elab", "initialize", "unsafe"),
            *("builtin_initialize", "implemented_by", "extern", "csimp", "#eval", "#exit", "Lean"),
            *("IO", "unsafeCast", "simproc", "dsimproc", "debug", "Elab", "Meta", "command_elab"),
        ),
        "runs or replaces code",
    ),
}
"""Words that a proof may not contain outside of comments, and why."""

_WORD = re.compile(r"#?[^\W\d][\w']*")
_FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"\b(?:theorem|lemma)\s+([^\s:({\[⦃]+)")
_END = re.compile(r":=\s*(?:by\b\s*)?(?:sorry\b)?\s*$")
_IMPORT = re.compile(r"^[ \t]*import[ \t].*$", re.MULTILINE)
_OPEN, _CLOSE = "([{⟨⦃⟦", ")]}⟩⦄⟧"


@dataclass(frozen=True, slots=True)
class Statement:
    """A theorem to prove.

    Attributes:
        name: of the theorem.
        text: from `theorem` to before `:=`.
        goal: the same as one proposition.
        header: imports and open namespaces.
    """

    name: str
    text: str
    goal: str
    header: str = ""


class ProofFile(NamedTuple):
    """A file for Lean, the name whose axioms it prints, and how the proof was found."""

    source: str
    name: str
    rule: str


def read_statement(target: Json) -> Statement | str:
    """The theorem in a problem's target, or in one line why there is none.

    Examples:
        >>> read_statement({"statement": "theorem t (n : Nat) : n = n := by sorry"}).goal
        '∀ (n : Nat), n = n'
    """
    written = target.get("statement") if isinstance(target, dict) else None
    if not isinstance(written, str):
        return "the target has no statement"
    text = _END.sub("", without_comments(written).strip()).strip()
    found = _HEAD.search(text)
    if found is None:
        return "the target's statement has no theorem"
    text = text[found.start() :]
    rest = text[found.end() - found.start() :]
    colon = _colon(rest)
    if colon is None:
        return "the target's statement has no conclusion"
    binders, conclusion = rest[:colon].strip(), rest[colon + 1 :].strip()
    header = target.get("header") if isinstance(target, dict) else ""
    return Statement(
        name=found[1],
        text=text,
        goal=f"∀ {binders}, {conclusion}" if binders else conclusion,
        header=header if isinstance(header, str) else "",
    )


def _colon(text: str) -> int | None:
    """Where the first `:` outside of brackets stands."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if letter == ":" and depth == 0:
            return at
    return None


def proof_file(statement: Statement, output: str, secret: str) -> ProofFile | str:
    """The file that checks an output, or in one line why it cannot be a proof.

    Args:
        statement: what to prove.
        output: of a model: the theorem with its proof, bare or in a Markdown block, behind
            lemmas if it likes; or the proof alone, as it goes on behind `:= by`.
        secret: letters and digits that the model cannot know.

    Examples:
        >>> goal = read_statement({"statement": "theorem t : 1 + 1 = 2 := by sorry"})
        >>> proof_file(goal, "  norm_num", "x").rule
        'proof'
        >>> proof_file(goal, "theorem t : 1 + 1 = 3 := by norm_num", "x")
        'changes the statement'
    """
    blocks = _FENCE.findall(output)
    code = without_comments(_IMPORT.sub("", blocks[-1] if blocks else output))
    refused = next((word for word in _WORD.findall(code) if word in REFUSED), None)
    if refused is not None:
        return f"{refused}: {REFUSED[refused]}"
    stated = re.search(rf"\b(?:theorem|lemma)\s+{re.escape(statement.name)}(?![\w'.])", code)
    if stated is None:
        body, rule = f"{statement.text} := by\n{_body(code)}", "proof"
    elif not _same_statement(code[stated.start() :], statement.text):
        return "changes the statement"
    else:
        body, rule = code, "theorem"
    goal, final = f"topdraw_goal_{secret}", f"topdraw_final_{secret}"
    lines = [
        statement.header.rstrip(),
        f"def {goal} : Prop := {statement.goal}",
        body.rstrip(),
        f"theorem {final} : _root_.{goal} := @{statement.name}",
        f"#print axioms {final}",
    ]
    rule = f"{rule} in a fence" if blocks else rule
    return ProofFile("\n\n".join(lines).lstrip() + "\n", final, rule)


def _body(code: str) -> str:
    """A proof behind `:= by`: its first line must not stand at the margin."""
    lines = code.strip("\n").split("\n")
    return "\n".join(lines if lines[0][:1] in (" ", "\t") else [f"  {line}" for line in lines])


def _same_statement(code: str, text: str) -> bool:
    """Whether code begins with a statement and `:=`, blanks aside; `lemma` is `theorem`."""
    wanted = re.sub(r"^\s*(?:theorem|lemma)", "", text)
    given = re.sub(r"^\s*(?:theorem|lemma)", "", code)
    return "".join(given.split()).startswith("".join(wanted.split()) + ":=")


def without_comments(code: str) -> str:
    r"""Code with a blank for each comment, nested ones too; text in quotes stays.

    Examples:
        >>> without_comments('a -- b\nc /- d /- e -/ f -/ "-- g"')
        'a  \nc   "-- g"'
    """
    return "".join(_pieces(code))


_OUTSIDE = re.compile(r'"(?:\\.|[^"\\])*(?:"|\\?\Z)|--[^\n]*|/-', re.DOTALL)
_INSIDE = re.compile(r"/-|-/")


def _pieces(code: str) -> Iterator[str]:
    at = 0
    while (match := _OUTSIDE.search(code, at)) is not None:
        yield code[at : match.start()]
        is_text = match[0][0] == '"'
        yield match[0] if is_text else " "
        at = match.end() if match[0] != "/-" else _end_of_comment(code, match.end())
    yield code[at:]


def _end_of_comment(code: str, at: int) -> int:
    depth = 1
    while depth and (match := _INSIDE.search(code, at)) is not None:
        depth += 1 if match[0] == "/-" else -1
        at = match.end()
    return len(code) if depth else at


def axioms_in(printed: str, name: str) -> frozenset[str] | None:
    r"""The axioms that Lean says a theorem depends on; None when it does not say.

    Args:
        printed: Lean's messages.
        name: of the theorem.

    Examples:
        >>> sorted(axioms_in("'t' depends on axioms: [propext,\n Quot.sound]", "t"))
        ['Quot.sound', 'propext']
        >>> axioms_in("'t' does not depend on any axioms", "t")
        frozenset()
    """
    who = rf"'(?:[^'\s]+\.)?{re.escape(name)}'\s+"
    if re.search(who + r"does\s+not\s+depend\s+on\s+any\s+axioms", printed):
        return frozenset()
    found = re.search(who + r"depends\s+on\s+axioms:\s*\[([^\]]*)\]", printed)
    return frozenset(re.findall(r"[^\s,]+", found[1])) if found else None
