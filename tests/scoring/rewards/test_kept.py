"""Loading once."""

from concurrent.futures import ThreadPoolExecutor

from topdraw.scoring.rewards.kept import kept


def test_many_threads_load_once_and_two_stay() -> None:
    loaded = []

    @kept
    def load(name: str) -> list[str]:
        loaded.append(name)
        return [name]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(load, ["a"] * 50))
    assert loaded == ["a"]
    assert all(one is found[0] for one in found)
    for name in "bab":
        load(name)
    assert loaded == ["a", "b"]
    load("c")
    load("a")
    assert loaded == ["a", "b", "c", "a"]
