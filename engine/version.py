"""The version of the program that runs, read from its installation once."""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("fieldstone")
