"""The error tree: every failure topdraw reports to a user, with a hint and an exit code.

Not here: the model's own failures, which are wrong answers, and missing scores, which are values.
Try it: `python -c "from topdraw.errors import DomainError; raise DomainError('k is 0')"`.

    TopdrawError                     exit 1
    |- InputError                    exit 3   what you gave us
    |  |- ConfigError    ValueError           a setting or a combination of settings
    |  |- UnknownNameError LookupError        a name nobody registered
    |  |- DomainError    ValueError           a number outside its range (k > n)
    |  `- FormatError    ValueError           a file we cannot read as what it claims to be
    |- WorldError                             what happened outside
    |  |- EndpointError  ConnectionError  exit 4   .status .attempts .request_id
    |  `- BudgetExhausted RuntimeError    exit 5
    |- StateError                    exit 3   what lies on disk
    |  |- StoreError     OSError
    |  `- ResumeConflict ValueError           the run was drawn with something else
    |- MissingPackage    ImportError exit 3   an extra is not installed
    `- SandboxUnavailable PermissionError exit 3   this machine cannot confine programs
"""

from __future__ import annotations


class TopdrawError(Exception):
    """Root of every error topdraw raises on purpose.

    Args:
        message: what was wrong, with the value, and what is allowed.
        hint: what to do about it, or "" when the message already says so.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InputError(TopdrawError):
    """Something the user gave us cannot be used."""

    exit_code = 3


class ConfigError(InputError, ValueError):
    """A setting, or a combination of settings, makes no sense."""


class UnknownNameError(InputError, LookupError):
    """A name that nobody registered."""


class DomainError(InputError, ValueError):
    """A number outside the range in which the question has an answer."""


class FormatError(InputError, ValueError):
    """A file or text that is not what it claims to be."""


class WorldError(TopdrawError):
    """Something outside this process failed."""


class EndpointError(WorldError, ConnectionError):
    """A model server could not be asked, or its answer was bad.

    Args:
        message: what happened, with the address.
        hint: what to do about it.
        status: HTTP status of the last attempt; None when none came back.
        attempts: requests made before giving up.
        request_id: the server's own id of the last request; None when it gave none.
        said: the decoded body of the server's refusal, without our key; None when there is none.
        retry_after_seconds: how long the server asks us to wait; None when it did not say.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        attempts: int = 1,
        request_id: str | None = None,
        said: object = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.attempts = attempts
        self.request_id = request_id
        self.said = said
        self.retry_after_seconds = retry_after_seconds


class BudgetExhausted(WorldError, RuntimeError):
    """A spending cap was reached; everything drawn so far is stored."""

    exit_code = 5


class StateError(TopdrawError):
    """What lies on disk does not allow what was asked."""

    exit_code = 3


class StoreError(StateError, OSError):
    """A run directory could not be read or written."""


class ResumeConflict(StateError, ValueError):
    """The run on disk was drawn with another model, task or decoding, or scored by other code."""


class MissingPackage(TopdrawError, ImportError):
    """An optional package is not installed; the message carries the exact pip line."""

    exit_code = 3


class SandboxUnavailable(TopdrawError, PermissionError):
    """Untrusted programs cannot be confined on this machine, so none is run."""

    exit_code = 3
