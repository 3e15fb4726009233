"""From what a user types to a model: `builtin`, an address, a file of recorded samples.

Not here: the models; each registers the word its specs start with.
Try it: `python -c "import topdraw as td; print(td.connect('builtin').identity)"`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import cast

from topdraw.core.protocols import Model
from topdraw.core.registry import lookup, names
from topdraw.errors import ConfigError

_OF_A_SERVER = frozenset({"model", "api", "api_key_env"})


def connect(
    spec: str | PathLike[str],
    *,
    model: str | None = None,
    api_key_env: str | None = None,
    **options: object,
) -> Model:
    """The model that a spec names.

    Args:
        spec: "builtin" or "builtin:NAME"; an address starting with http:// or https://;
            "recorded:FILE", or the path of an existing file or run directory; or another registered
            word, alone or followed by ":" and whatever that model wants.
        model: name of the model at an address; None takes the only one there.
        api_key_env: environment variable that holds the key; OPENAI_API_KEY when None.
        options: handed to the model's factory.

    Raises:
        UnknownNameError: when the spec starts with no registered word; it lists them.
        ConfigError: when the model does not take one of the options, or a server's options come
            with what is no address.

    Examples:
        >>> connect("httq://localhost:8000/v1")
        Traceback (most recent call last):
        ...
        topdraw.errors.UnknownNameError: There is no model named 'httq'. Did you mean 'http'? ...
    """
    text = fspath(spec)
    given = {"model": model, "api_key_env": api_key_env, **options}
    wanted = {name: value for name, value in given.items() if value is not None}
    word = _word(text, wanted)
    factory = cast("Callable[..., Model]", lookup("model", word))
    _check_options(word, factory, wanted)
    return factory(text, **wanted)


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


def _check_options(word: str, factory: Callable[..., Model], wanted: dict[str, object]) -> None:
    parameters = inspect.signature(factory).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    for name in wanted:
        if name not in known:
            raise ConfigError(
                f"The model {word!r} takes no option {name!r}.",
                hint=f"Options: {', '.join(known)}." if known else "It takes none.",
            )
