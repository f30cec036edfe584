"""``python -m exactinj`` is the command line."""

import sys

from exactinj.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
