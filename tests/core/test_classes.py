"""Classes of answers: by first-seen representative, whatever the equivalence."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.classes import classes, equivalence


def _same_value(one: str, other: str) -> bool:
    return Fraction(one) == Fraction(other)


def _near(one: str, other: str) -> bool:
    """Not transitive: 1 and 3 are not near, both are near 2."""
    return abs(int(one) - int(other)) <= 1


def test_texts_alone() -> None:
    assert classes(["b", None, "a", "b"]) == [0, -1, 1, 0]
    assert classes([]) == []


def test_equivalence_that_is_not_transitive_goes_by_the_representative() -> None:
    assert classes(["1", "2", "3"], _near) == [0, 0, 1]
    assert classes(["2", "1", "3"], _near) == [0, 0, 0]
    assert classes(["1", "3", "2"], _near) == [0, 1, 0]


@given(st.lists(st.sampled_from(["1/2", "2/4", "1", "3/3", "0.5", "7"]), max_size=12), st.randoms())
def test_of_a_true_equivalence_the_order_does_not_matter(answers: list[str], rng: object) -> None:
    found = classes(answers, _same_value)
    order = sorted(range(len(answers)), key=lambda i: hash((i, str(rng))))
    shuffled = classes([answers[i] for i in order], _same_value)
    pairs = {(found[i], shuffled[at]) for at, i in enumerate(order)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@given(st.lists(st.one_of(st.none(), st.integers(0, 9).map(str)), max_size=12))
def test_numbers_are_first_seen_and_members_are_equal_to_the_representative(
    answers: list[str | None],
) -> None:
    found = classes(answers, _near)
    seen = [number for number in found if number >= 0]
    assert sorted(set(seen)) == list(range(len(set(seen))))
    assert [seen.index(n) for n in range(len(set(seen)))] == sorted(
        seen.index(n) for n in range(len(set(seen)))
    )
    for answer, number in zip(answers, found, strict=True):
        representative = answers[found.index(number)]
        assert (answer is None) == (number == -1)
        if answer is not None and representative is not None:
            assert answer == representative or _near(representative, answer)


def test_equivalence_of_scorers() -> None:
    assert equivalence(None) is None
    assert equivalence("number") is None
    assert equivalence("nobody registered this") is None
    joined = equivalence("math")
    assert joined is not None
    assert joined("50%", "50")
