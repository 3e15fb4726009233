"""Options of what a token costs, in USD and in FLOPs, and of comparing at equal cost.

Not here: what samples cost (`analysis.cost`), caps on a draw (`draw_options`).
Try it: `topdraw report runs/try --prices prices.toml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from topdraw.cli.options import option

if TYPE_CHECKING:
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.cost_of_k import Unit

#: What --equal calls a unit.
EQUAL: dict[str, Unit] = {
    "tokens": "output_tokens",
    "usd": "usd",
    "flops": "flops",
    "samples": "samples",
}

architectures_option = option(
    "Budget",
    "--architectures",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    about="Your table of parameters, layers and widths (TOML), for FLOPs; it comes before ours.",
)
equal_option = click.option(
    "--equal",
    "equal",
    type=click.Choice(list(EQUAL)),
    multiple=True,
    help="Also compare at equal budgets, each at its best k: output tokens, USD, FLOPs or samples "
    "of a problem; may be repeated.",
)


def tables_of(prices: str | None, architectures: str | None) -> Tables:
    """What a model is looked up in.

    Args:
        prices: a file, as given with --prices.
        architectures: a file, as given with --architectures.

    Raises:
        FormatError: when a file is no such table.
    """
    from topdraw.analysis.architectures import read_architectures
    from topdraw.analysis.cost import Tables
    from topdraw.sampling.prices import read_prices

    return Tables(
        None if prices is None else read_prices(prices),
        None if architectures is None else read_architectures(architectures),
    )
