"""Many digits: what is zero, what is tiny, real before complex, threads, no package."""

import sys
import threading

import pytest

from topdraw.errors import MissingPackage
from topdraw.scoring.equality import digits
from topdraw.scoring.equality.digits import decimal, proportional, same_values
from topdraw.scoring.equality.shapes import read
from topdraw.scoring.equality.tree import Node


def _node(text: str) -> Node:
    shape = read(text)
    assert shape is not None, text
    assert shape.node is not None, text
    return shape.node


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("\\sqrt{2}^2", "2", True),
        ("\\sqrt{2}\\sqrt{3}-\\sqrt{6}", "0", True),
        ("e^{-500}", "0", False),
        ("e^{-500}", "e^{-501}", False),
        ("e^{-500}", "e^{-250}e^{-250}", True),
        ("\\sqrt{10^{40}+1}", "10^{20}", False),
        ("\\sqrt{x^2}", "|x|", True),
        ("\\sqrt{x^2}", "x", False),
        ("\\sqrt{x}\\sqrt{y}", "\\sqrt{xy}", True),
        ("\\ln x^2", "2\\ln |x|", True),
        ("(-1)^n", "\\cos(\\pi n)", False),
        ("(-1)^{2n}", "((-1)^n)^2", True),
        ("\\log 4", "2\\log 2", True),
        ("\\log 4", "\\ln 4", False),
        ("\\log_{2} 8", "3", True),
        ("e^{i\\pi}", "-1", True),
        ("\\sqrt{-4}", "2i", True),
        ("\\tan x", "\\frac{\\sin x}{\\cos x}", True),
        ("\\sec x \\csc x \\cot x", "\\frac{1}{\\sin^2 x}", True),
        ("\\arcsin x + \\arccos x", "\\frac{\\pi}{2}", True),
        ("\\sinh x", "(e^x-e^{-x})/2", True),
        ("\\binom{n}{2}", "\\frac{n(n-1)}{2}", True),
        ("n!", "n(n-1)!", True),
        ("\\lfloor \\pi \\rfloor", "\\lceil e \\rceil", True),
        ("\\sqrt[3]{x^3}", "x", True),
        ("1/0", "2/0", None),
        ("\\infty + x", "x", None),
        ("e^{e^{e^{9}}}", "1", None),
        ("0^{x}", "0", True),
        ("0^{-\\pi}", "0", None),
        ("\\sin(10^{200})", "0", None),
        ("x^{10^{9}}", "x", None),
    ],
)
def test_same_values(one: str, other: str, same: bool | None) -> None:
    assert same_values(_node(one), _node(other)) is same
    assert same_values(_node(other), _node(one)) is same


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ("x-1", "2x-2", 1),
        ("x-1", "1-x", -1),
        ("x-1", "x-2", 0),
        ("x-1", "y-1", 0),
        ("x-y", "x", 0),
        ("x-1", "i x - i", 0),
        ("x", "x-x", None),
        ("x-x", "x", 0),
        ("x/0", "x", None),
    ],
)
def test_proportional(one: str, other: str, sign: int | None) -> None:
    assert proportional(_node(one), _node(other)) == sign


def test_decimals_of_constants() -> None:
    assert decimal(_node("\\sqrt2/2")) == "0.707106781186547524400844362105"
    assert decimal(_node("\\sqrt{2}^2-2")) == "0"
    assert decimal(_node("1+\\sqrt2 i")) == "1.0+1.41421356237309504880168872421i"
    assert decimal(_node("1/0")) is None


def test_each_thread_has_its_own_arithmetic() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(digits.context(60)))
    thread.start()
    thread.join()
    assert found[0] is not digits.context(60)
    assert digits.context(60) is digits.context(60)


def test_without_mpmath_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpmath", None)
    with pytest.raises(MissingPackage, match=r"pip install 'topdraw\[math\]'"):
        digits.context(61)
