"""Plain tables wherever a command takes a run; what is no table is one sentence and exit code 3."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun

from topdraw.core.records import Score

COUNTS = "problem,n,c,model\na,12,3,P\nb,12,0,P\nc,12,12,P\na,20,1,Q\n"
SAMPLES = """question,correct,answer,reward,output
a,1,4,0.5,it is 4
a,0,5,0.75,it is 5
a,1,4,0.25,again 4
b,0,7,0.5,7?
b,1,8,0.75,8!
b,,9,1.0,9
"""


@pytest.fixture
def counts(tmp_path: Path) -> str:
    (tmp_path / "counts.csv").write_text(COUNTS)
    return "counts.csv"


@pytest.fixture
def samples(tmp_path: Path) -> str:
    (tmp_path / "samples.csv").write_text(SAMPLES)
    return "samples.csv"


def test_counts_are_reported_with_coverage_and_its_opposite(
    topdraw: Topdraw, tmp_path: Path, counts: str
) -> None:
    done = topdraw("report", counts, "--model", "P", "--k", "1,4", "--csv", "--out", "page.html")
    assert done.code == 0, done.err
    rows = {row["strategy"]: row for row in csv.DictReader(io.StringIO(done.out))}
    assert set(rows) == {"one sample (mean)", "oracle (pass@k)", "all k correct (pass^k)"}
    assert float(rows["oracle (pass@k)"]["k = 4"]) == pytest.approx((1 - 126 / 495 + 0 + 1) / 3)
    assert float(rows["all k correct (pass^k)"]["k = 4"]) == pytest.approx(1 / 3)
    low, high = (float(rows["oracle (pass@k)"][f"k = 4 {end}"]) for end in ("low", "high"))
    assert 0 <= low < 0.58 < high <= 1
    assert "Page: page.html" in done.err
    assert "<!doctype html>" in (tmp_path / "page.html").read_text().lower()


def test_samples_are_reported_with_every_selector_asked_for(topdraw: Topdraw, samples: str) -> None:
    done = topdraw(
        "report", samples, "--map", "problem=question", "-s", "first", "-s", "worst", "--k", "1,2"
    )
    assert done.code == 0, done.err
    for word in ("majority vote", "best of k by reward", "first", "worst", "pass^k"):
        assert word in done.out
    told = topdraw("report", samples, "--map", "problem=question", "-s", "first", "--json").out
    assert "NaN" not in told
    data = json.loads(told)
    assert data["also"]["k"] == [1, 2]
    assert data["also"]["rows"]["first"][0]["value"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert data["missing"] == 1


def test_the_table_is_latex_too(topdraw: Topdraw, counts: str) -> None:
    out = topdraw("report", counts, "--model", "P", "--latex").out
    assert out.startswith("\\begin{tabular}")
    assert out.endswith("\\end{tabular}\n")


def test_a_run_is_still_a_run(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["4", "5"]}, scorer="judge")
    pairs = zip(run.samples(), [Score.verdict(True), Score.verdict(False)], strict=True)
    run.add_scores("judge", pairs)
    out = topdraw("report", str(run.path), "--csv").out
    assert "all k correct (pass^k),0.5," in out


def test_a_run_and_the_table_of_its_samples_have_one_report(
    topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path
) -> None:
    run = tiny_run({"a": ["4", "5", "4"], "b": ["7", "8", "9"]}, scorer="correct")
    told: list[tuple[bool | None, str | None, float]] = [(True, "4", 0.5), (False, "5", 0.75)]
    told += [(True, "4", 0.25), (False, "7", 0.5), (True, "8", 0.75), (None, None, 1.0)]
    judged = [
        Score.missing("down") if passed is None else Score.verdict(passed, answer=answer)
        for passed, answer, _ in told
    ]
    run.add_scores("correct", zip(run.samples(), judged, strict=True))
    ranked = [Score(value=value) for *_, value in told]
    run.add_scores("reward", zip(run.samples(), ranked, strict=True))
    rows = [
        {"problem": s.problem_id, "correct": passed, "answer": answer, "reward": value, "tokens": 1}
        for s, (passed, answer, value) in zip(run.samples(), told, strict=True)
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    of_run = topdraw("report", str(run.path), "--csv").out.splitlines()
    of_table = topdraw("report", "t.jsonl", "--csv").out.splitlines()
    # The run knows the log-probabilities of its samples, too.
    assert [line for line in of_run if "logprob" not in line] == of_table
    assert len(of_table) == 7


def test_select_prints_the_choices_of_a_table(topdraw: Topdraw, samples: str) -> None:
    done = topdraw("select", samples, "--map", "problem=question", "-s", "best_of_n", "--json")
    chosen = [json.loads(line) for line in done.out.splitlines()]
    assert [one["output"] for one in chosen] == ["it is 5", "8!"]
    assert [one["problem_id"] for one in chosen] == ["a", "b"]
    assert "best_of_n: 0.5" in done.err


def test_show_says_what_a_table_holds(topdraw: Topdraw, counts: str, samples: str) -> None:
    told = topdraw("show", counts).out
    for words in ("counts of 3 problems", "2; name one with --model", "Q  1 problem, 20 samples"):
        assert words in told
    one = topdraw("show", counts, "--model", "P").out
    for words in ("model  P", "36 (12 a problem)", "36 scored, 15 of 36 passed"):
        assert words in one
    of_samples = topdraw("show", samples, "--map", "problem=question").out
    for words in (
        "scored samples of 2 problems",
        "6 (3 a problem)",
        "0.0% of the texts",
        "1 missing",
    ):
        assert words in of_samples
    data = json.loads(topdraw("show", counts, "--json").out)
    assert [one["model"] for one in data["models"]] == ["P", "Q"]
    assert data["counts"] is True
    assert (
        json.loads(topdraw("show", samples, "--map", "problem=question", "--json").out)["models"][
            0
        ]["samples"][0]["drawn"]
        == 6
    )


def test_many_models_are_shown_in_part_and_tokens_where_known(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    rows = "".join(f"a,5,1,m{at}\n" for at in range(23))
    (tmp_path / "many.csv").write_text("problem,n,c,model\n" + rows)
    assert "3 more" in topdraw("show", "many.csv").out
    (tmp_path / "t.csv").write_text("id,correct,tokens\na,1,1500\na,0,\n")
    assert "1,500 of outputs, not known of all" in topdraw("show", "t.csv").out


HOSTILE = {
    "empty.csv": b"",
    "header.csv": b"problem,n,c\n",
    "one-column.csv": b"problem\na\n",
    "more-than-n.csv": b"problem,n,c\na,1,2\n",
    "negative.csv": b"problem,n,c\na,1,-2\n",
    "huge.csv": b"problem,n,c\na,%s,1\n" % (b"9" * 5000),
    "fraction.csv": b"problem,n,c\na,1.5,1\n",
    "nameless.csv": b"problem,n,c\nnan,2,1\n",
    "twice.csv": b"problem,n,c\na,2,1\na,2,1\n",
    "bytes.csv": b"problem,n,c\n\xff\xfe,2,1\n",
    "quote.csv": b'problem,n,c\n"a,2,1\n',
    "list.jsonl": b"[1,2]\n",
    "half.jsonl": b'{"problem": "a", "n": 1',
    "deep.jsonl": b"[" * 50_000,
    "no.parquet": b"PAR1 it is not",
    "what.txt": b"problem,n,c\na,2,1\n",
    "verdict.csv": b"problem,correct\na,0.3\n",
    "two-models.csv": COUNTS.encode(),
    "control.csv": b"problem,correct\n\x1b[31ma,maybe\n",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("command", ["report", "select"])
def test_what_cannot_be_read_is_one_sentence_and_exit_code_3(
    topdraw: Topdraw, tmp_path: Path, command: str, name: str
) -> None:
    (tmp_path / name).write_bytes(HOSTILE[name])
    done = topdraw(command, name)
    assert done.code == 3, done.err
    assert done.out == ""
    error, *hint = done.err.strip().split("\n")
    assert error.startswith("Error: ")
    assert name in error
    assert len(hint) <= 1
    assert "\x1b" not in done.err


def test_options_that_make_no_sense_are_refused(
    topdraw: Topdraw, tiny_run: TinyRun, counts: str
) -> None:
    assert "--map is OURS=THEIRS" in topdraw("show", counts, "--map", "problem").err
    wrong = topdraw("report", counts, "--map", "colour=n")
    assert (wrong.code, "'colour' is no column" in wrong.err) == (3, True)
    run = tiny_run({"a": ["1"]})
    assert "is a run" in topdraw("show", str(run.path), "--model", "P").err
    assert topdraw("report", counts, "--csv", "--json").code == 2
    for ks in ("0", "one", "", "1,-2"):
        done = topdraw("report", counts, "--model", "P", "--k", ks)
        assert done.code == 2
        assert "--k takes whole numbers" in done.err
    ordered = topdraw("report", counts, "--model", "P", "-s", "first")
    assert (ordered.code, "holds counts alone" in ordered.err) == (3, True)


@pytest.mark.slow
def test_a_page_holds_all_samples_a_few_or_no_text_of_a_model(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    rows = "".join(f"a,{i % 2},{i},text number {i}\n" for i in range(40))
    (tmp_path / "many.csv").write_text(f"problem,correct,answer,output\n{rows}")
    found = {}
    for samples in ("all", "few", "none"):
        done = topdraw("report", "many.csv", "--samples", samples, "--out", "page.html")
        assert done.code == 0, done.err
        found[samples] = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'type="application/octet-stream"' in found["all"]
    assert 'type="application/octet-stream"' not in found["few"]
    assert "28 more samples not in this page; they are in the run" in found["few"]
    assert "text number" in found["few"]
    assert "text number" not in found["none"]


@pytest.mark.slow
def test_figures_of_a_report_are_written_beside_and_counted(
    topdraw: Topdraw, tmp_path: Path, counts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = topdraw("report", counts, "--model", "P", "--figures", "figures")
    assert done.code == 0, done.err
    assert (tmp_path / "figures" / "curves.svg").read_text().startswith("<?xml")
    assert "as SVG and PNG in figures" in done.err
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    done = topdraw("report", counts, "--model", "P", "--figures", "bare")
    assert done.code == 0, done.err
    assert "as SVG in bare" in done.err
    assert "pip install 'topdraw[png]'" in done.err
    assert {each.suffix for each in (tmp_path / "bare").iterdir()} == {".svg"}
