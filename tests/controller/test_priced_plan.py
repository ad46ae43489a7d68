"""A plan with its price, compared whole with files in `goldens`: the texts are the product.

LEASEHOLD_KEEP_GOLDENS=1 writes them anew; whoever does that reads the diff.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt

from controller.bill import Base, Bill
from controller.markdown import as_markdown
from controller.plan import plan
from controller.planning.action import Verb
from controller.planning.desired import Desired
from controller.planning.findings import Findings
from controller.planning.observed import Observed
from controller.pricing import bill
from controller.reconcile import Tick
from controller.report import as_json, as_text
from ledger.holdings import read_fleet
from ledger.hosts import Host
from ledger.json_files import dump_json
from ledger.money import Total, cents
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.old_prices import with_old_prices
from ledger.tags import ADOPTABLE_TAG, ENVIRONMENT_TAG, LEDGER_TAG, NAME_TAG, PROJECT_TAG
from tests.scene import LEDGER_ID, NOON, definition, environment, lease, path
from tests.scene import prices as price_list

if TYPE_CHECKING:
    from ledger.hosts import Hosts
    from tests.scene import Json

GOLDENS = Path(__file__).parent / "goldens"
EXAMPLE = Path(__file__).parents[2] / "environments" / "dev"
HEAD, BASE = "b559b50d" + "0" * 32, "5f1d0c7a" + "0" * 32
SETTINGS, PRICES = "environments/dev/environment.json", "environments/dev/prices.json"
MARKDOWN = MarkdownIt("commonmark").enable("table")
ANOTHER = NOON + timedelta(minutes=79)


def prices(**fields: object) -> Json:
    table = {
        "ml.g5.2xlarge": "1.515",
        "ml.g5.12xlarge": "7.09",
        "ml.g5.24xlarge": "10.18",
        "ml.m5.large": "0.115",
    }
    return price_list(table, **fields)


def before() -> dict[str, Json]:
    """What main has: Falcon and Phi run, and Embed, whose definition goes."""
    return {
        SETTINGS: environment(),
        PRICES: prices(),
        path("Falcon40B"): definition("Falcon40B", inference_instance_type="ml.g5.12xlarge"),
        path("Falcon40B", "lease"): lease(ANOTHER),
        path("Embed"): definition("Embed", inference_instance_type="ml.m5.large"),
        path("Embed", "lease"): lease(ANOTHER),
        path("Phi"): definition("Phi", inference_instance_type="ml.g5.2xlarge"),
        path("Phi", "lease"): lease(NOON + timedelta(hours=30)),
    }


def after() -> dict[str, Json | bytes]:
    """What a branch makes of it."""
    first = {"initial_provision_minutes": 30}
    files: dict[str, Json | bytes] = {
        **before(),
        path("Falcon40B"): definition("Falcon40B", inference_instance_type="ml.g5.24xlarge"),
        path("Translator"): definition(
            "Translator", inference_instance_type="ml.g5.2xlarge", schedule=first
        ),
        path("Rerank"): definition(
            "Rerank", inference_instance_type="ml.inf2.xlarge", schedule=first
        ),
        path("Whisper"): definition("Whisper", inference_type="sometimes"),
    }
    del files[path("Embed")], files[path("Embed", "lease")]
    return files


def contents(files: dict[str, Any]) -> dict[str, bytes]:
    return {
        name: each if isinstance(each, bytes) else dump_json(each) for name, each in files.items()
    }


def running(name: str, instance_type: str) -> tuple[Observed, Entry]:
    hosts: Hosts = (Host(instance_type, 1),)
    tags = {
        PROJECT_TAG: "demo",
        ENVIRONMENT_TAG: "dev",
        LEDGER_TAG: LEDGER_ID,
        NAME_TAG: name,
    }
    endpoint = EndpointName(f"demo-{name}-Endpoint")
    seen = Observed(endpoint, "InService", NOON, "old-0", tags=tags, created_at=NOON)
    return seen, Entry(name, "InService", NOON, config="old-0", hosts=hosts)


RUNNING = [
    running("Falcon40B", "ml.g5.12xlarge"),
    running("Embed", "ml.m5.large"),
]


def tick(files: dict[str, Any], commit: str = HEAD, known: Any = RUNNING) -> Tick:  # noqa: ANN401
    fleet = read_fleet(contents(files), "dev")
    seen = tuple(item for item, _ in known)
    record = Record({item.endpoint_name: entry for item, entry in known})
    findings = Findings(record)
    planned = plan(fleet, seen, NOON, commit, findings)
    return Tick(NOON, fleet, seen, planned, findings=findings)


def base(files: dict[str, Any], head: dict[str, Any], planned: Tick | None = None) -> Base:
    return Base(BASE, contents(files), contents(head), planned)


def whole() -> tuple[Tick, Base]:
    return tick(after()), base(before(), after())


def is_as_kept(name: str, text: str) -> bool:
    file = GOLDENS / name
    if os.environ.get("LEASEHOLD_KEEP_GOLDENS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return file.read_text() == text


class TestTheComment:
    def test_is_as_it_was_read(self) -> None:
        planned, against = whole()
        found = bill(planned, against).kept({"Falcon40B": "Ana | Ben: demo for the board"})
        assert is_as_kept("plan.md", as_markdown(planned, found))
        assert "| lease ends | - |" in as_markdown(planned, bill(planned, against))

    def test_renders_as_tables_under_a_verdict(self) -> None:
        planned, against = whole()
        html = MARKDOWN.render(as_markdown(planned, bill(planned, against)))
        assert html.startswith("<h3>Leasehold plan for <code>dev</code>: +$")
        assert html.count("<table>") == 3
        cells = html.replace("\n", "").split("<tr>")
        assert len({row.count("<td") for row in cells if "<strong>+ start" in row}) == 1

    def test_has_nothing_that_folds_for_a_host_that_cannot(self) -> None:
        planned, against = whole()
        text = as_markdown(planned, bill(planned, against), summary_only=True)
        assert "<details>" not in text
        assert "$0.115" not in text

    def test_of_nothing_is_one_line(self) -> None:
        quiet = {name: each for name, each in before().items() if "Embed" not in name}
        still = tick(quiet, known=[])
        quiet[path("Falcon40B", "lease")] = lease(NOON - timedelta(hours=1))
        quiet[path("Phi", "lease")] = lease(NOON - timedelta(hours=1))
        still = tick(quiet, known=[])
        first, _, rest = as_markdown(still).partition("\n")
        assert first == "### Leasehold plan for `dev`: no change: $0.00/h stays, 0 end in 24 h"
        assert "|" not in rest

    def test_says_which_limit_refuses_it(self) -> None:
        limits = {"max_hourly": {"amount": "9.00", "currency": "USD"}}
        files = {**after(), SETTINGS: environment(limits=limits)}
        first = as_markdown(tick(files)).partition("\n")[0]
        assert first.startswith(
            "### Leasehold plan for `dev`: refused by max_hourly $9.00: this would make it $"
        )

    def test_without_prices_says_how_to_get_them(self) -> None:
        files = {name: each for name, each in after().items() if name != PRICES}
        text = as_markdown(tick(files))
        assert text.startswith("### Leasehold plan for `dev`\n")
        assert "leasehold prices update" in text
        assert "$" not in text.replace("$/h", "")

    def test_labels_examples_and_the_factor_of_a_savings_plan(self) -> None:
        files = {**after(), PRICES: prices(example=True, savings_plan_factor="0.5")}
        text = as_markdown(tick(files))
        assert (
            "Example prices and no real ones, of us-east-1, read 2026-11-01 (22 days ago)" in text
        )
        assert "With your savings plan's factor of 0.5 it is $6.61/h after." in text

    def test_counts_below_a_list_and_not_in_it(self) -> None:
        files = {**before(), PRICES: prices(read_at="2026-01-01T00:00:00Z")}
        planned = tick(files)
        old = with_old_prices(planned.fleet, NOON)
        html = MARKDOWN.render(as_markdown(replace(planned, fleet=old)))
        assert "</li>\n</ul>\n<p>Plan: " in html

    def test_of_settings_that_cannot_be_read_says_nothing_of_the_rest(self) -> None:
        was, will = before(), {**before(), SETTINGS: b"{"}
        planned, found = tick(will), bill(tick(will), base(was, will))
        assert found.rows == ()
        assert found.repriced is None
        assert "LH1001" in as_markdown(planned, found)

    def test_cannot_be_broken_by_a_definition(self) -> None:
        files = after()
        evil = {"image": "x | **no** |\n| y", "model_data_url": "s3://demo/<!-- -->"}
        files[path("Falcon40B")] = definition("Falcon40B", model=evil)
        planned = tick(files)
        text = as_markdown(planned, bill(planned, base(before(), files)))
        rows = [line for line in text.splitlines() if line.startswith("| **")]
        assert len({row.replace("\\|", "").count("|") for row in rows}) == 1
        assert text.count("<!--") == 1


class TestTheText:
    def test_is_as_it_was_read_at_80_columns(self) -> None:
        planned, against = whole()
        text = as_text(planned, bill(planned, against), 80)
        assert is_as_kept("plan.txt", text)
        assert max(map(len, text.splitlines())) <= 80

    def test_is_not_folded_in_a_pipe(self) -> None:
        planned, against = whole()
        lines = as_text(planned, bill(planned, against)).splitlines()
        assert any(len(line) > 120 for line in lines)


def test_the_data_are_as_they_were_read() -> None:
    planned, against = whole()
    found = bill(planned, against).kept({"Falcon40B": "Ana | Ben: demo for the board"})
    data = as_json(planned, found)
    assert is_as_kept("plan.json", json.dumps(data, indent=2) + "\n")


class TestTheSums:
    def test_are_what_runs_and_what_would(self) -> None:
        planned, against = whole()
        found = bill(planned, against)
        assert found.before == Total(Decimal("7.205"))
        # Falcon and Phi with Translator; Rerank has no price.
        assert found.after == Total(Decimal("10.18") + Decimal("1.515") * 2, 1)
        hours = Decimal(79) / 60
        kept = Decimal("1.515") * 24
        both = Decimal("7.09") + Decimal("0.115")
        assert cents(found.promised_before.amount) == cents(both * hours + kept)
        started = Decimal("1.515") / 2
        assert found.promised_after.amount == Decimal("10.18") * hours + kept + started

    def test_are_against_another_commit_where_that_is_asked(self) -> None:
        there = tick(before(), BASE)
        found = bill(tick(after()), base(before(), after(), there))
        # Phi would start on main as well, so it is no change of the branch.
        assert found.before == Total(Decimal("7.09") + Decimal("1.515") + Decimal("0.115"))
        names = {str(row.action.name) for row in found.rows}
        assert "Phi" not in names
        assert {"Falcon40B", "Translator", "Rerank"} <= names


WEEK: Json = {"timezone": "UTC", "windows": [{"days": ["tue"], "start": "09:00", "end": "11:00"}]}
LONGER: Json = {**WEEK, "windows": [{"days": ["tue"], "start": "07:00", "end": "11:00"}]}


def compared(
    was: dict[str, Any],
    will: dict[str, Any],
    status: str = "InService",
    *,
    plan_both: bool = False,
) -> tuple[Tick, Bill]:
    """Plan what a branch makes of the files that the last tick, or another plan, went by.

    Falcon runs as those say.
    """
    seen, entry = RUNNING[0]
    update = tick(was, known=[(seen, entry)]).plan.action_for(seen.endpoint_name)
    config = update.target.config_name if update and isinstance(update.target, Desired) else "old-0"
    known = [
        (
            replace(seen, status=status, config_name=config),
            replace(entry, status=status, config=config),
        )
    ]
    planned = tick(will, known=known)
    there = tick(was, BASE, known) if plan_both else None
    return planned, bill(planned, base(was, will, there))


def comment(planned: Tick, found: Bill) -> str:
    """Return it with the signs of a terminal."""
    signs = {0xD7: "x", 0x2013: "-", 0x2212: "-", 0x2192: "->"}
    return as_markdown(planned, found).translate(signs)


def ledger(**definitions: Json) -> dict[str, Any]:
    """Return Falcon, which runs to 13:19, and more definitions."""
    files = {name: each for name, each in before().items() if "Embed" not in name}
    del files[path("Phi")], files[path("Phi", "lease")]
    more = {path(name): definition(name, **fields) for name, fields in definitions.items()}
    return {**files, **more}


@pytest.mark.parametrize("plan_both", [False, True])
class TestAChangeThatMovesNothingNow:
    """It is a row all the same: a window, or a type for the next start, is money of another day."""

    def test_of_a_window_says_its_fields_and_the_next_day(self, *, plan_both: bool) -> None:
        was, will = ledger(Chat={"schedule": WEEK}), ledger(Chat={"schedule": LONGER})
        for files in (was, will):
            files[PRICES] = prices(prices={"Hosting": {"ml.g5.xlarge": "2", "ml.g5.12xlarge": "7"}})
        planned, found = compared(was, will, plan_both=plan_both)
        assert found.change == Total()
        assert found.promised_change == Total(Decimal(4))
        assert found.digest != compared(was, was)[1].digest
        text = comment(planned, found)
        assert text.startswith(
            "### Leasehold plan for `dev`: no change now: $7.00/h stays, +$4.00 in the next 24 h, 1"
            " ends in 24 h\n"
        )
        assert (
            "| **~ change** | `Chat` | 1 x ml.g5.xlarge | - | - | - |"
            " /schedule/windows/0/start: 09:00 -> 07:00; no lease; 2.000 USD/h when it is on |"
        ) in text
        assert "| +$4.00 |" in text
        assert "1 has changed documents" in text
        lines = as_text(planned, found).splitlines()
        assert "  ~ change  demo-Chat-Endpoint  no lease" in lines
        assert "      /schedule/windows/0/start: 09:00 -> 07:00" in lines
        assert "      1 x ml.g5.xlarge: 2.000 USD/h when it is on" in lines
        (told,) = (each for each in as_json(planned, found)["actions"] if each["name"] == "Chat")
        assert told["changes"] == [
            {
                "pointer": "/schedule/windows/0/start",
                "before": "09:00",
                "after": "07:00",
                "document": "endpoint",
            }
        ]

    def test_of_what_is_off_says_both_types(self, *, plan_both: bool) -> None:
        was = ledger(Chat={"inference_instance_type": "ml.g5.2xlarge"})
        will = ledger(Chat={"inference_instance_type": "ml.inf2.xlarge"})
        planned, found = compared(was, will, plan_both=plan_both)
        text = comment(planned, found)
        assert "1 x ml.g5.2xlarge -> ml.inf2.xlarge | - | - | - |" in text
        assert "no price when it is on" in text
        assert "no change now: $7.09/h stays, 1 ends in 24 h" in text

    def test_of_a_new_and_of_a_removed_definition_is_one(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger(Chat={"inference_instance_type": "ml.g5.2xlarge"})
        planned, found = compared(was, will, plan_both=plan_both)
        assert "| **+ add** | `Chat` | 1 x ml.g5.2xlarge |" in comment(planned, found)
        assert "  + add  demo-Chat-Endpoint  new definition: no lease" in as_text(planned, found)
        planned, back = compared(will, was, plan_both=plan_both)
        assert "| **- remove** | `Chat` | 1 x ml.g5.2xlarge |" in comment(planned, back)
        assert "  - remove  demo-Chat-Endpoint  its definition is removed" in as_text(planned, back)
        assert as_json(planned, back)["removed"] == ["Chat"]
        assert len({found.digest, back.digest, compared(was, was)[1].digest}) == 3

    def test_of_a_lease_says_both_ends(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        will[path("Falcon40B", "lease")] = lease(ANOTHER + timedelta(hours=1))
        planned, found = compared(was, will, plan_both=plan_both)
        assert "/expires_at: 2026-11-23T13:19:00Z -> 2026-11-23T14:19:00Z" in comment(
            planned, found
        )
        assert found.promised_change == Total(Decimal("7.09"))
        # Leases move all the time, and are no change of a pull request's.
        assert found.digest == compared(was, was)[1].digest

    def test_of_what_waits_counts_as_what_it_becomes(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        will[path("Falcon40B")] = definition("Falcon40B", inference_instance_type="ml.g5.24xlarge")
        planned, found = compared(was, will, "Creating", plan_both=plan_both)
        assert found.change == Total(Decimal("3.09"))
        assert "| **~ wait** | `Falcon40B` | 1 x ml.g5.12xlarge -> ml.g5.24xlarge |" in comment(
            planned, found
        )
        for gone in (path("Falcon40B"), path("Falcon40B", "lease")):
            del will[gone]
        _, found = compared(was, will, "Creating", plan_both=plan_both)
        assert found.change == Total(Decimal("-7.09"))

    def test_of_a_lock_is_said_to_be_its(self, *, plan_both: bool) -> None:
        lock = json.loads((EXAMPLE / "Photos.lock.json").read_text())
        photos = json.loads((EXAMPLE / "Photos.endpoint.json").read_text())
        was = {**ledger(), path("Photos"): photos, path("Photos", "lock"): lock}
        will = {**was, path("Photos", "lock"): {**lock, "image": f"{lock['image']}-2"}}
        planned, found = compared(was, will, plan_both=plan_both)
        (row,) = found.rows
        assert row.action.name == "Photos"
        assert "lock /image: " in as_markdown(planned, found)
        (told,) = (each for each in as_json(planned, found)["actions"] if each["name"] == "Photos")
        assert {each["document"] for each in told["changes"]} == {"lock"}
        assert "lock /image: " in as_text(planned, found)

    def test_of_an_owner_is_said_with_what_is_done(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        fields = {"inference_instance_type": "ml.g5.12xlarge", "owner": "ana@example.com"}
        will[path("Falcon40B")] = definition("Falcon40B", **fields)
        text = comment(*compared(was, will, plan_both=plan_both))
        assert "/owner: (none) -> ana@" in text

    def test_of_an_image_is_no_change_in_cost_alone(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        will[path("Falcon40B")]["model"] = {"image": "registry/model:2"}
        text = comment(*compared(was, will, plan_both=plan_both))
        assert "no change in cost: $7.09/h stays, 1 ends in 24 h" in text
        assert "/model/image: registry/model:1 -> registry/model:2" in text

    def test_of_settings_is_said(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        will[SETTINGS] = environment(limits={"max_instances": 3})
        planned, found = compared(was, will, plan_both=plan_both)
        said = "environments/dev/environment.json: /limits/max_instances: (none) -> 3."
        assert said in as_text(planned, found)
        assert as_json(planned, found)["settings_changes"][0]["pointer"] == "/limits/max_instances"
        assert found.digest != compared(was, was)[1].digest

    def test_of_prices_says_what_runs_by_both(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        table = {"ml.g5.12xlarge": "8", "ml.m5.large": "0.115"}
        will[PRICES] = prices(prices={"Hosting": table})
        planned, found = compared(was, will, plan_both=plan_both)
        assert found.change == Total()
        text = as_text(planned, found)
        assert "no change but of prices: $8.00/h, 1 ends in 24 h" in text
        assert (
            "environments/dev/prices.json changes 3 prices: ml.g5.2xlarge (Hosting) 1.515 -> none,"
            " ml.g5.12xlarge (Hosting) 7.09 -> 8, ml.g5.24xlarge (Hosting) 10.18 -> none. What runs"
            " now costs $7.09/h by those before, and $8.00/h by these."
        ) in text
        assert len(as_json(planned, found)["price_changes"]) == 3
        del will[PRICES]
        assert "there are no prices any more" in as_text(*compared(was, will, plan_both=plan_both))
        assert "there were no prices before" in as_text(*compared(will, was, plan_both=plan_both))

    def test_of_a_currency_says_both(self, *, plan_both: bool) -> None:
        was, will = ledger(), ledger()
        will[PRICES] = prices(currency="EUR")
        text = as_text(*compared(was, will, plan_both=plan_both))
        assert (
            "environments/dev/prices.json was in USD, and is in EUR. What runs now costs $7.09/h by"
            " those before, and €7.09/h by these."
        ) in text
        will[PRICES] = prices(currency="EUR", prices={"Hosting": {}})
        text = as_text(*compared(was, will, plan_both=plan_both))
        assert "changes 4 prices: " in text
        assert " was in USD, and is in EUR. " in text

    def test_of_nothing_is_none(self, *, plan_both: bool) -> None:
        planned, found = compared(ledger(), ledger(), plan_both=plan_both)
        assert found.rows == ()
        assert "no change: $7.09/h stays, 1 ends in 24 h" in as_text(planned, found)
        assert "| all of" not in comment(planned, found)


def test_a_change_to_what_has_no_price_is_no_saving() -> None:
    was, will = ledger(), ledger()
    will[path("Falcon40B")] = definition("Falcon40B", inference_instance_type="ml.inf2.xlarge")
    planned, found = compared(was, will)
    assert found.change == Total(Decimal(0), 1)
    text = comment(planned, found)
    assert text.startswith("### Leasehold plan for `dev`: change not known, 1 without a price\n")
    assert "-$" not in text
    hourly = as_json(planned, found)["money"]["hourly"]
    assert (hourly["change"], hourly["without_price_change"]) == ("0.00", 1)


def test_an_update_leaves_to_autoscaling_how_many_there_are() -> None:
    scaled: Json = {"autoscaling": {"min_instances": 1, "max_instances": 5}}
    files = ledger()
    files[path("Falcon40B")] = definition(
        "Falcon40B", inference_instance_type="ml.g5.24xlarge", **scaled
    )
    (seen, entry) = RUNNING[0]
    three = replace(entry, hosts=(Host("ml.g5.12xlarge", 3),))
    found = bill(tick(files, known=[(seen, three)]))
    (row,) = found.rows
    assert (row.before, row.after) == (three.hosts, (Host("ml.g5.24xlarge", 3),))
    assert found.change == Total(Decimal("3.09") * 3)
    unseen = replace(entry, hosts=None)
    (row,) = bill(tick(files, known=[(seen, unseen)])).rows
    assert row.after == (Host("ml.g5.24xlarge", 1),)


def test_what_is_adopted_costs_the_environment_from_then_on() -> None:
    files = ledger()
    config = {"endpoint_config_name": "by-hand", "adopt": True}
    files[path("Falcon40B")] = definition("Falcon40B", **config)
    (seen, entry) = RUNNING[0]
    offered = replace(seen, config_name="by-hand", tags={ADOPTABLE_TAG: "demo/dev"})
    foreign = replace(entry, foreign=True)
    found = bill(tick(files, known=[(offered, foreign)]))
    (row,) = found.rows
    assert row.action.verb is Verb.ADOPT
    assert (row.before, row.after) == ((), entry.hosts)
    assert found.change == Total(Decimal("7.09"))
    assert found.promised_before == Total()
    assert cents(found.promised_after.amount) == cents(Decimal("7.09") * 79 / 60)


def test_what_is_somebody_elses_is_promised_by_nobody() -> None:
    (seen, entry) = RUNNING[0]
    known = [(replace(seen, tags={}), replace(entry, foreign=True))]
    found = bill(tick(ledger(), known=known))
    assert (found.promised_before, found.promised_after) == (Total(), Total())


def test_what_a_column_says_is_the_difference_of_those_beside_it() -> None:
    """The hours are no whole numbers: sums and their difference would be rounded apart."""
    was = ledger(Chat={"schedule": WEEK, "inference_instance_type": "ml.g5.2xlarge"})
    will = ledger(Chat={"schedule": LONGER, "inference_instance_type": "ml.g5.2xlarge"})
    for files, end in ((was, 25), (will, 68)):
        files[path("Falcon40B", "lease")] = lease(NOON + timedelta(minutes=end))
    _, found = compared(was, will)
    assert found.promised_change.amount == cents(found.promised_after.amount) - cents(
        found.promised_before.amount
    )


def test_many_fields_and_prices_are_counted() -> None:
    was, will = ledger(), ledger()
    was[path("Falcon40B")]["tags"] = {f"t{number}": "a" for number in range(12)}
    will[path("Falcon40B")]["tags"] = {f"t{number}": "b" for number in range(12)}
    table = {f"ml.g5.{number}xlarge": "1" for number in (1, 2, 4, 8, 12)}
    will[PRICES] = prices(prices={"Hosting": table})
    planned, found = compared(was, will)
    text = comment(planned, found)
    assert "/tags/t7: a -> b; and 4 more fields;" in text
    assert " and 4 more. What runs now costs" in text


class TestWhatIsLeftAsItIs:
    """What is suspended or frozen ends by nothing, and costs on."""

    @pytest.mark.parametrize(
        ("fields", "hours"),
        [
            ({"suspended": {"reason": "an audit"}}, 24),
            ({"suspended": {"reason": "an audit", "until": "2026-11-23T15:00:00Z"}}, 3),
            ({"inference_type": "sometimes"}, 24),
        ],
    )
    def test_is_promised_for_so_long(self, fields: Json, hours: int) -> None:
        was, will = ledger(), ledger()
        fields = {"inference_instance_type": "ml.g5.12xlarge", **fields}
        will[path("Falcon40B")] = definition("Falcon40B", **fields)
        _, found = compared(was, will)
        assert found.promised_after == Total(Decimal("7.09") * hours)
        ends = [(each.at - NOON) / timedelta(hours=1) for each in found.ends]
        assert ends == ([hours] if hours < 24 else [])


class TestThePlansDigest:
    def digest(self, files: dict[str, Any], **moved: object) -> str:
        planned = tick(files)
        if moved:
            planned = Tick(
                NOON + timedelta(minutes=1),
                planned.fleet,
                planned.observed,
                planned.plan,
                findings=planned.findings,
            )
        return bill(planned).digest

    def test_is_the_same_a_minute_later(self) -> None:
        assert self.digest(after()) == self.digest(after(), later=True)

    @pytest.mark.parametrize("change", ["price", "action", "document"])
    def test_changes_with_what_matters(self, change: str) -> None:
        files = after()
        if change == "price":
            files[PRICES] = prices(prices={"Hosting": {"ml.g5.2xlarge": "1.6"}})
        elif change == "action":
            del files[path("Translator")]
        else:
            del files[path("Whisper")]
        assert self.digest(files) != self.digest(after())
