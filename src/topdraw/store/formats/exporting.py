"""From a run to a foreign file: problems with their samples, handed to a format's writer.

Not here: which sample is chosen (`topdraw.analysis.select`), the formats.
Try it: `topdraw export runs/try --format humaneval`.
"""

from __future__ import annotations

import itertools
import json
import math
import operator
from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Decoding, Json, Sample
from topdraw.errors import ConfigError
from topdraw.store.formats.importing import IMPORT
from topdraw.store.formats.protocol import About, Format, Held, Values
from topdraw.store.run import Run


def held(
    run: Run,
    *,
    scorers: Iterable[str] = (),
    picks: Mapping[str, Sample] | None = None,
    worst: Mapping[str, Sample] | None = None,
    one_each: bool = False,
    left_out: list[str] | None = None,
) -> Iterator[Held]:
    """The problems of a run with their samples and scores.

    Args:
        run: the run.
        scorers: whose scores go with them.
        picks: problem id to its chosen sample; None where nothing was chosen.
        worst: problem id to its worst sample.
        one_each: whether the chosen sample alone goes. Where none of several was chosen, as when
            all their scores are missing, the problem stays away; an only sample always goes.
        left_out: where the ids of problems that stay away are noted.

    Raises:
        StoreError: when the run cannot be read.
    """
    samples = [*run.samples("sampled"), *run.samples("greedy")]
    place = {key: at for at, key in enumerate(run.problems)}
    samples.sort(key=lambda sample: place[sample.problem_id])  # stable: greedy ones stay last
    scores = {name: run.scores(name) for name in scorers}
    for key, group in itertools.groupby(samples, key=operator.attrgetter("problem_id")):
        own = list(group)
        picked = _position(own, picks, key)
        if one_each and picks is not None:
            picked = 0 if len(own) == 1 else picked
            if picked is None:
                if left_out is not None:
                    left_out.append(key)
                continue
            own, picked = [own[picked]], 0
        yield Held(
            run.problems[key],
            own,
            {
                name: [found.get((one.sampler, one.problem_id, one.index)) for one in own]
                for name, found in scores.items()
            },
            picked,
            _position(own, worst, key),
        )


def _position(samples: list[Sample], picks: Mapping[str, Sample] | None, key: str) -> int | None:
    """Where the chosen sample is; a greedy one shares its index with one that was sampled."""
    wanted = (picks or {}).get(key)
    if wanted is None:
        return None
    place = (wanted.sampler, wanted.index)
    return next((at for at, one in enumerate(samples) if (one.sampler, one.index) == place), None)


def about(run: Run, *, by: str = "", value: str = "") -> About:
    """What a run says of itself."""
    sampled = run.manifest.sampler("sampled")
    model = run.manifest.model
    name = next((str(model[key]) for key in ("model", "name", "kind") if model.get(key)), "")
    hints = run.manifest.extra.get(IMPORT)
    return About(
        model=name,
        task=str(run.manifest.task.get("name", "")),
        by=by,
        value=value,
        decoding=sampled.decoding if sampled else Decoding(),
        hints=hints if isinstance(hints, dict) else {},
    )


def write(form: Format, problems: Iterable[Held], facts: About) -> Iterator[bytes]:
    """The bytes of a file in a format, piece by piece.

    Raises:
        ConfigError: when topdraw does not write the format.
    """
    if form.write is None:
        raise ConfigError(f"topdraw reads the format {form.name!r} but does not write it.")
    records = form.write(problems, facts)
    if form.container == "object":
        return (encode(record, indent=1) + b"\n" for record in records)
    if form.container == "list":
        return _as_list(records)
    return (encode(record) + b"\n" for record in records)


def _as_list(records: Iterator[Values]) -> Iterator[bytes]:
    yield b"["
    for at, record in enumerate(records):
        yield (b",\n" if at else b"\n") + encode(record)
    yield b"\n]\n"


def encode(value: Json, *, indent: int | None = None) -> bytes:
    r"""A value as JSON that every reader takes: NaN is null, lone surrogates are escaped.

    Examples:
        >>> encode({"a": math.nan, "b": "\ud800"})
        b'{"a": null, "b": "\\ud800"}'
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        return encode(_finite(value), indent=indent)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, indent=indent).encode()


def _finite(value: Json) -> Json:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return value
