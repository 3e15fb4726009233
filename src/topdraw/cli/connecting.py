"""From the command line's settings to a connected model.

Not here: the models; `topdraw.models`. Try it: `topdraw models`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from topdraw.cli.draw import Draw, Server
from topdraw.core.protocols import Model
from topdraw.errors import ConfigError, UnknownNameError


def connect_model(draw: Draw, on_retry: Callable[[str], None]) -> Model:
    """The model the command line names; an endpoint tells `on_retry` what it asks again and why.

    Raises:
        ConfigError: when an option needs --endpoint and there is none.
        UnknownNameError: when there is no such model.
    """
    from topdraw.models.connect import connect

    if draw.server.endpoint:
        return _connect_endpoint(draw, on_retry)
    _refuse_server_options(draw.server)
    spec = draw.model or "builtin"
    if spec.startswith("builtin") and draw.concurrency is not None:
        return connect(spec, workers=draw.concurrency)
    try:
        return connect(spec)
    except UnknownNameError as error:
        error.hint += " A model on a server also needs its address: --endpoint URL."
        raise


def _refuse_server_options(server: Server) -> None:
    usual = dataclasses.asdict(Server())
    for name, value in dataclasses.asdict(server).items():
        if value != usual[name]:
            raise ConfigError(
                f"--{name.replace('_', '-')} is about a server, and there is no --endpoint.",
                hint="Give its address: --endpoint http://localhost:8000/v1",
            )


def _connect_endpoint(draw: Draw, on_retry: Callable[[str], None]) -> Model:
    from topdraw.models.connect import connect
    from topdraw.models.phases import Deadlines
    from topdraw.models.retry import Retry

    server = draw.server
    deadlines = {
        "connect_seconds": server.connect_timeout,
        "first_byte_seconds": server.first_byte_timeout,
        "between_bytes_seconds": server.between_bytes_timeout,
        "total_seconds": server.timeout,
    }
    retry = {
        "attempts": None if server.retries is None else server.retries + 1,
        "dead_after_seconds": server.patience,
    }
    return connect(
        server.endpoint[0] if len(server.endpoint) == 1 else server.endpoint,
        model=draw.model,
        api=server.api,
        api_key_env=server.api_key_env,
        api_key_file=server.api_key_file,
        chunk=server.chunk,
        stream=server.stream,
        logprobs=True,
        retry=Retry(**_given(retry)),
        deadlines=Deadlines(**_given(deadlines)),
        on_retry=on_retry,
    )


def _given(settings: Mapping[str, float | None]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
