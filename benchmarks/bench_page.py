"""A report with 100 problems and 1,000 samples each in Chromium: its size, and how fast it loads.

Every sample is another text of some 350 characters, which deflate to a sixth; recorded samples of
MATH and HumanEval deflate to an eighth or a ninth. Anchor, in the same browser: the same page with
a few samples of each problem.
Not here: whether all samples can be reached (tests/reports/test_large_page.py).
Try it: `python benchmarks/bench_page.py` prints one JSON line.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.reports.fake import fake_recipe, fake_summary
from tests.reports.test_large_page import _views

from topdraw.reports.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 5
_TIMES = """() => {
  const page = performance.getEntriesByType('navigation')[0];
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return [page.domContentLoadedEventEnd, page.loadEventEnd, paint ? paint.startTime : NaN];
}"""


def loaded(browser: Browser, page: Path) -> dict[str, float]:
    """Median milliseconds until the document is ready, loaded, and first painted."""
    rounds = []
    for _ in range(ROUNDS):
        view = browser.new_page(viewport={"width": 1280, "height": 900})
        view.goto(page.as_uri())
        view.wait_for_timeout(200)
        rounds.append(view.evaluate(_TIMES))
        view.close()
    ready, whole, paint = (median(each) for each in zip(*rounds, strict=True))
    return {"ready_ms": round(ready), "loaded_ms": round(whole), "first_paint_ms": round(paint)}


def main() -> int:
    """Make both pages and load them."""
    from playwright.sync_api import sync_playwright

    summary, views = fake_summary(problems=100, n=1000), _views(1000, 100)
    start = time.perf_counter()
    whole = render_page(summary, views, recipe=fake_recipe(), whole=True)
    seconds = time.perf_counter() - start
    few = render_page(summary, views, recipe=fake_recipe())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        result: dict[str, object] = {"bench": "page of 100 problems x 1,000 samples"}
        for name, text in (("few", few), ("all", whole)):
            page = Path(folder) / f"{name}.html"
            page.write_text(text, encoding="utf-8")
            times = loaded(browser, page)
            result |= {f"{name}_mb": round(len(text.encode()) / 1e6, 2)}
            result |= {f"{name}_{key}": value for key, value in times.items()}
        browser.close()
    print(json.dumps(result | {"made_in_s": round(seconds, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
