"""What the kernel is asked for directly answers as it should, or raises its error."""

import os
import select

import pytest

from topdraw.scoring.sandbox.inside import kernel


def test_a_clone_is_a_child_with_a_descriptor_for_its_end() -> None:
    child = kernel.clone(0)
    if child is None:
        os._exit(7)
    assert select.select([child.pidfd], [], [], 30)[0]
    assert os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]) == 7
    os.close(child.pidfd)


def test_flags_that_make_no_sense_are_refused() -> None:
    with pytest.raises(OSError, match="cannot be given namespaces"):
        kernel.clone(kernel.NEWUSER | 0x200)  # CLONE_FS does not go with a user namespace


def test_a_mount_that_cannot_be_is_an_error() -> None:
    with pytest.raises(OSError, match=r"\[Errno"):
        kernel.mount("none", "/no/such/folder", "tmpfs", kernel.TIGHT, "size=4096")


def test_a_filter_is_laid_out_for_the_kernel() -> None:
    assert kernel.Filter(b"\x06\x00\x00\x00\x00\x00\xff\x7f")
    kernel.be_dumpable()
