"""Replies of score servers, in the shapes that their documentation has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.rewards.tiny import Loose

from topdraw.scoring.rewards.replies import Said, body_of, read_body

ASKED = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("style", "body"),
    [
        (
            "classify",
            {
                "model": "m",
                "messages": [*ASKED, {"role": "assistant", "content": "a"}],
                "use_activation": False,
            },
        ),
        ("pooling", {"model": "m", "messages": [*ASKED, {"role": "assistant", "content": "a"}]}),
        ("score", {"model": "m", "text_1": "hi", "text_2": ["a"], "use_activation": False}),
        (
            "predict",
            {"model": "m", "inputs": [["hi", "a"]], "raw_scores": True, "truncate": True},
        ),
        (
            "rerank",
            {"model": "m", "query": "hi", "texts": ["a"], "raw_scores": True, "truncate": True},
        ),
    ],
)
def test_bodies(style: Loose, body: dict[str, Loose]) -> None:
    assert body_of(style, "m", ASKED, ["a"], truncate=True) == body
    assert "model" not in body_of(style, "", ASKED, ["a"], truncate=True)


def _classified(*probs: object) -> dict[str, Loose]:
    data = {"index": 0, "label": "LABEL_0", "probs": list(probs), "num_classes": len(probs)}
    return {"id": "classify-1", "object": "list", "model": "m", "data": [data], "usage": {}}


@pytest.mark.parametrize(
    ("style", "payload", "label", "said"),
    [
        ("classify", _classified(-3.5), "", (-3.5,)),
        ("classify", _classified(1.0, 3.0), "", (2.0,)),
        ("classify", _classified(1.0, 3.0), "0", (1.0,)),
        ("classify", _classified(1.0, 3.0, 5.0), "2", (5.0,)),
        ("pooling", {"data": [{"index": 0, "object": "reward", "data": [0.25]}]}, "", (0.25,)),
        ("pooling", {"data": [{"index": 0, "data": [[0.1], [0.7]]}]}, "", (0.1, 0.7)),
        ("pooling", {"data": [{"index": 0, "data": [[0.9, 0.1], [0.3, 0.7]]}]}, "", (0.1, 0.7)),
        ("score", {"data": [{"index": 0, "object": "score", "score": 2}]}, "", (2.0,)),
        ("predict", [[{"score": 0.4, "label": "LABEL_0"}]], "", (0.4,)),
        ("predict", [{"score": 0.4, "label": "reward"}], "", (0.4,)),
        (
            "predict",
            [[{"score": 3, "label": "LABEL_1"}, {"score": 1, "label": "LABEL_0"}]],
            "",
            (2.0,),
        ),
        ("predict", [[{"score": 3, "label": "b"}, {"score": 1, "label": "a"}]], "a", (1.0,)),
        ("rerank", [{"index": 0, "score": 0.9}], "", (0.9,)),
        ("rerank", {"results": [{"index": 0, "relevance_score": 0.9}]}, "", (0.9,)),
    ],
)
def test_values(style: Loose, payload: Loose, label: str, said: tuple[float, ...]) -> None:
    assert read_body(style, payload, 1, label) == [Said(said)]


@pytest.mark.parametrize(
    ("style", "payload", "label", "why"),
    [
        ("classify", _classified(None), "", "the server gave [None]"),
        ("classify", _classified(float("nan")), "", "the server gave [nan]"),
        ("classify", _classified(True), "", "the server gave [True]"),
        ("classify", _classified(1, 2, 3), "", "the server gave 3 labels; say which one: label="),
        ("classify", _classified(1.0), "good", "the server gave 1 labels without names, no 'good'"),
        ("classify", {"data": []}, "", "the server said nothing of it"),
        ("classify", {"data": [{"index": "0", "probs": [1]}]}, "", "said nothing of it"),
        ("pooling", {"data": [{"index": 0, "data": [[0.1], [None]]}]}, "", "gave [None]"),
        ("pooling", {"data": [{"index": 0, "data": []}]}, "", "the server gave []"),
        ("pooling", {"data": [{"index": 0, "data": "AAAA"}]}, "", "the server gave ['AAAA']"),
        ("predict", [[{"score": 3, "label": "b"}]], "a", "no label 'a', but b"),
        ("predict", {"error": "x"}, "", "said nothing of it"),
        ("rerank", [{"index": 0, "score": "high"}], "", "the server gave ['high']"),
        ("score", "web page", "", "said nothing of it"),
        ("score", None, "", "said nothing of it"),
    ],
)
def test_what_is_no_value(style: Loose, payload: Loose, label: str, why: str) -> None:
    (said,) = read_body(style, payload, 1, label)
    assert said.values == ()
    assert why in said.why


@given(st.permutations(range(5)), st.integers(0, 5))
def test_a_reply_in_any_order_and_with_gaps(order: list[int], kept: int) -> None:
    items = [{"index": at, "score": float(at)} for at in order[:kept]]
    said = read_body("rerank", items, 5, "")  # type: ignore[arg-type]  # JSON
    assert [bool(one.why) for one in said] == [at not in order[:kept] for at in range(5)]
    assert all(one.why or one.values == (float(at),) for at, one in enumerate(said))
