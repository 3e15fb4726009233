"""Where a model server is and which key opens it.

Not here: talking to it. A key is only ever read from an environment variable or a file: what stands
in an address or on a command line ends up in logs and run directories.
Try it: `python -c "from topdraw.models.address import read_address as r; print(r('http://h/v1'))"`.
"""

from __future__ import annotations

import os
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from topdraw.errors import ConfigError
from topdraw.models.request import Api
from topdraw.models.transport import shown

if TYPE_CHECKING:
    import yarl

_LONGEST_KEY_BYTES = 65_536


def read_address(spec: str, api: Api) -> tuple[yarl.URL, Api]:
    """The base address and the route it asks for.

    Args:
        spec: an address; one that ends in a route ("/chat/completions") says the API itself.
        api: the API when the address does not say.

    Raises:
        ConfigError: when it is no address, or carries a password.
    """
    import yarl

    if api not in ("chat", "completions"):
        raise ConfigError(f"api is {api!r}; it must be 'chat' or 'completions'.")
    try:
        url = yarl.URL(spec)
    except ValueError as error:
        raise ConfigError(f"The address cannot be read: {error}.") from None
    if url.user or url.password:
        raise ConfigError(
            f"The address {shown(url)} carries a user name or password.",
            hint="Name the key's environment variable with --api-key-env, or its file with "
            "--api-key-file (api_key_env, api_key_file in Python).",
        )
    if url.scheme not in ("http", "https") or not url.host:
        said = shown(url).rpartition("@")[2]  # without a scheme a password stands in the path
        raise ConfigError(
            f"{said!r} is no address: an endpoint starts with http:// or https://.",
            hint="Example: http://localhost:8000/v1",
        )
    parts = [part for part in url.path.split("/") if part]
    if parts[-1:] == ["completions"]:
        api = "chat" if parts[-2:-1] == ["chat"] else "completions"
        parts = parts[: -2 if api == "chat" else -1]
    return url.with_path("/" + "/".join(parts), keep_query=True), api


def read_key(
    variable: str | None = None, file: str | PathLike[str] | None = None
) -> tuple[str | None, str]:
    """The key in an environment variable or a file, and where that is, in words.

    Args:
        variable: its name; None for OPENAI_API_KEY, which may be unset.
        file: a file that holds the key and nothing else; None for none.

    Raises:
        ConfigError: when both are named, or the one that is holds no key, or what no key can be.
    """
    if variable and file is not None:
        raise ConfigError(
            "The key is to come from an environment variable and from a file.",
            hint="Name one of them: --api-key-env or --api-key-file (api_key_env, api_key_file in "
            "Python).",
        )
    if file is not None:
        where, key = f"the file {fspath(file)!r}", _content(Path(file))
    else:
        name = variable or "OPENAI_API_KEY"
        where, key = f"the environment variable {name}", os.environ.get(name, "").strip()
    if not key and (variable or file is not None):
        raise ConfigError(f"{where[0].upper()}{where[1:]} holds no key.", hint="Put it there.")
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"The key in {where} has characters that no key can have.")
    return key or None, where


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST_KEY_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigError(f"The key cannot be read from the file {str(path)!r}: {why}.") from None
    if len(raw) > _LONGEST_KEY_BYTES:
        raise ConfigError(f"The file {str(path)!r} is too long for a key.")
    return raw.decode("utf-8-sig", errors="replace").strip()
