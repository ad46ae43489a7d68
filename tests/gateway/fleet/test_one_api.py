"""`GET /fleet/{EndpointName}` over HTTP: what an endpoint did and who kept it, by two histories."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from gateway.fleet import past
from gateway.fleet.one import cost_of
from gateway.principal import Principal, Scope
from ledger.accounting.tariff import Sum
from ledger.errors import Unavailable
from ledger.json_files import SCHEMAS
from ledger.names import EndpointName
from ledger.observed import only
from ledger.repository import Repository
from tests.gateway.api import FALCON
from tests.gateway.fleet.views import PRICES

if TYPE_CHECKING:
    from tests.gateway.api import Answer, Api

SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "fleet-endpoint.schema.json").read_bytes()))


def read(api: Api, name: str = "Falcon40B", **more: Any) -> Answer:  # noqa: ANN401
    return api.send("GET", path=f"/prod/fleet/{name}", **more)


def told(api: Api, name: str = "Falcon40B") -> dict[str, Any]:
    body: dict[str, Any] = read(api, name).body
    SCHEMA.validate(body)
    return body


@pytest.fixture
def ran(api: Api) -> Api:
    """Falcon40B ran for two hours; Ana bought the second hour."""
    scene = api.scene
    scene.push({"environments/dev/prices.json": PRICES})
    scene.tick()
    scene.let_pass(minutes=1)
    scene.tick()
    scene.let_pass(minutes=29)
    api.post({"EndpointName": FALCON, "minutes": 60, "reason": "demo for the board"})
    scene.let_pass(minutes=90)
    scene.tick()
    scene.let_pass(minutes=10)
    scene.tick()
    return api


def test_it_says_what_it_did_and_who_paid(ran: Api) -> None:
    body = told(ran)
    line = body["Timeline"]
    ana = next(each for each in line["KeptBy"] if each["Who"] == "Ana <ana@example.com>")
    assert ana["To"] == "2026-11-23T14:00:00Z"
    (served,) = line["InService"]
    assert (served["From"][:16], served["To"][:16]) == ("2026-11-23T12:00", "2026-11-23T14:00")
    assert line["Starting"]
    length = datetime.fromisoformat(served["To"]) - datetime.fromisoformat(served["From"])
    assert sum(each["Seconds"] for each in body["CostByPerson"]) == length.total_seconds()
    assert "Ana <ana@example.com>" in {each["Who"] for each in body["CostByPerson"]}
    assert body["Currency"] == "USD"


def test_it_says_what_comes_and_why(api: Api) -> None:
    body = told(api, FALCON)
    said = {each["Question"]: each["Answer"] for each in body["Explain"]}
    assert said["on because"] == "leased until 2026-11-23T13:00:00Z"
    assert said["to keep it on"].startswith("leasehold extend Falcon40B")
    (ahead,) = body["Timeline"]["LeasedAhead"]
    assert ahead == {"From": "2026-11-23T12:00:00Z", "To": "2026-11-23T13:00:00Z"}
    assert body["Timeline"]["ScheduledAhead"] == body["CostByPerson"] == []
    assert body["Definition"]["inference_instance_type"] == "ml.g5.xlarge"
    assert body["DefinitionPath"] == "environments/dev/Falcon40B.endpoint.json"


def test_it_names_the_last_change(api: Api) -> None:
    api.post({"EndpointName": FALCON, "minutes": 5, "reason": "a look"})
    said = {each["Question"]: each["Answer"] for each in told(api)["Explain"]}
    assert said["kept by"].startswith("Ana (extend,")
    assert said["kept by"].endswith(": a look")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_definition_that_cannot_be_read_is_said_to_be_so(api: Api, text: str) -> None:
    api.scene.push({"environments/dev/Falcon40B.endpoint.json": text})
    body = told(api)
    assert body["Definition"] is None
    assert body["Explain"][0]["Question"] == "frozen"


def test_what_is_further_back_than_it_looks_is_told_as_a_gap(
    ran: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST_COMMITS", 1)
    gaps = told(ran)["Timeline"]["Gaps"]
    assert gaps[0]["Reason"] == past._FURTHER_BACK


def test_others_endpoints_are_not_told_of(api: Api) -> None:
    narrow = Principal("Bo", "bo@example.com", frozenset({Scope.READ}), frozenset({"demo-B-*"}))
    assert read(api, token=api.token_for(narrow)).code == "LH4231"
    assert read(api, "nothing").code == "LH4106"
    assert read(api, "no_name").code == "LH4003"


def test_of_a_record_one_entry_alone_is_read() -> None:
    record = b'{"id": "x", "endpoints": {"demo-A": {"status": "InService"}, "demo-B": 5}}'
    assert json.loads(only(record, EndpointName("DEMO-a")) or b"") == {
        "endpoints": {"demo-A": {"status": "InService"}}
    }
    assert only(b"{", EndpointName("demo-A")) == b"{"
    assert only(None, EndpointName("demo-A")) == b'{"endpoints": {}}'


@pytest.mark.parametrize(
    ("parts", "unpriced", "currency", "cost"),
    [
        ({"USD": Decimal(5069)}, 0, "USD", "1.41"),
        ({}, 0, "USD", "0.00"),
        ({"USD": Decimal(5069)}, 1, "USD", None),
        ({"USD": Decimal(5069), "EUR": Decimal(1)}, 0, "USD", None),
        ({}, 0, None, None),
    ],
)
def test_a_cost_is_whole_and_in_one_currency(
    parts: dict[str, Decimal], unpriced: int, currency: str | None, cost: str | None
) -> None:
    assert cost_of(Sum(parts, unpriced), currency) == cost


def test_a_status_branch_that_cannot_be_read_is_a_gap(
    ran: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Repository.journal

    def broken(self: Repository, folder: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if not folder:
            raise Unavailable("LH2008", "no")
        journal(self, folder, *args, **kwargs)

    monkeypatch.setattr(Repository, "journal", broken)
    line = told(ran)["Timeline"]
    assert line["InService"] == []
    assert line["KeptBy"]
    assert line["Gaps"][0]["Reason"] == past._FURTHER_BACK
