"""Optional packages: one sentence with the pip line, and no other failure hidden behind it."""

import json
from pathlib import Path

import pytest

from topdraw._optional import require
from topdraw.errors import MissingPackage


def test_an_installed_package_comes_back() -> None:
    assert require("json", "hf", "Nothing") is json


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.part", "json.no_part"])
def test_a_missing_package_is_one_sentence(package: str) -> None:
    with pytest.raises(MissingPackage) as caught:
        require(package, "hf", "The ArmoRM scorer")
    assert str(caught.value) == (
        f"The ArmoRM scorer needs {package}. Install it with: pip install 'topdraw[hf]'"
    )


def test_what_an_installed_package_lacks_itself_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency") as caught:
        require("half_installed", "hf", "Nothing")
    assert not isinstance(caught.value, MissingPackage)
