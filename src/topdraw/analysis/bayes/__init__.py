"""The Bayesian reading of N scored samples: rewards as evidence, the model as prior.

Not here: selectors (`selection.posterior`) and how it is shown (`reports.posterior_panel`).
Try it: `python -c "from topdraw.analysis import bayes; print(bayes.kl_bound([4]))"`.
"""

from topdraw.analysis.bayes.frontier import beta_for_kl, frontier, largest_kl, soft_curve
from topdraw.analysis.bayes.gold_law import GoldLaw, fit_gold_law
from topdraw.analysis.bayes.law import (
    best_of_n_law,
    estimated_kl,
    kl_bound,
    kl_by_winner,
    kl_of_best_of_n,
    win_bound,
    win_rate,
    win_rate_of_best_of_n,
)
from topdraw.analysis.bayes.of_run import Reading, reading
from topdraw.analysis.bayes.rows import BestRow, PosteriorRow
from topdraw.analysis.bayes.tilt import (
    FEW,
    Tilted,
    effective_samples,
    expectation,
    kl_from_draw,
    tilted,
)
from topdraw.analysis.selected import expected_of_best

__all__ = [
    "FEW",
    "BestRow",
    "GoldLaw",
    "PosteriorRow",
    "Reading",
    "Tilted",
    "best_of_n_law",
    "beta_for_kl",
    "effective_samples",
    "estimated_kl",
    "expectation",
    "expected_of_best",
    "fit_gold_law",
    "frontier",
    "kl_bound",
    "kl_by_winner",
    "kl_from_draw",
    "kl_of_best_of_n",
    "largest_kl",
    "reading",
    "soft_curve",
    "tilted",
    "win_bound",
    "win_rate",
    "win_rate_of_best_of_n",
]
