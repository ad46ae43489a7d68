"""What people and machines read of a plan. The texts are compared whole: they are the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.markdown import as_markdown
from controller.plan import plan
from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from controller.planning.desired import Desired
from controller.pricing import bill
from controller.reconcile import Outcome, State, Tick
from controller.report import as_json, as_text
from ledger.holdings import read_fleet
from ledger.json_files import dump_json
from ledger.names import Name
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from tests.scene import Json

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SETTINGS = "environments/dev/environment.json"


def tick(files: dict[str, Json | bytes]) -> Tick:
    """A plan for files, with nothing in SageMaker."""
    contents = {
        name: content if isinstance(content, bytes) else dump_json(content)
        for name, content in files.items()
    }
    fleet = read_fleet(contents, "dev")
    return Tick(NOON, fleet, (), plan(fleet, (), NOON, COMMIT))


def three() -> Tick:
    """One to create, one broken, one that stays off."""
    return tick(
        {
            SETTINGS: environment(),
            path("A"): definition("A"),
            path("A", "lease"): lease(NOON.replace(hour=13)),
            path("B"): b"{",
            path("Cleo"): definition("Cleo"),
        }
    )


BROKEN = (
    "frozen until its documents are mended: environments/dev/B.endpoint.json: /: it cannot be read"
    " as JSON: line 1, column 2: it ends here and is not complete. [LH1001]"
)


def test_text_for_a_terminal() -> None:
    assert as_text(three()) == (
        "dev at 01234567, 2026-11-23T12:00:00Z\n"
        f"  ! report  demo-B-Endpoint  {BROKEN}\n"
        "  + create  demo-A-Endpoint  leased until 2026-11-23T13:00:00Z\n"
        "Plan: 1 to create, 1 for a person to look at, 1 kept.\n"
    )


def test_text_says_what_became_of_an_action() -> None:
    planned = three()
    refused = Outcome(planned.plan.changes[0], State.REFUSED, "A quota is used up.", "LH3002")
    lines = as_text(Tick(NOON, planned.fleet, (), planned.plan, (refused,))).splitlines()
    assert lines[3] == "      refused: A quota is used up. [LH3002]"


FOOTER = (
    "<sub>Plan {digest}: 01234567 at 2026-11-23 12:00 UTC. Without prices: leasehold prices update"
    " writes environments/dev/prices.json.</sub>\n\n<!-- leasehold:dev -->\n"
)


def test_markdown_for_a_pull_request() -> None:
    assert as_markdown(three(), summary_only=True) == (
        "### Leasehold plan for `dev`\n"
        "\n"
        "**1 refused.** environments/dev/B.endpoint.json: /: it cannot be read as JSON: line 1,"
        " column 2: it ends here and is not complete. [LH1001] Its endpoint is left as it is.\n"
        "\n"
        "| | endpoint | instances | $/h before | $/h after | this lease | why |\n"
        "|:--|:--|:--|--:|--:|--:|:--|\n"
        "| **+ start** | `A` | 1 \N{MULTIPLICATION SIGN} ml.g5.xlarge | \N{EN DASH} | no price"
        " | no price |"
        " leased until 2026-11-23T13:00:00Z; no prices |\n"
        "\n"
        "Plan: 1 to create, 1 for a person to look at, 1 kept.\n"
        "\n" + FOOTER.format(digest=bill(three()).digest)
    )


def test_markdown_of_an_idle_plan_is_one_line() -> None:
    idle = tick({SETTINGS: environment()})
    assert as_markdown(idle) == (
        "### Leasehold plan for `dev`\n\nPlan: nothing to change.\n\n"
        + FOOTER.format(digest=bill(idle).digest)
    )


def test_a_documents_text_cannot_leave_its_line() -> None:
    evil: Json = definition("A") | {"owner": "", "inference_type": "x | **no** |\n| y"}
    lines = as_markdown(tick({SETTINGS: environment(), path("A"): evil})).splitlines()
    assert "x \\| **no** \\|" in lines[2]
    assert [line for line in lines if line.startswith("|")] == []


def test_json_for_machines() -> None:
    planned = three()
    done = Outcome(planned.plan.changes[0], State.DONE)
    done_tick = Tick(NOON, planned.fleet, (), planned.plan, (done,))
    data = as_json(done_tick, bill(done_tick))
    target = planned.plan.changes[0].target
    assert isinstance(target, Desired)
    assert data["environment"] == "dev"
    assert data["commit"] == COMMIT
    assert data["now"] == "2026-11-23T12:00:00Z"
    assert data["money"] is None
    assert data["actions"][0] == {
        "action": "create",
        "name": "A",
        "endpoint_name": "demo-A-Endpoint",
        "kind": "endpoint",
        "reason": "leased until 2026-11-23T13:00:00Z",
        "orphan": False,
        "endpoint_config_name": target.config_name,
        "outcome": {"state": "done", "detail": ""},
        "instances_before": [],
        "instances_after": [{"instance_type": "ml.g5.xlarge", "count": 1, "usage": "Hosting"}],
        "per_hour_before": "0",
        "per_hour_after": None,
        "lease_cost": None,
        "new": False,
        "changes": [],
    }
    assert [violation["code"] for violation in data["violations"]] == ["LH1001"]
    unpriced = as_json(done_tick)
    of_a_bill = {"plan", "against", "money", "ends"}
    of_documents = {"removed", "settings_changes", "price_changes"}
    assert unpriced.keys() == data.keys() - of_a_bill - of_documents
    assert "per_hour_after" not in unpriced["actions"][0]


def test_a_config_and_a_model_of_one_name_have_each_its_own_outcome() -> None:
    name = Name("demo-a-endpoint-0123456789")
    config, model = (
        Action(Verb.COLLECT, "A", name, "unused", kind=kind)
        for kind in (ResourceKind.ENDPOINT_CONFIG, ResourceKind.MODEL)
    )
    failed = Outcome(model, State.FAILED, "AWS is throttling.")
    plan_of_both = Plan("dev", COMMIT, (config, model))
    data = as_json(
        Tick(NOON, three().fleet, (), plan_of_both, (Outcome(config, State.DONE), failed))
    )
    said = [(each["kind"], each["outcome"]["state"]) for each in data["actions"]]
    assert said == [("endpoint-config", "done"), ("model", "failed")]
    assert {each["endpoint_name"] for each in data["actions"]} == {name}


def test_settings_that_cannot_be_read_are_said_of_the_environment() -> None:
    [action] = as_json(tick({SETTINGS: b"{"}))["actions"]
    assert (action["kind"], action["endpoint_name"], action["name"]) == (
        "environment",
        "dev",
        SETTINGS,
    )


def test_a_stray_file_is_said_though_no_endpoint_is_concerned() -> None:
    stray = tick({SETTINGS: environment(), path("Gone", "lease"): lease(NOON)})
    assert "  ! warning: environments/dev/Gone.lease.json: /: " in as_text(stray)
    assert "\n- warning: environments/dev/Gone.lease.json" in as_markdown(stray)
