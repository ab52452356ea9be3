"""The world that the vectors are made of serves the tests of the protocol too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "scripts"))
