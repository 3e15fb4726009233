import struct
import sys
import types
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest
from tests.reports.fake import fake_summary
from tests.reports.hostile import EVERYTHING

from topdraw.core.estimate import Estimate
from topdraw.errors import MissingPackage, StoreError
from topdraw.reports.figure import curves_figure
from topdraw.reports.figure_file import png_bytes, save_figure, save_png, save_svg, svg_text
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.plain_style import ATTRIBUTES
from topdraw.reports.series import Series
from topdraw.reports.series_figure import series_figure
from topdraw.reports.sweep_heat import HeatCell, HeatMap, heat_figure

PLAIN = series_figure([Series("a", {1: 0.2, 10: 0.6}), Series("b", {1: 0.3}, kind="published")])
SVG = "{http://www.w3.org/2000/svg}"


def _report_figures() -> dict[str, str]:
    summary = fake_summary(problems=30)
    heat = HeatMap("", ("0", "1"), ("1",), (HeatCell(0, 0, Estimate(0.5, 0.4, 0.6), "best"),))
    return {
        "series": PLAIN,
        "curves": curves_figure(summary.curves, gap=summary.gap, layout=WIDE),
        "narrow": curves_figure(summary.curves, gap=summary.gap, layout=NARROW),
        "heat": heat_figure([heat], across="temperature", down="penalty", layout=WIDE),
        "hostile": series_figure([Series(EVERYTHING, {1: 0.5, 2: 0.6})]),
    }


@pytest.mark.parametrize("name", ["series", "curves", "narrow", "heat", "hostile"])
def test_a_file_stands_alone(name: str) -> None:
    figure = _report_figures()[name]
    text = svg_text(figure)
    root = ET.fromstring(text.encode())  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    assert float(root.get("width", "0")) > 100
    ground = root[1]
    assert (ground.tag, ground.get("fill")) == (f"{SVG}rect", "#ffffff")
    for each in root.iter():
        assert not {"class", "style", "tabindex", "role"} & each.attrib.keys()
        assert not any(name.startswith(("data-", "aria-", "on")) for name in each.attrib)
    for word in ("var(", "light-dark", "<style", "<script", "--"):
        assert word not in text.replace("<!--", "")
    labels = [each for each in root.iter(f"{SVG}text")]
    assert len(labels) == figure.count("<text")
    assert all(float(each.get("font-size", "0")) >= 11 for each in labels)
    assert all("sans-serif" in each.get("font-family", "") for each in labels)
    assert all(each.get("fill", "").startswith("#") for each in labels)


def test_what_only_a_pointer_needs_is_not_in_a_file_but_what_it_shows_is_said() -> None:
    text = svg_text(PLAIN)
    root = ET.fromstring(text.encode())  # noqa: S314 - our own
    assert PLAIN.count('class="column"') == 2
    assert [each.tag for each in root.iter(f"{SVG}title")] == [f"{SVG}title"]
    assert "a: 0.200 at 1, 0.600 at 10" in (root[0].text or "")
    assert len(list(root.iter(f"{SVG}rect"))) == 1


def test_attributes_of_the_figure_itself_are_kept() -> None:
    line = '<path class="line" stroke-dasharray="2 2" d="M0 0"/>'
    figure = f'<svg class="figure" viewBox="0 0 9 9">{line}</svg>'
    assert 'stroke-dasharray="2 2"' in svg_text(figure)
    assert ATTRIBUTES >= {"stroke-dasharray"}


def test_a_file_is_the_same_each_time_and_is_written_with_its_folder(tmp_path: Path) -> None:
    path = save_svg(PLAIN, tmp_path / "a" / "fig.svg")
    assert path.read_text(encoding="utf-8") == svg_text(PLAIN) == svg_text(PLAIN)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        save_svg(PLAIN, tmp_path / "file" / "fig.svg")


def _pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and raw bytes of an 8-bit PNG."""
    width, height = struct.unpack(">II", png[16:24])
    data, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    return width, height, zlib.decompress(data)


def test_a_picture_has_the_size_and_the_colours_of_the_figure(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="the extra png is not installed")
    width, height, raw = _pixels(save_png(PLAIN, tmp_path / "fig.png", scale=1.5).read_bytes())
    assert (width, height) == (1320, 600)
    assert len(set(raw)) > 20
    assert len(png_bytes(PLAIN)) > len(png_bytes(PLAIN, scale=0.5))


def test_both_files_are_written_where_both_can_be(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="the extra png is not installed")
    made = save_figure(PLAIN, tmp_path / "fig.1")
    assert made.svg.name == "fig.1.svg"
    assert made.png is not None
    assert made.png.read_bytes().startswith(b"\x89PNG")
    assert made.note == ""


def test_without_the_extra_there_is_svg_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    made = save_figure(PLAIN, tmp_path / "fig")
    assert made.png is None
    assert [each.name for each in tmp_path.iterdir()] == ["fig.svg"]
    assert made.note == (
        "A figure as PNG needs resvg_py. Install it with: pip install 'topdraw[png]'"
    )


def test_without_a_font_no_picture_without_words_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = types.SimpleNamespace(svg_to_bytes=lambda **_: b"same")
    monkeypatch.setitem(sys.modules, "resvg_py", bare)
    with pytest.raises(MissingPackage, match="no font is installed"):
        png_bytes(PLAIN)
