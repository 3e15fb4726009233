"""A page in a real Chromium, for tests of what a reader sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from topdraw.reports.study_files import StudyPage

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Visit:
    """An open page and everything it said or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@dataclass
class Chromium:
    """Opens pages from files and listens to them."""

    browser: Browser
    folder: Path
    opened: list[Page] = field(default_factory=list)
    visits: int = 0

    def visit(
        self,
        html: str,
        *,
        width: int = 1280,
        dark: bool = False,
        javascript: bool = True,
        at: str = "",
    ) -> Visit:
        while self.opened:
            self.opened.pop().context.close()
        self.visits += 1
        file = self.folder / f"page-{self.visits}.html"
        file.write_text(html, encoding="utf-8")
        page = self.browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        self.opened.append(page)
        visit = Visit(page)
        page.on("console", lambda message: visit.complaints.append(message.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("dialog", lambda dialog: visit.complaints.append(f"dialog {dialog.message}"))
        page.goto(file.as_uri() + at)
        return visit


# One browser per module and not per session: while Playwright's synchronous door is open, its
# event loop counts as running, and no asynchronous test could run in between.
@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    path = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser on this machine: looked for {', '.join(_BROWSERS)}")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield Chromium(browser, tmp_path_factory.mktemp("pages"))
        browser.close()


@pytest.fixture(scope="session")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> StudyPage:
    """The page of a small study of greedy against sampled answers."""
    from tests.reports.made_greedy import made_materials

    from topdraw.reports.study_greedy import greedy_page

    return greedy_page(made_materials(tmp_path_factory.mktemp("study")))
