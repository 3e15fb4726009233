"""From what a user types to a model: `builtin`, an address or several, a file of recorded samples.

Not here: the models; each registers the word its specs start with.
Try it: `python -c "import topdraw as td; print(td.connect('builtin').identity)"`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import cast

from topdraw.core.protocols import Model
from topdraw.core.registry import lookup, names
from topdraw.errors import ConfigError

_OF_A_SERVER = frozenset({"model", "api", "api_key_env", "api_key_file"})


def connect(
    spec: str | PathLike[str] | Sequence[str],
    *,
    model: str | None = None,
    api_key_env: str | None = None,
    api_key_file: str | PathLike[str] | None = None,
    **options: object,
) -> Model:
    """The model that a spec names.

    Args:
        spec: "builtin" or "builtin:NAME"; an address starting with http:// or https://;
            "recorded:FILE", or the path of an existing file or run directory; or another registered
            word, alone or followed by ":" and whatever that model wants. A list of addresses that
            serve one model is one model: whoever has room draws, and when one fails the others
            take over its work (`topdraw.models.several`).
        model: name of the model at an address; None takes the only one there, which must be the
            same at each of several.
        api_key_env: environment variable that holds the key; OPENAI_API_KEY when None.
        api_key_file: file that holds the key and nothing else, instead of a variable.
        options: handed to the model's factory; of several addresses, to each alike.

    Raises:
        UnknownNameError: when the spec starts with no registered word; it lists them.
        ConfigError: when the model does not take one of the options, when a server's options come
            with what is no address, or when several addresses do not serve one model.

    Examples:
        >>> connect("httq://localhost:8000/v1")
        Traceback (most recent call last):
        ...
        topdraw.errors.UnknownNameError: There is no model named 'httq'. Did you mean 'http'? ...
    """
    keys = {"api_key_env": api_key_env, "api_key_file": api_key_file}
    given = {"model": model, **keys, **options}
    wanted = {name: value for name, value in given.items() if value is not None}
    if not isinstance(spec, str | PathLike):
        return _several(list(spec), wanted)
    text = fspath(spec)
    word = _word(text, wanted)
    factory = _factory(word, wanted)
    return factory(text, **wanted)


def _several(specs: list[str], wanted: dict[str, object]) -> Model:
    from topdraw.models.several import connect_endpoints

    one = _factory("http", wanted)
    return one(specs[0], **wanted) if len(specs) == 1 else connect_endpoints(specs, **wanted)  # type: ignore[arg-type]  # checked above


def _word(spec: str, wanted: Iterable[str]) -> str:
    if spec.startswith(("http://", "https://")):
        return "http"
    word = spec.partition(":")[0]
    if word in names("model"):
        return word
    if Path(spec).exists():
        return "recorded"
    # Who names a server's model or key means a server: it then says what an address looks like.
    return word if _OF_A_SERVER.isdisjoint(wanted) else "http"


def _factory(word: str, wanted: Iterable[str]) -> Callable[..., Model]:
    factory = cast("Callable[..., Model]", lookup("model", word))
    parameters = inspect.signature(factory).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return factory
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    for name in wanted:
        if name not in known:
            raise ConfigError(
                f"The model {word!r} takes no option {name!r}.",
                hint=f"Options: {', '.join(known)}." if known else "It takes none.",
            )
    return factory
