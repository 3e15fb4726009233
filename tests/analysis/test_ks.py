from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.ks import default_ks


def test_default_ks_hold_one_ten_hundred_and_n() -> None:
    assert default_ks(1) == (1,)
    assert default_ks(100) == (1, 2, 3, 5, 10, 20, 30, 50, 100)
    assert default_ks(130)[-3:] == (50, 100, 130)


@given(st.integers(1, 10**6))
def test_default_ks_rise_from_one_to_n(n: int) -> None:
    ks = default_ks(n)
    assert ks[0] == 1
    assert ks[-1] == n
    assert list(ks) == sorted(set(ks))
