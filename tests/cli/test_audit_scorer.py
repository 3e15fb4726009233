import json
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.cli.conftest import Topdraw

VERDICTS = {f"p{i}": [YES, NO, YES, NO] for i in range(12)}
REWARDS = {key: [3.0, 1.0, 2.0, 2.5] for key in VERDICTS}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    made_run(tmp_path / "run", VERDICTS, rewards=REWARDS, logprobs=True)
    return tmp_path / "run"


def test_it_says_how_well_scorers_choose(topdraw: Topdraw, run: Path) -> None:
    done = topdraw("audit-scorer", str(run), "--scorer", "reward", "--scorer", "logprob")
    assert done.code == 0, done.err
    for part in ("AUC within problems", "best of k", "top-1 accuracy", "adjusted p",
                 "Held against judge on 12 problems"):  # fmt: skip
        assert part in done.out
    assert "0.750 [" in next(line for line in done.out.splitlines() if line.startswith("AUC"))
    assert done.err == ""


def test_programs_read_it_too(topdraw: Topdraw, run: Path) -> None:
    base = ("audit-scorer", str(run), "--scorer", "reward", "--scorer", "logprob")
    found = json.loads(topdraw(*base, "--json", "--k", "1,2").out)
    assert found["scorers"][0]["auc"]["value"] == 0.75
    assert found["scorers"][0]["ece"]["value"] is None
    assert found["scorers"][0]["ks"] == [1, 2, 4]
    assert len(found["differences"]) == 2
    csv = topdraw(*base, "--csv", "--table", "curve").out.splitlines()
    assert csv[0].startswith("best of k,reward,reward low,reward high,logprob")
    assert len(csv) == 5
    assert topdraw(*base, "--latex").out.count(r"\toprule") == 3
    linked = json.loads(topdraw(*base, "--json", "--link", "logistic", "--gold", "judge").out)
    assert linked["scorers"][0]["brier"]["value"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Missing option '--scorer'"),
        (("--scorer", "rewrd"), 3, "has no scores by 'rewrd'; it has judge, reward"),
        (("--scorer", "judge"), 3, "CHOOSER = JUDGE"),
        (("--scorer", "reward", "--k", "x"), 2, "'x'"),
        (("--scorer", "reward", "--k", "99"), 3, "go from k = 1 to 4"),
        (("--scorer", "reward", "--table", "curve"), 2, "--csv or --latex"),
        (("--scorer", "reward", "--csv", "--table", "differences"), 3, "no table 'differences'"),
        (("--scorer", "reward", "--json", "--csv"), 2, "name one"),
        (("--scorer", "mean(reward)"), 3, "mean"),
    ],
)
def test_odd_input_is_one_sentence(
    topdraw: Topdraw, run: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = topdraw("audit-scorer", str(run), *arguments)
    assert done.code == code, done.err
    assert message in done.err
    assert "Traceback" not in done.err
