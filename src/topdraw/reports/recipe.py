"""How to make the same numbers again: the exact command and what it stands on.

Not here: reading a run. Try it: `python -m pytest tests/reports/test_recipe.py`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topdraw.core.records import Decoding, Json
from topdraw.core.until import Until

if TYPE_CHECKING:
    from topdraw.store.manifest import Manifest

_GOES_ON = (
    "Where the run lies, this command goes on: it draws and scores what is still lacking. With "
    "another folder at its end it draws the same samples again where the model honours seeds, as "
    "the built-in one does."
)
_OPTIONS = {"problems": "--problems", "seed": "--task-seed"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a run was made.

    Attributes:
        command: a shell command that draws, scores and reports the same.
        facts: what it stands on, as (name, value) for people.
        about: what the command does, in sentences.
    """

    command: str
    facts: tuple[tuple[str, str], ...]
    about: str = _GOES_ON


def table_recipe(path: Path, manifest: Manifest, *, by: str, value: str) -> Recipe:
    """How to make the page of a table again, and what stands in it.

    Args:
        path: the file.
        manifest: what the table says of itself.
        by: the verifier.
        value: the ranking scorer; "" for none.
    """
    words = ["topdraw", "report", str(path)]
    words += ["--value", value] if value else []
    facts = (
        ("table", path.name),
        ("digest", str(manifest.task.get("digest", ""))),
        ("model", str(manifest.model.get("name", ""))),
        ("correct by", by),
        *((("ranked by", value),) if value else ()),
    )
    about = "This command makes the page again from the table; nothing is drawn or scored."
    return Recipe(" ".join(map(_quoted, words)), facts, about)


def run_command(
    task: str,
    options: Mapping[str, Json],
    model: Mapping[str, Json],
    decoding: Decoding,
    n: int,
    *,
    seed: int,
    greedy: bool,
    by: str = "",
    value: str = "",
    until: Until | None = None,
    out: str = "",
) -> str:
    """The `topdraw run` command of a draw; settings at their default are left out.

    Args:
        task: name or file of the task.
        options: the task's options.
        model: its identity, as a manifest holds it.
        decoding: settings of the draw.
        n: samples per problem.
        seed: of the run.
        greedy: whether a greedy sample was drawn too.
        by: the verifier; "" when it is the task's own.
        value: the ranking scorer; "" when it is the default one.
        until: the rule that stopped the drawing.
        out: the directory of the run, to go on in it; "" for the usual one.
    """
    words = ["topdraw", "run", task, *_model_words(model), "-n", str(n), *_decoding(decoding)]
    words += ["--seed", str(seed)]
    for name, option in options.items():
        text = option if isinstance(option, str) else json.dumps(option)
        words += [_OPTIONS[name], text] if name in _OPTIONS else ["-o", f"{name}={text}"]
    words += [] if greedy else ["--no-greedy"]
    words += _until(until) if until else []
    words += ["--by", by] if by else []
    words += ["--value", value] if value else []
    words += ["--out", out] if out else []
    return " ".join(map(_quoted, words))


def _until(until: Until) -> list[str]:
    words = ["--until", until.rule, "--batch", str(until.batch)]
    words += ["--confidence", str(until.confidence)] if until.rule != "pass" else []
    return words + (["--gain", str(until.gain)] if until.rule == "best" else [])


def _quoted(word: str) -> str:
    """The word for a shell; with a control character in the form $'...', which shows it."""
    if word.isprintable():
        return shlex.quote(word)
    return "$" + repr(word) if "'" not in word else shlex.quote(word)


def _model_words(model: Mapping[str, Json]) -> Sequence[str]:
    if model.get("kind") == "endpoint":
        # A manifest holds no address: the same model may be served elsewhere tomorrow.
        return ["--endpoint", "URL", "--model", str(model.get("model", ""))]
    known = (model.get(key) for key in ("name", "spec", "model", "kind"))
    return ["--model", str(next((word for word in known if word), "builtin"))]


def _decoding(decoding: Decoding) -> Sequence[str]:
    plain = Decoding()
    named: list[tuple[str, object, object]] = [
        ("--temperature", decoding.temperature, plain.temperature),
        ("--top-p", decoding.top_p, plain.top_p),
        ("--top-k", decoding.top_k, plain.top_k),
        ("--repetition-penalty", decoding.repetition_penalty, plain.repetition_penalty),
        ("--presence-penalty", decoding.presence_penalty, plain.presence_penalty),
        ("--frequency-penalty", decoding.frequency_penalty, plain.frequency_penalty),
        ("--max-output-tokens", decoding.max_tokens, plain.max_tokens),
        ("--system", decoding.system, plain.system),
    ]
    words = [word for name, value, usual in named if value != usual for word in (name, str(value))]
    words += ["--extra-body", _compact(dict(decoding.extra_body))] if decoding.extra_body else []
    return words + [word for stop in decoding.stop for word in ("--stop", stop)]


def facts_of(
    *,
    version: str,
    task: Mapping[str, Json],
    model: Mapping[str, Json],
    decoding: Decoding,
    seed: int,
    created: str,
    by: str,
    value: str,
    until: Until | None = None,
) -> tuple[tuple[str, str], ...]:
    """What a run stands on, as (name, value) for people; empty values are left out.

    Args:
        version: of topdraw.
        task: the manifest's task: name, version, options, digest.
        model: the model's identity.
        decoding: settings of the draw.
        seed: of the run.
        created: when it was made.
        by: the verifier.
        value: the ranking scorer.
        until: the rule that stopped the drawing.
    """
    settings = ", ".join(f"{k}={v}" for k, v in decoding.as_dict().items() if v not in (None, []))
    facts = (
        ("topdraw", version),
        ("task", f"{task.get('name', '')} version {task.get('version', '')}"),
        ("task digest", str(task.get("digest") or "")),
        ("task options", _compact(task.get("options"))),
        ("model", _compact(dict(model))),
        ("decoding", settings),
        ("drawn", str(until or "")),
        ("run seed", str(seed)),
        ("correct by", by),
        ("ranked by", value),
        ("created", created),
    )
    return tuple((name, text) for name, text in facts if text)


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
