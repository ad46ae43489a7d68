"""Configs and models of ours over HTTP: found by tags, seen in use, deleted by true names."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from controller.aws.artifacts import Artifacts
from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from ledger.errors import Failure
from ledger.names import EndpointName
from sandbox.server import Sandbox
from tests.scene import LEDGER_ID, ROLE, SETTLE, STARTUP, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.planning.artifact import Artifact

NAME = "demo-Falcon-00000000aa"
OWNER = Owner("dev", "demo", LEDGER_ID, "0fedcba987654321")
OWNED = OWNER.tags("Falcon")


class Shop:
    """An account in which things are made by hand, and an adapter of a controller."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.artifacts = Artifacts(account.sagemaker, account.client("resourcegroupstaggingapi"))

    def make_model(self, name: str, **tags: str) -> None:
        self.account.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": "registry/falcon:1"},
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    def make_config(self, name: str, model: str, **tags: str) -> None:
        variant = {"VariantName": "main", "ModelName": model, "InstanceType": "ml.g5.xlarge"}
        self.account.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    def make(self, name: str = NAME, **tags: str) -> None:
        """A model and a config of it, as a controller makes them."""
        tags = tags or OWNED
        self.make_model(name, **tags)
        self.make_config(name, name, **tags)

    def serve(self, endpoint: str, config: str) -> None:
        self.account.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)

    def settle(self) -> None:
        self.account.ask("POST", "/clock", {"advance_seconds": SETTLE})

    def ours(self) -> dict[str, Artifact]:
        return {item.kind: item for item in self.artifacts.ours(OWNER)}

    def item(self, kind: str, name: str) -> Artifact:
        found = self.artifacts.ours(OWNER)
        return next(item for item in found if (item.kind, item.name) == (kind, name.lower()))

    def observed(self, endpoint: str) -> Observed:
        found = self.account.sagemaker.describe_endpoint(EndpointName=endpoint)
        return Observed(
            EndpointName(found["EndpointName"]),
            found["EndpointStatus"],
            found["LastModifiedTime"].astimezone(UTC),
            found["EndpointConfigName"],
        )

    def models(self) -> list[str]:
        found = self.account.sagemaker.list_models(MaxResults=100)["Models"]
        return sorted(item["ModelName"] for item in found)

    def in_use(self, *observed: Observed) -> frozenset[str]:
        self.account.calls()
        return self.artifacts.in_use(observed)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Sandbox(startup_seconds=STARTUP) as sandbox:
        yield Shop(Account(sandbox.url))


class TestOurs:
    def test_are_configs_and_models_with_our_tags(self, shop: Shop) -> None:
        shop.make()
        shop.make("demo-Other-00000000aa", **{**OWNED, "leasehold:environment": "prod"})
        shop.make("by-hand", team="research")
        assert sorted(shop.ours()) == ["endpoint-config", "model"]
        config = shop.ours()["endpoint-config"]
        assert (config.name, config.definition_name) == (NAME.lower(), "Falcon")

    def test_are_told_by_tags_but_not_by_owner_where_that_is_not_said(self, shop: Shop) -> None:
        anonymous = {key: value for key, value in OWNED.items() if key != "leasehold:name"}
        shop.make(**anonymous)
        assert {str(item.definition_name) for item in shop.ours().values()} == {""}

    def test_are_all_of_them_a_hundred_with_each_call(self, shop: Shop) -> None:
        for number in range(60):
            shop.make(f"demo-Falcon-{number:010x}")
        shop.account.calls()
        assert len(shop.artifacts.ours(OWNER)) == 120
        assert shop.account.calls() == {"GetResources": 2}


class TestCollecting:
    def test_deletes_a_config_and_then_its_model(self, shop: Shop) -> None:
        shop.make()
        shop.make("demo-Falcon-00000000bb")
        shop.artifacts.collect(shop.item("endpoint-config", NAME))
        assert shop.account.configs() == ["demo-Falcon-00000000bb"]
        assert len(shop.models()) == 2
        shop.artifacts.collect(shop.item("model", NAME))
        assert shop.models() == ["demo-Falcon-00000000bb"]

    def test_is_done_by_the_true_name(self, shop: Shop) -> None:
        shop.make()
        sent: list[str] = []
        for operation in ("DeleteEndpointConfig", "DeleteModel"):
            shop.account.sagemaker.meta.events.register(
                f"provide-client-params.sagemaker.{operation}",
                lambda params, **_: sent.extend(params.values()),
            )
        for item in shop.ours().values():
            shop.artifacts.collect(item)
        assert sent == [NAME, NAME]

    def test_leaves_alone_what_only_contains_that_digest(self, shop: Shop) -> None:
        shop.make()
        shop.make("other-00000000aa-copy")
        shop.make("other-Falcon-00000000aa")
        shop.artifacts.collect(shop.item("endpoint-config", NAME))
        assert shop.account.configs() == ["other-00000000aa-copy", "other-Falcon-00000000aa"]

    def test_what_is_gone_already_is_fine(self, shop: Shop) -> None:
        shop.make()
        found = shop.ours()
        for _ in range(2):
            for item in found.values():
                shop.artifacts.collect(item)
        assert (shop.account.configs(), shop.models()) == ([], [])

    def test_what_goes_in_the_same_moment_is_fine(self, shop: Shop) -> None:
        """Somebody deletes it between the look for its true name and the delete."""
        shop.make()
        sagemaker = shop.account.sagemaker

        def faster(params: dict[str, str], **_: object) -> None:
            sagemaker.meta.events.unregister(event, faster)
            sagemaker.delete_endpoint_config(**params)

        event = "provide-client-params.sagemaker.DeleteEndpointConfig"
        sagemaker.meta.events.register(event, faster)
        shop.artifacts.collect(shop.ours()["endpoint-config"])
        assert shop.account.configs() == []

    def test_that_aws_refuses_is_a_failure_with_a_sentence(self, shop: Shop) -> None:
        shop.make()
        shop.account.order_fault("denied", operation="DeleteEndpointConfig")
        with pytest.raises(Failure) as caught:
            shop.artifacts.collect(shop.ours()["endpoint-config"])
        assert caught.value.code == "LH3006"
        assert shop.account.configs() == [NAME]


class TestInUse:
    def test_is_what_an_endpoint_of_anybody_serves(self, shop: Shop) -> None:
        shop.make()
        shop.serve("theirs", NAME)
        shop.settle()
        assert shop.in_use() == {NAME.lower()}

    def test_is_what_an_endpoint_is_about_to_serve(self, shop: Shop) -> None:
        shop.account.make_config("by-hand")
        shop.serve("theirs", "by-hand")
        shop.settle()
        shop.make()
        shop.account.sagemaker.update_endpoint(EndpointName="theirs", EndpointConfigName=NAME)
        assert shop.in_use() == {"by-hand", "by-hand-model", NAME.lower()}

    def test_is_our_model_in_a_config_made_by_hand(self, shop: Shop) -> None:
        shop.make()
        shop.make_config("by-hand", NAME)
        shop.serve("theirs", "by-hand")
        shop.settle()
        assert shop.in_use() == {"by-hand", NAME.lower()}
        assert shop.in_use(shop.observed("theirs")) == {"by-hand", NAME.lower()}

    def test_is_known_of_endpoints_that_were_observed_already(self, shop: Shop) -> None:
        shop.make()
        shop.serve("demo-Falcon-Endpoint", NAME)
        shop.settle()
        assert shop.in_use(shop.observed("demo-Falcon-Endpoint")) == {NAME.lower()}
        assert shop.account.calls() == {"ListEndpoints": 1}

    def test_is_asked_again_only_of_what_moved(self, shop: Shop) -> None:
        shop.account.make_config("by-hand")
        shop.make()
        for name in ("first", "second"):
            shop.serve(name, "by-hand")
        shop.settle()
        shop.in_use()
        first = {"ListEndpoints": 1, "DescribeEndpoint": 2, "DescribeEndpointConfig": 1}
        assert shop.account.calls() == first
        shop.in_use()
        assert shop.account.calls() == {"ListEndpoints": 1}
        shop.account.sagemaker.update_endpoint(EndpointName="first", EndpointConfigName=NAME)
        assert NAME.lower() in shop.in_use()
        asked = {"ListEndpoints": 1, "DescribeEndpoint": 1, "DescribeEndpointConfig": 1}
        assert shop.account.calls() == asked

    def test_is_a_config_that_somebody_deleted_too(self, shop: Shop) -> None:
        shop.account.make_config("by-hand")
        shop.serve("theirs", "by-hand")
        shop.settle()
        shop.account.sagemaker.delete_endpoint_config(EndpointConfigName="by-hand")
        assert shop.in_use() == {"by-hand"}

    def test_is_not_half_known(self, shop: Shop) -> None:
        shop.account.make_config("by-hand")
        shop.serve("theirs", "by-hand")
        shop.settle()
        shop.account.order_fault("throttle", operation="DescribeEndpoint")
        with pytest.raises(Failure):
            shop.in_use()
