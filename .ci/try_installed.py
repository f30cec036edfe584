"""Every module of an installed exactinj is imported, without any extra: what needs one says which."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from importlib import metadata

import exactinj

# not modules to import: a command, one for machines with Triton, one that is loaded when matplotlib was found
LEFT_OUT = {"exactinj.__main__", "exactinj.sampling.triton_marks", "exactinj.cli.figures"}


def main() -> int:
    """Print how many modules were imported; 1 if one was not, or if versions differ."""
    if metadata.version("exactinj") != exactinj.__version__:
        print(f"the package says {exactinj.__version__}, its metadata {metadata.version('exactinj')}")
        return 1
    names = [name for _, name, _ in pkgutil.walk_packages(exactinj.__path__, "exactinj.") if name not in LEFT_OUT]
    failed = 0
    for name in names:
        try:
            importlib.import_module(name)
        except exactinj.MissingExtraError as error:
            print(f"{name}: {error}")
        except ImportError as error:
            print(f"{name} does not say which extra it needs: {error}")
            failed += 1
    print(f"{len(names)} modules of exactinj {exactinj.__version__} from {exactinj.__path__[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
