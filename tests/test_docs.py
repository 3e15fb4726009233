"""The docs name what the code has: every name, error, word and command."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import topdraw
from topdraw.core.registry import Kind

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@pytest.mark.slow
def test_the_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["task", "scorer", "selector", "model"])
def test_every_registered_name_is_documented(kind: Kind) -> None:
    # Not `names(kind)`: other tests and doctests of this process register names of their own.
    shipped = distribution("topdraw").entry_points.select(group=f"topdraw.{kind}s").names
    page = (DOCS / "names.md").read_text()
    assert shipped
    assert [name for name in shipped if f"`{name}`" not in page] == []


def test_every_public_name_is_on_the_python_page() -> None:
    page = (DOCS / "python.md").read_text()
    assert [name for name in topdraw.__all__ if f"`{name}" not in page] == []


def test_local_links_of_the_docs_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_the_readme_shows_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
