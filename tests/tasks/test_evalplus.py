"""HumanEval+ and MBPP+: release files and hub rows, types, oracles."""

import gzip
import json
from pathlib import Path

import pytest

from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.scoring.oracles import ORACLES
from topdraw.scoring.suites import Suite, read_suite
from topdraw.tasks.evalplus import load_humaneval, load_mbpp

# In the form of the release files; the problems are ours.
_HEAD = 'def double(x):\n    """ Double x. """\n'
_HUMANEVAL: dict[str, Json] = {
    "task_id": "HumanEval/0",
    "prompt": _HEAD,
    "entry_point": "double",
    "canonical_solution": "    return 2 * x\n",
    "base_input": [[1], [2]],
    "plus_input": [[-1], [10**30], [0.5]],
    "contract": "",
    "atol": 0,
}
_MBPP: dict[str, Json] = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nWrite a function to find the shared elements.\n"""\n',
    "entry_point": "similar_elements",
    "canonical_solution": "\ndef similar_elements(a, b):\n    return tuple(set(a) & set(b))\n",
    "base_input": [[[3, 4], [4, 5]]],
    "plus_input": {},
    "atol": 1e-4,
}


def _file(folder: Path, row: dict[str, Json]) -> str:
    file = folder / "Plus.jsonl.gz"
    with gzip.open(file, "wt") as out:
        out.write(json.dumps(row) + "\n")
    return str(file)


def test_a_release_file_of_humaneval_plus(tmp_path: Path) -> None:
    task = load_humaneval(path=_file(tmp_path, _HUMANEVAL))
    (problem,) = task.problems
    suite = read_suite(problem)
    assert isinstance(suite, Suite)
    assert suite.head == problem.prompt == _HEAD
    assert suite.inputs == {"base": ([1], [2]), "plus": ([-1], [10**30], [0.5])}
    assert not suite.test
    assert (task.name, task.scorer) == ("humaneval+", "unit_tests")


def test_a_release_file_of_mbpp_plus_restores_types_and_rules(tmp_path: Path) -> None:
    (problem,) = load_mbpp(path=_file(tmp_path, _MBPP)).problems
    suite = read_suite(problem)
    assert isinstance(suite, Suite)
    assert (suite.shape, suite.oracle, suite.atol) == (("t",), "set", 1e-4)
    assert suite.head == ""
    assert suite.inputs["plus"] == ()


def test_hub_rows_bring_their_test_source(tmp_path: Path) -> None:
    test = "def check(candidate):\n    assert candidate(1) == 2\n"
    (problem,) = load_humaneval(path=_file(tmp_path, {**_HUMANEVAL, "test": test})).problems
    suite = read_suite(problem)
    assert isinstance(suite, Suite)
    assert suite.test == test
    assert not suite.inputs
    row: dict[str, Json] = {
        "task_id": 2,
        "code": "def similar_elements(a, b):\n    return set(a) & set(b)",
        "prompt": "Write a function to find the shared elements.",
        "test_list": ["assert set(similar_elements((3, 4), (4, 5))) == set((4,))"],
        "test": "inputs = [[(3, 4), (4, 5)]]\nassert similar_elements(*inputs[0]) == {4}\n",
    }
    (other,) = load_mbpp(path=_file(tmp_path, row)).problems
    suite = read_suite(other)
    assert isinstance(suite, Suite)
    assert (other.id, suite.entry) == ("Mbpp/2", "similar_elements")


@pytest.mark.parametrize(
    ("name", "oracle"),
    [("find_zero", "root"), ("Diff", ""), ("double", "")],
)
def test_humaneval_has_oracles_of_its_own(tmp_path: Path, name: str, oracle: str) -> None:
    (problem,) = load_humaneval(path=_file(tmp_path, {**_HUMANEVAL, "entry_point": name})).problems
    suite = read_suite(problem)
    assert isinstance(suite, Suite)
    assert suite.oracle == oracle


@pytest.mark.parametrize(
    "name",
    ["Diff", "check_str", "are_equivalent", "sum_div", "surface_Area", "digit_distance_nums"],
)
def test_every_oracle_is_known(tmp_path: Path, name: str) -> None:
    (problem,) = load_mbpp(path=_file(tmp_path, {**_MBPP, "entry_point": name})).problems
    suite = read_suite(problem)
    assert isinstance(suite, Suite)
    assert suite.oracle in ORACLES or suite.oracle == "something"


def test_inputs_that_are_no_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="'base_input' must be a list of lists"):
        load_humaneval(path=_file(tmp_path, {**_HUMANEVAL, "base_input": [1]}))
    row = {key: value for key, value in _HUMANEVAL.items() if key != "canonical_solution"}
    with pytest.raises(FormatError, match="no column 'canonical_solution'"):
        load_humaneval(path=_file(tmp_path, row))
