"""What all pages share: the template language, the content security policy, and the file.

Not here: what a page says (`page`, `panels`). Model text is hostile: every expression of a template
passes `plain`, then autoescape; a content security policy lets nothing run but our own script.
Try it: `python -m pytest tests/reports/test_document.py`.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import math
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from topdraw._version import __version__
from topdraw.core.estimate import Estimate
from topdraw.errors import StoreError
from topdraw.reports.cards import percent, short, two
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from jinja2 import Environment

_INTERVAL = re.compile(
    r"([-\u2212$]{0,2}\d[\d,.]*(?:e[+-]?\d+)?[%kMG]?)"
    r"[ \u00a0](\[[^\]\[]{1,40},[ \u00a0][^\]\[]{1,40}\])"
)

_MINUS = re.compile(r"-(?=[$\d])")


def render(template: str, **values: object) -> str:
    """A whole HTML document that encodes to UTF-8, whatever a model wrote.

    Args:
        template: name of a file beside this one.
        **values: what it shows; text is escaped, invisible characters are named.
    """
    return environment().get_template(template).render(**values)


def write_page(page: str, out: str | os.PathLike[str]) -> Path:
    """Write a page and return where it lies; folders on the way are made.

    Args:
        page: the document.
        out: the file.

    Raises:
        StoreError: if it cannot be written.
    """
    path = Path(out)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The page {path} cannot be written: {error}.") from error
    return path


@functools.cache
def environment() -> Environment:
    """The template language with what every page needs."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    css, js = _source("page.css"), _source("page.js") + _source("samples.js")
    made = Environment(
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        loader=FunctionLoader(_source),
    )
    made.globals.update(
        css=Markup(css),  # noqa: S704 - package data
        js=Markup(js),  # noqa: S704 - package data
        policy=Markup(_policy(css, js)),  # noqa: S704 - base64 and constants
        version=__version__,
        split=_split,
        told=told,
        commas="{:,}".format,
        many=_many,
        count_of=lambda count: "" if math.isnan(count) else f"{count:,.0f}",
        percent=percent,
        short=short,
        two=two,
        share=lambda count, n: f"{100 * count / max(n, 1):.1f}",
    )
    return made


def told(text: str) -> Markup:
    """A sentence as markup in which no line breaks inside an interval, which is set lighter.

    Args:
        text: not yet escaped; it may be hostile.

    Examples:
        >>> told("0.6 [0.5, 0.7] & more")
        Markup('<span class="num">0.6</span> <span class="ci">[0.5, 0.7]</span> &amp; more')
    """
    spaced = plain(text, 4000).replace(" = ", "\u00a0=\u00a0")
    marked = _INTERVAL.sub(_spans, str(escape(spaced)))
    return Markup(marked)  # noqa: S704 - escaped before the spans were put in


def _spans(match: re.Match[str]) -> str:
    number, interval = (_MINUS.sub("\u2212", part) for part in match.groups())
    return f'<span class="num">{number}</span> <span class="ci">{interval}</span>'


def _source(name: str) -> str:
    return files("topdraw.reports").joinpath(name).read_text(encoding="utf-8")


def _policy(css: str, js: str) -> str:
    """Nothing is loaded, and no script or style counts but the two whose digests these are."""
    digests = (base64.b64encode(hashlib.sha256(x.encode()).digest()).decode() for x in (css, js))
    style, script = (f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _shown(value: object) -> object:
    """The last door before autoescape: no invisible character passes it as text."""
    return plain(value, 4000) if isinstance(value, str) and not isinstance(value, Markup) else value


def _split(estimate: Estimate) -> tuple[str, str]:
    number, _, interval = str(estimate).partition(" ")
    return number.replace("-", "\u2212") if len(number) > 1 else number, interval.replace(
        "-", "\u2212"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
