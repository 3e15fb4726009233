import dataclasses

import pytest

from topdraw.reports.panel import Panel


def test_a_panel_needs_no_more_than_a_claim() -> None:
    panel = Panel("greedy", "Greedy", "Greedy solves 0.5 [0.4, 0.6] of the problems.")
    assert (panel.figures, panel.table, panel.how, panel.notes) == ((), None, "", ())


def test_a_panel_stays_as_it_was_made() -> None:
    panel = Panel("greedy", "Greedy", "It is so.")
    with pytest.raises(dataclasses.FrozenInstanceError):
        panel.claim = "It is not."  # type: ignore[misc] # that is the point
