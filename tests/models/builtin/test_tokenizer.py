"""The tokenizer equals the `tokenizers` package, and is safe with hostile text."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference

from topdraw.errors import FormatError
from topdraw.models.builtin.tokenizer import Tokenizer
from topdraw.models.builtin.weights import FOLDER

PATH = FOLDER / "tokenizer.json"
OURS = Tokenizer(PATH)
THEIRS = Reference.from_file(str(PATH))
SPECIALS = ("<|end|>", "<|user|>", "<|assistant|>", "<|pad|>")
KNOWN = list(THEIRS.get_vocab())

plain = st.text(st.characters(exclude_categories=["Cs"]))
likely = st.lists(
    st.sampled_from([*KNOWN, " ", "  ", "\n", "12", "x", "'s", "é", "\u2028", "½"])
).map(lambda parts: "".join(part.replace("Ġ", " ").replace("Ċ", "\n") for part in parts))


def without_specials(text: str) -> str:
    for special in SPECIALS:
        text = text.replace(special, "")
    return text


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(plain | likely)
def test_equals_the_tokenizers_package(text: str) -> None:
    text = without_specials(text)
    text = text if not any(special in text for special in SPECIALS) else ""
    assert OURS.encode(text) == THEIRS.encode(text).ids


@settings(max_examples=200, deadline=None)
@given(plain | likely | st.text())
def test_decoding_gives_the_text_back(text: str) -> None:
    clean = "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in text)
    assert OURS.decode(OURS.encode(text)) == clean


@settings(max_examples=300)
@given(st.lists(st.integers(0, OURS.size - 1)))
def test_any_tokens_decode_as_the_package_does(tokens: list[int]) -> None:
    assert OURS.decode(tokens) == THEIRS.decode(tokens, skip_special_tokens=True)


@pytest.mark.parametrize("special", SPECIALS)
def test_special_tokens_are_never_read_out_of_text(special: str) -> None:
    tokens = OURS.encode(f"a{special}b{special}")
    assert not {OURS.special[name] for name in SPECIALS} & set(tokens)
    assert OURS.decode(tokens) == f"a{special}b{special}"


def test_special_tokens_have_no_bytes() -> None:
    assert [OURS.token_bytes(OURS.special[name]) for name in SPECIALS] == [b""] * 4


def test_lone_surrogates_are_read_as_the_replacement_character() -> None:
    assert OURS.encode("a\ud800b\udfff") == OURS.encode("a\ufffdb\ufffd")


def test_hostile_text_is_only_text() -> None:
    text = "\x00\u2028\u202e" + "9" * 5000 + "\U0010ffff" * 100
    assert OURS.decode(OURS.encode(text)) == text


@pytest.mark.slow
def test_characters_of_all_unicode_splits_words_alike() -> None:
    """All below U+3100, where scripts and spaces are dense, then both ends of every category."""
    above = [chr(code) for code in range(0x3100, sys.maxunicode + 1)]
    ends = {
        character
        for pair in itertools.pairwise(above)
        if len(set(map(unicodedata.category, pair))) == 2
        for character in pair
        if unicodedata.category(character) != "Cs"
    }
    characters = [*map(chr, range(0x3100)), *sorted(ends)]
    texts = [f"the{c}s  {c}es 's {c}{c} \n" for c in characters]
    assert [OURS.encode(text) for text in texts] == [THEIRS.encode(text).ids for text in texts]


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"vocab": {}}}', "[1]"])
def test_another_file_is_a_format_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(FormatError, match="not a byte-level BPE tokenizer"):
        Tokenizer(path)
