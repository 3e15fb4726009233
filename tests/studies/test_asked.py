from topdraw.studies.asked import Asked
from topdraw.studies.plan import Recorded


def test_recorded_samples_alone_draw_nothing() -> None:
    assert Asked().draws
    assert not Asked(recorded=(Recorded("x.csv"),)).draws
    assert Asked(recorded=(Recorded("x.csv"),), models=("m",)).draws
    assert Asked(recorded=(Recorded("x.csv"),), tasks=("t",)).draws


def test_options_of_tasks_are_those_that_were_said() -> None:
    assert Asked().task_options() == {}
    assert Asked(problems=3, task_seed=0).task_options() == {"problems": 3, "seed": 0}
