"""`topdraw models`: the kinds of models and how to name one.

Not here: connecting. Try it: `topdraw models`.
"""

from __future__ import annotations

import json

import click

from topdraw.cli.options import json_option

_KINDS = {
    "builtin": ("the shipped language model, the stronger stage", "--model builtin"),
    "builtin:small": ("the same model stopped earlier in training", "--model builtin:small"),
    "http": (
        "any OpenAI-compatible server: vLLM, llama.cpp, Ollama, a vendor",
        "--endpoint http://localhost:8000/v1 --model NAME",
    ),
    "recorded": ("samples already drawn: a JSONL file or a run", "--model recorded:samples.jsonl"),
}


@click.command("models")
@json_option
def command(as_json: bool) -> None:
    """List the kinds of models and how to name one."""
    from topdraw.core.registry import names

    others = {name: ("from an installed package", f"--model {name}") for name in names("model")}
    rows = _KINDS | {name: row for name, row in others.items() if name not in _KINDS}
    for name, (what, how) in rows.items():
        if as_json:
            click.echo(json.dumps({"model": name, "description": what, "use": how}))
        else:
            click.echo(f"{name:<14} {what}\n{'':<14} {how}")
