"""`topdraw verify-run`: 0 for a sound run, 3 and a line per place for a damaged one."""

import json

from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun


def test_a_sound_run_is_exit_code_0_and_no_line(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x", "y"]})
    for _ in range(2):
        done = topdraw("verify-run", str(run.path))
        assert (done.code, done.out) == (0, "")
        assert "sound" in done.err
        run.seal()
    assert json.loads(topdraw("verify-run", str(run.path), "--json").out)["sound"] is True


def test_a_flipped_bit_is_a_line_and_exit_code_3(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x", "y"]})
    segment = next(run.path.glob("segments/*.jsonl"))
    data = bytearray(segment.read_bytes())
    data[20] ^= 1
    segment.write_bytes(data)
    done = topdraw("verify-run", str(run.path))
    assert done.code == 3
    assert len(done.out.splitlines()) == 1
    assert segment.name in done.out
    assert "1 place" in done.err
    told = json.loads(topdraw("verify-run", str(run.path), "--json").out)
    assert (told["sound"], len(told["problems"])) == (False, 1)


def test_a_part_that_was_changed_is_found(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x", "y"]})
    run.seal()
    part = next((run.path / "samples").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    done = topdraw("verify-run", str(run.path))
    assert done.code == 3
    assert part.name in done.out
