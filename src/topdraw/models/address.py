"""Where a model server is and which key opens it.

Not here: talking to it. A key is only ever read from an environment variable: what stands in an
address or on a command line ends up in logs and run directories.
Try it: `python -c "from topdraw.models.address import read_address as r; print(r('http://h/v1'))"`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from topdraw.errors import ConfigError
from topdraw.models.request import Api
from topdraw.models.transport import shown

if TYPE_CHECKING:
    import yarl


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
            hint="Put the key into an environment variable and name it with api_key_env.",
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


def read_key(variable: str | None) -> tuple[str | None, str]:
    """The key in an environment variable, and the variable's name.

    Args:
        variable: its name; None for OPENAI_API_KEY, which may be unset.

    Raises:
        ConfigError: when a variable was named that holds no key, or holds what no key can be.
    """
    name = variable or "OPENAI_API_KEY"
    key = os.environ.get(name, "").strip()
    if variable and not key:
        raise ConfigError(f"The environment variable {variable} holds no key.", hint="Set it.")
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"The key in {name} has characters that no key can have.")
    return key or None, name
