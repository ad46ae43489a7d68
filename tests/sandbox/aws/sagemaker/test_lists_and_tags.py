"""Lists are paged and filtered as AWS documents it, and tags lead to what carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

ARN = "arn:aws:sagemaker:eu-west-1:123456789012"


def _names(answer: dict[str, Any]) -> list[str]:
    return [endpoint["EndpointName"] for endpoint in answer["Endpoints"]]


def _fleet(cloud: Cloud, count: int, prefix: str = "e") -> None:
    config = cloud.configure(f"{prefix}-config")
    for number in range(count):
        cloud.create(f"{prefix}{number:03}", config, Tags=[{"Key": "fleet", "Value": prefix}])


def test_a_list_shows_ten_at_a_time_unless_asked_for_more(cloud: Cloud) -> None:
    _fleet(cloud, 12)
    first = cloud.sagemaker.list_endpoints()
    rest = cloud.sagemaker.list_endpoints(NextToken=first["NextToken"])
    assert (len(first["Endpoints"]), len(rest["Endpoints"])) == (10, 2)
    assert "NextToken" not in rest
    assert len(cloud.sagemaker.list_endpoints(MaxResults=100)["Endpoints"]) == 12


def test_more_than_a_hundred_at_a_time_is_refused(cloud: Cloud, refused: Refused) -> None:
    answer = refused(cloud.sagemaker.list_endpoints, MaxResults=101)
    assert "at 'maxResults' failed to satisfy constraint" in answer


def test_a_summary_has_no_config_name(cloud: Cloud) -> None:
    cloud.create("Falcon")
    [summary] = cloud.sagemaker.list_endpoints()["Endpoints"]
    assert set(summary) == {
        "EndpointName",
        "EndpointArn",
        "CreationTime",
        "LastModifiedTime",
        "EndpointStatus",
    }


def test_the_newest_come_first_unless_asked_otherwise(cloud: Cloud) -> None:
    config = cloud.configure("blue")
    for name in ("b", "c", "a"):
        cloud.create(name, config)
        cloud.let_pass(1)
    assert _names(cloud.sagemaker.list_endpoints()) == ["a", "c", "b"]
    by_name = cloud.sagemaker.list_endpoints(SortBy="Name", SortOrder="Ascending")
    assert _names(by_name) == ["a", "b", "c"]


@pytest.mark.parametrize("sort", ["Name", "CreationTime", "Status"])
@pytest.mark.parametrize("order", ["Ascending", "Descending"])
def test_pages_hold_every_endpoint_once_in_every_order(cloud: Cloud, sort: str, order: str) -> None:
    _fleet(cloud, 7)
    cloud.force("e003", "Failed")
    pages = cloud.sagemaker.get_paginator("list_endpoints").paginate(
        SortBy=sort, SortOrder=order, MaxResults=2
    )
    assert sorted(name for page in pages for name in _names(page)) == [
        f"e{number:03}" for number in range(7)
    ]


def test_endpoints_that_go_between_two_pages_push_no_other_out(cloud: Cloud) -> None:
    _fleet(cloud, 6)
    cloud.let_pass(60)
    ascending = {"SortOrder": "Ascending", "MaxResults": 3}
    first = cloud.sagemaker.list_endpoints(**ascending)
    cloud.sagemaker.delete_endpoint(EndpointName="e000")
    cloud.let_pass(1)
    second = cloud.sagemaker.list_endpoints(**ascending, NextToken=first["NextToken"])
    assert _names(second) == ["e003", "e004", "e005"]


def test_a_list_is_filtered_by_name_and_by_status(cloud: Cloud) -> None:
    cloud.serve("demo-Falcon", cloud.configure("blue"))
    cloud.create("demo-Eagle", "blue")
    cloud.create("other", "blue")
    assert _names(cloud.sagemaker.list_endpoints(NameContains="demo", StatusEquals="Creating")) == [
        "demo-Eagle"
    ]


def test_a_list_is_filtered_by_times(cloud: Cloud) -> None:
    cloud.serve("old", cloud.configure("blue"))
    cloud.let_pass(1)
    cloud.create("new", "blue")
    born = cloud.describe("new")["CreationTime"]
    assert _names(cloud.sagemaker.list_endpoints(CreationTimeBefore=born)) == ["old"]
    old = cloud.describe("old")["LastModifiedTime"]
    assert _names(cloud.sagemaker.list_endpoints(LastModifiedTimeAfter=old)) == ["new"]


def test_a_page_may_be_empty_and_still_carry_a_token(cloud: Cloud) -> None:
    cloud.create("Falcon")
    cloud.order_fault("empty-page", operation="ListEndpoints")
    first = cloud.sagemaker.list_endpoints()
    assert first["Endpoints"] == []
    assert _names(cloud.sagemaker.list_endpoints(NextToken=first["NextToken"])) == ["Falcon"]


def test_a_forged_token_is_refused(cloud: Cloud, refused: Refused) -> None:
    assert "Invalid NextToken" in refused(cloud.sagemaker.list_endpoints, NextToken="forged")


def test_a_token_of_another_order_is_refused(cloud: Cloud, refused: Refused) -> None:
    _fleet(cloud, 3)
    token = cloud.sagemaker.list_endpoints(SortBy="Name", MaxResults=1)["NextToken"]
    answer = refused(cloud.sagemaker.list_endpoints, SortBy="CreationTime", NextToken=token)
    assert "Invalid NextToken" in answer


def test_regions_do_not_see_each_other(cloud: Cloud) -> None:
    cloud.create("Falcon")
    assert cloud.client("sagemaker", "us-east-1").list_endpoints()["Endpoints"] == []


def test_models_and_configs_are_described_as_they_were_created_and_listed(cloud: Cloud) -> None:
    cloud.configure("blue")
    config = cloud.sagemaker.describe_endpoint_config(EndpointConfigName="blue")
    assert config["EndpointConfigArn"] == f"{ARN}:endpoint-config/blue"
    assert config["ProductionVariants"][0]["InstanceType"] == "ml.g5.xlarge"
    model = cloud.sagemaker.describe_model(ModelName="Falcon")
    assert model["PrimaryContainer"] == {"Image": "image:1"}
    [listed] = cloud.sagemaker.list_endpoint_configs(NameContains="blue")["EndpointConfigs"]
    assert listed["EndpointConfigName"] == "blue"
    cloud.sagemaker.delete_endpoint_config(EndpointConfigName="blue")
    cloud.sagemaker.delete_model(ModelName="Falcon")
    assert cloud.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert cloud.sagemaker.list_models()["Models"] == []


def test_arns_are_in_lower_case_and_names_keep_theirs(cloud: Cloud) -> None:
    cloud.create("Demo-Falcon40B-Endpoint")
    described = cloud.describe("Demo-Falcon40B-Endpoint")
    assert described["EndpointName"] == "Demo-Falcon40B-Endpoint"
    assert described["EndpointArn"] == f"{ARN}:endpoint/demo-falcon40b-endpoint"


def test_tags_are_added_replaced_listed_and_deleted(cloud: Cloud) -> None:
    cloud.create("Falcon", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    arn = cloud.describe("Falcon")["EndpointArn"]
    cloud.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "3"}])
    cloud.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]


def test_tagging_what_is_not_there_is_refused(cloud: Cloud, refused: Refused) -> None:
    arn = f"{ARN}:endpoint/none"
    answer = refused(cloud.sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert answer.startswith("ValidationException: Could not find endpoint")


def test_get_resources_finds_endpoints_by_tag_a_hundred_at_a_time(cloud: Cloud) -> None:
    _fleet(cloud, 120)
    _fleet(cloud, 3, prefix="x")
    tagging = cloud.client("resourcegroupstaggingapi")
    ask = {
        "ResourceTypeFilters": ["sagemaker:endpoint"],
        "TagFilters": [{"Key": "fleet", "Values": ["e"]}],
        "ResourcesPerPage": 100,
    }
    first = tagging.get_resources(**ask)
    rest = tagging.get_resources(**ask, PaginationToken=first["PaginationToken"])
    pages = [first["ResourceTagMappingList"], rest["ResourceTagMappingList"]]
    assert [len(page) for page in pages] == [100, 20]
    assert rest["PaginationToken"] == ""
    assert pages[0][0] == {
        "ResourceARN": f"{ARN}:endpoint/e000",
        "Tags": [{"Key": "fleet", "Value": "e"}],
    }


def test_get_resources_finds_configs_and_models_and_leaves_out_what_has_no_tags(
    cloud: Cloud,
) -> None:
    tags = [{"Key": "leasehold:project", "Value": "demo"}]
    container = {"Image": "image:1"}
    cloud.sagemaker.create_model(ModelName="Falcon", PrimaryContainer=container, Tags=tags)
    cloud.configure("untagged")
    answer = cloud.client("resourcegroupstaggingapi").get_resources(
        ResourceTypeFilters=["sagemaker:endpoint-config", "sagemaker:model"],
        TagFilters=[{"Key": "leasehold:project"}],
    )
    assert [each["ResourceARN"] for each in answer["ResourceTagMappingList"]] == [
        f"{ARN}:model/falcon"
    ]


def test_get_resources_of_other_services_is_motos(cloud: Cloud) -> None:
    topic = cloud.client("sns").create_topic(Name="news", Tags=[{"Key": "a", "Value": "1"}])
    answer = cloud.client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["sns"])
    assert [each["ResourceARN"] for each in answer["ResourceTagMappingList"]] == [topic["TopicArn"]]


def test_get_resources_finds_several_types_in_one_call_and_forgets_what_was_deleted(
    cloud: Cloud,
) -> None:
    tags = [{"Key": "leasehold:project", "Value": "demo"}]
    container = {"Image": "image:1"}
    for number in range(60):
        name = f"m{number:02}"
        cloud.sagemaker.create_model(ModelName=name, PrimaryContainer=container, Tags=tags)
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": "ml.g5.xlarge",
            "InitialInstanceCount": 1,
        }
        cloud.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant], Tags=tags
        )
    cloud.create("Falcon", "m00", Tags=tags)
    pages = cloud.client("resourcegroupstaggingapi").get_paginator("get_resources")
    types = ["sagemaker:endpoint", "sagemaker:endpoint-config", "sagemaker:model"]

    def found() -> list[list[str]]:
        asked = pages.paginate(
            ResourceTypeFilters=types,
            TagFilters=[{"Key": "leasehold:project", "Values": ["demo"]}],
            ResourcesPerPage=100,
        )
        return [[each["ResourceARN"] for each in page["ResourceTagMappingList"]] for page in asked]

    before = found()
    assert [len(page) for page in before] == [100, 21]
    assert len({arn for page in before for arn in page}) == 121
    cloud.sagemaker.delete_endpoint_config(EndpointConfigName="m07")
    cloud.sagemaker.delete_model(ModelName="m07")
    gone = {arn for page in before for arn in page} - {arn for page in found() for arn in page}
    assert gone == {f"{ARN}:endpoint-config/m07", f"{ARN}:model/m07"}


def test_models_and_configs_come_a_hundred_at_a_time(cloud: Cloud) -> None:
    cloud.configure("c")
    variant = {"VariantName": "v", "ModelName": "Falcon", "InstanceType": "ml.g5.xlarge"}
    for number in range(104):
        cloud.sagemaker.create_model(ModelName=f"m{number}", PrimaryContainer={"Image": "i"})
        cloud.sagemaker.create_endpoint_config(
            EndpointConfigName=f"c{number}",
            ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
        )
    fields = {"list_models": "Models", "list_endpoint_configs": "EndpointConfigs"}
    for operation, field in fields.items():
        pages = cloud.sagemaker.get_paginator(operation).paginate(MaxResults=100)
        assert [len(page[field]) for page in pages] == [100, 5]


def _listed(cloud: Cloud) -> dict[str, str]:
    pages = cloud.sagemaker.get_paginator("list_endpoints").paginate(PaginationConfig={})
    found = (each for page in pages for each in page["Endpoints"])
    return {each["EndpointName"]: each["EndpointStatus"] for each in found}


def test_a_stale_list_leaves_out_an_endpoint_that_is_there(cloud: Cloud) -> None:
    config = cloud.configure("blue")
    for name in ("a", "b", "c"):
        cloud.create(name, config)
    cloud.order_fault("stale-list", endpoint="A")
    cloud.order_fault("stale-list", endpoint="b")
    assert list(_listed(cloud)) == ["c"]
    assert list(_listed(cloud)) == ["c"]  # until the faults are cleared
    assert cloud.status("a") == "Creating"
    cloud.ask("DELETE", "/faults")
    assert sorted(_listed(cloud)) == ["a", "b", "c"]


def test_a_stale_list_still_shows_an_endpoint_that_is_gone(cloud: Cloud, refused: Refused) -> None:
    cloud.serve("a")
    cloud.sagemaker.delete_endpoint(EndpointName="a")
    cloud.let_pass(1)
    assert _listed(cloud) == {}
    cloud.order_fault("stale-list", endpoint="a")
    assert _listed(cloud) == {"a": "Deleting"}
    assert "Could not find endpoint" in refused(cloud.describe, name="a")


def test_a_stale_list_knows_nothing_of_what_never_was(cloud: Cloud) -> None:
    cloud.order_fault("stale-list", endpoint="a")
    assert _listed(cloud) == {}


def test_an_endpoint_that_is_made_again_is_left_out_and_not_shown_as_it_was(cloud: Cloud) -> None:
    cloud.serve("a")
    cloud.sagemaker.delete_endpoint(EndpointName="a")
    cloud.let_pass(1)
    cloud.create("a", "a-config")
    cloud.order_fault("stale-list", endpoint="a", times=1)
    assert _listed(cloud) == {}
    assert _listed(cloud) == {"a": "Creating"}


def test_a_stale_list_is_wrong_about_an_endpoint_that_is_named(cloud: Cloud) -> None:
    status, answer = cloud.ask("POST", "/faults", {"kind": "stale-list"})
    assert status == 400
    assert answer["error"] == "stale-list needs endpoint: the one that the list is wrong about"


def _indexed(cloud: Cloud, kind: str = "endpoint") -> dict[str, dict[str, str]]:
    answer = cloud.client("resourcegroupstaggingapi").get_resources(
        ResourceTypeFilters=[f"sagemaker:{kind}"]
    )
    return {
        each["ResourceARN"].rpartition("/")[2]: {t["Key"]: t["Value"] for t in each["Tags"]}
        for each in answer["ResourceTagMappingList"]
    }


def test_stale_tags_are_those_of_so_many_seconds_ago(cloud: Cloud) -> None:
    cloud.create("old", Tags=[{"Key": "team", "Value": "a"}])
    arn = cloud.describe("old")["EndpointArn"]
    cloud.let_pass(100)
    cloud.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "b"}])
    cloud.let_pass(50)
    cloud.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "c"}])
    cloud.create("new", "old-config", Tags=[{"Key": "team", "Value": "n"}])
    cloud.let_pass(10)
    now = {"old": {"team": "c"}, "new": {"team": "n"}}
    assert _indexed(cloud) == now
    for seconds, known in (
        (5, now),
        (30, {"old": {"team": "b"}}),
        (70, {"old": {"team": "a"}}),
        (900, {}),
    ):
        cloud.order_fault("stale-tags", seconds=seconds)
        assert _indexed(cloud) == known
        cloud.ask("DELETE", "/faults")
    assert cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "c"}]


def test_stale_tags_show_what_is_deleted_meanwhile(cloud: Cloud) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    cloud.serve("plain")
    cloud.create("gone", "plain-config", Tags=tags)
    cloud.let_pass(60)
    cloud.sagemaker.delete_endpoint(EndpointName="gone")
    cloud.let_pass(5)
    assert _indexed(cloud) == {}
    cloud.order_fault("stale-tags", seconds=60, times=1)
    assert _indexed(cloud) == {"gone": {"team": "a"}}
    cloud.order_fault("stale-tags", seconds=60)
    assert _indexed(cloud, "model") == {}


def test_tags_may_be_stale_for_one_endpoint_alone(cloud: Cloud) -> None:
    config = cloud.configure("blue")
    for name in ("a", "b"):
        cloud.create(name, config, Tags=[{"Key": "team", "Value": "x"}])
    cloud.let_pass(10)
    cloud.order_fault("stale-tags", seconds=60, endpoint="A")
    assert list(_indexed(cloud)) == ["b"]
