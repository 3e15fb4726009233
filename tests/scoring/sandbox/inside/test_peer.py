"""The asking side without handles, as calls from the host have it; see also the checker's tests."""

import pytest
from tests.scoring.sandbox.inside.test_checker import answering

from topdraw.scoring.sandbox.inside.peer import Lost, Peer, of_program
from topdraw.scoring.sandbox.inside.plain import NotPlain


def test_what_is_no_plain_data_is_an_error_and_the_next_call_still_works() -> None:
    with answering() as peer:
        plain = Peer(peer.channel, peer.most, handles=False)
        plain.define("def f(x): return (i for i in x) if x else 5", "f")
        with pytest.raises(Exception, match="no plain data") as caught:
            plain.ask("call", "f", [[1]], {})
        assert of_program(caught.value)
        assert plain.ask("call", "f", [[]], {}) == 5
        with pytest.raises(NotPlain, match="cannot be given"):
            plain.ask("call", "f", [object()], {})


def test_iterators_of_the_test_are_given_as_what_they_hold() -> None:
    with answering() as peer:
        peer.define("def f(x): return list(x)", "f")
        assert peer.ask("call", "f", [iter([1, 2])], {}) == [1, 2]


def test_once_lost_it_stays_lost() -> None:
    with answering() as peer:
        peer.define("def f(): pass", "f")
        peer.lost = "gone"
        with pytest.raises(Lost, match="gone"):
            peer.ask("call", "f", [], {})
