from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.models.retry import Retry, Trouble, error_message, hinted_seconds, status_trouble

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": email.utils.format_datetime(NOW + timedelta(seconds=9))}, 9.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:07 -0000"}, 7.0),
        ({"retry-after": "Fri, 20 Nov 2020 12:00:07 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-4"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "in a while"}, None),
        ({}, None),
    ],
)
def test_hints_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert hinted_seconds(headers, now=NOW) == seconds


@given(st.text())
def test_no_hint_is_too_strange_to_read(text: str) -> None:
    seconds = hinted_seconds({"retry-after": text, "retry-after-ms": text})
    assert seconds is None or seconds > 0


@given(
    st.integers(1, 2000),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.floats(0.001, 1000)),
)
def test_a_wait_respects_hint_and_cap_and_is_never_zero(
    attempt: int, u: float, hint: float | None
) -> None:
    retry = Retry(attempts=1500, base_seconds=0.5, cap_seconds=30, longest_hint_seconds=120)
    wait = retry.wait_seconds(Trouble("x", hint_seconds=hint), attempt, jitter=u)
    if attempt >= 1500 or (hint or 0) > 120:
        assert wait is None
    else:
        assert wait is not None
        assert wait >= max(hint or 0, 0.25)
        assert wait <= max(hint or 0, 45)


def test_waits_double_until_the_cap() -> None:
    retry = Retry(attempts=100, base_seconds=1, cap_seconds=5)
    waits = [retry.wait_seconds(Trouble("x"), a, jitter=0.5) for a in range(1, 6)]
    assert waits == [1, 2, 4, 5, 5]


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("x"),
        Trouble("x", unreachable=True),
        Trouble("x", status=500),
        Trouble("x", status=503),
    ],
)
def test_the_first_contact_gives_up_sooner(trouble: Trouble) -> None:
    retry = Retry()
    assert retry.wait_seconds(trouble, 2, worked=False) is not None
    assert retry.wait_seconds(trouble, 3, worked=False) is None
    assert retry.wait_seconds(trouble, 3, worked=True) is not None


def test_a_busy_server_is_waited_for_at_first_contact_too() -> None:
    for busy in (Trouble("x", status=503, hint_seconds=2), Trouble("x", status=429)):
        assert Retry().most_attempts(busy, worked=False) >= Retry().attempts
        assert Retry().wait_seconds(busy, 3, worked=False) is not None


def test_the_first_contact_is_never_longer_than_the_rest() -> None:
    assert Retry(attempts=2).wait_seconds(Trouble("x"), 2, worked=False) is None


def test_the_jitter_spreads() -> None:
    assert len({Retry().wait_seconds(Trouble("x"), 1) for _ in range(20)}) > 10


RETRYABLE = {408, 409, 425, 429, *range(500, 600)}


@given(st.integers(400, 599))
def test_which_statuses_are_worth_another_try(status: int) -> None:
    trouble = status_trouble(status, {}, None, "")
    assert trouble.retryable == (status in RETRYABLE)
    assert trouble.hopeless == (status in {401, 402, 403, 404})


@pytest.mark.parametrize("where", ["code", "type"])
def test_an_empty_account_is_hopeless(where: str) -> None:
    payload: Json = {"error": {"message": "x", where: "insufficient_quota"}}
    trouble = status_trouble(429, {}, payload, "")
    assert trouble.hopeless
    assert not trouble.retryable


@pytest.mark.parametrize(
    ("payload", "text", "said"),
    [
        ({"error": {"message": "a\nb"}}, "", "a b"),
        ({"error": "plain"}, "", "plain"),
        ({"detail": [{"loc": ["body"]}]}, "", "[{'loc': ['body']}]"),
        ({"message": "m"}, "", "m"),
        (None, "<html><style>p {}</style><h1>Bad</h1> gateway</html>", "Bad gateway"),
        (None, "\x1b[31mred\x00", "[31mred"),
        (None, "", ""),
        ([1], "", ""),
    ],
)
def test_what_people_are_told(payload: Json, text: str, said: str) -> None:
    what = status_trouble(500, {}, payload, text).what
    assert what == (f"HTTP 500: {said}" if said else "HTTP 500")


bodies = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "detail"]), inner)
    ),
)


@given(bodies)
def test_any_error_body_is_one_short_printable_line(payload: Json) -> None:
    said = error_message(payload)
    assert len(said) <= 300
    assert said.isprintable()
