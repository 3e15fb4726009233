from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.reports.fake import fake_summary
from tests.reports.hostile import EVERYTHING

from topdraw.core.billing import Answered, Asked, Bill
from topdraw.reports.bill import bill_facts
from topdraw.reports.page import render_page, report
from topdraw.sampling.prices import Price

PRICE = Price(1.0, 4.0, datetime.date(2026, 3, 21))
BILL = Bill(
    requests=1300,
    delivered=1200,
    unused=40,
    refused=50,
    unknown=10,
    paid_samples=1260,
    kept_samples=1200,
    unknown_samples=12,
    prompt_tokens=1_000_000,
    output_tokens=500_000,
    unused_tokens=3000,
)


def test_requests_are_told_by_fate_and_samples_by_use() -> None:
    told = dict(bill_facts(BILL, "m", PRICE))
    assert told == {
        "requests": "1,300: 1,200 delivered, 40 paid and unused, 50 refused, 10 of unknown fate",
        "samples": "1,260 paid, 1,200 kept, 60 paid and unused; 12 more may have been paid",
        "tokens": "1,000,000 of prompts (once per request), 500,000 of outputs; 3,000 of them "
        "bought nothing",
        "cost": "$3.00 at $1 in, $4 out per million tokens (price of 2026-03-21); without "
        "requests of unknown fate",
    }


def test_what_is_not_there_is_not_named() -> None:
    bill = Bill(requests=2, delivered=2, paid_samples=2, kept_samples=2, prompt_tokens=9)
    told = dict(bill_facts(dataclasses.replace(bill, estimated=True), "m", PRICE))
    assert told["requests"] == "2: 2 delivered"
    assert told["samples"] == "2 paid, 2 kept, 0 paid and unused"
    assert told["tokens"] == "9 of prompts (once per request), 0 of outputs; estimated in part"
    assert told["cost"].startswith("$0.0000090 at")


def test_a_price_nobody_knows_is_said() -> None:
    told = dict(bill_facts(BILL, "llama", None))["cost"]
    assert told.startswith("unknown: no price table has 'llama'")


def test_a_run_that_asked_no_server_has_no_bill() -> None:
    assert bill_facts(Bill(), "m", PRICE) == ()


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("gpt-4o-mini", re.compile(r"\$[\d.]+ at \$0.15 in, \$0.6 out per million tokens \(price")),
        ("llama", re.compile("unknown: no price table has ")),
    ],
)
def test_the_page_shows_the_bill_of_its_run(
    tmp_path: Path, model: str, told: re.Pattern[str]
) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, NO]}, model={"kind": "endpoint", "model": model})
    assert "paid and unused" not in report(run).read_text(encoding="utf-8")
    with run.bill_writer() as bill:
        bill.end(
            bill.begin(Asked("a", 0, 2, "host:1")),
            Answered("delivered", 3, 100, 40, status=200),
        )
        bill.end(bill.begin(Asked("a", 1, 1, "host:1")), Answered("refused", status=429))
    page = report(run).read_text(encoding="utf-8")
    assert "2: 1 delivered, 1 refused" in page
    assert "3 paid, 2 kept, 1 paid and unused" in page
    assert "100 of prompts (once per request), 40 of outputs" in page
    assert told.search(page)


def test_a_hostile_model_name_is_escaped() -> None:
    page = render_page(fake_summary(), bill=bill_facts(BILL, EVERYTHING, None))
    assert page.count("<script") == 1
    assert "&lt;script&gt;window.broken = 1" in page
    assert not set(page.partition("<body>")[2]) & set("\x00\x07\x1b\x7f\u202e")
