"""Logs of inspect: `.eval` (a zip of JSON members) and `.json`, one sample per problem and epoch.

Not here: zips (`formats.archive`), the values of scores (`formats.inspect_scores`).
Try it: `topdraw import logs/2026-11-20T09-29-17_gsm8k.eval`.

Log schema 2 of inspect_ai 0.3. The reductions and metrics in a log are not believed; every sample
is kept with its own scores, under `inspect:SCORER`. Of a log whose writer was killed, the samples
that it had written are read. Names of members are not believed either: ids come from the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from topdraw.core.records import Decoding, Json, Problem, Sample, Usage
from topdraw.errors import FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.archive import open_archive
from topdraw.store.formats.inspect_scores import accuracies, scores_of, written_scores
from topdraw.store.formats.protocol import About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Record, Source, decode

_KEY = "inspect"
_MEMBER = re.compile(r"samples/.*_epoch_([0-9]{1,9})\.json", re.DOTALL)
_ATTACHED = "attachment://"
_STOP_REASONS = {"max_tokens": "length", "model_length": "length"}


def _sniff(source: Source) -> int:
    if source.shape == "zip":
        return 60
    return 95 if source.has("eval", "samples") or source.has("eval", "plan") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    if source.shape == "zip":
        yield from _of_zip(source, notes)
        return
    for record in source.records():
        header = record.values
        judges = _head(header, notes)
        for at, item in enumerate(cells.listed(header.get("samples")), 1):
            notes.rows += 1
            place = f"{source.path}, sample {at}"
            yield from _row(Record(place, _sample_object(item, place)), judges, notes)


def _of_zip(source: Source, notes: Notes) -> Iterator[Row]:
    with open_archive(source.path) as archive:
        names = [name for name in archive.members if _MEMBER.fullmatch(name)]
        header = next(
            (one for one in ("header.json", "_journal/start.json") if one in archive.members), None
        )
        if header is None:
            raise FormatError(f"{source.path} is a zip, but no log of inspect: it has no header.")
        if header != "header.json":
            notes.warnings.append(
                f"{source.path.name} was never finished: the samples written are read."
            )
        values = decode(archive.read(header), f"{source.path}, {header}", of_line=False)
        judges = _head(cells.nested(values), notes)
        # A member's number is its epoch: epochs may have been finished in any order.
        for name in sorted(names, key=_epoch):
            notes.rows += 1
            place = f"{source.path}, member {name[:80]!r}"
            found = decode(archive.read(name), place)
            yield from _row(Record(place, _sample_object(found, place)), judges, notes)


def _epoch(name: str) -> int:
    found = _MEMBER.fullmatch(name)
    return int(found.group(1)) if found else 0


def _sample_object(found: Json, place: str) -> Values:
    if not isinstance(found, dict):
        raise FormatError(f"{place} is no sample: an object is needed.")
    return found


def _head(header: Values, notes: Notes) -> frozenset[str]:
    """Note what a log says of itself; gives the scorers whose numbers are verdicts."""
    about = cells.nested(header.get("eval"))
    notes.model = notes.model or cells.text(about.get("model"))
    notes.task = notes.task or cells.text(about.get("task"))
    if notes.decoding is None:
        notes.decoding = _decoding(cells.nested(about.get("model_generate_config")))
    scorers = [cells.nested(one).get("name") for one in cells.listed(about.get("scorers"))]
    if scorers:
        notes.extractor = f"inspect's scorers: {', '.join(map(cells.text, scorers))}"
    status = cells.text(header.get("status"))
    if status not in ("", "success"):
        notes.warnings.append(f"The log's status is {status[:40]!r}: it may lack samples.")
    return accuracies(header)


def _decoding(settings: Values) -> Decoding | None:
    if "temperature" not in settings:
        return None
    found = Decoding(temperature=max(cells.number(settings["temperature"]), 0.0))
    top_p = cells.number(settings.get("top_p"))
    most = cells.whole(settings.get("max_tokens"))
    return Decoding(
        temperature=found.temperature,
        top_p=top_p if 0 < top_p <= 1 else 1.0,
        top_k=cells.whole(settings.get("top_k")),
        max_tokens=most or None,
    )


def _row(record: Record, judges: frozenset[str], notes: Notes) -> Iterator[Row]:
    values, place = record.values, record.place
    key = cells.identity(values, "id", place)
    attached = cells.nested(values.get("attachments"))
    output = cells.nested(values.get("output"))
    choices = [cells.nested(one) for one in cells.listed(output.get("choices"))]
    if not choices and not output.get("completion"):
        error = cells.nested(values.get("error")).get("message") or values.get("error")
        notes.drop("samples that ended in an error" if error else "samples without output", place)
        return
    message = cells.nested(choices[0].get("message")) if choices else {}
    text = _content(output.get("completion") or message.get("content"), attached)
    usage = cells.nested(output.get("usage"))
    stop = cells.text(choices[0].get("stop_reason")) if choices else ""
    sample = Sample(
        key,
        max(cells.whole(values.get("epoch"), 1), 1) - 1,
        text,
        finish_reason=_STOP_REASONS.get(stop, stop) or "unknown",
        usage=Usage(
            cells.whole(usage.get("input_tokens")),
            cells.whole(usage.get("output_tokens")),
            estimated=not usage,
        ),
        metadata={"model": output["model"]} if output.get("model") else {},
    )
    yield Row(_problem(key, values, attached), sample, scores_of(values, judges, notes))


def _problem(key: str, values: Values, attached: Values) -> Problem:
    kept = {name: values[name] for name in ("choices", "metadata") if values.get(name)}
    if not isinstance(values["id"], str):
        kept["id"] = values["id"]
    asked = values.get("input")
    is_text = isinstance(asked, str)
    if not is_text:
        kept["input"] = asked
    prompt = _content(asked, attached) if is_text else _turns(cells.listed(asked), attached)
    return Problem(key, prompt or key, values.get("target"), {_KEY: kept} if kept else {})


def _turns(messages: list[Json], attached: Values) -> str:
    """A conversation as one text: the only turn's, or all with their roles."""
    turns = [cells.nested(one) for one in messages]
    if len(turns) == 1:
        return _content(turns[0].get("content"), attached)
    return "\n\n".join(
        f"{cells.text(one.get('role'))}: {_content(one.get('content'), attached)}" for one in turns
    )


def _content(value: Json, attached: Values) -> str:
    """The text of a message; long ones stand in the sample's attachments, by their hash."""
    if isinstance(value, list):
        parts = [cells.nested(one) for one in value]
        return "".join(
            _content(one.get("text"), attached) for one in parts if one.get("type") == "text"
        )
    found = cells.text(value)
    if found.startswith(_ATTACHED):
        return cells.text(attached.get(found.removeprefix(_ATTACHED), found))
    return found


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    samples: list[Json] = []
    ids: list[Json] = []
    epochs = 1
    for held in problems:
        ids.append(held.problem.id)
        epochs = max(epochs, len(held.samples))
        samples += [cast("Json", one) for one in _written(held, about)]
    name = about.by.removeprefix("inspect:") or "topdraw"
    metrics: list[Json] = [{"name": "inspect_ai/accuracy", "options": {}}]
    yield {
        "version": 2,
        "status": "success",
        "eval": {
            "task": about.task,
            "dataset": {"name": about.task, "samples": len(ids), "sample_ids": ids},
            "model": about.model,
            "model_generate_config": {"temperature": about.decoding.temperature},
            "config": {"epochs": epochs},
            "scorers": [{"name": name, "metrics": metrics}],
            "created": "1970-01-01T00:00:00+00:00",
        },
        "plan": {"name": "plan", "steps": []},
        "stats": {"started_at": "", "completed_at": "", "model_usage": {}},
        "samples": samples,
    }


def _written(held: Held, about: About) -> Iterator[Values]:
    kept = cells.kept(held.problem.metadata, _KEY)
    target = held.problem.target
    scores = held.scores.get(about.by, [None] * len(held.samples))
    for sample, score in zip(held.samples, scores, strict=True):
        message: Values = {"role": "assistant", "content": sample.output}
        stop = {"length": "max_tokens"}.get(sample.finish_reason, sample.finish_reason)
        row: Values = {
            "id": kept.get("id", held.problem.id),
            "epoch": sample.index + 1,
            "input": kept.get("input", held.problem.prompt),
            "target": target if isinstance(target, str | list) else cells.text(target),
            "messages": [message],
            "output": {
                "model": sample.metadata.get("model", about.model),
                "choices": [{"message": message, "stop_reason": stop}],
                "completion": sample.output,
                "usage": {
                    "input_tokens": sample.usage.prompt_tokens,
                    "output_tokens": sample.usage.output_tokens,
                    "total_tokens": sample.usage.prompt_tokens + sample.usage.output_tokens,
                },
            },
            "metadata": kept.get("metadata", {}),
            "scores": written_scores(about.by, score),
        }
        if "choices" in kept:
            row["choices"] = kept["choices"]
        yield row


FORMAT = Format(
    "inspect", "inspect_ai logs, .eval and .json", _sniff, _read, _write, container="object"
)
