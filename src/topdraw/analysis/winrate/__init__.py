"""Win rates as the benchmarks publish them, each with our own interval over instructions beside.

Not here: judging; the votes of people (`topdraw.ranking`).
Try it: `topdraw winrate annotations.json`.
"""
