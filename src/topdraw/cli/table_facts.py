"""What `topdraw show` says of a plain table: which table, whose, and each model's counts.

Not here: runs; `topdraw.cli.facts`. Try it: `topdraw show counts.csv`.
"""

from __future__ import annotations

from topdraw.analysis.census import Census, census
from topdraw.cli.facts import Facts
from topdraw.cli.pace import many
from topdraw.cli.shown import line
from topdraw.store.plain import PlainTable
from topdraw.store.plain_columns import SampleColumns

_MOST = 20


def by_model(table: PlainTable) -> dict[str, Census]:
    """What each model of a table has; of one that names no model, under "".

    Raises:
        TopdrawError: as `census` does.
    """
    return {name: census(table.of(name)) for name in table.models} or {"": census(table)}


def table_facts(table: PlainTable, held: dict[str, Census]) -> Facts:
    """What a table is.

    Args:
        table: the table.
        held: what `by_model` says of it.
    """
    kind = "counts" if table.is_counts else "scored samples"
    problems = max(one.problems for one in held.values())
    facts = [("table", f"{kind} of {many(problems, 'problem')}")]
    if len(held) > 1:
        facts.append(("models", f"{len(held)}; name one with --model"))
    elif table.models:
        facts.append(("model", line(table.models[0], 200)))
    return facts


def sample_facts(table: PlainTable, held: Census) -> Facts:
    """How many samples there are of each role, and what the table says of them besides.

    Args:
        table: of one model.
        held: what it holds.
    """
    facts: Facts = []
    for one in held.roles:
        spread = f"{one.fewest:,} to {one.most:,}" if one.most > one.fewest else f"{one.most:,}"
        facts.append((one.role, f"{one.drawn:,} ({spread} a problem)"))
    drawn = held.roles[0]
    if isinstance(table.columns, SampleColumns):
        if table.columns.output is not None:
            share = f"{100 * drawn.repeated_share:.1f}% of the texts repeat an earlier one"
            facts.append(("repeats", f"{share} of the problem"))
        if drawn.output_tokens:
            unknown = ", not known of all" if drawn.estimated else ""
            facts.append(("tokens", f"{drawn.output_tokens:,} of outputs{unknown}"))
    return facts


def model_facts(held: dict[str, Census]) -> Facts:
    """A line for each model of several, the first of them where they are many.

    Args:
        held: what `by_model` says.
    """
    facts = []
    for name, one in list(held.items())[:_MOST]:
        drawn = sum(role.drawn for role in one.roles if role.role == "sampled")
        judged = next((each for each in one.scorers if each.judged), None)
        passed = f", {judged.passed:,} passed" if judged else ""
        told = f"{many(one.problems, 'problem')}, {many(drawn, 'sample')}{passed}"
        facts.append((line(name, 60), told))
    if len(held) > _MOST:
        facts.append(("...", f"{len(held) - _MOST} more"))
    return facts
