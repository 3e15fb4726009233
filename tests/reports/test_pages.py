from pathlib import Path

import pytest
from tests.reports.hostile import EVERYTHING
from tests.reports.made_panels import HALF, hostile_panel, plain_panel
from tests.reports.outline import Outline

from topdraw.reports.cite import Cite
from topdraw.reports.pages import Page, page_text, save_page
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Tabular

CITE = Cite(
    "topdraw study monkeys --seed 0",
    (("data", "sha256:abc"),),
    "It goes on where it stopped.",
    ("@article{a,\n  year = {2024}\n}", "@article{b}"),
)
TWO = Panel(
    "two",
    "Two tables",
    "Both say 0.50 [0.40, 0.60].",
    prose=("Read me <first>.",),
    table=Tabular(("a",), ((HALF,),)),
    tables=(("The other one", Tabular(("b", "c"), (("x", 1.5),))),),
)


def test_a_page_holds_its_parts_in_order() -> None:
    page = page_text(
        Page("Study", "It solves 0.50 [0.40, 0.60].", [TWO, plain_panel()], ("gsm8k", "m"), "Lead.")
    )
    outline = Outline(page)
    assert outline.crossed == []
    text = "".join(outline.text)
    parts = ["gsm8k", "It solves", "Lead.", "Read me <first>.", "The other one"]
    places = [text.rindex(part) for part in [*parts, "Greedy solves", "Reproduce", "python"]]
    assert places == sorted(places)
    ids = [of["id"] for _, of in outline.elements if "id" in of]
    assert len(ids) == len(set(ids))
    assert {"two-table", "two-table-2", "reproduce"} <= set(ids)


def test_the_last_box_has_command_versions_and_what_to_cite() -> None:
    page = page_text(Page("Study", "Found.", [TWO], cite=CITE))
    text = "".join(Outline(page).text)
    for part in (CITE.command, "sha256:abc", "It goes on", "@article{a,", "@article{b}", "numpy"):
        assert part in text
    assert "Cite and reproduce" in text
    assert "Cite and reproduce" not in page_text(Page("Study", "Found.", [TWO]))


def test_a_long_command_and_all_entries_can_be_copied_whole() -> None:
    cite = Cite("topdraw " + "x" * 9000, bibtex=tuple(f"@misc{{e{at}}}" * 50 for at in range(90)))
    text = "".join(Outline(page_text(Page("Study", "Found.", [TWO], cite=cite))).text)
    assert cite.command in text
    assert cite.bibtex[-1] in text


def test_hostile_text_is_escaped_everywhere() -> None:
    odd = Cite(EVERYTHING, ((EVERYTHING, EVERYTHING),), EVERYTHING, (EVERYTHING,))
    panel = hostile_panel()
    page = page_text(
        Page(EVERYTHING, EVERYTHING, [panel], (EVERYTHING,), EVERYTHING, (EVERYTHING,), odd)
    )
    page.encode("utf-8")
    outline = Outline(page)
    assert outline.crossed == []
    assert outline.count("script") == 1
    assert "\u202e" not in page


def test_a_key_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="'two'"):
        page_text(Page("Study", "Found.", [TWO, TWO]))
    with pytest.raises(ValueError, match="'two-table-2'"):
        page_text(Page("Study", "Found.", [TWO, Panel("two-table-2", "T", "C.")]))


def test_a_page_is_written_where_asked(tmp_path: Path) -> None:
    path = save_page(Page("Study", "Found.", [TWO]), tmp_path / "a" / "page.html")
    assert path.read_text(encoding="utf-8") == page_text(Page("Study", "Found.", [TWO]))
