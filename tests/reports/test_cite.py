import platform
from pathlib import Path

import pytest

from topdraw import __version__
from topdraw.errors import StoreError
from topdraw.reports.cite import digest_of, versions


def test_versions_name_python_and_what_is_installed() -> None:
    found = dict(versions())
    assert found["python"] == platform.python_version()
    assert found["topdraw"] == __version__
    assert "numpy" in found
    assert versions(["no-such-package-at-all"]) == (("python", platform.python_version()),)


def test_a_digest_depends_on_bytes_and_on_where_files_end(tmp_path: Path) -> None:
    for name, data in (("a", b"12"), ("b", b"3"), ("c", b"1"), ("d", b"23")):
        (tmp_path / name).write_bytes(data)
    one, two = (digest_of([tmp_path / x for x in pair]) for pair in ("ab", "cd"))
    assert one != two
    assert one == digest_of([tmp_path / "a", tmp_path / "b"])
    assert one.startswith("sha256:")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone\.parquet cannot be read"):
        digest_of([tmp_path / "gone.parquet"])
