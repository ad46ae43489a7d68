"""The verbs of the command line: where each is, what it is for, and what else people call it.

A verb's module is imported when it is asked for, so that none waits for the imports of the others.
Nothing here imports one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click

from ledger.errors import Unknown


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its module, what it is called there, and its help's first sentence.

    `names` tells whether its arguments are endpoints' names.
    """

    module: str
    attribute: str
    summary: str
    names: bool = False

    def load(self) -> click.Command:
        command = getattr(import_module(f"leasehold.{self.module}"), self.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.module}.{self.attribute} is no command")
        return command


# In the order in which a newcomer meets them.
VERBS: Mapping[str, Verb] = {
    "init": Verb("init", "init", "Make the environment ENV in a clone of the ledger."),
    "up": Verb("up", "up", "Run everything on this machine."),
    "tour": Verb("tour", "tour", "Watch it work, in half a minute."),
    "where": Verb(
        "where",
        "where",
        "Print an address, the token or the environment of a running `leasehold up`.",
    ),
    "status": Verb(
        "status",
        "status",
        "Show the fleet: what runs, until when, who keeps it on and why, and what it costs.",
        names=True,
    ),
    "top": Verb("top.verb", "top", "Watch the fleet, and keep endpoints on by a key."),
    "next": Verb("next", "next_", "Show what turns on and off next, and why.", names=True),
    "explain": Verb(
        "explain",
        "explain",
        "Explain NAME: on or off because of what, until when, by whom, and for how much.",
        names=True,
    ),
    "forecast": Verb(
        "forecast",
        "forecast_",
        "Show what will be on until a day, what it will cost, and what ends.",
    ),
    "extend": Verb(
        "leases",
        "extend",
        "Keep endpoints on for longer: LENGTH is 2h30m, 90m, 1.5h, or minutes alone.",
        names=True,
    ),
    "add": Verb(
        "leases",
        "add",
        "Add the endpoint NAME on an endpoint config that exists, and keep it for LENGTH.",
    ),
    "release": Verb(
        "leases",
        "release",
        "End the leases of endpoints now, and say what that hands back.",
        names=True,
    ),
    "log": Verb(
        "log",
        "log",
        "Show who kept NAME alive, when and why, and what AWS refused it meanwhile.",
        names=True,
    ),
    "validate": Verb(
        "validate",
        "validate",
        "Check documents: all below PATH/environments, or the files that are named.",
    ),
    "models": Verb(
        "models",
        "models",
        "List JumpStart's models whose id, task or keywords have TEXT, each by its newest version.",
    ),
    "new": Verb("new", "new", "Write the definition NAME of a JumpStart model, and its lock."),
    "schema": Verb(
        "schema", "schema", "Write the schemas of documents into DIR, by default schema/."
    ),
    "lock": Verb(
        "lock",
        "lock",
        "Resolve the model_id of each definition to exact artifacts, in NAME.lock.json.",
    ),
    "verify-push": Verb(
        "verify_push",
        "verify_push",
        "Check what a push from OLD to NEW brings to REF: a bot commits leases, and nothing else.",
    ),
    "plan": Verb(
        "converge", "plan", "Show what the controller would do now, why, and what it costs."
    ),
    "reconcile": Verb("converge", "reconcile_", "Converge SageMaker to the ledger."),
    "doctor": Verb(
        "doctor",
        "doctor",
        "Look at all that a deployment needs, and say what mends what is missing.",
    ),
    "report": Verb(
        "report", "report", "Tell what ran, what it cost, who kept it on, and what was saved."
    ),
    "timeline": Verb(
        "timeline",
        "timeline",
        "Show what NAME, or each endpoint, did and will do, and who kept it on.",
        names=True,
    ),
    "prices": Verb(
        "prices", "prices", "Read the list prices that plans, limits and reports go by."
    ),
    "adopt": Verb(
        "adopt", "adopt", "Write the definition of ENDPOINT, which SageMaker has already."
    ),
    "import": Verb(
        "importing",
        "import_",
        "Turn the predecessor's CONFIGS_JSON (Amazon SageMaker Endpoint Manager) into an"
        " environment.",
    ),
    "claim": Verb(
        "claim",
        "claim",
        "Take over endpoints that Leasehold tagged, with their configs and models.",
    ),
    "package": Verb(
        "package",
        "package",
        "Build the functions' packages into build/lambda, which a deployment takes.",
    ),
    "token": Verb("tokens", "token", "Make, list, revoke and take over the gateway's tokens."),
    "completion": Verb(
        "completion", "completion", "Print what lets SHELL complete verbs, options and names."
    ),
}

# What else means a verb and nothing but that.
ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("list", "ls", "ps", "show", "get"), "status"),
    **dict.fromkeys(("start", "renew", "prolong", "keep", "lease"), "extend"),
    **dict.fromkeys(("stop", "end", "kill", "off"), "release"),
    **dict.fromkeys(("history", "logs", "who", "blame"), "log"),
    **dict.fromkeys(("why", "describe"), "explain"),
    **dict.fromkeys(("diff", "preview"), "plan"),
    **dict.fromkeys(("apply", "sync"), "reconcile"),
    **dict.fromkeys(("check", "lint"), "validate"),
    **dict.fromkeys(("run", "serve"), "up"),
    **dict.fromkeys(("schedule", "upcoming"), "next"),
}

# What could be meant in more than one way, or is no verb's: what to type for each.
_REMOVE = (
    "to stop an endpoint now, type `leasehold release NAME`; to do away with it, delete"
    " environments/ENV/NAME.endpoint.json in a commit"
)
_COST = (
    "`leasehold report --since 2026-11-01` tells what was paid, `leasehold forecast --until friday`"
    " what will be, and `leasehold explain NAME` what one endpoint costs"
)
_MAKE = (
    "`leasehold new NAME` defines a JumpStart model, `leasehold add NAME 2h --config CONFIG` serves"
    " an endpoint config that exists, and `leasehold init ENV` makes an environment"
)
HINTS: Mapping[str, str] = {
    **dict.fromkeys(("delete", "remove", "rm", "destroy"), _REMOVE),
    **dict.fromkeys(("cost", "costs", "bill", "spend", "price"), _COST),
    **dict.fromkeys(("create", "define"), _MAKE),
    "watch": "type `leasehold status --watch`",
    "login": "your own git and AWS credentials are used: there is no login",
    "config": "settings are in environments/ENV/environment.json, and in `leasehold --help`",
}


def unknown(word: str) -> Unknown:
    """Return the refusal of a verb that is not there: what to type instead."""
    if word in HINTS:
        return Unknown("LH5206", f"there is no verb {word}: {HINTS[word]}.", word, ())
    known = (*VERBS, *ALIASES, "help", "version")
    said = f"there is no verb {word:.60}: `leasehold --help` lists all."
    return Unknown("LH5206", said, word, known)
