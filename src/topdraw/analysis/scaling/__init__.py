"""How coverage scales with samples: laws fitted to it, and what they say beyond the samples.

Not here: coverage itself (`analysis.coverage`). Beyond the samples all is a model, never an
estimate. Try it: `topdraw fit RUN --extrapolate 10000`.
"""

from topdraw.analysis.scaling.fitted import CoverageLaw as CoverageLaw
from topdraw.analysis.scaling.fitted import fit_counts as fit_counts
from topdraw.analysis.scaling.forecast import forecast_counts as forecast_counts
from topdraw.analysis.scaling.of_run import fit_coverage as fit_coverage
from topdraw.analysis.scaling.of_run import forecast_coverage as forecast_coverage
from topdraw.analysis.scaling.values import ModelValue as ModelValue
