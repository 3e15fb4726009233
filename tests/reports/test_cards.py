from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.fake import fake_summary, fake_views
from tests.reports.hostile import HOSTILE

from topdraw.reports.cards import cards, fitting, fold, percent, short, two
from topdraw.reports.views import SampleView

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.sampled_from(HOSTILE)


@given(ANY_TEXT.map(lambda text: text * 30))
def test_every_character_is_in_sight_or_folded_or_counted(text: str) -> None:
    made = fold(text)
    assert made.folded >= 0
    assert made.cut >= 0
    assert len(made.head.encode()) <= 2000
    assert len(made.tail.encode()) <= 2400
    assert made.folded + made.cut <= len(text)
    if not made.tail:
        assert made.folded == 0


def test_a_short_text_is_whole() -> None:
    made = fold("a < b\nc")
    assert (made.head, made.tail, made.folded, made.cut) == ("a &lt; b\nc", "", 0, 0)


def test_a_long_text_is_folded_and_a_huge_one_cut() -> None:
    long = fold("x" * 1500)
    assert (len(long.head), long.folded, long.cut) == (700, 800, 0)
    huge = fold("x" * 10**6)
    assert (len(huge.head), huge.folded, huge.cut) == (700, 2400, 10**6 - 3100)


def test_many_lines_are_folded_after_twelve() -> None:
    made = fold("line\n" * 40)
    assert made.head.count("\n") == 12
    assert made.tail.count("\n") == 28


def test_anchors_are_safe_and_differ() -> None:
    view = fake_views(fake_summary())[0]
    ids = ["gsm8k/17", "gsm8k 17", "", "é", '"><script>', "x" * 500]
    slugs = [card.slug for card in cards([dataclasses.replace(view, problem_id=i) for i in ids])]
    assert slugs[:2] == ["problem-gsm8k-17", "problem-gsm8k-17-2"]
    assert len(set(slugs)) == len(ids)
    assert all(slug.replace("-", "").isalnum() and len(slug) < 100 for slug in slugs)


def test_a_long_prompt_is_shown_beside_its_title() -> None:
    view = fake_views(fake_summary())[0]
    one, two_lines, long = cards(
        [dataclasses.replace(view, prompt=p) for p in ("short", "two\nlines", "x" * 300)]
    )
    assert (one.whole, two_lines.whole, long.whole) == (True, False, False)
    assert two_lines.title == "two lines"


def test_remarks_say_why_what_and_how_it_ended() -> None:
    view = dataclasses.replace(fake_views(fake_summary())[0], greedy=None)
    drawn = SampleView("5+5", 1, 0, "failed", "not 9", "10", -1.25, (), 3, "length")
    card = cards([dataclasses.replace(view, samples=(drawn,))])[0].samples[0]
    assert card.remarks == ("not 9", "answer 10", "score \u22121.25", "ended by length")
    assert (card.icon, card.word) == ("✗", "failed")
    same = dataclasses.replace(drawn, answer="5+5", note="", value=math.nan, finish_reason="stop")
    assert cards([dataclasses.replace(view, samples=(same,))])[0].samples[0].remarks == ()


@pytest.mark.parametrize(
    ("probability", "told"),
    [
        (0, "0%"),
        (0.001, "< 1%"),
        (0.25, "25%"),
        (0.999, "> 99%"),
        (1, "100%"),
        (0.9941, "99%"),
    ],
)
def test_a_percentage_is_never_rounded_to_certainty(probability: float, told: str) -> None:
    assert percent(probability) == told


def test_short_texts_are_one_line() -> None:
    assert short("a\n\n b\tc") == "a b c"
    assert two(math.nan) == ""
    assert two(0.5) == "0.50"


def test_the_greedy_sample_comes_first_and_says_so() -> None:
    view = fake_views(fake_summary())[0]
    card = cards([view])[0]
    assert view.greedy is not None
    assert card.samples[0].view is view.greedy
    assert card.samples[0].chips == (("greedy", "greedy", 1.0),)
    assert len(card.samples) == len(view.samples) + 1


def test_who_picks_wrong_is_known_by_colour_key() -> None:
    view = fake_views(fake_summary())[0]
    picked = (("majority", 0.2), ("best_of_n", 0.5))
    lost = dataclasses.replace(view.samples[0], verdict="failed")
    made = cards([dataclasses.replace(view, picked=picked, greedy=lost)])[0]
    assert made.wrong == ("majority", "greedy")
    without = cards([dataclasses.replace(view, picked=(), greedy=None)])[0]
    assert without.wrong == ()


def test_as_many_problems_as_fit() -> None:
    made = cards(fake_views(fake_summary()))
    sizes = [card.size for card in made]
    assert fitting(made, sum(sizes)) == made
    assert fitting(made, sum(sizes[:3])) == made[:3]
    assert fitting(made, sizes[0] - 1) == []
    for card in made:
        texts = (card.prompt, *(sample.text for sample in card.samples))
        assert card.size > sum(len(text.head) + len(text.tail) for text in texts)
