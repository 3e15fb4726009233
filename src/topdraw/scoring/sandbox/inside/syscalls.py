"""The filter of system calls a program runs behind: what reaches beyond its namespaces fails.

Not here: installing it (`topdraw.scoring.sandbox.inside.kernel`). Stdlib only.
Try it: `python -m pytest tests/scoring/sandbox/inside/test_syscalls.py`.

A list of what is refused, not of what is allowed: programs in any language must run, and the
namespaces hold without it. It takes away what has been the way out of namespaces before (making
new ones, mounts, keys, bpf, io_uring, userfaultfd, ptrace), all sockets but pairs, and memory
that no limit counts (memfd, System V). Calls newer than the list do not exist for the program.
"""

from __future__ import annotations

import struct

# Numbers on x86-64 and aarch64, in turn; None where there is no such call.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "personality": (135, 92),
    "move_pages": (279, 239),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238),
    "lookup_dcookie": (212, 18),
    "vhangup": (153, 58),
    "nfsservctl": (180, 42),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "_sysctl": (156, None),
}
_MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}
# A clone with any flag of these makes a namespace.
_NAMESPACE_FLAGS = 0x7E020080
_CLONE3, _NEWEST = 435, 462
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _GIVE = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def program(machine: str) -> bytes:
    """The filter as the kernel takes it; b"" for a machine we have no numbers for.

    Args:
        machine: as `os.uname().machine` has it.

    Examples:
        >>> len(program("x86_64")) % 8, program("vax")
        (0, b'')
    """
    if machine not in _MACHINES:
        return b""
    column, architecture, clone = _MACHINES[machine]
    numbers = [number for pair in REFUSED.values() if (number := pair[column]) is not None]
    # Behind the checks stand: 0 allow, 1 EPERM, 2 ENOSYS; jumps count the steps between.
    checks = [(_EQUAL, number, 1) for number in numbers]
    checks += [(_EQUAL, _CLONE3, 2), (_GREATER, _NEWEST, 2)]
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_GIVE, 0, 0, _EPERM)]
    steps.append((_LOAD, 0, 0, _NUMBER))
    after = len(checks) + 3  # the last three steps before the ends look into a clone
    for place, (code, number, end) in enumerate(checks):
        steps.append((code, after - place - 1 + end, 0, number))
    steps += [(_EQUAL, 0, 2, clone), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    steps.append((_ANY_BIT, 1, 0, _NAMESPACE_FLAGS))
    steps += [(_GIVE, 0, 0, end) for end in (_ALLOW, _EPERM, _ENOSYS)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
