from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.reports.made_reading import made_reading

from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.posterior_figure import linear_ticks, posterior_figure

SETS = st.lists(
    st.lists(st.integers(-5, 5), min_size=4, max_size=12).filter(lambda r: len(set(r)) > 1),
    min_size=1,
    max_size=4,
)


def _drawn(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own output


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
@settings(max_examples=25)
@given(rewards=SETS, unit=st.sampled_from([1e-6, 1.0, 1e6]))
def test_everything_lies_inside_the_picture(
    rewards: list[list[int]], unit: float, layout: Layout
) -> None:
    svg = _drawn(posterior_figure(made_reading(rewards, unit=unit), layout=layout))
    height = float(svg.get("viewBox", "").split()[3])
    for path in svg.iter("path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d", "")):
            assert 0 <= float(x) <= layout.width
            assert 0 <= float(y) <= height
    for mark in svg.iter("text"):
        assert 0 <= float(mark.get("y", "nan")) <= height


def test_what_few_samples_say_is_dashed() -> None:
    random = np.random.default_rng(0)
    many = posterior_figure(made_reading(random.normal(size=(20, 60)).tolist()))
    assert many.count('class="line model"') == 2
    few = posterior_figure(made_reading([[0, 1, 2], [2, 1, 0]]))
    assert few.count('class="line model"') == 2
    assert few.count('class="line"') == 2  # best of n alone


def test_n_is_named_where_there_is_room() -> None:
    random = np.random.default_rng(0)
    svg = posterior_figure(made_reading(random.normal(size=(9, 60)).tolist()))
    assert "n = 60" in svg
    assert "n = 10" in svg
    assert "n = 1<" not in svg
    assert 'aria-label="Reward and what it is worth' in svg


def test_a_scorers_name_is_text() -> None:
    svg = posterior_figure(made_reading([[0, 1, 2]], value="<script>\x00&"))
    assert "<script>" not in svg
    _drawn(svg)


def test_nothing_to_draw() -> None:
    reading = made_reading([[0, 1, 2]], ns=[1])
    assert posterior_figure(reading) == ""
    assert posterior_figure(made_reading([[0, 1, 2]], betas=[])) == ""


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
@example(0.0, 5e-324)
def test_ticks_hold_everything(least: float, width: float) -> None:
    most = least + width
    ticks: Sequence[float] = linear_ticks(least, most)
    slack = 1e-6 * max(abs(least), abs(most), 1.0)
    assert ticks[0] <= least + slack
    assert ticks[-1] >= most - slack
    assert 2 <= len(ticks) <= 7
    assert ticks[0] < ticks[-1]
