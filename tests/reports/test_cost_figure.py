from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from tests.reports.hostile import EVERYTHING

from topdraw.core.estimate import Estimate
from topdraw.reports.cost_figure import amount, cost_figure, line_of
from topdraw.reports.frame import NARROW, WIDE, Layout, text_width

KS = (1, 10, 100)


def estimates(*values: float) -> list[Estimate]:
    return [Estimate(v, v / 1.5, v * 2, n=50) for v in values]


ORACLE = line_of("oracle", "any right answer (oracle)", KS, estimates(100, 400, 3000))
VOTE = line_of("majority", "majority vote", KS, estimates(100, 700, 6000))


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_both_lines_are_drawn_inside_the_picture(layout: Layout) -> None:
    svg = cost_figure([ORACLE, VOTE], "output_tokens", layout=layout)
    root = ElementTree.fromstring(svg)  # noqa: S314  # ours
    assert root.get("viewBox") == f"0 0 {layout.width} 340"
    assert {"s-oracle", "s-majority"} <= {each.get("class") for each in root.iter()}
    numbers = [
        float(x) for each in root.iter() if each.get("class") in ("line", "band")
        for x in re.findall(r"-?[\d.]+", each.get("d", ""))
    ]  # fmt: skip
    assert all(0 <= number <= layout.width for number in numbers)
    words = [each.text or "" for each in root.iter() if (each.get("class") or "").startswith("end")]
    assert "majority vote" in " ".join(words)


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_small_prices_have_room_to_the_left(layout: Layout) -> None:
    cheap = line_of("oracle", "oracle", KS, estimates(4e-8, 1e-7, 9e-7))
    svg = cost_figure([cheap], "usd", layout=layout)
    all_ = ElementTree.fromstring(svg).iter()  # noqa: S314  # ours
    ticks = [each for each in all_ if each.get("class") == "tick right"]
    assert ticks
    for each in ticks:
        assert float(each.get("x", "0")) > text_width(each.text or "", layout.font)


def test_a_dearer_strategy_lies_above() -> None:
    svg = cost_figure([ORACLE, VOTE], "output_tokens")
    ends = [
        float(path.rsplit(" ", 1)[1]) for path in re.findall(r'class="line"[^>]*d="M([^"]+)"', svg)
    ]
    assert ends[1] < ends[0]


def test_every_k_tells_its_costs() -> None:
    svg = cost_figure([ORACLE, VOTE], "output_tokens")
    told = re.findall(r"<title>([^<]+)</title>", svg)
    assert len(told) == 3
    assert told[1].splitlines() == [
        "k = 10, cost per solved problem",
        "any right answer (oracle) 400 [267, 800]",
        "majority vote 700 [467, 1.4k]",
    ]


def test_an_end_without_end_does_not_flatten_the_lines() -> None:
    unbounded = [Estimate(100.0, 60.0, math.inf), Estimate(900.0, 500.0, math.inf)]
    svg = cost_figure([line_of("oracle", "oracle", (1, 10), unbounded)], "usd")
    ElementTree.fromstring(svg)  # noqa: S314  # ours
    assert "no end" in svg
    assert "inf" not in svg
    assert "nan" not in svg


def test_there_is_no_figure_of_one_k_or_of_nothing_solved() -> None:
    never = [Estimate(math.inf, 5.0, math.inf)] * 3
    assert cost_figure([line_of("oracle", "oracle", KS, never)], "usd") == ""
    assert cost_figure([line_of("oracle", "oracle", (1,), estimates(3.0))], "usd") == ""
    assert cost_figure([], "usd") == ""


def test_names_are_escaped() -> None:
    svg = cost_figure([line_of("x", EVERYTHING, KS, estimates(1, 2, 3)), ORACLE], "usd")
    ElementTree.fromstring(svg)  # noqa: S314  # ours
    assert "<script" not in svg


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.0, "usd", "$0.00"),
        (1234.5, "usd", "$1,234.50"),
        (0.00042, "usd", "$0.00042"),
        (0.0, "flops", "0"),
        (999.0, "tokens", "999"),
        (math.inf, "usd", "no end"),
        (math.nan, "usd", "-"),
    ],
)
def test_amounts_are_for_people(value: float, unit: str, said: str) -> None:
    assert amount(value, unit) == said  # type: ignore[arg-type]  # listed
