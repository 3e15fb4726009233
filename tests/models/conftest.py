"""A real OpenAI-compatible server: llama.cpp's own, serving the built-in model.

Not here: scripted servers that misbehave on purpose (`scripted_server.py`).
Try it: `python -m pytest tests/models/test_llama_server.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SLOTS = 16


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL (ending in /v1) of llama.cpp's server with the shipped "builtin" stage in f32.

    It takes n up to 16 and any model name; it runs on a free local port until the session ends.
    """
    pytest.importorskip("xllamacpp")
    pytest.importorskip("gguf")
    from tools.builtin_export import write_gguf

    path = tmp_path_factory.mktemp("gguf") / "builtin-f32.gguf"
    write_gguf(path, "builtin", "f32")
    script = Path(__file__).with_name("serve_gguf.py")
    command = [sys.executable, str(script), str(path), str(SLOTS)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        address = next((x for x in process.stdout if x.startswith("ADDRESS ")), "")
        assert address, "llama.cpp's server did not start"
        try:
            yield f"{address.split()[1]}/v1"
        finally:
            process.kill()
