"""The `limn` command: its group, and the exit of commands that fail."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from search.errors import BadQuery, BadSetting, LimnError
from search.packages import plugins
from search.text.printable import one_line, printable

# Errors in the command line; every other error of ours means that the work failed.
MISUSE = (BadQuery, BadSetting)


class Commands(click.Group):
    """The group of commands that installed packages register as entry points.

    A command's module is imported when the command is used, so that `limn search` does not
    wait for imports that only `limn train` needs.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and exit; print click's errors in the form of Limn's."""
        run: Any = partial(super().main, args, prog_name, complete_var, **extra)
        if not standalone_mode:
            return run(standalone_mode=False)
        try:
            code: Any = run(standalone_mode=False)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            if isinstance(error, click.UsageError) and error.ctx is not None:
                help_line = f"Try '{error.ctx.command_path} -h' for help."
                click.echo(f"{error.ctx.get_usage()}\n{help_line}\n", err=True)
            say_error(error.format_message())
            sys.exit(error.exit_code)
        except click.Abort:
            say_error("stopped")
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all registered commands."""
        return list(plugins.registered_points("commands"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; return None for an unknown name."""
        entry_point = plugins.registered_points("commands").get(cmd_name)
        return None if entry_point is None else entry_point.load()

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; exit with 2 for a misuse, with 1 for another error."""
        try:
            return super().invoke(ctx)
        except LimnError as error:
            say_error(str(error))
            ctx.exit(2 if isinstance(error, MISUSE) else 1)
        except OSError as error:  # all other code translates its errors of the system
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):  # the reader, like `head`, has seen enough
                ctx.exit(0)
            say_error(f"can't write the answer: {error}")
            ctx.exit(1)


def say_error(message: str) -> None:
    """Write an error to stderr, under the program's name like all errors."""
    text = "\n".join(one_line(printable(line)) for line in message.split("\n"))
    click.secho(f"limn: {text}", fg="red", err=True)


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from search.packages.installing import version

        click.echo(f"limn, version {version()}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Find pictures by what they show: by words, by other pictures, or by both.

    \b
    limn index ~/Pictures --collection pictures
    limn search "a dog runs on the beach"
    limn serve
    """
