"""Models, scorers and selectors put together into something that answers, or judges, better.

Not here: the parts (`topdraw.sampling`, `topdraw.scoring`, `topdraw.selection`).
Try it: `topdraw judge --help`.
"""
