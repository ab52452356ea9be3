"""Where a household's node keeps its files, and the few settings that are not signed records."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from p2pmarket.folder import KEY_FILE, LOG_FILE, chosen_folder, socket_path
from protocol.errors import LocalError


@dataclass(frozen=True, slots=True)
class Home:
    """The paths inside one household's folder."""

    folder: Path

    def __fspath__(self) -> str:
        return str(self.folder)

    @property
    def key_file(self) -> Path:
        """The household's root secret; written by ``node.identity``."""
        return self.folder / KEY_FILE

    @property
    def settings_file(self) -> Path:
        """Name and place of the household, until a community's profile holds them."""
        return self.folder / "household.json"

    @property
    def socket(self) -> Path:
        """Where the daemon answers. Raises LocalError ``home-path-too-long``."""
        return Path(socket_path(str(self.folder)))

    @property
    def lock_file(self) -> Path:
        """Held by the running daemon; its content is the daemon's process id."""
        return self.folder / "daemon.lock"

    @property
    def log_file(self) -> Path:
        """What the daemon did, for the person who looks for a fault."""
        return self.folder / LOG_FILE

    @property
    def cross_posts(self) -> Path:
        """Which own listings of several communities are the same thing; sealed."""
        return self.folder / "cross-posts.sealed"

    @property
    def windows(self) -> Path:
        """Between which communities this household carries listings; sealed."""
        return self.folder / "windows.sealed"

    @property
    def communities(self) -> Path:
        """One folder a community."""
        return self.folder / "communities"


def choose_home(option: str | None, environ: Mapping[str, str]) -> Home:
    """Return the home that an option, P2PMARKET_HOME or the XDG default names, in this order."""
    return Home(Path(chosen_folder(option, environ)))


@dataclass(frozen=True, slots=True)
class HouseholdSettings:
    """What ``init`` and ``profile`` were told: the profile of the next community joined.

    place: a name, or ``name@latitude,longitude`` in degrees; "" for none.
    """

    name: str
    place: str = ""
    about: str = ""
    languages: tuple[str, ...] = ()


def load_settings(home: Home) -> HouseholdSettings:
    """Read the settings. Raises LocalError ``no-household`` or ``settings-damaged``."""
    path = home.settings_file
    try:
        fields: Any = json.loads(path.read_text("utf-8"))
        return HouseholdSettings(
            name=str(fields["name"]),
            place=str(fields.get("place", "")),
            about=str(fields.get("about", "")),
            languages=tuple(map(str, fields.get("languages", ()))),
        )
    except FileNotFoundError:
        raise LocalError("no-household", path=str(home.folder)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LocalError("settings-damaged", path=str(path)) from None


def save_settings(home: Home, settings: HouseholdSettings) -> None:
    """Replace the settings as a whole. Raises LocalError as :func:`refused_by_system`."""
    replacement = home.settings_file.with_suffix(".new")
    try:
        replacement.write_text(json.dumps(asdict(settings), ensure_ascii=False, indent=1), "utf-8")
        replacement.replace(home.settings_file)
    except OSError as error:
        raise refused_by_system(error, home) from error


def refused_by_system(error: OSError, home: Home) -> LocalError:
    """Word what the system refused: ``disk-full``, ``home-not-writable`` or ``system-refused``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LocalError("disk-full", path=str(home.folder))
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return LocalError("home-not-writable", path=str(home.folder))
    return LocalError("system-refused", reason=error.strerror or str(error))
