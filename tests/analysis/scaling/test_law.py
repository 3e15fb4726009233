import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.analysis.scaling.law import law, least_squares_law, log_log_line, spaced
from topdraw.errors import DomainError

KS = spaced(1000)


@settings(max_examples=50)
@given(st.floats(-8, -0.1), st.floats(-0.9, -0.05))
def test_a_curve_made_by_the_law_gives_the_law_back(a: float, b: float) -> None:
    exact = law(a, b, KS)
    assert log_log_line(KS, exact) == pytest.approx((a, b), rel=1e-6)
    found = least_squares_law(KS, exact, log_log_line(KS, exact))
    assert law(*found, KS) == pytest.approx(exact, abs=1e-7)


# Brown et al. 2024 (arXiv 2407.21787), figure 5: exponents of fits to their samples.
@pytest.mark.parametrize(("a", "b"), [(-1.33, -0.43), (-3.88, -0.11), (-7.59, -0.18)])
def test_published_laws_are_found_from_their_own_curves(a: float, b: float) -> None:
    assert least_squares_law(KS, law(a, b, KS), (-0.5, -0.5)) == pytest.approx((a, b), rel=1e-4)


def test_the_line_leaves_out_what_has_no_logarithm() -> None:
    ks = np.array([1, 2, 4, 8])
    assert log_log_line(ks, np.array([0.0, 0.3, 0.5, 1.0]))[1] < 0
    assert log_log_line(ks, np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx((-20.7, -0.5), abs=0.1)


def test_k_are_log_spaced_and_different() -> None:
    assert spaced(5).tolist() == [1, 2, 3, 4, 5]
    assert (KS[0], KS[-1], len(set(KS.tolist()))) == (1, 1000, KS.size)
    with pytest.raises(DomainError, match="at least 3 samples per problem, not 2"):
        spaced(2)
