"""Build the service from a configuration, and give it a command line.

This is the program's public name: it imports everything, nothing imports it.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("spanledger")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"
