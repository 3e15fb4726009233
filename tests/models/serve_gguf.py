"""llama.cpp's own OpenAI server on a GGUF file, until standard input ends.

Not here: a test; it runs as a process of its own, because it prints and never returns.
Try it: `python tests/models/serve_gguf.py MODEL.gguf 8` prints the address it listens on.
"""

from __future__ import annotations

import sys

import xllamacpp


def main(path: str, slots: str) -> None:
    """Serve on a free local port and print its address."""
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = int(slots)
    params.n_ctx = 512 * int(slots)
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.use_jinja = True
    params.warmup = False
    server = xllamacpp.Server(params)
    sys.stdout.write(f"ADDRESS {server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
