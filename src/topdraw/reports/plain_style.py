"""The style sheet of a page resolved for a file that has none: colours of the light theme.

Not here: files (`figure_file`). Understands what figures use: classes, tags, descendants, `var()`,
`light-dark()`; every other rule of the sheet is skipped.
Try it: `python -m pytest tests/reports/test_plain_style.py`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

#: Presentation attributes of SVG that the sheet sets; all other properties do not concern a file.
ATTRIBUTES = frozenset(
    "fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linejoin "
    "stroke-linecap text-anchor font-size font-weight font-family paint-order".split()
)
FONTS = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
_PRINTED = {"--paper": "#ffffff", "--card": "#ffffff", "--sans": FONTS}
_SIMPLE = re.compile(r"[a-z]*(?:\.[a-z][a-z0-9-]*)*(?: +[a-z]*(?:\.[a-z][a-z0-9-]*)*)*")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CALL = re.compile(r"(var|light-dark)\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Element:
    """What a selector can ask of an element.

    Attributes:
        tag: its name.
        classes: its classes.
    """

    tag: str
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One selector with what it sets.

    Attributes:
        parts: an element for each step of the selector, the outermost first.
        declarations: property and value, as written.
    """

    parts: tuple[Element, ...]
    declarations: tuple[tuple[str, str], ...]

    @property
    def weight(self) -> tuple[int, int]:
        """Its specificity: classes, then tags."""
        return (
            sum(len(part.classes) for part in self.parts),
            sum(bool(part.tag) for part in self.parts),
        )

    def fits(self, path: Sequence[Element]) -> bool:
        """Whether it styles the last element of a path from the root.

        Args:
            path: the element with those around it, the outermost first.
        """
        if not path or not _is(path[-1], self.parts[-1]):
            return False
        around = iter(reversed(path[:-1]))
        return all(any(_is(each, part) for each in around) for part in reversed(self.parts[:-1]))


def _is(element: Element, asked: Element) -> bool:
    return asked.classes <= element.classes and asked.tag in ("", element.tag)


def computed(path: Sequence[Element], around: Mapping[str, str]) -> dict[str, str]:
    """What an element's style is, variables included; see `ATTRIBUTES` for what counts.

    Args:
        path: the element with those around it, the outermost first.
        around: what `computed` says of its parent; variables are inherited.

    Examples:
        >>> mark = Element("path", frozenset({"line"}))
        >>> computed([Element("g", frozenset({"s-best"})), mark], {"--c": "#0072b2"})["stroke"]
        '#0072b2'
    """
    found = {name: value for name, value in around.items() if name.startswith("--")}
    found |= {} if around else dict(_sheet().variables)
    fitting = sorted((rule for rule in _sheet().rules if rule.fits(path)), key=lambda r: r.weight)
    for rule in fitting:
        found |= dict(rule.declarations)
    return {name: resolved(value, found) for name, value in found.items()}


def resolved(value: str, variables: Mapping[str, str]) -> str:
    """A value without calls: variables put in, of two themes the light one.

    Args:
        value: as written in the sheet.
        variables: by name, "--..."; one that is unknown stands for nothing.

    Examples:
        >>> resolved("light-dark(var(--a), #fff)", {"--a": "#000"})
        '#000'
    """
    while call := _CALL.search(value):
        name, inside = call.groups()
        first = inside.split(",")[0].strip()
        put = first if name == "light-dark" else variables.get(first, "")
        value = value[: call.start()] + put + value[call.end() :]
    return value.strip()


@dataclass(frozen=True, slots=True)
class _Sheet:
    variables: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]


@functools.cache
def _sheet() -> _Sheet:
    text = files("topdraw.reports").joinpath("page.css").read_text(encoding="utf-8")
    variables: dict[str, str] = {}
    rules: list[Rule] = []
    for selectors, body in _RULE.findall(_flat(text)):
        declarations = tuple(_declarations(body))
        for selector in map(str.strip, selectors.split(",")):
            if selector == ":root":
                variables |= {name: value for name, value in declarations if name[:2] == "--"}
            elif selector and _SIMPLE.fullmatch(selector):
                rules.append(Rule(tuple(map(_element, selector.split())), declarations))
    return _Sheet(tuple((variables | _PRINTED).items()), tuple(rules))


def _flat(text: str) -> str:
    """The sheet without its conditional blocks."""
    return re.sub(r"@[^{};]*(?:;|\{(?:[^{}]|\{[^{}]*\})*\})", "", text)


def _declarations(body: str) -> Iterable[tuple[str, str]]:
    for line in body.split(";"):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if colon and (name in ATTRIBUTES or name.startswith("--")):
            yield name, value


def _element(selector: str) -> Element:
    tag, *classes = selector.split(".")
    return Element(tag, frozenset(classes))
