import datetime
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.billing import Bill
from topdraw.errors import FormatError
from topdraw.sampling.prices import Price, cost_usd, price_of, read_prices

PRICE = Price(0.5, 2.0, datetime.date(2026, 1, 1))
TABLE = """
[[price]]
models = ["llama-3.1-8b", "other"]
input_usd = 0.2
output_usd = 1
date = 2026-11-20
source = "my cluster"
"""


def test_a_cost_is_tokens_times_price() -> None:
    bill = Bill(prompt_tokens=2_000_000, output_tokens=500_000)
    assert cost_usd(bill, PRICE) == 2.0


def test_an_unknown_price_is_an_unknown_cost_and_never_zero() -> None:
    assert price_of("nobody/knows") is None
    assert cost_usd(Bill(), None) is None


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_costs_add_up(a: int, b: int, c: int) -> None:
    together = PRICE.cost_usd(a + c, b)
    assert math.isclose(together, PRICE.cost_usd(a, b) + PRICE.cost_usd(c, 0))


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "claude-haiku-4-5-20251001", "gpt-4o"])
def test_a_dated_version_costs_what_its_model_costs(name: str) -> None:
    assert price_of(name) is not None


def test_a_longer_name_is_another_model() -> None:
    assert price_of("gpt-4o-audio") is None
    assert price_of("azure/gpt-4o") is None


def test_every_shipped_price_has_a_day_and_a_source() -> None:
    for name in ("gpt-5", "gpt-4.1-nano", "o3", "claude-sonnet-4-5", "deepseek-chat"):
        price = price_of(name)
        assert price is not None
        assert price.date >= datetime.date(2025, 1, 1)
        assert price.source.startswith("https://")
        assert 0 < price.input_usd <= price.output_usd


def test_a_users_table_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE + TABLE.replace("llama-3.1-8b", "gpt-4o").replace("other", "x"))
    table = read_prices(path)
    assert price_of("llama-3.1-8b", table) == Price(
        0.2, 1.0, datetime.date(2026, 11, 20), "my cluster"
    )
    found = price_of("gpt-4o", table)
    assert found is not None
    assert found.input_usd == 0.2
    assert price_of("gpt-5", table) is not None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("input_usd = 0.2", "", "entry 1 has no input_usd"),
        ("date = 2026-11-20", "", "entry 1 has no date"),
        (TABLE, TABLE + "[[price]]", "entry 2 has no models"),
        (TABLE, TABLE + TABLE.replace("= 1\n", "= true\n"), "entry 2: output_usd is True"),
        (TABLE, "", r"no \[\[price\]\]"),
        ("input_usd = 0.2", "input_usd = -1", ">= 0"),
        ("input_usd = 0.2", "input_usd = nan", "finite"),
        ("input_usd = 0.2", "input_usd = true", "number"),
        ("2026-11-20", "1", "day"),
        ('["llama-3.1-8b", "other"]', '"llama"', "list of names"),
        ("[[price]]", "[price]", r"\[price\] should be \[\[price\]\]"),
        ("[[price]]", "[[price", "prices"),
        ("[[price]]", "[[prices]]", r"no \[\[price\]\]"),
    ],
)
def test_a_bad_table_is_refused_by_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(FormatError, match=says) as caught:
        read_prices(path)
    assert str(path) in caught.value.message


def test_a_missing_table_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_prices(tmp_path / "none.toml")
