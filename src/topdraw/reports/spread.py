"""Labels that would lie on each other, moved apart as little as possible.

Not here: drawing them. Try it: `python -c "from topdraw.reports.spread import spread;
print(spread([10, 11], [14, 14], 0, 100))"`.
"""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Centres as near as possible to the wanted ones, in the same order, without overlap.

    Least squares under the order and the distances, by pooling adjacent violators: label i moved
    up by the room of those before it must not lie before its predecessor.

    Args:
        wanted: centres, any order, finite.
        sizes: extent of each along the line, >= 0; as many as `wanted`.
        low: least edge allowed.
        high: largest edge allowed, >= low.

    Returns:
        One centre per label, all within the edges. Where the labels are larger than the room in
        sum, they overlap evenly.

    Raises:
        ValueError: if the lengths differ.

    Examples:
        >>> spread([10, 11], [14, 14], 0, 100)
        [7.0, 21.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pairs = list(zip((wanted[i] for i in order), (sizes[i] for i in order), strict=True))
    squeeze = min(1.0, (high - low) / max(sum(size for _, size in pairs), 1e-9))
    starts = [0.0]
    for _, size in pairs:
        starts.append(starts[-1] + size * squeeze)
    offsets = [start + size * squeeze / 2 for start, (_, size) in zip(starts, pairs, strict=False)]
    level = _rising([want - offset for (want, _), offset in zip(pairs, offsets, strict=True)])
    last = max(low, high - starts[-1])
    centres = [0.0] * len(order)
    for at, index in enumerate(order):
        centres[index] = min(max(level[at], low), last) + offsets[at]
    return centres


def _rising(values: Sequence[float]) -> list[float]:
    """The nearest sequence that never falls (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while blocks and blocks[-1][0] > mean:
            before, size = blocks.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        blocks.append((mean, count))
    return [mean for mean, count in blocks for _ in range(count)]
