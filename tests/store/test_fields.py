from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.store.fields import Fields
from topdraw.store.rows import BILL, SAMPLES, SCORES, Kind
from topdraw.store.segments import frame

KEY = {"problem_id": "p", "index": 3, "sampler": "s", "attempt": "a", "missing": True}
values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=3), st.just([1])
)


def line(**more: object) -> bytes:
    return frame(msgspec.json.encode({**KEY, **more}))[:-1]


@pytest.mark.parametrize("kind", [SAMPLES, SCORES, BILL])
def test_known_fields_are_no_news(kind: Kind) -> None:
    fields = Fields(kind)
    known = {name: value for name, value in KEY.items() if name in kind.columns}
    body = msgspec.json.encode({**dict.fromkeys(kind.columns, ""), **known})
    assert fields.key_row(frame(body)[:-1]).key in {("s", "p", 3), ("a", "", 0)}
    assert fields.unknown == {}


@given(st.lists(values, min_size=1, max_size=4))
def test_the_type_of_an_unknown_field_holds_all_its_values(some: list[object]) -> None:
    fields = Fields(SCORES)
    for value in some:
        row = fields.key_row(line(later=value))
        assert row.missing
    (sql,) = (fields.unknown[name] for name in ("later",))
    kinds = {type(value) for value in some if value is not None}
    if sql == "BOOLEAN":
        assert kinds == {bool}
    elif sql == "BIGINT":
        assert kinds == {int}
    else:
        assert sql == "VARCHAR"


def test_numbers_of_both_kinds_are_numbers() -> None:
    fields = Fields(SCORES)
    for value in (1, 0.5, 2, None):
        fields.key_row(line(cost=value))
    assert fields.unknown == {"cost": "DOUBLE", "attempt": "VARCHAR"}


def test_what_is_no_record_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        Fields(SCORES).key_row(b'{"problem_id":"p","index":"three","sampler":"s"}')
