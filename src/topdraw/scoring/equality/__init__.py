r"""When two written answers are the same answer: reading, exact values, digits, math-verify.

Not here: where an output says its answer (`scoring.answers`) and verdicts (`mathematics`).
Try it: `python -c "from topdraw.scoring.equality.compare import *; print(same('1/2', '0.5'))"`.
"""
