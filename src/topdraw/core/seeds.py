"""Child seeds from (run seed, problem id, sample index), so that concurrency changes nothing.

Not here: drawing; whoever draws makes a generator from the seed it is given.
Try it: `python -c "from topdraw.core.seeds import sample_seed; print(sample_seed(0, 'a', 7))"`.
"""

from __future__ import annotations

import hashlib

import numpy as np

Rng = int | np.random.Generator


def sample_seed(run_seed: int, problem_id: str, index: int) -> int:
    """The seed of one sample: a 31-bit integer, as every model server accepts.

    Args:
        run_seed: seed of the run, any integer.
        problem_id: id of the problem; any text, lone surrogates included.
        index: index of the sample, >= 0.

    Returns:
        An integer in [0, 2**31), the head of a BLAKE2b hash of the three.

    Examples:
        >>> sample_seed(0, "gsm8k/1", 7) == sample_seed(0, "gsm8k/1", 7)
        True
    """
    key = f"{run_seed}\x1f{index}\x1f{problem_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "big") >> 1


def consecutive_seed(run_seed: int, problem_id: str, index: int) -> int:
    """The seed of one sample of a server: those of neighbouring samples are neighbours.

    A server that gives choice j of a request the seed s + j (vLLM does) then draws each sample from
    a seed that depends on its index alone, however many were asked for together.

    Args:
        run_seed: seed of the run, any integer.
        problem_id: id of the problem; any text, lone surrogates included.
        index: index of the sample, >= 0.

    Returns:
        An integer in [0, 2**31): `sample_seed` of index 0, plus the index, modulo 2**31.

    Examples:
        >>> consecutive_seed(0, "gsm8k/1", 7) - consecutive_seed(0, "gsm8k/1", 5)
        2
    """
    return (sample_seed(run_seed, problem_id, 0) + index) % 2**31


def generator(rng: Rng) -> np.random.Generator:
    """A NumPy generator from a seed, or the one given.

    Args:
        rng: an integer seed, or a generator, which is used (and advanced) as it is.
    """
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
