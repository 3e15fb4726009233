"""Reward models: what a trained network thinks of an output, here or on a server.

Not here: the built-in model's small heads (`scoring.reward`) and judges, which are asked in words.
Try it: `topdraw score RUN --with reward_model:FOLDER`; see docs/rewards.md.
"""
