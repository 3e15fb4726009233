"""The error tree: what each error is, its exit code, its text, and that it survives a process."""

import pickle

import pytest

from topdraw import errors
from topdraw.errors import (
    BudgetExhausted,
    ConfigError,
    DomainError,
    EndpointError,
    FormatError,
    MissingPackage,
    ResumeConflict,
    StoreError,
    TopdrawError,
    UnknownNameError,
)

_KINDS = [
    (ConfigError, ValueError, 3),
    (UnknownNameError, LookupError, 3),
    (DomainError, ValueError, 3),
    (FormatError, ValueError, 3),
    (EndpointError, ConnectionError, 4),
    (BudgetExhausted, RuntimeError, 5),
    (StoreError, OSError, 3),
    (ResumeConflict, ValueError, 3),
    (MissingPackage, ImportError, 3),
]


@pytest.mark.parametrize(("kind", "builtin", "code"), _KINDS)
def test_each_is_a_builtin_too(
    kind: type[TopdrawError], builtin: type[Exception], code: int
) -> None:
    error = kind("It broke.", hint="Mend it.")
    assert isinstance(error, builtin)
    assert isinstance(error, TopdrawError)
    assert (error.exit_code, str(error)) == (code, "It broke. Mend it.")
    assert (error.message, error.hint) == ("It broke.", "Mend it.")
    assert str(kind("It broke.")) == "It broke."


@pytest.mark.parametrize("kind", [kind for kind, _, _ in _KINDS])
def test_each_survives_a_process(kind: type[TopdrawError]) -> None:
    again = pickle.loads(pickle.dumps(kind("It broke.", hint="Mend it.")))  # noqa: S301  our own
    assert type(again) is kind
    assert str(again) == "It broke. Mend it."


def test_the_endpoint_error_says_what_came_back() -> None:
    error = EndpointError("No answer.", status=503, attempts=4, request_id="r-1")
    assert (error.status, error.attempts, error.request_id) == (503, 4, "r-1")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    assert (again.status, again.attempts, again.request_id) == (503, 4, "r-1")


def test_the_tree_at_the_top_names_every_error() -> None:
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, TopdrawError):
            assert name in (errors.__doc__ or "")
