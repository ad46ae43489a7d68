"""What `leasehold up` says when it is ready: where everything is, and three things to try."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from leasehold.console import say
from leasehold.state_dir import DEFAULT, Running

EXAMPLE = "demo-Falcon40B-Endpoint"
CLONE = "try-ledger"  # no folder of a checkout


def welcome(running: Running, home: Path, moved: Sequence[str] = ()) -> None:
    """Print the addresses, and commands that can be pasted as they are."""
    say(Text("Leasehold is up.", style="bold green"))
    for sentence in moved:
        say(Text(sentence, style="yellow"))
    say()
    for label, value in (
        ("console", f"{running.gateway_url}/console"),
        ("gateway", f"{running.gateway_url}/endpoint-expiry"),
        ("token", running.token),
        ("ledger", running.git_url),
        ("AWS", f"AWS_ENDPOINT_URL={running.aws_endpoint_url}"),
    ):
        say(Text.assemble((f"  {label.ljust(9)}", "dim"), value))
    for title, lines in _to_try(running, home):
        say()
        say(Text(title, style="bold"))
        for line in lines:
            say(f"  {line}")
    say()
    say(Text("Stop with Ctrl-C.", style="dim"))
    say()


def _to_try(running: Running, home: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    definition = f"environments/{running.environment}/Summarizer.endpoint.json"
    git = f"git -C {CLONE}"
    return (
        (
            "1. In a second terminal, extend a lease by ten minutes",
            (
                f"curl -X POST {running.gateway_url}/endpoint-expiry \\",
                f"  -H 'Authorization: {running.token}' \\",
                f"""  -d '{{"EndpointName": "{EXAMPLE}", "minutes": 10}}'""",
                f"{_leasehold()} status{_home(home)}",
            ),
        ),
        (
            "2. See who kept it alive, when and why",
            (
                f"git clone {running.git_url} {CLONE}",
                f"{git} --no-pager log environments/{running.environment}/Falcon40B.lease.json",
            ),
        ),
        (
            "3. Change what is served, and watch it roll out",
            (
                f"sed -i.bak 's/1.4.2/1.5.0/' {CLONE}/{definition}",
                f"{git} commit -m 'Serve summarizer 1.5.0' {definition}",
                f"{git} pull --rebase --quiet",
                f"{git} push",
            ),
        ),
    )


def _leasehold() -> str:
    """Return how this program is called here: by its name only where a shell finds this one."""
    own = Path(sys.executable).parent / "leasehold"
    if not own.exists():
        return f"{shlex.quote(sys.executable)} -m leasehold"
    if shutil.which("leasehold") == str(own):
        return "leasehold"
    here = Path.cwd()
    return shlex.quote(str(own.relative_to(here) if own.is_relative_to(here) else own))


def _home(home: Path) -> str:
    """Return the option that other verbs need where they would not look."""
    return "" if home == DEFAULT else f" --home {shlex.quote(str(home))}"
