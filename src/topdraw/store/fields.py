"""The fields of records that this version does not know: found, typed, and kept as columns.

Not here: those that it knows (`topdraw.store.rows`).
Try it: `python -m doctest src/topdraw/store/fields.py -v`.
"""

from __future__ import annotations

import msgspec

from topdraw.store.rows import KeyPart, Kind

_CHECKSUM = "crc"


class Fields:
    """What the records of a group hold beyond the columns of their kind.

    Attributes:
        unknown: SQL type by field name, wide enough for all records seen.

    Examples:
        >>> from topdraw.store.rows import SCORES
        >>> fields = Fields(SCORES)
        >>> line = b'{"problem_id":"p","index":3,"sampler":"s","judge":"x","cost":0.5}'
        >>> fields.key_row(line).key, fields.unknown
        (('s', 'p', 3), {'judge': 'VARCHAR', 'cost': 'DOUBLE'})
    """

    def __init__(self, kind: Kind) -> None:
        self.unknown: dict[str, str] = {}
        self._known = {*kind.columns, *kind.key.__struct_fields__, _CHECKSUM}
        self._strict = msgspec.json.Decoder(_strict(kind)).decode
        self._lax = msgspec.json.Decoder(kind.key).decode

    def key_row(self, line: bytes) -> KeyPart:
        """The part of a record that decides whether it is kept, after noting unknown fields.

        Raises:
            msgspec.MsgspecError: when it is no record of this kind.
        """
        try:
            return self._strict(line)
        except msgspec.ValidationError:
            row = self._lax(line)  # raises what else is wrong with it
        for name, value in msgspec.json.decode(line).items():
            if name not in self._known:
                self.unknown[name] = _wider(self.unknown.get(name), value)
        return row


def _strict(kind: Kind) -> type[KeyPart]:
    """The key's type, such that it refuses records with a field that the kind does not know."""
    names = [name for name in kind.columns if name not in kind.key.__struct_fields__]
    more = [(name, msgspec.Raw, msgspec.Raw()) for name in (*names, _CHECKSUM)]
    return msgspec.defstruct(  # type: ignore[return-value]  # a subclass of kind.key
        kind.key.__name__, more, bases=(kind.key,), forbid_unknown_fields=True, gc=False
    )


def _wider(sql: str | None, value: object) -> str:
    """A type that holds what one type holds and a value; text when nothing else does."""
    mine = _type(value)
    if value is None:
        return sql or mine
    if sql is None or sql == mine:
        return mine
    return "DOUBLE" if {sql, mine} == {"BIGINT", "DOUBLE"} else "VARCHAR"


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return "BIGINT"
    return "DOUBLE" if isinstance(value, float) else "VARCHAR"  # lists and objects: as JSON text
