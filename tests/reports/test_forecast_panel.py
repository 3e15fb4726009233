from pathlib import Path

from topdraw.analysis.summary import summarize
from topdraw.reports.forecast_panel import forecast_panel
from topdraw.store.evidence import open_evidence


def test_a_report_says_what_ten_times_the_samples_would_solve(tmp_path: Path) -> None:
    rows = [f"p{i},12,{i}\n" for i in range(12)]
    (tmp_path / "counts.csv").write_text("problem,n,c\n" + "".join(rows))
    table = open_evidence(tmp_path / "counts.csv")
    panel = forecast_panel(table, summarize(table))
    assert panel is not None
    assert (panel.key, len(panel.figures)) == ("forecast", 2)
    assert "At k = 120, 10 times the samples drawn" in panel.claim


def test_few_samples_have_no_forecast_panel(tmp_path: Path) -> None:
    for n in (2, 5):
        (tmp_path / "few.csv").write_text(f"problem,n,c\na,{n},1\nb,{n},0\n")
        table = open_evidence(tmp_path / "few.csv")
        assert forecast_panel(table, summarize(table)) is None
