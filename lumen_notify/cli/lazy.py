"""Lazy: subcommands that import their module only when they run, and name the flag or line of a mistake."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from lumen_notify.cli.help import COMMANDS, EXAMPLES
from lumen_notify.errors import Misconfigured


class Command(TyperCommand):
    """A subcommand. It names a wrong setting by the flag that was typed, or by its line in the .env file."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters. A flag takes no value, and so has no type in the help."""
        return without_flag_types(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand. Raises Misconfigured with the names that the user knows."""
        try:
            return super().invoke(ctx)
        except Misconfigured as error:
            raise Misconfigured(
                [(self._source(ctx, name), problem) for name, problem in error.problems]
            ) from None

    def _source(self, ctx: Any, variable: str) -> str:
        for param in self.params:
            source = ctx.get_parameter_source(param.name)
            is_typed = source is not None and source.name == "COMMANDLINE"
            setting = str(param.name).removeprefix("is_").upper()
            if is_typed and variable in {f"LUMEN_{setting}", f"LUMEN_{setting}_FILE"}:
                return str(param.opts[0])
        return variable if ctx.obj is None else str(ctx.obj.source(variable))


class LazyCommand(TyperCommand):
    """A subcommand that imports its module only when it is called."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the module and parse the arguments with its function's signature."""
        name = str(self.name)
        function = name.replace("-", "_")
        module = import_module(f"lumen_notify.cli.commands.{function}")
        subapp = typer.Typer(add_completion=False)
        subapp.command(name, cls=Command, help=self.help, epilog=f"Example: {EXAMPLES[name]}")(
            getattr(module, function)
        )
        return typer.main.get_command(subapp).make_context(info_name, args, parent=parent, **extra)


class LazyGroup(TyperGroup):
    """The group of all subcommands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, text in COMMANDS.items():
            self.add_command(LazyCommand(name, help=text))

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; see `Command.get_params`."""
        return without_flag_types(super().get_params(ctx))


def without_flag_types(params: list[Any]) -> list[Any]:
    """Take the type out of the help of flags. Return all parameters."""
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params
