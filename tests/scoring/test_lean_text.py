"""Lean as text: statements, gaps, what is refused, comments, axioms."""

# ruff: noqa: RUF001  Lean writes its numbers as double-struck letters

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.lean_text import (
    REFUSED,
    ProofFile,
    Statement,
    axioms_in,
    proof_file,
    read_statement,
    without_comments,
)

# In the form of miniF2F's Test.lean.
_WRITTEN = (
    "theorem amc_1 (x y : ℝ)\n  (h₀ : x + y = 7) -- given\n  (f : ℕ → ℕ) :\n  x = 7 - y := by sorry"
)


def _statement(written: str = _WRITTEN) -> Statement:
    found = read_statement({"statement": written, "header": "import Mathlib\nopen Real"})
    assert isinstance(found, Statement), found
    return found


def _file(output: str) -> ProofFile | str:
    return proof_file(_statement(), output, "s3cret")


@pytest.mark.parametrize(
    ("written", "name", "goal"),
    [
        (_WRITTEN, "amc_1", "∀ (x y : ℝ)\n  (h₀ : x + y = 7)  \n  (f : ℕ → ℕ), x = 7 - y"),
        ("theorem t : 1 + 1 = 2 := by sorry", "t", "1 + 1 = 2"),
        ("theorem t: (2 : ℝ) = 2 :=\n  by sorry", "t", "(2 : ℝ) = 2"),
        ("lemma a.b' {n : ℕ} [h : F n] :\n n = n := sorry", "a.b'", "∀ {n : ℕ} [h : F n], n = n"),
        ("/-- Of 1959. -/\ntheorem t :\n  ∀ a : ℕ, a = a := by", "t", "∀ a : ℕ, a = a"),
        ("theorem t (s : Finset ℕ) (h : s = {x | x > 1}) : s = s := by\nsorry", "t",
         "∀ (s : Finset ℕ) (h : s = {x | x > 1}), s = s"),
    ],
)  # fmt: skip
def test_a_statement_as_one_proposition(written: str, name: str, goal: str) -> None:
    found = _statement(written)
    assert found.name == name
    assert found.goal == goal


@pytest.mark.parametrize(
    "target",
    [None, "x", {}, {"statement": 3}, {"statement": "def x := 1"}, {"statement": "theorem t"}],
)
def test_a_target_without_a_theorem_says_so(target: object) -> None:
    assert isinstance(read_statement(target), str)  # type: ignore[arg-type]  # odd on purpose


def test_the_file_states_the_goal_before_the_proof_and_asks_for_axioms_behind_it() -> None:
    file = _file(f"```lean4\nimport Mathlib\nopen Real\n{_WRITTEN[:-5]}\n  linarith\n```")
    assert isinstance(file, ProofFile)
    assert file.rule == "theorem in a fence"
    goal, model, final = (
        file.source.index(text)
        for text in (
            "def topdraw_goal_s3cret : Prop := ∀",
            "theorem amc_1",
            "theorem topdraw_final_s3cret : _root_.topdraw_goal_s3cret := @amc_1",
        )
    )
    assert goal < model < final < file.source.index("#print axioms topdraw_final_s3cret")
    assert file.source.count("import Mathlib") == 1
    assert file.source.startswith("import Mathlib\nopen Real\n")


@pytest.mark.parametrize("output", ["  linarith", "linarith", "\n  have h := h₀\n  linarith\n"])
def test_a_proof_alone_goes_on_behind_by(output: str) -> None:
    file = _file(output)
    assert isinstance(file, ProofFile)
    assert file.rule == "proof"
    assert re.search(r"x = 7 - y := by\n  (linarith|have)", file.source)


@pytest.mark.parametrize(
    "changed",
    [
        _WRITTEN.replace("= 7)", "= 8)"),
        _WRITTEN.replace("x = 7 - y", "True"),
        _WRITTEN.replace("(f :", "(h : False) (f :"),
        _WRITTEN.replace("(h₀ : x + y = 7)", ""),
        _WRITTEN.replace(": x + y = 7", ": x + y = 7 ∧ False"),
    ],
)
def test_a_changed_statement_is_refused(changed: str) -> None:
    assert _file(changed.replace("sorry", "simp")) == "changes the statement"


@pytest.mark.parametrize(
    "same",
    [
        _WRITTEN.replace("\n", " ").replace(" -- given", ""),
        _WRITTEN.replace("theorem", "lemma"),
        _WRITTEN.replace(" (f", " /- a function -/ (f"),
        "lemma help : 1 = 1 := rfl\n\n" + _WRITTEN,
    ],
)
def test_blanks_comments_and_lemmas_do_not_change_a_statement(same: str) -> None:
    assert isinstance(_file(same.replace("sorry", "simp")), ProofFile)


@pytest.mark.parametrize("word", sorted(REFUSED))
def test_what_is_refused_is_refused_in_code_and_not_in_comments(word: str) -> None:
    assert _file(f"  linarith\n{word} x") == f"{word}: {REFUSED[word]}"
    assert isinstance(_file(f"  linarith -- no {word}\n/- {word} /- {word} -/ -/"), ProofFile)


@pytest.mark.parametrize(
    "hidden",
    [
        "  simp\n/- -/ sorry",
        "  simp /- /- -/ -/ sorry",
        '  have := "--" ; sorry',
        "  first | simp|sorry",
        "  simp«x»sorry",
    ],
)
def test_a_gap_cannot_be_hidden(hidden: str) -> None:
    assert _file(hidden) == "sorry: leaves a gap"


@pytest.mark.parametrize(
    "fine", ["sorry'", "my_sorry", "sorry_free", "Polynomial.eval", "axiom_of"]
)
def test_words_that_only_look_alike_pass(fine: str) -> None:
    assert isinstance(_file(f"  simp [{fine}]"), ProofFile)


_letters = st.text(alphabet='ab -/"\n\\')


@given(_letters)
def test_what_lean_gets_was_looked_at_whole(code: str) -> None:
    once = without_comments(code)
    assert isinstance(once, str)
    assert len(once) <= len(code) + code.count("-")
    file = _file(code + "\nsorry")
    # Either the word is in a comment and so is not in the file, or it is refused.
    assert isinstance(file, str) or "sorry" not in file.source


def test_axioms_are_read_of_the_right_theorem_only() -> None:
    printed = (
        "'topdraw_final_x' depends on axioms: [propext]\n"
        "Check.lean:9:0: info: 'Open.topdraw_final_y' depends on axioms: [propext,\n"
        " Classical.choice,\n sorryAx]\n"
    )
    found = axioms_in(printed, "topdraw_final_y")
    assert found == frozenset({"propext", "Classical.choice", "sorryAx"})
    assert axioms_in(printed, "topdraw_final") is None
    assert axioms_in("'t' does not depend on any axioms", "t") == frozenset()
    assert axioms_in("", "t") is None


@pytest.mark.parametrize("piece", ['"\\', '"', "/-", "--", "\n", "\n \n", " ", "import "])
def test_long_hostile_text_takes_no_time(piece: str) -> None:
    for end in ("", "\\", "x"):
        assert isinstance(_file(piece * 30_000 + end), ProofFile | str)
