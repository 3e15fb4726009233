from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding, Json
from topdraw.models.dialect import EXTRAS, Dialect, fields_named, learn, unsayable
from topdraw.models.request import request_body

dialects = st.builds(
    Dialect,
    st.frozensets(st.sampled_from([*EXTRAS, "repeat_last_n", "top_k=0", "seed", "max_tokens"])),
    st.none() | st.integers(1, 64),
    st.integers(1, 64),
    st.booleans(),
)


@given(dialects, dialects, dialects)
def test_merging_commutes_associates_and_repeats_freely(a: Dialect, b: Dialect, c: Dialect) -> None:
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b).merge(b) == a.merge(b)
    assert a.merge(Dialect()) == a


@given(dialects, st.integers(1, 32), st.integers(1, 32))
def test_an_answer_proves_what_it_delivered(dialect: Dialect, asked: int, delivered: int) -> None:
    after = dialect.answered(asked, delivered)
    assert after.proven
    assert after.proven_n >= max(dialect.proven_n, delivered)
    if delivered < asked and asked > dialect.proven_n:
        assert after.max_n == after.proven_n


def body(n: int = 1, dialect: Dialect | None = None, **settings: object) -> dict[str, Json]:
    return request_body(
        "p",
        model="m",
        api="chat",
        n=n,
        decoding=Decoding(max_tokens=8, stop=("x",), **settings),  # type: ignore[arg-type]  # settings of any type
        seed=1,
        dialect=dialect or Dialect(),
    )


def after(text: str, sent: dict[str, Json], payload: Json = None) -> Dialect | None:
    return learn(Dialect(), payload, text, sent)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("Invalid value of 'n': 1 <= value <= 4", 4),
        ("n_cmpl cannot be greater than the number of slots, please increase -np", 1),
        ("`n` must be at most 8", 8),
        ("n must be between 1 and 2, got 16", 2),
        ("n=16 is more than the maximum of 5", 5),
        ("'n' is not supported", 1),
    ],
)
def test_the_largest_n_is_read_from_the_refusal(text: str, limit: int) -> None:
    learned = after(text, body(16))
    assert learned is not None
    assert learned.max_n == limit


def test_a_single_sample_is_never_refused_because_of_n() -> None:
    assert learn(Dialect(proven=True), None, "'n' is not supported", body(1)) is None


def test_top_k_off_is_said_the_other_way_before_it_is_dropped() -> None:
    sent = body()
    assert sent["top_k"] == 0
    first = after("top_k must be -1 (disable) or at least 1, got 0", sent)
    assert first is not None
    second = body(dialect=first)
    assert second["top_k"] == -1
    last = learn(first, None, "top_k must be >= 0", second)
    assert last is not None
    assert "top_k" not in body(dialect=last)


def test_unknown_fields_are_all_dropped_together() -> None:
    text = "Unexpected keys in the request: {'top_k', 'min_p', 'repeat_penalty'}"
    learned = after(text, body())
    assert learned is not None
    assert not {"top_k", "min_p", "repeat_penalty"} & set(body(dialect=learned))


def test_the_machine_readable_place_wins_over_the_message() -> None:
    sent = body(2)
    param: Json = {"error": {"param": "min_p", "message": "'n', seed and top_k were fine"}}
    assert fields_named(param, "'n', seed and top_k were fine", sent) == {"min_p"}
    loc: Json = {"detail": [{"loc": ["body", "seed"], "input": {"top_k": 0}}]}
    assert fields_named(loc, "top_k", sent) == {"seed"}
    assert fields_named(None, "unknown field seeds, min_pool", sent) == frozenset()


def test_a_refusal_without_a_name_drops_our_extras_then_n_then_gives_up() -> None:
    first = after("Bad request", body(4))
    assert first is not None
    assert not set(EXTRAS) & set(body(4, first))
    second = learn(first, None, "Bad request", body(4, first))
    assert second is not None
    assert second.max_n == 1
    assert learn(second, None, "Bad request", body(1, second)) is None


def test_a_proven_server_means_the_prompt_when_it_refuses() -> None:
    assert learn(Dialect(proven=True), None, "Bad request", body(4)) is None


def test_a_refusal_of_what_the_user_chose_teaches_nothing_silent() -> None:
    assert after("temperature is out of range", body(temperature=9.0)) is None
    learned = after("unknown field top_k", body(top_k=50))
    assert learned is not None
    assert unsayable(Decoding(top_k=50), learned) == "top_k=50"
    assert unsayable(Decoding(), learned) == ""


@given(
    dialects,
    st.integers(0, 3),
    st.sampled_from([1.0, 1.2]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([{}, {"min_p": 0.1}, {"user": "me"}]),
)
def test_a_chosen_setting_is_said_or_reported(
    dialect: Dialect, top_k: int, penalty: float, frequency: float, extra: dict[str, Json]
) -> None:
    chosen = {"top_k": top_k, "repetition_penalty": penalty}
    chosen |= {"frequency_penalty": frequency, "presence_penalty": -frequency}
    decoding = Decoding(**chosen, extra_body=extra)  # type: ignore[arg-type]  # settings of any type
    sent = body(1, dialect, **chosen, extra_body=extra)
    if not unsayable(decoding, dialect):
        assert not top_k or sent["top_k"] == top_k
        said = {sent.get("repetition_penalty"), sent.get("repeat_penalty")}
        assert penalty == 1.0 or penalty in said
        assert sent.get("frequency_penalty", 0.0) == -sent.get("presence_penalty", 0.0) == frequency  # type: ignore[operator]  # numbers
        assert all(sent[name] == value for name, value in extra.items())
        assert not dialect.refused & set(extra)


@pytest.mark.parametrize("name", ["presence_penalty", "frequency_penalty"])
@pytest.mark.parametrize("place", ["loc", "param", "text"])
def test_a_penalty_that_is_refused_is_reported_and_never_dropped(name: str, place: str) -> None:
    sent = body(**{name: 0.5})  # type: ignore[arg-type]  # a penalty
    text = f"Unsupported parameter: '{name}' is not supported with this model"
    payload: Json = {
        "loc": {"detail": [{"type": "extra_forbidden", "loc": ["body", name]}]},
        "param": {"error": {"param": name, "message": text}},
        "text": None,
    }[place]  # type: ignore[assignment]  # JSON all
    learned = after(text, sent, payload)
    assert learned == Dialect(frozenset({name}))
    assert unsayable(Decoding(**{name: 0.5}), learned) == f"{name}=0.5"  # type: ignore[arg-type]  # a penalty
    assert unsayable(Decoding(), learned) == ""
    assert "top_k" in body(dialect=learned)


def test_an_extra_field_that_is_refused_is_reported() -> None:
    extra: dict[str, Json] = {"guided_regex": "a+", "user": "me"}
    sent = body(extra_body=extra)
    forbidden: Json = {"detail": [{"type": "extra_forbidden", "loc": ["body", "guided_regex"]}]}
    for text, payload in [("", forbidden), ("Unrecognized request argument: guided_regex", None)]:
        learned = after(text, sent, payload)
        assert learned == Dialect(frozenset({"guided_regex"}))
        assert unsayable(Decoding(extra_body=extra), learned) == "guided_regex of extra_body"
    # "user" is also a word: a message that calls no field unknown does not mean ours.
    proven = Dialect(proven=True)
    assert learn(proven, None, "the user message is too long", sent) is None


def test_a_server_that_wants_no_stream_options_still_streams() -> None:
    sent = request_body(
        "p", model="m", api="chat", n=1, decoding=Decoding(), seed=1, dialect=Dialect(), stream=True
    )
    learned = after("unknown field: stream_options", sent)
    assert learned == Dialect(frozenset({"stream_options"}))
