"""One door to optional packages, so that a missing one is one sentence with the pip line.

Not here: base dependencies; those are imported where they are used.
Try it: `python -c "from topdraw._optional import require; require('torch', 'hf', 'Training')"`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from topdraw.errors import MissingPackage


def require(package: str, extra: str, what: str) -> ModuleType:
    """Import an optional package.

    Args:
        package: module to import.
        extra: the extra of topdraw that installs it.
        what: what needs it, as the subject of the error's sentence.

    Raises:
        MissingPackage: when it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] != package.split(".")[0]:
            raise
        raise MissingPackage(
            f"{what} needs {package}.", hint=f"Install it with: pip install 'topdraw[{extra}]'"
        ) from error
