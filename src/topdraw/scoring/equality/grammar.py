r"""Expressions: tokens to a `Node`, or a refusal; nothing is evaluated and nothing is guessed.

Not here: lists, sets, intervals, relations, units; those are `equality.shapes`.
Try it: `python -c "from topdraw.scoring.equality.shapes import read; print(read('2x^2'))"`.

What has two readings is refused: `1/2x`, `2 3`, `f(x)`, `2\frac{4}{3}`, `x2`. A whole number before
a proper fraction is a mixed number, as in MATH (Hendrycks et al. 2021). `\sin 2x` takes the
product behind it; `\log` without a base has a base of its own, equal to no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from topdraw.scoring.equality.names import FUNCTIONS, LITTLE_WORDS
from topdraw.scoring.equality.tokens import Token
from topdraw.scoring.equality.tree import Node, Unreadable, number

_INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
_CONSTANTS = {"pi": "pi", "infty": "oo"}
_TIMES = (Token("command", "cdot"), Token("command", "times"))
_OVER = (Token("mark", "/"), Token("command", "div"))
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}


def expression(found: Sequence[Token]) -> Node:
    """The expression that tokens spell.

    Raises:
        Unreadable: when they spell none, or more than one.
    """
    parser = _Parser([one for token in found for one in _letters(token)])
    node = parser.sum()
    if parser.peek is not None:
        raise Unreadable(f"unexpected {parser.peek.text!r}")
    return node


def negative(node: Node) -> Node:
    """The expression with the other sign."""
    return number(-node.value) if node.op == "number" else Node("-", (node,))


class _Parser:
    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._bars = 0
        self._calls = 0

    @property
    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _is(self, *texts: str) -> bool:
        token = self.peek
        return token is not None and token.kind == "mark" and token.text in texts

    def _take(self) -> Token:
        token = self.peek
        if token is None:
            raise Unreadable("ends too early")
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        token = self._take()
        if token.text != text:
            raise Unreadable(f"expected {text!r}, found {token.text!r}")

    def sum(self) -> Node:
        terms = [self._product()]
        while self._is("+", "-"):
            sign = self._take().text
            term = self._product()
            terms.append(term if sign == "+" else negative(term))
        return terms[0] if len(terms) == 1 else Node("+", tuple(terms))

    def _product(self) -> Node:
        node = self._factor()
        while True:
            token = self.peek
            if token in _TIMES:
                self._take()
                node = Node("*", (node, self._factor()))
            elif token in _OVER:
                self._take()
                node = Node("/", (node, self._factor()))
                if self._starts_atom():
                    raise Unreadable("what is divided by?")
            elif self._starts_atom():
                node = Node("*", (node, self._beside(node)))
            else:
                return node

    def _beside(self, left: Node) -> Node:
        """A factor written right beside another."""
        token = self.peek
        assert token is not None  # noqa: S101  an atom starts here
        if token.kind == "number":
            raise Unreadable(f"{token.text} right behind {left.op}")
        bracket = token.kind == "mark" and token.text == "("
        if bracket and left.op == "symbol" and left.name in ("f", "g", "h", "F", "G", "P", "Q"):
            raise Unreadable("a function nobody knows")
        return self._power()

    def _starts_atom(self) -> bool:
        token = self.peek
        if token is None:
            return False
        if token.kind == "mark":
            return token.text in ("(", "{") or (token.text == "|" and not self._bars)
        if token.kind == "command":
            return token.text in ("frac", "sqrt", "binom", *_CONSTANTS) or token.text in FUNCTIONS
        return token.kind in ("number", "symbol")

    def _factor(self) -> Node:
        if self._is("-"):
            self._take()
            return negative(self._factor())
        if self._is("+"):
            self._take()
            return self._factor()
        return self._power()

    def _power(self) -> Node:
        node = self._postfix()
        if self._is("^"):
            self._take()
            node = Node("^", (node, self._exponent()))
            while self._is("!"):
                raise Unreadable("a factorial behind a power")
        return node

    def _exponent(self) -> Node:
        if self._is("-"):
            self._take()
            return negative(self._exponent())
        if self._is("{"):
            return self._group()
        return self._atom()

    def _postfix(self) -> Node:
        node = self._atom()
        while self._is("!"):
            self._take()
            if self._is("!"):
                raise Unreadable("a double factorial")
            node = Node("call", (node,), name="factorial")
        if self._calls and self._is("\u00b0"):
            self._take()
            node = Node("*", (node, Node("/", (Node("constant", name="pi"), number(180)))))
        return node

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "symbol":
            return self._symbol(token)
        if token.kind == "command":
            return self._command(token.text)
        if token.text in ("(", "[", "{"):
            self._at -= 1
            return self._group()
        if token.text == "|":
            return self._absolute()
        raise Unreadable(f"unexpected {token.text!r}")

    def _group(self) -> Node:
        bars, self._bars = self._bars, 0
        closing = _CLOSED_BY[self._take().text]
        node = self.sum()
        self._expect(closing)
        self._bars = bars
        return node

    def _absolute(self) -> Node:
        self._bars += 1
        node = self.sum()
        self._expect("|")
        self._bars -= 1
        return Node("call", (node,), name="abs")

    def _number(self, token: Token) -> Node:
        value = Fraction(token.text.rstrip(".") if token.text.endswith(".") else token.text)
        part = self._proper_part() if value.denominator == 1 and "." not in token.text else None
        return number(value if part is None else value + part)

    def _proper_part(self) -> Fraction | None:
        r"""The fraction of a mixed number, 1\frac{1}{2} or 1 1/2, that stands here."""
        rest = self._tokens[self._at : self._at + 7]
        if rest and rest[0] == Token("command", "frac"):
            texts = [token.text for token in rest]
            short = len(texts) > 1 and len(texts[1]) == 2 and texts[1].isdigit()
            if short:
                above, below, length = texts[1][0], texts[1][1], 2
            elif len(texts) == 7 and (texts[1], texts[3], texts[4], texts[6]) == (
                "{",
                "}",
                "{",
                "}",
            ):
                above, below, length = texts[2], texts[5], 7
            else:
                return None
        elif len(rest) > 2 and rest[0].kind == "number" and rest[1].text == "/":
            above, below, length = rest[0].text, rest[2].text, 3
        else:
            return None
        if not (above.isdigit() and below.isdigit()):
            return None
        if not 0 < int(above) < int(below):
            raise Unreadable("neither a mixed number nor a product")
        self._at += length
        return Fraction(int(above), int(below))

    def _symbol(self, token: Token) -> Node:
        if self._is("_"):
            self._take()
            return Node("symbol", name=f"{token.text}_{self._subscript()}")
        if self._is("'"):
            raise Unreadable("a derivative")
        return _letter(token.text)

    def _subscript(self) -> str:
        if not self._is("{"):
            return self._take().text
        self._take()
        texts = []
        while not self._is("}"):
            texts.append(self._take().text)
        self._take()
        return "".join(texts)

    def _command(self, name: str) -> Node:
        if name in _CONSTANTS:
            return Node("constant", name=_CONSTANTS[name])
        if name == "frac":
            above, below = self._arguments()
            return Node("/", (above, below))
        if name == "binom":
            return Node("call", self._arguments(), name="binom")
        if name == "sqrt":
            return self._root()
        if name in ("lfloor", "lceil"):
            node = self.sum()
            self._expect("rfloor" if name == "lfloor" else "rceil")
            return Node("call", (node,), name="floor" if name == "lfloor" else "ceil")
        if name in FUNCTIONS:
            return self._call(name)
        raise Unreadable(f"unknown \\{name}")

    def _arguments(self) -> tuple[Node, Node]:
        r"""The two arguments of \frac, also of \frac12 and \frac1{x}."""
        token = self.peek
        if (
            token is not None
            and token.kind == "number"
            and token.text.isdigit()
            and len(token.text) == 2
        ):
            self._take()
            return number(int(token.text[0])), number(int(token.text[1]))
        return self._argument(), self._argument()

    def _argument(self) -> Node:
        if self._is("{"):
            return self._group()
        token = self._take()
        if token.kind == "number" and len(token.text) == 1:
            return number(int(token.text))
        if token.kind == "symbol":
            return _letter(token.text)
        if token.kind == "command":
            return self._command(token.text)
        raise Unreadable("an argument without braces")

    def _root(self) -> Node:
        degree = self._group() if self._is("[") else number(2)
        if self._is("(", "{"):
            return Node("call", (self._group(), degree), name="root")
        token = self.peek
        if token is not None and token.kind == "number" and "." not in token.text:
            self._take()
            return Node("call", (number(int(token.text)), degree), name="root")
        return Node("call", (self._argument(), degree), name="root")

    def _call(self, name: str) -> Node:
        base: Node | None = None
        power: Node | None = None
        if name == "log" and self._is("_"):
            self._take()
            base = self._group() if self._is("{") else self._argument()
        if self._is("^"):
            self._take()
            power = self._exponent()
        if power == number(-1):
            if name not in _INVERSE:
                raise Unreadable("an inverse function or a reciprocal?")
            name, power = _INVERSE[name], None
        self._calls += 1
        inside = self._group() if self._is("(", "{") else self._operand()
        self._calls -= 1
        if name == "log" and base is None:
            base = Node("symbol", name="base of log")
        node = Node("call", (inside,) if base is None else (inside, base), name=name)
        return node if power is None else Node("^", (node, power))

    def _operand(self) -> Node:
        """What a function without brackets takes: powers side by side, up to a function."""
        node = self._power()
        while self._starts_atom():
            token = self.peek
            if token is not None and token.kind == "command" and token.text in FUNCTIONS:
                return node
            if self._is("("):
                raise Unreadable("where does the function end?")
            node = Node("*", (node, self._beside(node)))
        return node


def _letters(token: Token) -> list[Token]:
    """Two letters in a row are a product; longer words that stand alone are none."""
    two = token.kind == "word" and len(token.text) == 2 and token.text.isascii()
    if not two or token.text in LITTLE_WORDS:
        return [token]
    return [Token("symbol", letter) for letter in token.text]


def _letter(name: str) -> Node:
    return Node("constant", name=name) if name in ("e", "i") else Node("symbol", name=name)
