from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.made_run import NO, YES, made_run
from tests.cli.test_compare import ARCHITECTURES, PRICES

from topdraw.cli.__main__ import cli
from topdraw.cli.costing import tables_of
from topdraw.errors import FormatError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.toml").write_text(PRICES)
    (tmp_path / "a.toml").write_text(ARCHITECTURES)
    return tmp_path


def test_files_are_tables_and_none_is_none(folder: Path) -> None:
    tables = tables_of(str(folder / "p.toml"), str(folder / "a.toml"))
    assert tables.prices is not None
    assert tables.prices["made"].output_usd == 4
    assert tables.architectures is not None
    assert tables.architectures["made"].layers == 4
    assert tables_of(None, None).prices is None
    with pytest.raises(FormatError, match=r"no \[\[price\]\]"):
        tables_of(str(folder / "a.toml"), None)


def test_a_report_is_priced_by_the_files(folder: Path) -> None:
    made_run(folder / "run", {"p": [YES, NO, YES, NO], "q": [NO, NO, NO, YES]})
    given = [folder / "run", "--prices", folder / "p.toml", "--architectures", folder / "a.toml"]
    done = CliRunner().invoke(cli, ["report", *map(str, given)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert 'id="axis-usd"' in page
    assert 'id="axis-flops"' in page
    assert "4 samples of a problem cost $0.000082" in page
