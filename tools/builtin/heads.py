"""Training of the two reward heads on readings of the model's own outputs.

Not here: drawing and reading the outputs (`tools/train_reward.py`) and inference
(`topdraw.scoring.reward_head`, whose features these are).
Try it: `python -m tools.train_reward --help`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from topdraw.scoring.reward_head import Floats, Reading, global_features, token_features

TOKEN_INNER = 64
TOKEN_OUT = 16
INNER = 32
NAIVE_INNER = 96
Arrays = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Group:
    """The distinct outputs of one problem.

    Attributes:
        family: of the problem.
        counts: shape (outputs,). How often each was drawn.
        correct: shape (outputs,). Whether it is right.
        readings: of each output.
    """

    family: str
    counts: NDArray[np.int64]
    correct: NDArray[np.bool_]
    readings: tuple[Reading, ...]

    @property
    def is_mixed(self) -> bool:
        """Whether there is something to rank: a right and a wrong output."""
        return bool(self.correct.any() and not self.correct.all())


def auc(values: Floats, group: Group) -> float:
    """Probability that a right sample of the group is valued above a wrong one; ties count half.

    Args:
        values: shape (outputs,).
        group: mixed; each output weighs as often as it was drawn.
    """
    right, wrong = group.correct, ~group.correct
    difference = np.sign(values[right][:, None] - values[wrong][None])
    weight = group.counts[right][:, None] * group.counts[wrong][None]
    return float(((difference + 1) / 2 * weight).sum() / weight.sum())


@dataclass
class _Features:
    """One group as tensors: rows of token features, where each output starts, global features."""

    tokens: Tensor
    owner: Tensor
    globals: Tensor
    state: Tensor
    correct: Tensor
    counts: Tensor


def _features(group: Group) -> _Features:
    rows = [token_features(reading) for reading in group.readings]
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return _Features(
        tokens=torch.tensor(np.concatenate(rows), dtype=torch.float32),
        owner=torch.from_numpy(owner),
        globals=torch.tensor(
            np.stack([global_features(r) for r in group.readings]), dtype=torch.float32
        ),
        state=torch.tensor(np.stack([r.hidden[-1] for r in group.readings]), dtype=torch.float32),
        correct=torch.from_numpy(group.correct),
        counts=torch.from_numpy(group.counts).float(),
    )


class PairHead(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """The head of `topdraw.scoring.reward_head.reward`, for training."""

    def __init__(self, tokens: Tensor, globals_: Tensor) -> None:
        super().__init__()
        self.token_mean, self.token_sd = tokens.mean(0), tokens.std(0) + 1e-3
        self.global_mean, self.global_sd = globals_.mean(0), globals_.std(0) + 1e-3
        width, extra = tokens.shape[1], globals_.shape[1]
        self.first = nn.Linear(width, TOKEN_INNER)
        self.second = nn.Linear(TOKEN_INNER, TOKEN_OUT)
        self.third = nn.Linear(3 * TOKEN_OUT + extra, INNER)
        self.last = nn.Linear(INNER, 1, bias=False)
        self.direct = nn.Parameter(torch.zeros(extra))
        self.drop = nn.Dropout(0.2)
        with torch.no_grad():
            self.direct[1] = 1.0  # starts as the mean log-probability

    def forward(self, tokens: Tensor, owner: Tensor, globals_: Tensor) -> Tensor:
        """Scores, shape (outputs,)."""
        count = globals_.shape[0]
        inner = functional.silu(self.first(self.drop((tokens - self.token_mean) / self.token_sd)))
        z = self.second(inner)
        index = owner[:, None].expand_as(z)
        empty = torch.zeros(count, z.shape[1])
        pooled = [
            empty.scatter_reduce(0, index, z, reduce, include_self=False)
            for reduce in ("mean", "amax", "amin")
        ]
        g = (globals_ - self.global_mean) / self.global_sd
        top = self.third(self.drop(torch.cat([*pooled, g], dim=1)))
        out: Tensor = self.last(functional.silu(top))[:, 0] + g @ self.direct
        return out

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Arrays under the names that inference reads."""
        named = {
            "token_mean": self.token_mean,
            "token_sd": self.token_sd,
            "global_mean": self.global_mean,
            "global_sd": self.global_sd,
            "w1": self.first.weight,
            "b1": self.first.bias,
            "w2": self.second.weight,
            "b2": self.second.bias,
            "v1": self.third.weight,
            "c1": self.third.bias,
            "v2": self.last.weight[0],
            "u": self.direct,
        }
        return {name: tensor.detach().float().numpy().copy() for name, tensor in named.items()}


def fit_reward(
    groups: Sequence[Group], *, seed: int, epochs: int, rate: float = 2e-3
) -> dict[str, NDArray[np.float32]]:
    """Arrays of a head trained with the within-problem pairwise logistic loss.

    loss = mean over the (right, wrong) pairs of one problem, weighted by how often each was
    drawn, of log(1 + exp(s_wrong - s_right)) (Bradley-Terry, within a problem only).

    Args:
        groups: those that are not mixed teach nothing and are left out.
        seed: of the weights and the order.
        epochs: passes over the groups.
        rate: highest learning rate; falls linearly to zero.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    data = [_features(group) for group in groups if group.is_mixed]
    head = PairHead(torch.cat([d.tokens for d in data[:400]]), torch.cat([d.globals for d in data]))
    optimiser = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=0.05)
    size = 8
    total = epochs * -(-len(data) // size)
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(data)).tolist()
        for start in range(0, len(order), size):
            optimiser.param_groups[0]["lr"] = rate * (1 - step / total)
            loss = _pair_loss(head, [data[i] for i in order[start : start + size]])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            step += 1
    head.eval()
    return head.arrays()


def _pair_loss(head: PairHead, batch: Sequence[_Features]) -> Tensor:
    offsets = np.cumsum([0, *(len(d.correct) for d in batch)])
    owner = torch.cat([d.owner + int(o) for d, o in zip(batch, offsets, strict=False)])
    scores = head(
        torch.cat([d.tokens for d in batch]), owner, torch.cat([d.globals for d in batch])
    )
    losses = []
    for data, start in zip(batch, offsets.tolist(), strict=False):
        mine = scores[start : start + len(data.correct)]
        right, wrong = data.correct, ~data.correct
        gap = mine[wrong][None] - mine[right][:, None]
        weight = data.counts[right][:, None] * data.counts[wrong][None]
        losses.append((functional.softplus(gap) * weight).sum() / weight.sum())
    return torch.stack(losses).mean()


def fit_naive(
    groups: Sequence[Group], *, seed: int, epochs: int, rate: float = 3e-3
) -> dict[str, NDArray[np.float32]]:
    """Arrays of a head on the last state, trained with cross-entropy pooled across problems.

    The usual first attempt, kept as an example of what not to do: every distinct output counts
    once, all problems are thrown together, nothing is held back. It learns which problems are
    easy, and its best of many is worse than one sample.

    Args:
        groups: all of them, mixed or not.
        seed: of the weights and the order.
        epochs: passes over the outputs.
        rate: learning rate, constant.
    """
    torch.manual_seed(seed)
    data = [_features(group) for group in groups]
    states = torch.cat([d.state for d in data])
    right = torch.cat([d.correct for d in data]).float()
    mean, sd = states.mean(0), states.std(0) + 1e-3
    first = nn.Linear(states.shape[1], NAIVE_INNER)
    last = nn.Linear(NAIVE_INNER, 1, bias=False)
    optimiser = torch.optim.AdamW([*first.parameters(), *last.parameters()], lr=rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(states)).split(256):
            inner = functional.silu(first((states[rows] - mean) / sd))
            loss = functional.binary_cross_entropy_with_logits(last(inner)[:, 0], right[rows])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
    named = {
        "mean": mean,
        "sd": sd,
        "w1": first.weight,
        "b1": first.bias,
        "v2": last.weight[0],
    }
    return {name: tensor.detach().numpy().copy() for name, tensor in named.items()}
