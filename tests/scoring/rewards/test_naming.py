"""Names of scores."""

import pytest

from topdraw.scoring.rewards.naming import score_name


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"model": "a/b-c.d", "device": "cpu", "batch_size": 3}, "b-c.d"),
        ({"model": "folder/b/", "objective": "x y", "revision": "v1"}, "b-x-y-v1"),
        ({"model": "a/b", "revision": "0123456789" * 4}, "b-01234567"),
        ({"model": ""}, "kind"),
        ({"url": "http://h"}, "kind"),
        ({"model": "/"}, "kind"),
    ],
)
def test_names(options: dict[str, str], name: str) -> None:
    assert score_name("kind", **options) == name
