"""The optimiser and one training step: Muon for matrices, AdamW for the rest, WSD schedule.

Not here: the order of the stages (`train_builtin.py`) and the data.
Try it: `python -m pytest tests/tools/test_train_builtin.py`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import torch
from tools.builtin.network import Llama
from tools.builtin.tokens import Batch
from torch.nn import functional

MUON_RATE = 0.012
ADAMW_RATE = 0.004
WARM_UP_STEPS = 30
FLOOR = 0.02


def rate_factor(step: int, *, decay_start: int, steps: int) -> float:
    """Warm-up, stable, linear decay: the factor on both learning rates at a step.

    Args:
        step: 0..steps-1.
        decay_start: first step of the decay.
        steps: length of the stage; the last step has the floor, 0.02.
    """
    if step < decay_start:
        return min(1.0, (step + 1) / WARM_UP_STEPS)
    return 1.0 - (1.0 - FLOOR) * (step + 1 - decay_start) / (steps - decay_start)


@dataclass
class Learner:
    """A model and its optimisers while they are being trained; changes in place."""

    model: Llama
    muon: torch.optim.Optimizer = field(init=False)
    adamw: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        named = list(self.model.named_parameters())
        matrices = [p for name, p in named if name.endswith("_proj.weight")]
        rest = [p for name, p in named if not name.endswith("_proj.weight")]
        self.muon = torch.optim.Muon(matrices, lr=MUON_RATE, ns_steps=4)
        self.adamw = torch.optim.AdamW(rest, lr=ADAMW_RATE, betas=(0.9, 0.95), weight_decay=0.0)

    def branch(self) -> Learner:
        """A copy that can be trained without touching this one."""
        twin = Learner(copy.deepcopy(self.model))
        twin.muon.load_state_dict(copy.deepcopy(self.muon.state_dict()))
        twin.adamw.load_state_dict(copy.deepcopy(self.adamw.state_dict()))
        return twin

    def step(self, batch: Batch, factor: float) -> dict[str, tuple[float, int]]:
        """Learn from one batch.

        Args:
            batch: token rows.
            factor: of the learning rates, see `rate_factor`.

        Returns:
            Per kind: summed loss of the answer tokens in nats, and how many there were.
        """
        self.muon.param_groups[0]["lr"] = MUON_RATE * factor
        self.adamw.param_groups[0]["lr"] = ADAMW_RATE * factor
        tokens = torch.from_numpy(batch.tokens)
        wanted = torch.from_numpy(batch.is_answer)[:, 1:]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.model.hidden(tokens[:, :-1])[wanted]
            logits = functional.linear(hidden, self.model.embed_tokens.weight)
        losses = functional.cross_entropy(logits.float(), tokens[:, 1:][wanted], reduction="none")
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in (self.muon, self.adamw):
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return _by_kind(batch, wanted, losses.detach())


def _by_kind(
    batch: Batch, wanted: torch.Tensor, losses: torch.Tensor
) -> dict[str, tuple[float, int]]:
    row = torch.nonzero(wanted)[:, 0]
    table = torch.zeros(wanted.shape[0]).index_add_(0, row, losses).tolist()
    counts = wanted.sum(1).tolist()
    sums: dict[str, tuple[float, int]] = {}
    for kind, loss, count in zip(batch.kinds, table, counts, strict=True):
        old_loss, old_count = sums.get(kind, (0.0, 0))
        sums[kind] = (old_loss + loss, old_count + count)
    return sums
