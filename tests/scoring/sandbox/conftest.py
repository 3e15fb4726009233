"""One warm sandbox for all tests of this folder; where there can be none they are skipped."""

from collections.abc import Iterator

import pytest

from topdraw.errors import SandboxUnavailable
from topdraw.scoring.sandbox.pool import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    started = Sandbox(workers=2)
    try:
        started.__enter__()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    yield started
    started.close()
