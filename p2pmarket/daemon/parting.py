"""What a folder remembers of a community that the household has left, or is about to."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from protocol.errors import LocalError

_FILE = "parting.json"


@dataclass(frozen=True, slots=True)
class Parting:
    """name: of the community. delete: whether its data goes once a neighbour knows.

    told: one does; from then on the folder is only kept. at_ms: when the household left.
    """

    name: str
    at_ms: int
    delete: bool
    told: bool = False


def parting_of(folder: Path) -> Parting | None:
    """Return what was decided on leaving, or None where the household belongs."""
    try:
        return Parting(**json.loads((folder / _FILE).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        # Not to be opened as if nothing had been; the node itself knows that it has left.
        return Parting(folder.name, 0, delete=False)


def write_parting(folder: Path, parting: Parting) -> None:
    """Remember it. Raises LocalError ``home-not-writable`` or ``disk-full``."""
    replacement = folder / "parting.new"
    try:
        replacement.write_text(json.dumps(asdict(parting), ensure_ascii=False), "utf-8")
        replacement.replace(folder / _FILE)
    except OSError as error:
        code = "disk-full" if error.errno == 28 else "home-not-writable"
        raise LocalError(code, path=str(folder)) from error


def forget_parting(folder: Path) -> None:
    """The household has come back."""
    (folder / _FILE).unlink(missing_ok=True)


def delete_folder(folder: Path) -> None:
    """Delete what the node kept of a community. Raises LocalError ``home-not-writable``."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise LocalError("home-not-writable", path=str(folder)) from error
