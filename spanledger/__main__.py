"""Start the program."""

import sys
from pathlib import Path


def main() -> int:
    """Put the program's own modules first on the path, then run it."""
    here = Path(__file__).parent
    private = here / "modules"  # in a wheel; in a checkout the folders stand beside us
    sys.path.insert(0, str(private if private.is_dir() else here.parent))
    from spanledger.cli import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
