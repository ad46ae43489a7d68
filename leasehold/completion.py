"""`leasehold completion SHELL`: what a shell reads once, to complete what is typed."""

import click
from click.shell_completion import get_completion_class

VARIABLE = "_LEASEHOLD_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    r"""Print what lets SHELL complete verbs, options and names.

    \b
    bash:  echo 'eval "$(leasehold completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(leasehold completion zsh)"' >> ~/.zshrc
    fish:  leasehold completion fish > ~/.config/fish/completions/leasehold.fish

    Names are those of the clone that one is in, or of a running `leasehold up`.
    """
    found = get_completion_class(shell)
    if found is None:
        raise AssertionError(f"click completes in no {shell}")
    click.echo(found(context.find_root().command, {}, "leasehold", VARIABLE).source())
