"""`topdraw serve proxy`: an OpenAI-compatible port that answers with the best of N.

Not here: the server; `topdraw.servers.proxy`. Try it: `topdraw serve proxy --help`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from topdraw.cli.draw_options import prices_option
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import NATURAL, POSITIVE, option
from topdraw.errors import ConfigError

if TYPE_CHECKING:
    from topdraw.models.endpoint import Endpoint
    from topdraw.models.several import Endpoints
    from topdraw.servers.proxy.settings import Settings

_SECONDS = click.FloatRange(min=0, min_open=True)


@click.command("proxy", cls=GroupedCommand)
@option(
    "Model",
    "--endpoint",
    multiple=True,
    required=True,
    metavar="URL",
    about="The model server. Several with the same models share the work.",
)
@option(
    "Model",
    "--model",
    "-m",
    multiple=True,
    metavar="NAME",
    about="A model that clients may ask for, the first by default. Default: all there are.",
)
@option(
    "Model",
    "--concurrency",
    type=POSITIVE,
    metavar="N",
    default=256,
    about="Most requests at once, at each endpoint.",
)
@option(
    "Run",
    "--select",
    metavar="SELECTOR",
    about="How to answer what names no strategy: best_of_n, majority, ... Default: one sample, "
    "passed through.",
)
@option("Run", "-n", "n", type=POSITIVE, metavar="N", default=16, about="Candidates of a request.")
@option(
    "Run",
    "--with",
    "scorers",
    multiple=True,
    metavar="SCORER",
    about="Scorer whose values rank: a name or FILE.py:FUNCTION. Clients may choose among several. "
    "Default: logprob.",
)
@option("Run", "--by", default="number", metavar="SCORER", about="Scorer whose answers vote.")
@option(
    "Run",
    "--judge",
    metavar="SPEC",
    about="Who compares candidates, for usc, knockout(judge), ...: judge(model=NAME, url=URL).",
)
@option(
    "Run",
    "--judge-calls",
    type=POSITIVE,
    default=256,
    metavar="N",
    about="Most questions to the judge for one request.",
)
@option(
    "Run",
    "--deadline",
    type=_SECONDS,
    metavar="SECONDS",
    about="Answer with the best so far after so long.",
)
@option(
    "Run",
    "--record",
    type=click.Path(file_okay=False),
    metavar="RUN",
    about="Keep requests with a strategy in a run, for `topdraw report RUN`.",
)
@option("Server", "--host", default="127.0.0.1", metavar="HOST", about="Where to listen.")
@option(
    "Server",
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    metavar="PORT",
    about="0 takes any that is free.",
)
@option(
    "Server",
    "--keys",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    about="Who may use it, how fast and for how much (TOML).",
)
@option(
    "Server",
    "--allow-anybody",
    is_flag=True,
    about="Listen beyond this machine without --keys: whoever reaches the port spends.",
)
@option(
    "Server",
    "--most-candidates",
    type=POSITIVE,
    default=64,
    metavar="N",
    about="Most candidates of one request.",
)
@option(
    "Server",
    "--largest-body",
    type=POSITIVE,
    default=32,
    metavar="MIB",
    about="Longest body of a request.",
)
@option(
    "Server",
    "--drain",
    type=_SECONDS,
    default=30.0,
    metavar="SECONDS",
    about="How long what is under way may take after Ctrl-C.",
)
@option(
    "Endpoint",
    "--api-key-env",
    metavar="NAME",
    about="Environment variable with its key. Default: OPENAI_API_KEY.",
)
@option(
    "Endpoint",
    "--api-key-file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    about="File with its key.",
)
@option(
    "Endpoint",
    "--chunk",
    type=POSITIVE,
    metavar="N",
    default=16,
    about="Most candidates to ask for in one request.",
)
@option(
    "Endpoint",
    "--retries",
    type=NATURAL,
    metavar="N",
    default=2,
    about="How often a candidate is asked for again. What is passed through never is.",
)
@option(
    "Endpoint",
    "--timeout",
    type=_SECONDS,
    metavar="SECONDS",
    default=600.0,
    about="Longest time of one request upstream.",
)
@prices_option
def command(
    endpoint: tuple[str, ...],
    host: str,
    port: int,
    allow_anybody: bool,
    drain: float,
    **given: Any,  # noqa: ANN401 - click hands over whatever was declared
) -> None:
    """Stand in front of a model server, and answer OpenAI clients with the best of N.

    A client chooses the strategy by the name of the model (best-of-16/NAME, majority-16/NAME,
    SELECTOR-N/NAME), or by the field "topdraw" of a request. The address to point clients to goes
    to stdout.
    """
    from topdraw.servers.proxy.app import proxy_app
    from topdraw.servers.proxy.guard import Guard, is_loopback
    from topdraw.servers.proxy.run import listening, serve

    settings = _settings(given)
    if settings.keys is None and not is_loopback(host) and not allow_anybody:
        raise ConfigError(
            f"Whoever reaches {host} could spend what the endpoint costs.",
            hint="Give out keys with --keys FILE, or say --allow-anybody.",
        )
    app = proxy_app(_upstream(endpoint, given), settings)
    guarded = Guard(app) if settings.keys is None and is_loopback(host) else app
    listener = listening(host, port)
    shown = f"[{host}]" if ":" in host else host

    def ready() -> None:
        click.echo(f"http://{shown}:{listener.getsockname()[1]}/v1")
        click.echo("Serving; Ctrl-C ends it.", err=True)

    serve(guarded, listener, drain_seconds=drain, ready=ready)
    click.echo("Stopped: everything under way was answered or cancelled.", err=True)


def _settings(given: Mapping[str, Any]) -> Settings:
    from topdraw.sampling.prices import read_prices
    from topdraw.servers.proxy.keys import read_keys
    from topdraw.servers.proxy.settings import Settings

    return Settings(
        models=tuple(dict.fromkeys(given["model"])),
        select=given["select"],
        n=given["n"],
        scorers=tuple(dict.fromkeys(given["scorers"])) or ("logprob",),
        by=given["by"],
        judge=given["judge"] or "",
        judge_calls=given["judge_calls"],
        deadline_seconds=given["deadline"],
        most_candidates=max(given["most_candidates"], given["n"]),
        largest_body_bytes=given["largest_body"] * 2**20,
        keys=None if given["keys"] is None else read_keys(given["keys"]),
        record=given["record"],
        prices={} if given["prices"] is None else read_prices(given["prices"]),
    )


def _upstream(endpoint: tuple[str, ...], given: Mapping[str, Any]) -> Endpoint | Endpoints:
    from topdraw.models.endpoint import connect_endpoint
    from topdraw.models.phases import Deadlines
    from topdraw.models.retry import Retry
    from topdraw.models.several import connect_endpoints

    options: dict[str, Any] = {
        # Requests name their own model; this one is for messages.
        "model": next(iter(given["model"]), "the model"),
        "api_key_env": given["api_key_env"],
        "api_key_file": given["api_key_file"],
        "chunk": given["chunk"],
        "concurrency": given["concurrency"],
        "deadlines": Deadlines(total_seconds=given["timeout"]),
        # The client waits, and most clients ask again by themselves.
        "retry": Retry(given["retries"] + 1, cap_seconds=4.0, longest_hint_seconds=8.0),
    }
    if len(endpoint) == 1:
        return connect_endpoint(endpoint[0], **options)
    return connect_endpoints(endpoint, **options)
