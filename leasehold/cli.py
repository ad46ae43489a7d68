"""`leasehold VERB`: the command line's entry point. It finds the verb, nothing else.

Whatever a verb refuses, or meets and does not know, ends here as one sentence with its code on
stderr, and exit status 1.
"""

import errno
import os
import traceback

import click
from click.shell_completion import CompletionItem

from leasehold import completing, console, machine
from leasehold.completion import VARIABLE
from leasehold.own_zone import UTC_VARIABLE
from leasehold.verbs import ALIASES, VERBS, unknown
from ledger import variables
from ledger.errors import Failure, Refused

_CLICKS = (click.ClickException, click.exceptions.Exit, click.Abort)
_TRACEBACK = "LEASEHOLD_TRACEBACK"
_ENVIRONMENT = ["-e", "--environment"]
_VARIABLES = (
    (variables.REPOSITORY, "The ledger's repository, as --repository."),
    (variables.BRANCH, "Its branch, as --branch."),
    (variables.ENVIRONMENT, "The environment, as --environment."),
    (UTC_VARIABLE, "1 shows times in UTC, as --utc."),
    (_TRACEBACK, "1 shows where something unforeseen was met."),
    ("AWS_PROFILE, AWS_REGION, ...", "AWS, as its own command line has it."),
    ("NO_COLOR", "1 leaves out colours and bold."),
)


class Verbs(click.Group):
    """The verbs in the order in which a newcomer meets them, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's)
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        verb = VERBS.get(ALIASES.get(cmd_name, cmd_name))
        if verb is None:
            return None
        if verb.names and _completes_a_word(ctx):
            return _only_names(cmd_name)
        return verb.load()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word, *rest = args
        if ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        command = self.get_command(ctx, word)
        if command is None:
            raise unknown(word)
        if word in ALIASES:
            console.note(f"{word} is `leasehold {ALIASES[word]}`.")
        return ALIASES.get(word, word), command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])
        with formatter.section("Variables"):
            formatter.write_dl(_VARIABLES)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return completing.verbs(ctx, click.Argument(["verb"]), incomplete)

    def invoke(self, ctx: click.Context) -> object:
        machine.prepare()
        try:
            return super().invoke(ctx)
        except Failure as failure:
            console.refuse(failure)
        except _CLICKS:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # whoever reads the output has closed it, such as `head`
            if os.environ.get(_TRACEBACK):
                traceback.print_exc()
            console.refuse(_unforeseen(error))


def _completes_a_word(ctx: click.Context) -> bool:
    """Tell whether a shell wants names now, for which no verb has to be imported."""
    if not (ctx.resilient_parsing and os.environ.get(VARIABLE, "").endswith("_complete")):
        return False
    words = os.environ.get("COMP_WORDS", "").split()
    return not any(word.startswith("-") and word not in _ENVIRONMENT for word in words[-2:])


def _only_names(name: str) -> click.Command:
    """Stand in for a verb as far as its arguments are completed."""
    completes = completing.names_or_codes if name == "explain" else completing.names
    argument = click.Argument(["names"], nargs=-1, shell_complete=completes)
    option = click.Option(_ENVIRONMENT, shell_complete=completing.environments)
    settings = {"ignore_unknown_options": True}
    return click.Command(name, params=[option, argument], context_settings=settings)


def _unforeseen(error: Exception) -> Refused:
    match error:
        case OSError(strerror=str(why)):
            where = f"{error.filename} cannot be used" if error.filename else "the system refuses"
            return Refused(
                "LH5061", f"{where} ({why}): look at its permissions, and at the room on the disk."
            )
        case _:
            return Refused(
                "LH5062",
                f"it met something unforeseen ({type(error).__name__}: {error}). Please report"
                f" it, with what {_TRACEBACK}=1 shows when it is run again.",
            )


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="leasehold")
def main() -> None:
    """GitOps for Amazon SageMaker endpoints, with a parking meter on each of them.

    In a clone of a ledger, or beside a running `leasehold up`, nothing has to be named.
    """


@main.command("help")
@click.argument("words", nargs=-1, metavar="[VERB]...", shell_complete=completing.verbs)
@click.pass_context
def help_(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show this message, or the help of a verb."""
    context: click.Context = ctx.find_root()
    for word in words:
        group = context.command
        command = group.get_command(context, word) if isinstance(group, click.Group) else None
        if command is None:
            raise unknown(word)
        context = click.Context(command, info_name=ALIASES.get(word, word), parent=context)
    click.echo(context.get_help())


@main.command
@click.pass_context
def version(ctx: click.Context) -> None:
    """Show which version this is."""
    option = next(each for each in main.params if each.name == "version")
    option.process_value(ctx.find_root(), True)  # noqa: FBT003  (click's)
