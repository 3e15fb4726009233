"""miniF2F in Lean 4: 244 + 244 theorems of school and olympiad mathematics to prove.

Not here: checking proofs (scorer "lean", which needs Lean).
Try it: `topdraw tasks minif2f -o path=Test.lean --problems 3`.

Origin: Zheng et al. 2022 (arXiv 2109.00110), https://github.com/openai/miniF2F (Lean 3); ported to
Lean 4 in https://github.com/yangky11/miniF2F-lean4. Read are its `.lean` files (theorems that end
in `sorry`; what stands before the first is the header) and rows with `name` (or `id`),
`formal_statement`, `header`, `split` and `informal_prefix`, as provers publish them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
HEADER = (
    "import Mathlib\n\nset_option maxHeartbeats 400000\n\nopen BigOperators Real Nat Topology\n"
)
ASK = {
    "completion": "Complete the following Lean 4 code:\n\n```lean4\n{code} := by\n",
    "chat": (
        "Prove this theorem in Lean 4. Answer with the whole theorem, its statement unchanged, in "
        "one Markdown code block.\n\n```lean4\n{code} := by\n  sorry\n```\n"
    ),
}
PARTS = ("test", "valid", "all")
ORIGIN = Origin(
    task="minif2f",
    about="Theorems to prove in Lean 4; checked by Lean.",
    page="https://github.com/yangky11/miniF2F-lean4",
    licence="Apache-2.0",
    problems=244,
    scorer="lean",
    hub="cat-searcher/minif2f-lean4",
)
_THEOREM = re.compile(r"^(?:theorem|lemma)\s", re.MULTILINE)
_PROOF = re.compile(r":=\s*(?:by\b.*)?(?:sorry\b.*)?\Z|:=\s*by\b.*\Z", re.DOTALL)
_NAME = re.compile(r"(?:theorem|lemma)\s+([^\s:({\[]+)")


@task("minif2f", origin=ORIGIN)
def load(
    *, path: str = "", problems: int | None = None, style: str = "completion", part: str = "test"
) -> Task:
    """miniF2F's theorems, from a file or the hub.

    Args:
        path: a `.lean` file, a folder of them, or what `tasks.source` takes.
        problems: only the first so many; None takes all.
        style: "completion": the theorem up to `:= by`, proofs go on from there and end at a
            Markdown fence; "chat": a request for the whole theorem in a code block.
        part: "test", "valid" or "all", where the rows or a folder's files say it.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row is no theorem, or there is none.
        DomainError: when problems < 1, or style or part is not known.
    """
    known_style(style, ASK)
    if part not in PARTS:
        raise DomainError(f"part={part!r}: known are {', '.join(PARTS)}.")
    if problems is not None and problems < 1:
        raise DomainError(f"problems={problems}: at least 1.")
    rows = [row for row in _rows(path, part) if part == "all" or _in_part(row, part)]
    if not rows:
        raise FormatError(f"{path} holds no theorem of the part {part!r}.")

    def problem(_: str, row: Row) -> Problem:
        statement = _PROOF.sub("", text(row, "formal_statement", "statement").strip()).strip()
        header = find(row, "header")
        header = header if isinstance(header, str) and header.strip() else HEADER
        informal = find(row, "informal_prefix")
        informal = informal if isinstance(informal, str) else ""
        code = f"{header.rstrip()}\n\n{informal.strip()}\n{statement}".replace("\n\n\n", "\n\n")
        target: dict[str, Json] = {"statement": f"{statement} := by sorry", "header": header}
        return Problem(_name(row), ASK[style].format(code=code), target)

    decoding: dict[str, Json] = {"max_tokens": 2048}
    if style == "completion":
        decoding["stop"] = ["```"]
    return benchmark(ORIGIN, VERSION, rows[:problems], problem, decoding=decoding)


def _name(row: Row) -> str:
    return text(row, "name", "id", "problem_name", "theorem_name")


def _in_part(row: Row, part: str) -> bool:
    said = find(row, "split")
    return not isinstance(said, str) or said.lower().startswith(part)


def _rows(path: str, part: str) -> Iterator[Row]:
    place = Path(path).expanduser()
    if path.endswith(".lean"):
        return _theorems(place)
    if path and place.is_dir():
        files = sorted(file for file in place.rglob("*.lean") if _of_part(file, place, part))
        if files:
            return (row for file in files for row in _theorems(file))
    return iter(read_rows(path, ORIGIN))


def _of_part(file: Path, folder: Path, part: str) -> bool:
    words = [word.lower() for word in file.relative_to(folder).with_suffix("").parts]
    wanted = PARTS[:2] if part == "all" else (part,)
    return any(word.startswith(one) for word in words for one in wanted)


def _theorems(file: Path) -> Iterator[Row]:
    try:
        code = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read {str(file)!r}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{file}: not UTF-8 (byte {error.start + 1}).") from error
    starts = [match.start() for match in _THEOREM.finditer(code)]
    header = re.sub(r"/-.*?-/", "", code[: starts[0]] if starts else "", flags=re.DOTALL)
    for begin, end in itertools.pairwise([*starts, len(code)]):
        line = code.count("\n", 0, begin) + 1
        statement = code[begin:end].strip()
        named = _NAME.match(statement)
        values: dict[str, Json] = {
            "name": named[1] if named else "",
            "formal_statement": statement,
            "header": header.strip() + "\n",
        }
        yield Row(f"{file}:{line}", line, file.stem, values)
