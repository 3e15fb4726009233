import re
from importlib.resources import files

import pytest

from topdraw.reports.plain_style import ATTRIBUTES, Element, computed, resolved


def _at(*path: str) -> list[Element]:
    steps = (each.partition(".") for each in path)
    return [Element(tag, frozenset(classes.split())) for tag, _, classes in steps]


def test_values_lose_their_calls() -> None:
    assert resolved("var(--c)", {"--c": "light-dark(#111, #eee)"}) == "#111"
    assert resolved("light-dark(var(--a), var(--b))", {"--a": "#1", "--b": "#2"}) == "#1"
    assert resolved("var(--gone)", {}) == ""
    assert resolved("none", {}) == "none"


def test_a_colour_comes_from_the_group_around() -> None:
    group = computed(_at("svg.figure wide", "g.s-greedy"), computed(_at("svg.figure wide"), {}))
    line = computed(_at("svg.figure wide", "g.s-greedy", "path.line"), group)
    assert line["stroke"] == "#009e73"
    assert line["fill"] == "none"
    label = computed(_at("svg.figure wide", "g.s-greedy", "text.end"), group)
    assert (label["fill"], label["font-weight"]) == ("#00664a", "600")


def test_more_classes_win_whatever_the_order() -> None:
    root = computed(_at("svg.figure"), {})
    assert computed(_at("svg.figure", "text.tick right"), root)["fill"] == "#5c5851"
    assert computed(_at("svg.figure", "text"), root)["fill"] == "#1b1a18"
    hollow = computed(_at("svg.figure", "g.s-six", "path.mark hollow"), root | {"--c": "#56b4e9"})
    assert (hollow["fill"], hollow["stroke"]) == ("#ffffff", "#56b4e9")


def test_rules_of_small_screens_and_of_paper_do_not_count() -> None:
    root = computed(_at("svg.figure wide"), {})
    assert "display" not in root
    assert root["font-size"] == "14px"


def test_an_element_alone_fits_no_descendant_rule() -> None:
    assert "fill" not in computed(_at("text.tick"), {})


@pytest.mark.parametrize(
    "key",
    sorted(
        set(
            re.findall(
                r"^\.(s-[a-z]+) ", files("topdraw.reports").joinpath("page.css").read_text(), re.M
            )
        )
    ),
)
def test_every_look_has_a_colour_for_lines_and_for_words(key: str) -> None:
    style = computed(_at("svg.figure", f"g.{key}"), computed(_at("svg.figure"), {}))
    for name in ("--c", "--t"):
        assert re.fullmatch(r"#[0-9a-f]{6}", style[name]), (key, name)
    assert ATTRIBUTES.isdisjoint({"--c", "--t"})
