"""Build the service from a configuration, and give it a command line.

This is the program's public name: it imports everything, nothing imports it.
Programs use `spanledger.traces`, `spanledger.agents`, `spanledger.jobs` and `spanledger.mirror`.
"""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    __version__ = version("spanledger")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"

_MODULES = Path(__file__).parent / "modules"
if _MODULES.is_dir() and str(_MODULES) not in sys.path:  # in a wheel; last, so that a program's own names come first
    sys.path.append(str(_MODULES))
