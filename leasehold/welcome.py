"""What `leasehold up` says when it is ready: where everything is, and three things to try."""

from rich.text import Text

from leasehold.console import say
from leasehold.state_dir import Running

EXAMPLE = "demo-Falcon40B-Endpoint"


def welcome(running: Running) -> None:
    """Print the addresses, and commands that can be pasted as they are."""
    say(Text("Leasehold is up.", style="bold green"))
    say()
    for label, value in (
        ("gateway", f"{running.gateway_url}/endpoint-expiry"),
        ("token", running.token),
        ("ledger", running.git_url),
        ("AWS", f"AWS_ENDPOINT_URL={running.aws_endpoint_url}"),
    ):
        say(Text.assemble((f"  {label.ljust(9)}", "dim"), value))
    for title, lines in _to_try(running):
        say()
        say(Text(title, style="bold"))
        for line in lines:
            say(f"  {line}")
    say()
    say(Text("In a second terminal: leasehold status. Stop with Ctrl-C.", style="dim"))
    say()


def _to_try(running: Running) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (
            "1. Extend a lease by ten minutes",
            (
                f"curl -X POST {running.gateway_url}/endpoint-expiry \\",
                f"  -H 'Authorization: {running.token}' \\",
                f"""  -d '{{"EndpointName": "{EXAMPLE}", "minutes": 10}}'""",
            ),
        ),
        (
            "2. See who kept it alive, when and why",
            (
                f"git clone {running.git_url} ledger && cd ledger",
                f"git log environments/{running.environment}/Falcon40B.lease.json",
            ),
        ),
        (
            "3. Change what is served, and watch it roll out",
            (
                "sed -i.bak 's/1.4.2/1.5.0/' environments/dev/Summarizer.endpoint.json",
                "git commit -m 'Serve summarizer 1.5.0' environments/dev/Summarizer.endpoint.json",
                "git push",
            ),
        ),
    )
