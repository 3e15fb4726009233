from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from tools import screenshot


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height in the header of a PNG."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "size"),
    [
        (["--height", "300", "--width", "400", "--scale", "2"], (800, 600)),
        (["--selector", "div", "--scale", "1", "--dark"], (100, 50)),
    ],
)
def test_a_page_becomes_a_picture(
    words: list[str], size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if screenshot.chromium() is None:
        pytest.skip("no Chromium on this machine")
    page, out = tmp_path / "page.html", tmp_path / "out.png"
    page.write_text("<div style='width: 100px; height: 50px'>hello</div>")
    monkeypatch.setattr(sys, "argv", ["screenshot.py", str(page), str(out), *words])
    assert screenshot.main() == 0
    assert size_of(out) == size


def test_a_machine_without_a_browser_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["screenshot.py", "page.html", "out.png"])
    assert screenshot.main() == 3
    assert "No Chromium found" in capsys.readouterr().err
