"""A figure of a page as a file of its own: SVG with its colours written out, or PNG.

Not here: what is drawn (`series_figure` and other figures), the style itself (page.css).
Try it: `python -m pytest tests/reports/test_figure_file.py`.
"""

from __future__ import annotations

import functools
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topdraw._optional import require
from topdraw.errors import MissingPackage, StoreError
from topdraw.reports.plain_style import ATTRIBUTES, FONTS, Element, computed
from topdraw.reports.visible import plain

_ON_SCREEN_ONLY = frozenset({"column", "spot", "guide"})
_TEXT_ONLY = frozenset({"font-size", "font-weight", "font-family", "text-anchor", "paint-order"})
_NO_FONT = (
    "no font is installed here, so the labels of a picture would be missing; install one "
    "(such as DejaVu Sans), or use the SVG file"
)


@dataclass(frozen=True, slots=True)
class FigureFiles:
    """Where a figure was written.

    Attributes:
        svg: the SVG file.
        png: the PNG file; None when there is none.
        note: why there is none, in a sentence; "" when there is.
    """

    svg: Path
    png: Path | None
    note: str = ""


def svg_text(svg: str) -> str:
    """A figure as the text of an SVG file: white ground, colours of the light theme, text as text.

    Args:
        svg: an `svg` element that a page can show.

    Returns:
        An XML document without classes, style sheets, scripts and what only a pointer needs.
    """
    root = ET.fromstring(plain(svg, len(svg)))  # noqa: S314 - our own, escaped where it was made
    _styled(root, [], {})
    _, _, width, height = root.get("viewBox", "0 0 0 0").split()
    about = root.get("aria-label", "")
    for name in [name for name in root.attrib if name != "viewBox"]:
        del root.attrib[name]
    root.attrib |= {"xmlns": "http://www.w3.org/2000/svg", "width": width, "height": height}
    ground = ET.Element("rect", {"width": width, "height": height, "fill": "#ffffff"})
    title = ET.Element("title")
    title.text = about
    root[:0] = [title, ground]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _styled(element: ET.Element, path: Sequence[Element], around: Mapping[str, str]) -> None:
    here = [*path, Element(element.tag, frozenset(element.attrib.pop("class", "").split()))]
    style = computed(here, around)
    for name in sorted(ATTRIBUTES & style.keys()):
        if name not in element.attrib and (element.tag == "text" or name not in _TEXT_ONLY):
            element.set(name, style[name])
    if element.tag == "text":
        _sized(element, style, around)
    for child in list(element):
        classes = set(child.get("class", "").split())
        if child.tag == "title" or classes & _ON_SCREEN_ONLY:
            element.remove(child)
        else:
            _styled(child, here, {**_inherited(around), **style})


def _inherited(style: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in style.items() if name in ("font-size", "font-family")}


def _sized(text: ET.Element, style: Mapping[str, str], around: Mapping[str, str]) -> None:
    """Fonts are inherited on a page; a file says them at each label, in pixels."""
    text.set("font-family", style.get("font-family", around.get("font-family", "sans-serif")))
    size, outer = style.get("font-size", "1em"), around.get("font-size", "14px")
    pixels = float(size[:-2]) * (float(outer[:-2]) if size.endswith("em") else 1.0)
    text.set("font-size", f"{pixels:g}")


def save_svg(svg: str, path: str | os.PathLike[str]) -> Path:
    """Write a figure as an SVG file and return where it lies.

    Args:
        svg: an `svg` element that a page can show.
        path: the file; folders on the way are made.

    Raises:
        StoreError: if it cannot be written.
    """
    return _written(Path(path), svg_text(svg).encode("utf-8"))


def save_png(svg: str, path: str | os.PathLike[str], *, scale: float = 2.0) -> Path:
    """Write a figure as a PNG file and return where it lies.

    Args:
        svg: an `svg` element that a page can show.
        path: the file; folders on the way are made.
        scale: pixels for each unit of the figure, > 0; a wide figure has 880 units.

    Returns:
        The path. The letters are those of a font of this machine.

    Raises:
        MissingPackage: without the extra "png", or without any font.
        StoreError: if it cannot be written.
    """
    return _written(Path(path), png_bytes(svg, scale=scale))


def png_bytes(svg: str, *, scale: float = 2.0) -> bytes:
    """A figure as the bytes of a PNG file; see `save_png`.

    Args:
        svg: an `svg` element that a page can show.
        scale: pixels for each unit of the figure, > 0.

    Raises:
        MissingPackage: without the extra "png", or without any font.
    """
    resvg = require("resvg_py", "png", "A figure as PNG")
    if not _has_font(resvg.svg_to_bytes):
        raise MissingPackage(f"A figure as PNG cannot be drawn: {_NO_FONT}.")
    drawn: bytes = bytes(resvg.svg_to_bytes(svg_string=svg_text(svg), zoom=scale))
    return drawn


def save_figure(svg: str, stem: str | os.PathLike[str]) -> FigureFiles:
    """Write a figure as SVG, and as PNG where that can be done here.

    Args:
        svg: an `svg` element that a page can show.
        stem: the files without their endings.

    Raises:
        StoreError: if one cannot be written.
    """
    base = Path(stem)
    written = save_svg(svg, base.with_name(f"{base.name}.svg"))
    try:
        return FigureFiles(written, save_png(svg, base.with_name(f"{base.name}.png")))
    except MissingPackage as missing:
        return FigureFiles(written, None, str(missing))


@functools.cache
def _has_font(render: Callable[..., bytes]) -> bool:
    """Whether a letter leaves a trace."""
    empty, letter = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inside}</svg>'
        for inside in ("", f'<text y="8" font-family="{FONTS}">x</text>')
    )
    return bool(render(svg_string=empty) != render(svg_string=letter))


def _written(path: Path, data: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise StoreError(f"The figure {path} cannot be written: {error}.") from error
    return path
