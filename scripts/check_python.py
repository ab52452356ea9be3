"""Say in one sentence when this Python cannot run p2pmarket, before pip says it in fifty."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        f"p2pmarket needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}.\n"
        "Name another one: make demo PYTHON=python3.12"
    )
