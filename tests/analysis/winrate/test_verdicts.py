import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.verdicts import Battles, battles, is_verdict, verdict
from topdraw.errors import DomainError

LABELS = ("A>>B", "A>B", "A=B", "B>A", "B>>A", "A<B", "A<<B", "B=A", "B<A", "B<<A")
OLD = {one: one for one in LABELS[:5]}
_MIRROR = {"A": "B", "B": "A"}
_labels = st.sampled_from(LABELS) | st.none()
_games = st.lists(st.tuples(_labels, _labels), max_size=12)


def mirrored(label: str | None) -> str | None:
    """The same verdict with the two assistants exchanged."""
    if label is None or label == "A=B":
        return label
    return "".join(_MIRROR.get(one, one) for one in label)


@pytest.mark.parametrize(
    ("judgment", "label"),
    [
        ("[[A>>B]] at first, but finally [[b>a]]", "B>A"),
        ("My verdict: [A=B].", "A=B"),
        ("[A>B] then [[B>>A]] then [A>B]", "B>>A"),
        ("A>B", None),
        ("", None),
        ("[[C>D]]", None),
        ("[[A>B]", "A>B"),
    ],
)
def test_the_last_label_counts_in_double_brackets_first(judgment: str, label: str | None) -> None:
    assert verdict(judgment) == label


@given(st.text())
def test_any_text_has_a_label_or_none(judgment: str) -> None:
    found = verdict(judgment)
    assert found is None or set(found) <= set("AB<>=")


def test_ten_labels_are_verdicts() -> None:
    assert all(map(is_verdict, LABELS))
    assert not any(map(is_verdict, (None, "", "A", "A>>>B", "A=A")))


@given(_games, st.booleans())
def test_swapping_the_sides_mirrors_the_score(
    games: list[tuple[str | None, str | None]], old: bool
) -> None:
    if old:  # v0.1 knows five labels only
        games = [(a and OLD.get(a), b and OLD.get(b)) for a, b in games]
    own, other = battles(games, old=old), battles([(b, a) for a, b in games], old=old)
    flipped = battles([(mirrored(a), mirrored(b)) for a, b in games], old=old)
    for one in (other, flipped):
        assert one.dropped == own.dropped
        if own.value.size:
            assert own.score + one.score == pytest.approx(100)


def test_strong_verdicts_count_three_times_as_published() -> None:
    found = battles([("B>>A", "A=B")])  # 1, 1, 1 and 0.5
    assert found.score == pytest.approx(100 * 3.5 / 4)
    assert found.repeated()[0].tolist() == [1, 1, 1, 0.5]
    assert battles([("B>>A", "A=B")], strong=1).score == pytest.approx(75)
    assert found.model_first.tolist() == [0, 1]


def test_a_missing_verdict_drops_the_judgment_now_and_the_game_then() -> None:
    games: list[tuple[str | None, str | None]] = [("A>B", None), ("B>A", "A>B"), (None, None)]
    now, then = battles(games), battles(games, old=True)
    assert (now.dropped, now.score) == (2, 100.0)
    assert (then.dropped, then.value.tolist()) == (3, [0.0, 1.0, 1.0])
    assert then.row.tolist() == [0, 1, 1]


def test_v01_knows_five_labels() -> None:
    assert battles([("A<B", "B=A")], old=True).dropped == 2
    assert battles([("A<B", "B=A")]).dropped == 0


def test_nothing_has_no_score_and_a_strength_below_one_is_refused() -> None:
    empty: Battles = battles([])
    assert empty.score != empty.score
    with pytest.raises(DomainError, match="at least once"):
        battles([], strong=0)
