"""The version, in one place: the package, its metadata and every manifest read it here.

Not here: schema versions of files. Try it: `topdraw --version`.
"""

__version__ = "0.1.0"
