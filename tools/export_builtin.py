"""Write the built-in model for other engines: safetensors, transformers, llama.cpp (GGUF).

Not here: how (`tools/builtin_export.py`).
Try it: `python -m tools.export_builtin --stage both --out exported`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.builtin_export import KINDS, write_gguf, write_safetensors, write_transformers

from topdraw.models.builtin.weights import STAGES, load


def export(stage: str, out: Path) -> list[Path]:
    """Write all formats of one stage.

    Args:
        stage: "builtin" or "small".
        out: the folder to write to; made if need be.

    Returns:
        What was written: two safetensors files, a transformers folder, two GGUF files.
    """
    weights = load(stage)
    written = []
    for kind in KINDS:
        path = out / f"{stage}-{kind}.safetensors"
        write_safetensors(path, weights, kind)
        written.append(path)
    write_transformers(out / f"{stage}-transformers", stage)
    written.append(out / f"{stage}-transformers")
    for kind in KINDS:
        path = out / f"{stage}-{kind}.gguf"
        write_gguf(path, stage, kind)
        written.append(path)
    return written


def main() -> None:
    """Parse the command line, export, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--stage", choices=[*STAGES, "both"], default="both")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for stage in STAGES if options.stage == "both" else [options.stage]:
        for path in export(stage, options.out):
            print(path)


if __name__ == "__main__":
    main()
