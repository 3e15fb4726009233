"""How the shipped language model and its reward models are made; PyTorch lives only here.

Not here: drawing from them, which is NumPy only (`topdraw.models.builtin`).
Try it: `python -m tools.train_builtin --help`.
"""
