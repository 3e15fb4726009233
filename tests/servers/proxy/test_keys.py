"""Keys, requests a minute, budgets, and what is never shown."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from topdraw.errors import FormatError
from topdraw.servers.proxy.keys import Cost, Holder, Keys, Limits, read_keys
from topdraw.servers.proxy.refusal import Refusal

KEY = "td-0123456789abcdef"
OTHER = "td-fedcba9876543210"
ONE, SIXTY = Cost(1, None), Cost(60, None)
FILE = f"""
[[key]]
name = "alice"
key = "{KEY}"
requests_per_minute = 2
tokens = 1000

[[key]]
name = "bob"
sha256 = "{hashlib.sha256(OTHER.encode()).hexdigest()}"
usd = 0.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(FILE)
    return path


def headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_each_key_has_its_holder(file: Path) -> None:
    keys = read_keys(file)
    assert keys.holder(headers(KEY)).limits == Limits(2, 1000, None)
    assert keys.holder({"authorization": f"bearer  {OTHER}"}).name == "bob"
    assert KEY not in repr(keys.holders)


@pytest.mark.parametrize(
    "told",
    [{}, headers(""), headers("x"), headers(KEY[:-1]), headers(KEY + "x"), headers("\xe9" * 16),
     {"authorization": KEY}, {"authorization": f"Basic {KEY}"}],
)  # fmt: skip
def test_any_other_key_is_401(file: Path, told: dict[str, str]) -> None:
    with pytest.raises(Refusal) as caught:
        read_keys(file).holder(told)
    assert caught.value.status == 401


def test_requests_of_a_minute() -> None:
    holder = Holder("a", Limits(requests_per_minute=2))
    holder.admit(ONE, 100.0)
    holder.admit(ONE, 130.0)
    with pytest.raises(Refusal) as caught:
        holder.admit(ONE, 140.0)
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "20"})
    holder.admit(ONE, 160.5)
    with pytest.raises(Refusal):
        Holder("b", Limits(requests_per_minute=0)).admit(ONE, 0.0)


def test_a_budget_of_tokens_counts_what_is_under_way() -> None:
    holder = Holder("a", Limits(tokens=100))
    holder.admit(SIXTY, 0.0)
    with pytest.raises(Refusal) as caught:
        holder.admit(SIXTY, 0.0)
    assert caught.value.body["error"]["code"] == "insufficient_quota"  # type: ignore[index,call-overload]  # JSON
    holder.settle(SIXTY, Cost(30, None))
    holder.admit(SIXTY, 0.0)
    assert (holder.tokens, holder.reserved) == (30, Cost(60, 0.0))


def test_a_budget_in_usd_needs_a_price() -> None:
    holder = Holder("a", Limits(usd=1.0))
    with pytest.raises(Refusal) as caught:
        holder.admit(ONE, 0.0)
    assert caught.value.status == 403
    holder.admit(Cost(1, 0.6), 0.0)
    with pytest.raises(Refusal, match="used up"):
        holder.admit(Cost(1, 0.6), 0.0)
    holder.settle(Cost(1, 0.6), Cost(5, 0.3))
    holder.admit(Cost(1, 0.6), 0.0)


def test_what_was_spent_outlives_the_server(file: Path) -> None:
    keys = read_keys(file)
    keys.holders[0].settle(Cost(0, None), Cost(700, 0.25))
    keys.save()
    again = read_keys(file).holders[0]
    assert (again.tokens, again.usd) == (700, 0.25)
    assert KEY not in Path(f"{file}.spent").read_text()
    Path(f"{file}.spent").write_text("[]")
    with pytest.raises(FormatError, match="begin at nothing"):
        read_keys(file)
    Keys([]).save()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no \\[\\[key\\]\\]"),
        ("key = [3]", "no table"),
        ("[[key]]\nname='a'\nkey='short'", "16 plain"),
        ("[[key]]\nname='a'", "either key or sha256"),
        ("[[key]]\nname='a'\nsha256='xyz'", "64 hex"),
        ("[[key]]\nkey='0123456789abcdef'", "no name"),
        ("[[key]]\nname='a'\nkey='0123456789abcdef'\ntoken=3", "'token'"),
        ("[[key]]\nname='a'\nkey='0123456789abcdef'\ntokens=-3", "0 or more"),
        ("[[key]]\nname='a'\nkey='0123456789abcdef'\ntokens=1.5", "0 or more"),
        ("[[key]]\nname='a'\nkey='0123456789abcdef'\nusd=true", "0 or more"),
        ("[[key]]\nname='a'\nkey='0123456789abcdef'\n" * 2, "same name"),
        ("[[key]]\nname='a'\nkey='0123456789abcdef'\n[[key]]\nname='b'\nkey='0123456789abcdef'",
         "same key"),
        ("key 0123456789abcdef", "not TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence_without_keys(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=said) as caught:
        read_keys(path)
    assert "0123456789abcdef" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_keys(tmp_path / "none.toml")
