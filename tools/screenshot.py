"""A picture of a page, taken by the Chromium of this machine.

Not here: making the page. Try it: `python tools/screenshot.py runs/demo/report.html out.png`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium() -> str | None:
    """The path of an installed Chromium or Chrome; None when there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def screenshot(
    page: Path,
    out: Path,
    *,
    width: int,
    height: int | None,
    dark: bool,
    selector: str,
    scale: float,
) -> None:
    """Open a page and save what it looks like.

    Args:
        page: an HTML file.
        out: the PNG to write.
        width: of the window in pixels; below 500 it is a phone.
        height: of the picture; None for the whole page.
        dark: whether the system asks for a dark page.
        selector: a CSS selector of the only part wanted; "" for the page.
        scale: device pixels per pixel.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        view = browser.new_page(
            viewport={"width": width, "height": height or 900},
            color_scheme="dark" if dark else "light",
            device_scale_factor=scale,
        )
        view.goto(page.resolve().as_uri())
        if selector:
            view.locator(selector).first.screenshot(path=out)
        else:
            view.screenshot(path=out, full_page=height is None)
        browser.close()


def main() -> int:
    """Read the command line and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, help="default: the whole page")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--selector", default="", help="picture of the first match only")
    parser.add_argument("--scale", type=float, default=2.0)
    options = parser.parse_args()
    if chromium() is None:
        print(f"No Chromium found; looked for {', '.join(_BROWSERS)}.", file=sys.stderr)
        return 3
    screenshot(
        options.page,
        options.out,
        width=options.width,
        height=options.height,
        dark=options.dark,
        selector=options.selector,
        scale=options.scale,
    )
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
