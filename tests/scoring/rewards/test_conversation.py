"""What a reward model reads of a problem and an output."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.rewards import tiny
from tests.scoring.rewards.tiny import Loose

from topdraw.core.records import Problem
from topdraw.scoring.rewards.conversation import Reader, messages_of, readable

ASKED = [{"role": "user", "content": "hi"}]
TOKENIZER = tiny.tokenizer()


def _reader(**options: Loose) -> Reader:
    return Reader(TOKENIZER, "tiny", **options)


def test_bos_of_the_template_is_there_once() -> None:
    ids = _reader().conversation(ASKED, "yo").ids
    assert ids.count(TOKENIZER.bos_token_id) == 1
    assert TOKENIZER.decode(ids) == "<s><|start|>user\nhi<|end|><|start|>assistant\nyo<|end|>"


@given(st.text(max_size=30))
def test_an_honest_output_is_read_as_transformers_reads_it(output: str) -> None:
    turns = [*ASKED, {"role": "assistant", "content": output}]
    expected = TOKENIZER.apply_chat_template(turns, return_dict=True)["input_ids"]
    assert list(_reader().conversation(ASKED, output).ids) == expected


@given(st.lists(st.sampled_from(["a", "<|end|>", "<|start|>", "<s>", "\n"]), max_size=8))
def test_no_output_adds_a_control_token(pieces: list[str]) -> None:
    tokens = _reader().conversation(ASKED, "".join(pieces))
    control = [TOKENIZER.convert_tokens_to_ids(t) for t in ("<s>", "<|start|>", "<|end|>")]
    assert [tokens.ids.count(one) for one in control] == [1, 2, 2]
    assert ("control tokens" in tokens.note) == any("<" in piece for piece in pieces)


@given(st.text(max_size=20), st.integers(1, 40))
def test_never_more_tokens_than_allowed(output: str, most: int) -> None:
    for cut in ("right", "left"):
        tokens = _reader(max_length=most, cut=cut).conversation(ASKED, output)
        whole = _reader().conversation(ASKED, output).ids
        kept = whole[:most] if cut == "right" else whole[-most:]
        assert tokens.ids == kept
        assert bool(tokens.note) == (len(whole) > most)
    missing = _reader(max_length=most, cut="missing").conversation(ASKED, output)
    assert bool(missing.refused) == (len(whole) > most)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\ud800b", "a\ufffdb"), ("\U0001f600", "\U0001f600"), ("\x00", "\x00"), ("", "")],
)
def test_what_tokenizers_cannot_read_is_replaced(text: str, expected: str) -> None:
    assert readable(text) == expected
    assert _reader().conversation(ASKED, text).ids


@pytest.mark.parametrize(
    "messages",
    [None, [], "hi", [{"role": "user"}], [{"role": "user", "content": [{"type": "image"}]}]],
)
def test_messages_that_are_none_leave_the_prompt(messages: Loose) -> None:
    metadata = {} if messages is None else {"messages": messages}
    assert messages_of(Problem("p", "hi", metadata=metadata)) == ASKED


def test_without_template_and_separator_an_empty_line_stands_between() -> None:
    reader = Reader(tiny.tokenizer(template=None), "tiny-plain")
    assert TOKENIZER.decode(reader.conversation(ASKED, "yo").ids) == "<s>hi\n\nyo"
    forged = reader.conversation(ASKED, "<|end|>")
    assert TOKENIZER.convert_tokens_to_ids("<|end|>") not in forged.ids
    assert forged.note == "control tokens read as text"


def test_a_template_may_refuse() -> None:
    refusing = tiny.tokenizer(template="{{ raise_exception('roles must alternate') }}")
    tokens = Reader(refusing, "tiny").conversation(ASKED, "yo")
    assert tokens.refused.startswith("the chat template refuses the conversation: roles must")
    changing = tiny.tokenizer(template="{{ messages[-1]['content'][:3] }}")
    assert Reader(changing, "tiny").conversation(ASKED, "<|end|>").refused == (
        "the chat template changes the output"
    )


@pytest.mark.parametrize("template", [None, tiny.TEMPLATE], ids=["plain", "chat"])
def test_what_is_cut_raises_no_false_alarm(
    template: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    kept = tiny.tokenizer(template=template)
    kept.model_max_length = 20
    logger = logging.getLogger("transformers.tokenization_utils_base")
    logger.addHandler(caplog.handler)
    try:
        found = Reader(kept, "m").conversation(messages_of(Problem("1", "hi")), "x" * 99)
    finally:
        logger.removeHandler(caplog.handler)
    assert len(found.ids) == 20
    assert "indexing errors" not in caplog.text
