from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.models.health import Handover, Health, for_good
from topdraw.models.retry import Refused, Retry, Trouble

RULE = Retry(base_seconds=100.0, cap_seconds=1000.0)


def test_each_further_failure_doubles_the_pause_up_to_the_cap() -> None:
    health = Health(RULE)
    pauses = [health.failed(health.seen()) for _ in range(5)]
    assert pauses == [200.0, 400.0, 800.0, 1000.0, 1000.0]
    assert 990 < health.absent_seconds <= 1000
    assert not health.well


def test_a_sample_makes_it_well_and_the_next_pause_short() -> None:
    health = Health(RULE)
    for _ in range(3):
        health.failed(health.seen())
    health.gave()
    assert (health.well, health.absent_seconds) == (True, 0.0)
    assert health.failed(health.seen()) == 200.0


def test_calls_that_fail_together_are_one_failure() -> None:
    health = Health(RULE)
    before = [health.seen() for _ in range(30)]
    assert [health.failed(seen) for seen in before] == [200.0] + [None] * 29
    assert health.failures == 1


def test_what_fails_while_others_get_samples_is_no_failure_of_the_endpoint() -> None:
    health = Health(RULE)
    before = health.seen()
    health.gave()
    assert health.failed(before) is None
    assert (health.well, health.absent_seconds) == (True, 0.0)


def test_what_is_forgotten_is_well() -> None:
    health = Health(RULE)
    health.failed(health.seen())
    health.verdict = Refused("no", status=401)
    health.forget()
    assert (health.well, health.absent_seconds) == (True, 0.0)


@pytest.mark.parametrize(
    ("status", "never"),
    [(401, True), (403, True), (404, True), (400, True), (429, False), (503, False), (None, False)],
)
def test_what_a_server_will_never_do_otherwise(status: int | None, never: bool) -> None:
    assert for_good(Refused("no", status=status)) is never


@given(
    st.builds(Retry, attempts=st.integers(1, 20), first_contact_attempts=st.integers(1, 5)),
    st.booleans(),
    st.booleans(),
)
def test_handing_over_only_ever_shortens_the_wait(rule: Retry, another: bool, worked: bool) -> None:
    handover = Handover.of(rule, lambda: another)
    trouble = Trouble("x", status=503)
    usual = rule.most_attempts(trouble, worked=worked)
    assert handover.most_attempts(trouble, worked=worked) == (min(usual, 3) if another else usual)
    for attempt in range(1, 22):
        waits = [
            one.wait_seconds(trouble, attempt, worked=worked, jitter=0.5)
            for one in (rule, handover)
        ]
        assert waits[1] in (None, waits[0])
        assert another or waits[0] == waits[1]
