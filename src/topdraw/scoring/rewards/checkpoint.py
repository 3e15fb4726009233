"""A checkpoint of the Hugging Face hub, or its folder: configuration, tokenizer, network, tensors.

No code of a checkpoint is run unless it is asked for, nothing is unpickled, and a network whose
checkpoint lacks some of its weights is refused: transformers would fill them with noise.
Not here: what the outputs of a network mean (`classifier`, `objectives`, `process`, `pairs`).
Try it: `python -m pytest tests/scoring/rewards/test_checkpoint.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from topdraw._optional import require
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.told import say_once

#: What torch, transformers and safetensors give; they have no types here.
Foreign: TypeAlias = Any

# Where the hub's cache keeps the files of a commit.
_SNAPSHOT = re.compile(r"/models--[^/]+/snapshots/([0-9a-f]{40})/config\.json$")
_DTYPES = ("float32", "bfloat16", "float16")
_WHAT = "A reward model"


@dataclass(frozen=True, slots=True)
class Where:
    """Which checkpoint, and on what it runs.

    Attributes:
        model: a folder, or a name on the hub.
        revision: a commit, tag or branch on the hub; "" for the newest.
        device: as torch writes it; "" for a GPU when there is one.
        dtype: of the weights; "" for bfloat16 on a GPU and float32 elsewhere.
        attention: an implementation that transformers knows ("eager", ...); "" for its own choice.
        trust_remote_code: run Python code that comes with the checkpoint.
    """

    model: str
    revision: str = ""
    device: str = ""
    dtype: str = ""
    attention: str = ""
    trust_remote_code: bool = False


class Checkpoint:
    """An opened checkpoint; nothing is loaded before it is asked for.

    Args:
        where: it is.

    Attributes:
        where: it is.
        torch: the module.
        device: what its networks run on.

    Raises:
        ConfigError: when there is no such folder or device, or dtype is none of ours.
        MissingPackage: without torch or transformers.
    """

    def __init__(self, where: Where) -> None:
        self.torch: Foreign = require("torch", "hf", _WHAT)
        self._transformers: Foreign = require("transformers", "hf", _WHAT)
        self.where = where
        looks_local = where.model.startswith((".", "/", "~")) or where.model.count("/") > 1
        if looks_local and not os.path.isdir(os.path.expanduser(where.model)):
            raise ConfigError(f"There is no folder {where.model!r} with a reward model.")
        if where.dtype and where.dtype not in _DTYPES:
            raise ConfigError(f"dtype is {where.dtype!r}; it must be one of {', '.join(_DTYPES)}.")
        self.device = self._device()

    def _device(self) -> Foreign:
        name = self.where.device or ("cuda" if self.torch.cuda.is_available() else "cpu")
        try:
            device = self.torch.device(name)
            self.torch.empty(0, device=device)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            why = str(error).split("\n", maxsplit=1)[0]
            raise ConfigError(f"The device {name!r} cannot be used: {why}") from error
        return device

    @property
    def on_gpu(self) -> bool:
        """Whether its networks run on something else than the CPU."""
        return bool(self.device.type != "cpu")

    @cached_property
    def config(self) -> Foreign:
        """Its configuration."""
        return self._from(self._transformers.AutoConfig)

    @cached_property
    def tokenizer(self) -> Foreign:
        """Its tokenizer, which must be a fast one: it says where its tokens stand in the text."""
        found = self._from(self._transformers.AutoTokenizer)
        if not found.is_fast:
            raise ConfigError(
                f"The tokenizer of {self.where.model!r} is a slow one.",
                hint="Convert it: AutoTokenizer.from_pretrained(...).save_pretrained(...).",
            )
        return found

    @property
    def architecture(self) -> str:
        """The name of its class; "" when it does not say."""
        return str((self.config.architectures or [""])[0])

    @property
    def longest(self) -> int:
        """Most tokens that it has positions for; 0 when it needs none, or does not say."""
        config = self.config
        if not getattr(config, "position_biased_input", True):
            return 0  # DeBERTa's positions are relative
        most = int(getattr(config, "max_position_embeddings", 0) or 0)
        # RoBERTa counts from behind its padding token.
        return most - config.pad_token_id - 1 if "roberta" in str(config.model_type) else most

    @property
    def commit(self) -> str:
        """The commit of the hub that was loaded; "" for a folder."""
        found = _SNAPSHOT.search((self._file("config.json") or "").replace(os.sep, "/"))
        return found[1] if found else ""

    @cached_property
    def tensors(self) -> Mapping[str, str]:
        """The file of each tensor, by name; empty when they are not in safetensors."""
        index = self._file("model.safetensors.index.json")
        if index is not None:
            with open(index, encoding="utf-8") as file:
                return dict(json.load(file)["weight_map"])
        whole = self._file("model.safetensors")
        if whole is None:
            return {}
        with self._opened(whole) as tensors:
            return dict.fromkeys(tensors.keys(), "model.safetensors")

    def read(self, *prefixes: str) -> dict[str, Foreign]:
        """Its tensors whose names begin so, float32, on its device."""
        found = {}
        for name, file in self.tensors.items():
            if name.startswith(prefixes):
                with self._opened(self._file(file)) as tensors:
                    found[name] = tensors.get_tensor(name).to(self.device, self.torch.float32)
        return found

    def network(self, kind: str, **options: object) -> Foreign:
        """A network, ready to be asked.

        Args:
            kind: a class of transformers: "AutoModel", "AutoModelForSequenceClassification", ...
            options: of its `from_pretrained`.

        Raises:
            ConfigError: when it cannot be loaded, or lacks weights.
        """
        where, torch = self.where, self.torch
        dtype = where.dtype or ("bfloat16" if self.on_gpu else "float32")
        given = {"dtype": getattr(torch, dtype), "output_loading_info": True, **options}
        if where.attention:
            given["attn_implementation"] = where.attention
        network, told = self._from(getattr(self._transformers, kind), **given)
        lacking = sorted(told["missing_keys"]) + sorted(str(key) for key in told["mismatched_keys"])
        if lacking:
            raise ConfigError(
                f"{where.model!r} lacks weights of {type(network).__name__}: "
                f"{', '.join(lacking[:3])}.",
                hint="It is no such reward model; noise in their place would score at random.",
            )
        if self.commit and self.commit != where.revision:
            say_once(where.model, f"commit {self.commit} of the hub; pin it with revision=.")
        return network.to(self.device).eval()

    def _from(self, kind: Foreign, **options: object) -> Foreign:
        where = self.where
        given: dict[str, object] = {"trust_remote_code": where.trust_remote_code, **options}
        if where.revision:
            given["revision"] = where.revision
        try:
            with self._quiet():
                return kind.from_pretrained(os.path.expanduser(where.model), **given)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            why = " ".join(str(error).split())
            code = "trust_remote_code" in why
            raise ConfigError(
                f"The reward model {where.model!r} cannot be loaded: {why[:300]}",
                hint="If you trust its code, add trust_remote_code=True." if code else "",
            ) from error

    def _file(self, name: str) -> str | None:
        from transformers.utils import cached_file

        model, revision = os.path.expanduser(self.where.model), self.where.revision or None
        try:
            found: str | None = cached_file(model, name, revision=revision)
        except OSError:  # it has no such file
            return None
        return found

    def _opened(self, file: str | None) -> Foreign:
        from safetensors import safe_open

        return safe_open(file, framework="pt")

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """Without bars and reports on stderr; what matters of them is checked above."""
        log = self._transformers.utils.logging
        level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
        log.set_verbosity_error()
        log.disable_progress_bar()
        try:
            yield
        finally:
            log.set_verbosity(level)
            if bars:
                log.enable_progress_bar()
