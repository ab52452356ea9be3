"""The command ``p2pmarket``."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command line of this process."""
    # A command lives for a moment: looking for garbage while it imports costs 3 ms.
    gc.set_threshold(100_000)
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before there was anything to interrupt
        sys.exit(130)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Imports only what the command needs."""
    from p2pmarket.texts import choose_language, use_language

    use_language(choose_language(arguments, os.environ))

    from p2pmarket.cli.app import build

    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's character set lacks must not end the command.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        result = build().main(list(arguments), "p2pmarket", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from saying so again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Exception, KeyboardInterrupt) as error:
        from p2pmarket.cli.failures import report

        return report(error, arguments)


if __name__ == "__main__":
    main()
