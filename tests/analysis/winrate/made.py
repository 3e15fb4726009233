"""Small judgment files in the layouts of the benchmarks; nothing in them is anybody's data."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from topdraw.store.json_rows import JsonRow, json_rows

Row = Mapping[str, object]


def write(path: Path, rows: Sequence[Row]) -> Path:
    """The rows as JSON list, or as JSON lines by the name of the file; gzipped likewise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ".jsonl" in path.suffixes
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(list(rows), indent=1)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def rows_of(path: Path, rows: Sequence[Row]) -> list[JsonRow]:
    """The rows, written and read."""
    return json_rows(write(path, rows))


def annotation(
    at: int, preference: float | None, *, model: str = "m", out: str = "long answer", **more: object
) -> dict[str, object]:
    """A row of alpaca_eval."""
    return {
        "instruction": f"Do {at}.",
        "output_1": "baseline " * (1 + at % 3),
        "generator_1": "gpt4_1106_preview",
        "output_2": out,
        "generator_2": model,
        "dataset": "koala",
        "annotator": "weighted_alpaca_eval_gpt4_turbo",
        "preference": preference,
        **more,
    }


def raw(share_of_first: float) -> dict[str, object]:
    """A raw completion whose judge names the answer shown first with this probability."""
    named = (("m", share_of_first), ("M", 1 - share_of_first))
    top = [{"token": token, "logprob": math.log(p)} for token, p in named if p > 0]
    return {"logprobs": {"content": [{"token": "m", "top_logprobs": top}]}}


def judgment(at: int, first: str | None, second: str | None, **more: object) -> dict[str, object]:
    """A row of Arena-Hard's 2025 code."""
    games = [{"score": one, "judgment": {"answer": f"[[{one}]]"}} for one in (first, second)]
    return {
        "uid": f"q{at}",
        "category": "hard_prompt",
        "judge": "gpt-4.1",
        "model": "m",
        "baseline": "o3-mini-2025-01-31",
        "games": games,
        **more,
    }


def wild_score(at: int, score: object, output: object = "text", **more: object) -> Row:
    """A row of WildBench's scores."""
    about = {"parsed_result": {"score": score}, "meta_data": {}, "model_test": "org/m"}
    return {"session_id": f"s{at}", **about, "score": score, "model_output": output, **more}


def wild_pair(
    at: int,
    winner: object,
    extent: object,
    own: str = "a" * 10,
    other: str = "b" * 10,
    **more: object,
) -> Row:
    """A row of WildBench's comparisons."""
    outputs = {"m": own, "Llama-2-70b-chat-hf": other}
    return {
        "session_id": f"s{at}",
        "parsed_result": {},
        "model_outputs": outputs,
        "winner": winner,
        "extent": extent,
        **more,
    }


def mix_free(at: int, score: float | None, said: str | None = "[[1.0]]") -> Row:
    """A judged row of MixEval's free-form split."""
    about = {"problem_type": "free-form", "benchmark_name": "TriviaQA", "target": ["x"]}
    return {"id": str(at), **about, "judge_response": said, "judge_score": score}


def mix_choice(at: int, chosen: str, target: object = 0) -> Row:
    """A judged row of MixEval's multiple-choice split."""
    about = {"problem_type": "single-choice", "benchmark_name": "MMLU", "options": ["x", "y"]}
    return {"id": str(at), **about, "target": [target], "judge_option": chosen}
