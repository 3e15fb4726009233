import datetime
from pathlib import Path

import pytest
from tests.store.formats.made import imported

from topdraw.errors import FormatError, MissingPackage
from topdraw.store.formats import columnar
from topdraw.store.formats.columnar import plain

COLUMNS = {
    "question": ["1+1?", "2+2?"],
    "samples": [["2", "3"], ["4", "5"]],
    "is_corrects": [[True, False], [True, False]],
    "gt_answer": ["2", "4"],
}


def test_parquet_and_arrow_of_a_hub_data_set(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_dict(COLUMNS)
    made.to_parquet(tmp_path / "x.parquet")
    made.save_to_disk(tmp_path / "saved")
    (arrow,) = (tmp_path / "saved").glob("*.arrow")
    first = imported(tmp_path / "x.parquet")
    second = imported(arrow)
    assert first.outputs == second.outputs == [
        ("1+1?", 0, "2"), ("1+1?", 1, "3"), ("2+2?", 0, "4"), ("2+2?", 1, "5"),
    ]  # fmt: skip
    assert first.report.by == "plain:is_corrects"
    assert first.run.problems["1+1?"].target == "2"


def test_an_arrow_file_with_a_footer(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"id": [1.0, 2.0], "output": ["a", "b"]})
    with (
        arrow.OSFile(str(tmp_path / "x.arrow"), "wb") as sink,
        arrow.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    assert imported(tmp_path / "x.arrow").outputs == [("1", 0, "a"), ("2", 0, "b")]


def test_damaged_tables_are_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for data, told in (
        (b"ARROW1\0\0" + bytes(99), "as Arrow"),
        (b"PAR1" + bytes(99), "as Parquet"),
    ):
        path = tmp_path / "x.arrow"
        path.write_bytes(data)
        with pytest.raises(FormatError, match=told):
            imported(path)


def test_arrow_without_pyarrow_names_the_line_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(package: str, extra: str, what: str) -> None:
        raise MissingPackage(f"{what} needs {package}.")

    monkeypatch.setattr(columnar, "require", missing)
    (tmp_path / "x.arrow").write_bytes(b"ARROW1\0\0")
    with pytest.raises(MissingPackage, match="An Arrow file needs pyarrow"):
        imported(tmp_path / "x.arrow")


def test_values_of_databases_become_json() -> None:
    day = datetime.date(2026, 1, 2)
    assert plain({1: (day, float("nan"), 1.5, [None, b"x"])}) == {
        "1": ["2026-01-02", None, 1.5, [None, "b'x'"]]
    }
