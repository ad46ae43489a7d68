"""An environment that nobody has: answers of the API for a page, of any size and in any trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.lease import stamp

NOON = datetime(2026, 11, 26, 12, 5, 31, tzinfo=UTC)
COMMIT = "b559b50d9f1c4a3e8d7261f0c5b4a39281706f5e"
CONTROLLER = {"Name": "Leasehold controller", "Email": "controller@leasehold.invalid"}
Json = dict[str, Any]


def after(**length: float) -> str:
    return stamp(NOON + timedelta(**length))


def seen(status: str | None, **more: object) -> Json:
    facts = {
        "Status": status,
        "Since": after(hours=-8) if status else None,
        "Cause": None,
        "Failure": None,
        "IsForeign": False,
        "AsOf": after(minutes=-1) if status else None,
    }
    return facts | more


def endpoint(name: str, **more: object) -> Json:
    """An endpoint that is leased for some time and in service."""
    facts = {
        "Kind": "endpoint",
        "Name": name,
        "EndpointName": f"demo-{name}-Endpoint",
        "LeaseState": "live",
        "Why": f"leased until {after(hours=1.3)}",
        "IsOn": True,
        "Until": after(hours=1.3),
        "ExpiresAt": after(hours=1.3),
        "Next": {"At": after(hours=1.3), "Turns": "off", "Reason": "lease ends"},
        "SageMaker": seen("InService"),
        "Instances": [{"InstanceType": "ml.g5.12xlarge", "Count": 1}],
        "IsBilled": True,
        "PerHour": "7.09",
        "RunsSince": after(hours=-8.66),
        "SoFar": "61.40",
        "StartTakes": 360,
        "Owner": "ana@example.com",
        "Windows": [],
        "IdleMinutes": None,
        "ActiveMinutes": None,
        "LastChange": changed("Ana", "demo for the board"),
        "Limits": limits(),
        "NeedsPerson": False,
        "ETag": f'"{COMMIT}"',
        "Errors": [],
    }
    return facts | more


def limits() -> Json:
    rule = "limits.max_lease_minutes in environments/dev/environment.json"
    return {"Minutes": 1440, "LatestPossible": after(days=1), "Rule": rule}


def changed(who: str, why: str | None, action: str = "extend") -> Json:
    by = {"Name": who, "Email": f"{who.lower()}@example.com"}
    return {
        "By": by,
        "At": after(hours=-1),
        "Action": action,
        "Reason": why,
        "Commit": COMMIT,
    }


def leased(length: timedelta) -> Json:
    end = stamp(NOON + length)
    following = {"At": end, "Turns": "off", "Reason": "lease ends"}
    return {"Until": end, "ExpiresAt": end, "Next": following, "Why": f"leased until {end}"}


def off(state: str = "ended", **more: object) -> Json:
    nothing = dict.fromkeys(("Until", "Next", "RunsSince", "SoFar"))
    return {
        **nothing,
        "LeaseState": state,
        "IsOn": False,
        "IsBilled": False,
        "ExpiresAt": after(hours=-18),
        "Why": f"lease ended at {after(hours=-18)}",
        "SageMaker": seen("absent"),
        **more,
    }


def hosts(instance_type: str, count: int = 1) -> Json:
    return {"Instances": [{"InstanceType": instance_type, "Count": count}]}


def dozen() -> list[Json]:
    """One of each kind, as a team has them."""
    wrong = (
        "environments/dev/Whisper.endpoint.json: /inference_instance_type: ml.g5.13xlarge is no"
        " instance type that SageMaker hosts. [LH1203]"
    )
    capacity = (
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity."
    )
    window = {
        "LeaseState": "scheduled",
        "ExpiresAt": None,
        "Windows": ["mon-fri 09:00-18:00 Europe/Berlin"],
        "Next": {"At": after(hours=4.9), "Turns": "off", "Reason": "window ends"},
        "LastChange": None,
    }
    starting = seen("Creating", Since=after(minutes=-4))
    return [
        endpoint(
            "Whisper",
            **off("frozen", Errors=[wrong], NeedsPerson=True, Instances=None, PerHour=None),
        ),
        endpoint(
            "Embed",
            **leased(timedelta(minutes=12, seconds=5)),
            **hosts("ml.m5.large"),
            PerHour="0.115",
            SoFar="1.15",
            LastChange=changed("Bo", "load test"),
            Owner="bo@example.com",
        ),
        endpoint("Falcon40B"),
        endpoint("SDXL", **window, **hosts("ml.g6.12xlarge"), PerHour="5.75", SoFar="17.30"),
        endpoint(
            "Mixtral",
            **hosts("ml.g5.12xlarge", 2),
            **leased(timedelta(hours=6)),
            SageMaker=starting,
            PerHour="14.18",
            SoFar=None,
            RunsSince=None,
            LastChange=changed("Chi", "compare"),
            Owner="chi@example.com",
        ),
        endpoint(
            "Phi",
            **off(),
            **hosts("ml.g5.2xlarge"),
            PerHour="1.52",
            IdleMinutes=45,
            LastChange={**changed("Leasehold controller", None, "idle"), "By": CONTROLLER},
        ),
        endpoint(
            "Summarizer",
            **leased(timedelta(minutes=47)),
            **hosts("ml.g5.xlarge"),
            PerHour="1.41",
            SoFar="3.90",
            IdleMinutes=45,
            Owner="bo@example.com",
            LastChange=changed("Bo", None),
        ),
        endpoint(
            "Translator",
            **hosts("ml.g5.2xlarge"),
            SageMaker=seen("absent", Failure=capacity),
            IsBilled=False,
            SoFar=None,
            RunsSince=None,
            PerHour="1.52",
            NeedsPerson=True,
            LastChange=changed("Ana", "customer pilot"),
        ),
        endpoint(
            "Transcriber",
            LeaseState="always_on",
            **hosts("ml.g5.xlarge", 0),
            Next=None,
            ExpiresAt=None,
            Limits=None,
            PerHour="0",
            SoFar="0",
            LastChange=None,
            Owner="chi@example.com",
        ),
        endpoint(
            "Rerank",
            **off("suspended", Why="suspended: waits for the new licence"),
            **hosts("ml.inf2.xlarge"),
            PerHour=None,
        ),
        endpoint(
            "Guard",
            **off(SageMaker=seen("Deleting", Since=after(minutes=-1))),
            **hosts("ml.g5.xlarge"),
        ),
        endpoint("Archive", **off("never_leased", ExpiresAt=None, LastChange=None)),
    ]


def fleet(endpoints: list[Json] | None = None, **more: object) -> Json:
    items = dozen() if endpoints is None else endpoints
    facts = {
        "Now": stamp(NOON),
        "Environment": "dev",
        "Commit": COMMIT,
        "CommitUrl": "https://github.com/example/ledger/commit/{commit}",
        "StatusCommit": COMMIT,
        "ObservedAt": after(minutes=-1),
        "Currency": "USD",
        "PricesReadAt": after(days=-25),
        "PricesAreOld": False,
        "PricesAreExamples": False,
        "Totals": {
            "Endpoints": len(items),
            "On": sum(item["IsBilled"] for item in items),
            "PerHour": "61.83",
            "WithoutPrice": 0,
            "EndsWithinHour": 2,
            "NeedsPerson": 2,
            "SpentToday": {"Amount": "96.12", "Since": after(hours=-12), "WithoutPrice": 0},
        },
        "Violations": [],
        "Endpoints": items,
    }
    return facts | more


def many(count: int) -> list[Json]:
    """So many endpoints, of all kinds in turn."""
    kinds = dozen()
    return [
        {
            **kinds[number % len(kinds)],
            "Name": f"Model{number:03}",
            "EndpointName": f"demo-Model{number:03}-Endpoint",
        }
        for number in range(count)
    ]


ME = {
    "Name": "Ana",
    "Email": "ana@example.com",
    "Scopes": ["add", "extend", "read", "release"],
    "Only": [],
    "Environment": "dev",
}


def expiry(name: str = "Falcon40B", **more: object) -> Json:
    """What the API answers to a change, or to its dry run."""
    end = after(hours=1.8)
    subject = f"lease(dev): extend {name} by 30 min to {end}"
    message = f"{subject}\n\nLease-Action: extend\nRequested-By: Ana <ana@example.com>\n"
    facts = {
        "EndpointName": f"demo-{name}-Endpoint",
        "ExpiresAt": end,
        "Why": f"leased until {end}",
        "Status": "live",
        "Commit": COMMIT,
        "Cost": {
            "Added": "3.55",
            "PerHour": "7.09",
            "Currency": "USD",
            "PricesReadAt": after(days=-25),
        },
        "CommitMessage": message,
    }
    return facts | more


def about(name: str = "Falcon40B") -> Json:
    """All about one endpoint."""

    def span(begin: float, end: float, **more: str) -> Json:
        return {"From": after(hours=begin), "To": after(hours=end), **more}

    return {
        "Now": stamp(NOON),
        "Name": name,
        "EndpointName": f"demo-{name}-Endpoint",
        "Commit": COMMIT,
        "Explain": [
            {"Question": "on because", "Answer": f"leased until {after(hours=1.3)}"},
            {"Question": "turns off", "Answer": f"{after(hours=1.3)}, lease ends"},
            {"Question": "kept by", "Answer": "Ana, 1 h ago: demo for the board"},
        ],
        "Timeline": {
            "Since": after(days=-7),
            "Until": after(days=2),
            "Starting": [span(-120, -119.9), span(-48, -47.9), span(-8.8, -8.66)],
            "InService": [span(-119.9, -110), span(-47.9, -40), span(-8.66, 0)],
            "LeasedAhead": [span(0, 1.3)],
            "ScheduledAhead": [span(20, 29), span(44, 48)],
            "IdleStops": [after(hours=-40)],
            "KeptBy": [span(-8.66, 1.3, Who="Ana <ana@example.com>")],
            "Gaps": [span(-168, -160, Reason="nothing was noted yet")],
        },
        "CostByPerson": [
            {"Who": "Ana <ana@example.com>", "Seconds": 67500, "Cost": "132.94"},
            {"Who": "first lease", "Seconds": 27700, "Cost": "54.55"},
        ],
        "Currency": "USD",
        "Definition": {"name": name, "inference_instance_type": "ml.g5.12xlarge"},
        "DefinitionPath": f"environments/dev/{name}.endpoint.json",
    }


HISTORY = [
    {
        "At": after(hours=-number),
        "By": {"Name": who, "Email": f"{who.lower()}@example.com"},
        "Action": action,
        "From": after(hours=1.3 - number),
        "To": after(hours=1.8 - number),
        "Reason": why,
        "Commit": COMMIT,
        "RequestId": f"{number}",
        "Proven": None,
    }
    for number, who, action, why in (
        (1, "Ana", "extend", "demo for the board"),
        (2, "Bo", "extend", None),
        (9, "Ana", "grant", "first look"),
    )
]
