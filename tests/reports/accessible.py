"""What axe-core finds on a page that a test has open.

Not here: tests. Try it: `python -m pytest tests/reports/test_accessible.py`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


def violations(page: Page) -> list[str]:
    """Every rule that is broken, with the first element that breaks it.

    Args:
        page: an open page; axe-core comes from an installed package, never from the network.
    """
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(axe)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert found["passes"], "axe-core did not look at the page"
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found["violations"]
    ]
