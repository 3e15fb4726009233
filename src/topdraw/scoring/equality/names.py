"""Names with a meaning: functions, Greek letters, units, and little words that are no product.

Not here: how they are read (`tokens`, `grammar`, `units`).
Try it: `python -c "from topdraw.scoring.equality.names import *; print(SAME_UNIT['feet'])"`.
"""

from __future__ import annotations

FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp lfloor lceil".split()
)
#: What may be written without its backslash.
PLAIN = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp sqrt pi infty".split()
)
ALIASES = {
    "infinity": "infty", "inf": "infty", "oo": "infty",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan",
}  # fmt: skip
GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon theta lambda mu nu rho sigma tau phi varphi psi "
    "omega Gamma Delta Theta Lambda Sigma Phi Psi Omega xi eta zeta kappa ell chi".split()
)
LITTLE_WORDS = frozenset("am an as at be by do if in is it no of on or so to up us we".split())
SAME_UNIT = {
    "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m", "kilometer": "km",
    "kilometre": "km", "millimeter": "mm", "inch": "in", "inches": "in", "feet": "foot",
    "ft": "foot", "mile": "mi", "second": "s", "sec": "s", "minute": "min", "hour": "h",
    "hr": "h", "gram": "g", "kilogram": "kg", "liter": "l", "litre": "l", "usd": "dollar",
    "buck": "dollar", "deg": "degree", "mph": "mi/h",
}  # fmt: skip
SHORT_UNITS = frozenset("cm mm km kg ft in mi hr mg ml am pm cc lb oz yd".split())
_UNITS = frozenset((*SAME_UNIT, *SAME_UNIT.values(), *SHORT_UNITS, "dollar", "degree", "unit"))


def is_unit(word: str) -> bool:
    """Whether a word is a unit that may stand right behind its number, as in 5cm.

    Examples:
        >>> is_unit("cm"), is_unit("dollars"), is_unit("xyz")
        (True, True, False)
    """
    low = word.lower()
    return low in _UNITS or low.removesuffix("s") in _UNITS
