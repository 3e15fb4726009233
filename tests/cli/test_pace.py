"""Rates and waits: of this session alone, and silent as long as nobody can know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.cli.pace import Pace, compact, dollars, duration, speed


def _paced(rate: float, seconds: int) -> Pace:
    pace = Pace()
    for second in range(seconds + 1):
        pace.note(second, int(rate * second))
    return pace


@given(st.integers(1, 500), st.integers(2, 2000))
def test_a_steady_draw_has_its_own_rate_at_any_time(rate: int, seconds: int) -> None:
    found = _paced(rate, seconds).per_second(seconds, rate * seconds)
    assert found == pytest.approx(rate)


def test_nothing_is_claimed_before_the_first_sample_and_in_the_first_second() -> None:
    assert Pace().per_second(30, 0) is None
    assert Pace().per_second(0.4, 64) is None


def test_a_stall_lowers_the_rate_although_nothing_is_heard() -> None:
    pace = _paced(10, 10)
    rates = [pace.per_second(seconds, 100) or 0 for seconds in (10, 20, 40, 60)]
    assert rates == pytest.approx([10, 5, 2.5, 100 / 60])


def test_an_hour_of_throttling_is_forgotten_within_another() -> None:
    pace = Pace()
    for second in range(7201):
        pace.note(second, max(second - 3600, 0) * 20)
    assert pace.per_second(7200, 72_000) == pytest.approx(20)
    assert (pace.per_second(3700, 2000) or 0) < 2


@given(st.floats(0, 1e7))
def test_a_duration_names_its_seconds_minutes_and_hours(seconds: float) -> None:
    whole, text = round(seconds), duration(seconds)
    if whole < 86_400:
        parts = [int(part) for part in text.split(":")]
        assert sum(part * 60**at for at, part in enumerate(reversed(parts))) == whole
        assert all(part < 60 for part in parts[1:])
    else:
        assert text == f"{whole // 86_400} d {whole // 3600 % 24} h"


@given(st.integers(0, 10**14))
def test_a_compact_count_is_short_and_within_half_a_percent(count: int) -> None:
    text = compact(count)
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    value = float(text.rstrip("kMGT")) * scale.get(text[-1], 1)
    assert value == pytest.approx(count, rel=0.006)
    assert len(text) <= 5


def test_an_unknown_price_is_an_unknown_cost() -> None:
    assert dollars(None) == "cost unknown"
    assert dollars(0.0) == "$0.00"
    assert dollars(0.00042) == "$0.00042"
    assert dollars(1234.5) == "$1,234.50"


@given(st.floats(1e-9, 0.99))
def test_cents_and_less_have_two_digits_and_no_exponent(usd: float) -> None:
    text = dollars(usd)
    assert "e" not in text
    assert float(text[1:]) == pytest.approx(usd, rel=0.06)


def test_slow_draws_are_told_by_the_minute() -> None:
    assert speed(0.5) == "30/min"
    assert speed(1234.0) == "1,234/s"
