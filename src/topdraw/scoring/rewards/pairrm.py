"""The network of a PairRM: a DeBERTa that reads a source and two candidates, and a head.

With s, a and b the states at the three prefixes, it says mean(H(s, a) - H(s, b)), H two layers.
Not here: both orders, and comparisons (`pairs`).
Try it: `python -m pytest tests/scoring/rewards/test_pairs.py`.
"""

from __future__ import annotations

from topdraw.errors import ConfigError
from topdraw.scoring.rewards.checkpoint import Checkpoint, Foreign, Where
from topdraw.scoring.rewards.conversation import Reader, Tokens, readable
from topdraw.scoring.rewards.heads import linear
from topdraw.scoring.rewards.kept import kept
from topdraw.scoring.rewards.passes import Batch, Passes

_PREFIXES = ("<|source|>", "<|candidate1|>", "<|candidate2|>")
# As the model card has it: a source has at most 1,224 tokens, and all three 2,048.
_SOURCE, _ALL = 1224, 2048


@kept
def load_pairs(where: Where, batch_size: int | None) -> PairNetwork:
    """The network of a checkpoint; see `PairNetwork`."""
    return PairNetwork(Checkpoint(where), batch_size)


class PairNetwork:
    """The network of a PairRM: a head on (source, candidate) of each of its two candidates."""

    def __init__(self, checkpoint: Checkpoint, batch_size: int | None) -> None:
        self._torch, model = checkpoint.torch, checkpoint.where.model
        self._head = checkpoint.read("head_layer.")
        if not {"head_layer.1.weight", "head_layer.4.weight"} <= set(self._head):
            raise ConfigError(
                f"{model!r} is no pairwise ranker of PairRM's kind.",
                hint="Known: llm-blender/PairRM-hf. Other reward models are for reward_model.",
            )
        tokenizer = checkpoint.tokenizer
        self._most = min(_ALL, checkpoint.longest or _ALL)
        self._reader = Reader(tokenizer, model, max_length=self._most)
        ids = [tokenizer.convert_tokens_to_ids(prefix) for prefix in _PREFIXES]
        if None in ids or tokenizer.unk_token_id in ids or len(set(ids)) < len(ids):
            raise ConfigError(f"The tokenizer of {model!r} lacks {', '.join(_PREFIXES)}.")
        self._prefixes = ids
        self._network = checkpoint.network("AutoModel", key_mapping={r"^pretrained_model\.": ""})
        self.passes = Passes(checkpoint, self._ask, batch_size=batch_size)

    def read(self, source: str, first: str, second: str) -> Tokens:
        """The tokens of a source and two candidates, each cut to its share."""
        ids = self._part(0, readable(source), min(_SOURCE, self._most * _SOURCE // _ALL))
        places = [ids.index(self._prefixes[0])]
        share = (self._most - len(ids)) // 2
        for at, text in ((1, first), (2, second)):
            part = self._part(at, readable(text), share)
            places.append(len(ids) + part.index(self._prefixes[at]))
            ids = [*ids, *part]
        return Tokens(tuple(ids), places=tuple(places))

    def _part(self, at: int, text: str, most: int) -> list[int]:
        """CLS, prefix, text, SEP: the prefix is ours, whatever the text spells."""
        tokenizer, prefix = self._reader.tokenizer, self._prefixes[at]
        bare = list(tokenizer(_PREFIXES[at])["input_ids"])
        here = bare.index(prefix)
        before, after = bare[:here], bare[here + 1 :]
        if self._reader.forges(text):
            inner = [prefix, *self._reader.ids(text, plain=True)]
        else:
            whole = list(tokenizer(_PREFIXES[at] + text)["input_ids"])
            inner = whole[len(before) : len(whole) - len(after)]
        room = max(most - len(before) - len(after), 1)
        return [*before, *inner[:room], *after]

    def _ask(self, batch: Batch) -> list[object]:
        states = self._network(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        return [
            self._said(row[list(text.places)].float())
            for row, text in zip(states, batch.tokens, strict=False)
        ]

    def _said(self, states: Foreign) -> float:
        source, first, second = states
        ahead = self._worth(source, first) - self._worth(source, second)
        return float(ahead.mean())

    def _worth(self, source: Foreign, candidate: Foreign) -> Foreign:
        torch, head = self._torch, self._head
        hidden = torch.tanh(linear(torch, torch.cat([source, candidate]), head, "head_layer.1"))
        return linear(torch, hidden, head, "head_layer.4")
