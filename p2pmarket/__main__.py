"""The command ``p2pmarket``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Imports only what the command needs."""
    from p2pmarket.texts import choose_language, use_language

    use_language(choose_language(arguments, os.environ))

    import click

    from p2pmarket.cli import failures
    from p2pmarket.cli.app import build
    from protocol.errors import P2PMarketError

    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's character set lacks must not end the command.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    as_json = "--json" in arguments
    try:
        result = build().main(list(arguments), "p2pmarket", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except P2PMarketError as error:
        return failures.report(error, as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return failures.USAGE
    except click.ClickException as error:
        return failures.report_usage(error, as_json)
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        return failures.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from saying so again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return failures.FAILED
    except Exception as error:
        return failures.report_bug(error, arguments, as_json)


if __name__ == "__main__":
    main()
