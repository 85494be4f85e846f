"""The ``amalgamics`` command: verbs, errors in one line, exit code 2 for bad input."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..addresses import redacted
from ..errors import InputError, NotStoredError, SeveralPotentialsError, unknown_name
from ..workflows.engine.stopping import Interrupted
from .store_errors import in_one_line
from .values import CarefulVerb, printable

# Verb -> module of this package whose function of the same name is the command. Imported when the verb is used.
VERBS = {
    "run": "Submit a workflow, work through it, and write its report.",
    "submit": "Add a workflow to the LaunchPad without running it.",
    "launch": "Work through what is in the LaunchPad.",
    "status": "Show the workflows in the LaunchPad, how far they are, what failed; --watch goes on.",
    "cluster": "Prepare a folder for workers on a cluster: amalgamics cluster init.",
    "backup": "Copy the structure database into a file while others write, or check it.",
    "merge": "Add the rows of other structure databases that the database lacks.",
    "recover": "Repair the LaunchPad and the database after a crash or kill.",
    "import": "Read finished calculations (VASP, Quantum ESPRESSO, GPAW, ASE) into the database.",
    "hull": "Print the convex hull of a system from the database.",
    "compare": "Put the hulls of a system with several potentials side by side, from the database.",
    "check-dft": "Compute the phases of a hull with DFT (GPAW) at their relaxed geometries, and print the differences.",
    "wetting": "Print the contact angle against composition from the database.",
    "phonons": "Print free energies and the hull at temperatures above zero, from the database.",
    "stability": "Print what electrolytes become in contact with metals and amalgams, from the database.",
    "electrochemistry": "Print capacities, potentials, solubilities and the self-healing of amalgams.",
    "cycling": "Print what films of amalgam do while a cell strips and plates, from the hulls of the database.",
    "diffraction": "Print powder patterns of phases, relaxed crystals, files and mixtures.",
    "surfaces": "Print the stored surface energies and equilibrium shapes.",
    "results": "Print the tables of a job's report from the database.",
    "query": "Search the structure database.",
    "serve": "Show database and LaunchPad in the browser, on this machine and read only.",
    "benchmarks": "Compare what the database holds with published values.",
    "phases": "List the phase library.",
    "report": "Write the report of a system again from the database.",
    "doctor": "Say what is installed, which weights are found, whether the LaunchPad answers.",
    "lpad": "FireWorks' own lpad with the right LaunchPad.",
    "rlaunch": "FireWorks' own rlaunch with the right LaunchPad.",
}
# A module cannot be called as a keyword of the language is, nor have a hyphen in its name.
_MODULES = {"import": "import_calculations", "check-dft": "check_dft"}

# What the command line can add to an error of the library.
ADVICE: dict[type[InputError], str] = {
    SeveralPotentialsError: " with --potential",
    NotStoredError: "; run a workflow with it first, e.g. amalgamics run examples/li-hg-llto.yaml, or give --database",
}
HELP = {"help_option_names": ["-h", "--help"]}
INTERRUPTED = 130  # what Typer makes of Ctrl-C


def _group(context: typer.Context) -> None:
    """Show the verbs of a verb that has some, as the bare command does with all."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


class LazyVerbs(TyperGroup):
    """Know the verbs without importing them, so that ``--help`` is instant."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the click signature
        """Return the verbs in the order of a first use."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import the module of one verb and make its command."""
        if cmd_name not in VERBS:
            raise InputError(unknown_name("command", cmd_name, VERBS))
        name = _MODULES.get(cmd_name, cmd_name)
        module = importlib.import_module(f".{name}", __package__)
        verb = typer.Typer(
            add_completion=False,
            rich_markup_mode=None,
            help=VERBS[cmd_name],
            invoke_without_command=True,
            context_settings=HELP,
        )
        commands: dict[str, str] = getattr(module, "COMMANDS", {})
        if commands:
            for one, text in commands.items():
                verb.command(name=one, cls=CarefulVerb, help=text, context_settings=HELP)(getattr(module, one))
            verb.callback()(_group)
            return typer.main.get_command(verb)
        settings = getattr(module, "CONTEXT", HELP)
        verb.command(name=cmd_name, cls=CarefulVerb, help=VERBS[cmd_name], context_settings=settings)(
            getattr(module, name)
        )
        return typer.main.get_command(verb)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the verbs with their one-line help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


app = typer.Typer(cls=LazyVerbs, rich_markup_mode=None, invoke_without_command=True, context_settings=HELP)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"amalgamics {__version__}")
        raise typer.Exit


@app.callback()
def amalgamics(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001 - its callback prints it
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    """Amalgam phase stability and wetting from machine-learning potentials."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; bad input ends in one line on stderr and exit code 2."""
    # Else pydantic asks every installed package whether it has a plugin, which takes longer than to check the input.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    command = typer.main.get_command(app)
    try:
        code = command.main(
            args=list(arguments) if arguments is not None else None, prog_name="amalgamics", standalone_mode=False
        )
    except InputError as error:
        sys.exit(fail(str(error) + ADVICE.get(type(error), "")))
    except Interrupted as stop:
        typer.echo(str(stop), err=True)
        sys.exit(stop.exit_code)
    except Exception as error:
        # Typer's usage errors have no public base class; they are the ones that can format themselves.
        if _is_outage(error):
            fail(f"the LaunchPad does not answer any more ({type(error).__name__}); the same command goes on later")
            sys.exit(1)
        if line := in_one_line(error):
            sys.exit(fail(line))
        if not hasattr(error, "format_message"):
            # As Python would show it, but for passwords in addresses.
            sys.stderr.write(redacted("".join(traceback.format_exception(error))))
            sys.exit(1)
        sys.exit(fail(error.format_message()))
    if code == INTERRUPTED:
        typer.echo("interrupted; the same command goes on where it stopped", err=True)
    sys.exit(code if isinstance(code, int) else 0)


def _is_outage(error: Exception) -> bool:
    """Return whether the server of the LaunchPad went away; looked at only for an error of its driver."""
    if not type(error).__module__.startswith("pymongo."):
        return False
    from ..workflows.engine.server_watch import is_outage

    return is_outage(error)


def fail(message: str) -> int:
    """Print ``message`` as the one-line error and return the exit code of bad input."""
    typer.echo(f"error: {printable(redacted(message))}", err=True)
    return 2


if __name__ == "__main__":
    main()
