"""One worker: runs one job at a time on its connection to the fork server.

Not here: many at once (`topdraw.scoring.sandbox.pool`), each kind of job (`.judging`, `.calling`,
`.running`). Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

from topdraw.scoring.sandbox.calling import call
from topdraw.scoring.sandbox.inside.wire import Gone
from topdraw.scoring.sandbox.jobs import Calls, FunctionTests, Job
from topdraw.scoring.sandbox.judging import Checker, judge
from topdraw.scoring.sandbox.launch import Namespace
from topdraw.scoring.sandbox.line import Broken, Line
from topdraw.scoring.sandbox.outcome import Outcome
from topdraw.scoring.sandbox.running import run


class Worker:
    """Runs jobs, one at a time.

    Args:
        namespace: the running fork server.

    Raises:
        OSError: when it is gone.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self._line = Line(namespace.attach())
        self._checker = Checker(self._line)

    def close(self) -> None:
        """Leave the server, which ends what this worker had running."""
        self._checker.close()
        self._line.close()

    def run(self, job: Job) -> Outcome:
        """What became of a job.

        Raises:
            Broken: when the sandbox did not do its part; the worker is useless afterwards.
        """
        try:
            if isinstance(job, FunctionTests):
                return judge(self._line, self._checker, job)
            return call(self._line, job) if isinstance(job, Calls) else run(self._line, job)
        except (OSError, Gone) as error:
            raise Broken(str(error)) from error
