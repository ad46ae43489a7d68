"""A definition's `model_id` becomes a lock, or a list of what speaks against it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from leasehold.jumpstart.model import Artifacts, FurtherData, NotResolvableError
from leasehold.jumpstart.resolving import Locked, Unlocked, resolve
from tests.leasehold.jumpstart.catalogue import (
    ARTIFACTS,
    CPU,
    EULA,
    G5,
    G6,
    PACKAGE,
    FakeCatalogue,
    header,
    lock,
    wanted,
)

DRAFT = FurtherData("draft", "s3://jumpstart/draft/", "S3Prefix", "None")
DRAFT_EULA = f"{EULA}.draft"


def locked(catalogue: FakeCatalogue, *, upgrade: bool = False, **fields: Any) -> Locked:  # noqa: ANN401
    found = resolve(wanted(**fields), catalogue, upgrade=upgrade)
    assert isinstance(found, Locked), found
    return found


def content(catalogue: FakeCatalogue, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return dict(json.loads(locked(catalogue, **fields).content))


def refused(catalogue: FakeCatalogue, **fields: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401
    found = resolve(wanted(**fields), catalogue)
    assert isinstance(found, Unlocked), found
    assert found.wanted == wanted(**fields)
    assert {each.file for each in found.violations} == {"environments/dev/A.endpoint.json"}
    return [(each.code, each.pointer, each.sentence) for each in found.violations]


class TestALock:
    def test_says_all_that_is_deployed_and_where_it_is_from(self) -> None:
        assert content(FakeCatalogue()) == {
            "$schema": "../../schema/lock.schema.json",
            "model_id": "acme-llm",
            "model_version": "1.0.0",
            "model_type": "open_weights",
            "region_name": "us-east-1",
            "instance_type": G5,
            "supported_instance_types": [G5, G6],
            "image": "registry/djl:1",
            "model_data_source": {
                "s3_uri": "s3://jumpstart/acme/",
                "s3_data_type": "S3Prefix",
                "compression_type": "None",
            },
            "environment": {"MODEL_CACHE_ROOT": "/opt/ml/model", "SM_NUM_GPUS": "1"},
            "enable_network_isolation": True,
            "model_data_download_timeout_seconds": 1200,
            "sdk_version": "3.27.0",
        }

    def test_has_the_same_bytes_whatever_order_the_variables_come_in(self) -> None:
        backwards = dict(reversed(list(ARTIFACTS.environment.items())))
        other = FakeCatalogue(by_type={G5: replace(ARTIFACTS, environment=backwards)})
        assert locked(other).content == locked(FakeCatalogue()).content

    def test_of_a_tarball_says_so(self) -> None:
        catalogue = FakeCatalogue(by_type={G5: replace(ARTIFACTS, model_data="s3://b/m.tar.gz")})
        assert content(catalogue)["model_data_source"] == {
            "s3_uri": "s3://b/m.tar.gz",
            "s3_data_type": "S3Object",
            "compression_type": "Gzip",
        }

    def test_of_an_image_that_needs_no_data_has_none(self) -> None:
        catalogue = FakeCatalogue(by_type={G5: Artifacts(image="registry/djl:1")})
        found = content(catalogue)
        assert found["image"] == "registry/djl:1"
        assert not {"model_data_source", "environment", "enable_network_isolation"} & found.keys()

    def test_of_a_package_has_neither_image_nor_data(self) -> None:
        package = Artifacts(
            model_package_arn=PACKAGE,
            model_kwargs={"enable_network_isolation": False},
            deploy_kwargs={"container_startup_health_check_timeout": 600},
        )
        catalogue = FakeCatalogue(
            models={"needs_repacking": True, "subscription_link": "https://aws.example/acme"},
            by_type={G5: package},
        )
        found = content(catalogue)
        assert found["model_package_arn"] == PACKAGE
        assert found["enable_network_isolation"] is False
        assert found["container_startup_health_check_timeout_seconds"] == 600
        assert found["model_subscription_link"] == "https://aws.example/acme"
        assert not {"image", "model_data_source", "environment"} & found.keys()

    def test_says_what_the_instances_need(self) -> None:
        kwargs = {
            "volume_size": 256,
            "inference_ami_version": "al2-ami-sagemaker-inference-gpu-3-1",
            "model_data_download_timeout": None,
        }
        found = content(FakeCatalogue(by_type={G5: replace(ARTIFACTS, deploy_kwargs=kwargs)}))
        assert found["volume_size_gb"] == 256
        assert found["inference_ami_version"] == "al2-ami-sagemaker-inference-gpu-3-1"
        assert "model_data_download_timeout_seconds" not in found

    def test_has_each_licence_where_its_files_are(self) -> None:
        further = (replace(DRAFT, needs_licence=True, eula_url=DRAFT_EULA), DRAFT)
        catalogue = FakeCatalogue(
            models={"eula_url": EULA}, by_type={G5: replace(ARTIFACTS, further_data=further)}
        )
        found = content(catalogue, accept_eula=True)
        assert (found["accept_eula"], found["eula_url"]) == (True, EULA)
        first, second = found["additional_model_data_sources"]
        assert (first["accept_eula"], first["eula_url"]) == (True, DRAFT_EULA)
        assert not {"accept_eula", "eula_url"} & second.keys()

    def test_says_what_was_tolerated(self) -> None:
        catalogue = FakeCatalogue(models={"deprecated": "", "vulnerabilities": ("CVE-1",)})
        found = content(catalogue, tolerate_deprecated_model=True, tolerate_vulnerable_model=True)
        assert (found["deprecated"], found["vulnerabilities"]) == ("", ["CVE-1"])

    def test_is_of_the_configuration_that_the_definition_names(self) -> None:
        catalogue = FakeCatalogue()
        found = content(catalogue, inference_config_name="tgi")
        assert found["config_name"] == "tgi"
        assert "tgi" in catalogue.asked

    def test_names_the_configuration_and_the_pools_that_it_was_made_for(self) -> None:
        catalogue = FakeCatalogue(models={"config_name": "lmi-optimized"})
        found = content(catalogue, instance_pools=(G6,))
        assert (found["config_name"], found["instance_pools"]) == ("lmi-optimized", [G6])


class TestAVersion:
    TWO = FakeCatalogue(versions=(header("1.0.0"), header("1.1.0")))

    def test_that_is_locked_stays_and_the_newer_one_is_named(self) -> None:
        found = locked(self.TWO, current=lock())
        assert json.loads(found.content)["model_version"] == "1.0.0"
        assert found.remarks == ("1.1.0 is newer: `leasehold lock --upgrade dev/A` takes it.",)

    def test_is_the_newest_after_an_upgrade(self) -> None:
        found = locked(self.TWO, current=lock(), upgrade=True)
        assert json.loads(found.content)["model_version"] == "1.1.0"
        assert found.remarks == ()

    @pytest.mark.parametrize(
        ("current", "wish"),
        [(lock(model_id="other"), "*"), (lock(), "1.1"), (b"{", "*"), (b"{}", "*"), (None, "*")],
        ids=["another model", "another version", "no JSON", "no lock", "nothing"],
    )
    def test_is_chosen_anew_where_the_lock_does_not_fit(
        self, current: bytes | None, wish: str
    ) -> None:
        found = locked(self.TWO, current=current, model_version=wish)
        assert json.loads(found.content)["model_version"] == "1.1.0"

    def test_stays_for_another_instance_type_or_region(self) -> None:
        found = locked(self.TWO, current=lock(region_name="eu-central-1", instance_type=G6))
        assert json.loads(found.content)["model_version"] == "1.0.0"

    def test_that_is_gone_names_the_command_that_takes_another(self) -> None:
        gone = lock(model_version="0.9.0")
        [(code, pointer, sentence)] = refused(self.TWO, current=gone)
        assert (code, pointer) == ("LH1041", "/model_version")
        assert sentence.endswith("`leasehold lock --upgrade dev/A` takes another.")

    def test_that_is_gone_and_asked_for_by_name_is_only_said_to_be_gone(self) -> None:
        gone = lock(model_version="0.9.0")
        [(_, _, sentence)] = refused(self.TWO, current=gone, model_version="0.9.0")
        assert sentence == "acme-llm has no version 0.9.0; there is 1.1.0, 1.0.0."

    def test_that_is_newer_than_the_sdk_is_named(self) -> None:
        catalogue = FakeCatalogue(versions=(header("1.0.0"), header("2.0.0", min_version="99.0")))
        [remark] = locked(catalogue).remarks
        assert remark.startswith("acme-llm 2.0.0 is passed over")

    def test_that_is_sold_says_that_it_takes_a_subscription(self) -> None:
        [remark] = locked(FakeCatalogue(models={"subscription_link": "https://x"})).remarks
        assert remark == "The account needs a subscription on AWS Marketplace: https://x"


class TestALockThatSaysTheSame:
    def test_keeps_its_bytes_however_it_was_laid_out(self) -> None:
        by_hand = json.dumps(content(FakeCatalogue())).encode()
        found = locked(FakeCatalogue(), current=by_hand)
        assert (found.content, found.is_new) == (by_hand, False)

    def test_is_not_made_anew_for_another_sdk(self) -> None:
        before = locked(FakeCatalogue()).content
        found = locked(FakeCatalogue(sdk_version="3.28.0"), current=before)
        assert not found.is_new

    def test_is_made_anew_for_anything_else(self) -> None:
        before = locked(FakeCatalogue()).content
        other = FakeCatalogue(by_type={G5: replace(ARTIFACTS, image="registry/djl:2")})
        assert locked(other, current=before).is_new


class TestRefused:
    @pytest.mark.parametrize("pools", [(), (G6,)])
    def test_is_a_type_outside_the_list_with_the_list(self, pools: tuple[str, ...]) -> None:
        catalogue = FakeCatalogue()
        assert refused(catalogue, instance_type=CPU, instance_pools=pools) == [
            (
                "LH1042",
                "/inference_instance_type",
                f"JumpStart does not support acme-llm 1.0.0 on {CPU}: choose one of {G5}, {G6}.",
            )
        ]
        assert f"1.0.0 on {CPU}" not in catalogue.asked

    def test_is_a_type_of_another_configuration_which_is_named(self) -> None:
        catalogue = FakeCatalogue(models={"configs": {"lmi": (G5, G6), "tgi": (CPU,)}})
        [(code, _, sentence)] = refused(catalogue, instance_type=CPU)
        assert code == "LH1042"
        assert sentence.endswith(
            f"{G5}, {G6}, or set inference_config_name to tgi, which supports it."
        )

    def test_is_a_configuration_that_is_not_there(self) -> None:
        unknown = NotResolvableError("LH1051", "there is lmi, tgi.")
        [(code, pointer, _)] = refused(FakeCatalogue(by_type={G5: unknown}))
        assert (code, pointer) == ("LH1051", "/inference_config_name")

    def test_is_a_pool_outside_the_list(self) -> None:
        [(code, pointer, _)] = refused(FakeCatalogue(), instance_pools=(G6, CPU))
        assert (code, pointer) == ("LH1042", "/instance_pools/1/instance_type")

    def test_is_no_type_where_the_model_lists_none(self) -> None:
        catalogue = FakeCatalogue(models={"supported_instance_types": ()})
        assert content(catalogue, instance_type=CPU)["instance_type"] == CPU

    def test_is_a_licence_that_nobody_accepted_with_its_address(self) -> None:
        further = (replace(DRAFT, needs_licence=True, eula_url=DRAFT_EULA),)
        catalogue = FakeCatalogue(
            models={"eula_url": EULA}, by_type={G5: replace(ARTIFACTS, further_data=further)}
        )
        [(code, pointer, sentence)] = refused(catalogue)
        assert (code, pointer) == ("LH1016", "/accept_eula")
        assert sentence.startswith("acme-llm 1.0.0 has data under an end-user licence")
        assert f"read {EULA} and {DRAFT_EULA}, and set accept_eula to true" in sentence

    def test_is_the_licence_of_a_draft_alone(self) -> None:
        further = (replace(DRAFT, needs_licence=True),)
        catalogue = FakeCatalogue(by_type={G5: replace(ARTIFACTS, further_data=further)})
        [(code, _, sentence)] = refused(catalogue)
        assert code == "LH1016"
        assert "read the licence, and set accept_eula to true" in sentence

    @pytest.mark.parametrize(("told", "said"), [("It ended.", ' ("It ended.")'), ("", "")])
    def test_is_a_deprecated_version_with_what_was_said(self, told: str, said: str) -> None:
        [(code, pointer, sentence)] = refused(FakeCatalogue(models={"deprecated": told}))
        assert (code, pointer) == ("LH1045", "/model_version")
        assert sentence.startswith(f"AWS calls this version deprecated{said}: choose another")
        assert "tolerate_deprecated_model" in sentence

    def test_is_a_vulnerable_version_with_its_vulnerabilities(self) -> None:
        models = {"vulnerabilities": ("acme==1.0 CVE-1", "CVE-2")}
        [(code, pointer, sentence)] = refused(FakeCatalogue(models=models))
        assert (code, pointer) == ("LH1046", "/model_version")
        assert "vulnerable (acme==1.0 CVE-1, CVE-2)" in sentence
        assert "tolerate_vulnerable_model" in sentence

    def test_is_what_would_have_to_be_repacked(self) -> None:
        assert refused(FakeCatalogue(models={"needs_repacking": True})) == [
            (
                "LH1043",
                "/model_id",
                (
                    "acme-llm 1.0.0 is not deployable as JumpStart keeps it: the SageMaker SDK"
                    " packs a script into its tarball, and uploads that to a bucket of yours. Do"
                    " that once by the SDK, and serve what it made with model instead of model_id."
                ),
            )
        ]

    def test_is_what_asks_for_something_unknown(self) -> None:
        odd = replace(ARTIFACTS, model_kwargs={"vpc": 1}, deploy_kwargs={"routing_config": {}})
        assert refused(FakeCatalogue(by_type={G5: odd})) == [
            (
                "LH1044",
                "/model_id",
                (
                    "acme-llm 1.0.0 asks for deploy_kwargs.routing_config, model_kwargs.vpc, and"
                    " Leasehold does not know what that is: a newer Leasehold may, and until then"
                    " choose another version."
                ),
            )
        ]

    def test_is_a_pool_that_gets_another_model(self) -> None:
        other = replace(ARTIFACTS, image="registry/neuron:1", environment={})
        catalogue = FakeCatalogue(by_type={G6: other})
        assert refused(catalogue, instance_pools=(G6,)) == [
            (
                "LH1047",
                "/instance_pools/0/instance_type",
                (
                    f"acme-llm 1.0.0 is another on {G6} than on {G5} (by its environment, image),"
                    " and all pools of an endpoint share one model: leave it out, or give it a"
                    " definition of its own."
                ),
            )
        ]

    def test_is_data_that_nobody_knows_how_to_load(self) -> None:
        odd = replace(ARTIFACTS, model_data="s3://jumpstart/None")
        [(code, _, sentence)] = refused(FakeCatalogue(by_type={G5: odd}))
        assert code == "LH1050"
        assert "s3://jumpstart/None is neither a prefix" in sentence

    def test_is_what_makes_no_lock(self) -> None:
        odd = replace(ARTIFACTS, deploy_kwargs={"model_data_download_timeout": 7200})
        [(code, _, sentence)] = refused(FakeCatalogue(by_type={G5: odd}))
        assert code == "LH1050"
        assert "/model_data_download_timeout_seconds: 7200 is more than 3600" in sentence

    def test_is_what_cannot_be_resolved_with_the_reason(self) -> None:
        nowhere = NotResolvableError("LH1048", "there is none in us-east-1.")
        assert refused(FakeCatalogue(by_type={G5: nowhere})) == [
            ("LH1048", "/model_id", "there is none in us-east-1.")
        ]

    def test_is_everything_at_once(self) -> None:
        models = {"eula_url": EULA, "deprecated": "", "vulnerabilities": ("CVE-1",)}
        catalogue = FakeCatalogue(models={**models, "needs_repacking": True})
        codes = {code for code, _, _ in refused(catalogue)}
        assert codes == {"LH1016", "LH1043", "LH1045", "LH1046"}
        assert "LH1016" in {code for code, _, _ in refused(catalogue, instance_type=CPU)}
