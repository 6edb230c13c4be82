"""Data made for the project and shipped with it: matters, Haikou's directory, a sample, column mappings.

Data only, and the way to find it. Nothing in here is an official list (see README.md).
"""

from importlib.resources import files
from pathlib import Path

from domain.errors import NotFound


def path(name: str) -> Path:
    """Where a shipped file is, ``matters.csv`` or ``mappings/sample.toml`` for instance.

    Raises NotFound ``reference-unknown`` with the ``name`` for one that is not shipped.
    """
    root = Path(str(files("reference"))).resolve()
    if "\0" in name:
        raise NotFound("reference-unknown", name=name)
    found = (root / name).resolve()
    if not found.is_relative_to(root) or not found.is_file():
        raise NotFound("reference-unknown", name=name)
    return found
