"""The bills of judges: one for each name and model, sealed and verified with the run."""

import pytest
from tests.conftest import TinyRun

from topdraw.core.billing import Answered, Asked
from topdraw.errors import StoreError
from topdraw.store.judging import judge_writer, judgings
from topdraw.store.run import Run

ASKED = Asked("p", 0, 1, "localhost:1")


def test_each_judge_has_a_bill_of_its_own(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1"]})
    assert judgings(run) == []
    for name, model, tokens in (("j", "m", 5), ("j", "other", 7), ("i/\u00fc", "m", 9)):
        with judge_writer(run, name, model) as bill:
            for _ in range(2):
                bill.end(bill.begin(ASKED), Answered("delivered", 1, tokens, 1))
            bill.begin(ASKED)  # killed meanwhile
    run.seal()
    again = Run.open(run.path)
    found = {(one.name, one.model): one.bill for one in judgings(again)}
    assert list(found) == [("i/\u00fc", "m"), ("j", "m"), ("j", "other")]
    assert [bill.prompt_tokens for bill in found.values()] == [18, 10, 14]
    assert all((bill.requests, bill.unknown) == (3, 1) for bill in found.values())
    assert again.bill().requests == 0
    assert again.verify().problems == []
    assert again.verify().parts > 0


def test_a_bill_that_nobody_owns_is_an_error(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1"]})
    with judge_writer(run, "j", "m") as bill:
        bill.end(bill.begin(ASKED), Answered("refused"))
    (path,) = run.path.glob("judging/*/_judge.json")
    path.write_text("[]")
    with pytest.raises(StoreError, match="cannot be read"):
        judgings(run)
    (run.path / "judging").rename(run.path / "away")
    (run.path / "judging").write_text("a file")
    with pytest.raises(StoreError, match="cannot be made"):
        judge_writer(run, "j", "m")
