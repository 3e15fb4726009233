"""Where steps stand in what is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.rewards import tiny
from tests.scoring.rewards.tiny import Loose

from topdraw.scoring.rewards.conversation import Reader
from topdraw.scoring.rewards.layout import lay_out

ASKED = [{"role": "user", "content": "2+2?"}]
TOKENIZER = tiny.tokenizer()
STEPS = st.lists(st.text("ab+ \u0436", min_size=1).filter(str.strip), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("layout", "tag", "before"),
    [
        ("pieces", "#", "#"),
        ("text", " #\n", "#"),
        ("chat", "<extra_0>", "<extra_0>"),
        ("turns", "", "assistant\n"),
    ],
)
@given(steps=STEPS)
def test_what_is_read_ends_each_step(
    layout: Loose, tag: str, before: str, steps: list[str]
) -> None:
    reader = Reader(TOKENIZER, "tiny")
    tokens = lay_out(reader, layout, ASKED, steps, tag=tag, good="+")
    assert len(tokens.places) == len(steps)
    at = 0
    for place, step in zip(tokens.places, steps, strict=True):
        read = TOKENIZER.decode(tokens.ids[at : place + 1])
        assert read.endswith(before)
        assert step.strip() in read
        at = place + 1


@pytest.mark.parametrize("layout", ["chat", "turns"])
def test_a_template_may_trim(layout: Loose) -> None:
    trimming = tiny.tokenizer(template=tiny.TEMPLATE.replace("m['content']", "m['content'] | trim"))
    plain, trimmed = (
        lay_out(Reader(one, "tiny"), layout, ASKED, ["a", " b "], tag="<extra_0>", good="+")
        for one in (TOKENIZER, trimming)
    )
    assert len(plain.places) == len(trimmed.places) == 2
    spaced = lay_out(
        Reader(trimming, "tiny"), layout, ASKED, ["  a", "b"], tag="<extra_0>", good="+"
    )
    ends = [spaced.ids[place] for place in spaced.places]
    assert ends == [trimmed.ids[place] for place in trimmed.places]


def test_the_tag_in_an_output_is_no_step() -> None:
    tokens = lay_out(Reader(TOKENIZER, "tiny"), "text", ASKED, ["a # b", "c"], tag=" #\n", good="+")
    assert len(tokens.places) == 2
