"""`leasehold lock` with the SageMaker SDK, which reads our specs from S3 over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.jumpstart import specs
from tests.jumpstart.clones import Clone
from tests.jumpstart.conftest import bucket, put
from tests.jumpstart.specs import FOUR_GPUS, GPU, NEURON, OTHER_REGION, REGION
from tests.loopback import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path).begin()


def in_a_process(
    clone: Clone, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the verb as a person does; an empty variable is left out."""
    set_up = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    return subprocess.run(
        [sys.executable, "-m", "leasehold", "lock", "--into", str(clone.root), *arguments],
        env={name: value for name, value in set_up.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


class TestAVersion:
    def test_is_chosen_by_number_and_not_by_text(self, clone: Clone) -> None:
        clone.define("A", "acme-llm-open", GPU, model_version="2.*").locked()
        assert clone.lock("A")["model_version"] == "2.16.0"

    def test_that_this_sdk_cannot_read_is_passed_over_and_named(self, clone: Clone) -> None:
        told = clone.define("A", "acme-llm-open", GPU).locked().stdout
        assert clone.lock("A")["model_version"] == "2.16.0"
        assert "acme-llm-open 3.0.0 is passed over: it needs sagemaker 99.0.0" in told

    def test_that_needs_an_sdk_that_is_there_is_not_passed_over(self, clone: Clone) -> None:
        clone.define("A", "acme-llm-newer", GPU).locked()
        assert clone.lock("A")["model_version"] == "1.1.0"

    def test_of_marketplace_is_no_number(self, clone: Clone) -> None:
        clone.define("A", "acme-market-large", FOUR_GPUS).locked()
        lock = clone.lock("A")
        assert (lock["model_version"], lock["model_type"]) == ("2.0.004", "proprietary")
        assert lock["model_package_arn"].endswith(":model-package/acme-market-2-0-004")


class TestAConfiguration:
    def test_is_the_one_that_is_ranked_first(self, clone: Clone) -> None:
        clone.define("A", "acme-llm-gated", FOUR_GPUS, accept_eula=True).locked()
        assert clone.lock("A")["config_name"] == "lmi-optimized"
        assert "lmi18" in clone.lock("A")["image"]

    def test_is_the_one_that_is_asked_for(self, clone: Clone) -> None:
        fields = {"accept_eula": True, "inference_config_name": "tgi"}
        clone.define("A", "acme-llm-gated", GPU, **fields).locked()
        lock = clone.lock("A")
        assert (lock["config_name"], "tgi-3.0.0" in lock["image"]) == ("tgi", True)
        assert lock["environment"]["MODEL_CACHE_ROOT"] == "/opt/ml/model"
        assert clone.fleet().broken == ()

    def test_that_supports_a_type_is_named(self, clone: Clone) -> None:
        said = clone.define("A", "acme-llm-gated", GPU, accept_eula=True).refused()
        assert "or set inference_config_name to tgi, which supports it. [LH1042]" in said

    def test_that_is_broken_concerns_no_other(self, clone: Clone, jumpstart: str) -> None:
        made = specs.with_configs(specs.spec("acme-half", "1.0.0"), {"lmi": {}}, ["lmi"])
        made["inference_configs"]["broken"] = {"component_names": []}
        with_it(jumpstart, [*specs.OPEN, made])
        clone.define("A", "acme-half", GPU).locked()
        with_it(jumpstart, specs.OPEN)
        assert clone.lock("A")["config_name"] == "lmi"

    @pytest.mark.parametrize(
        ("model_id", "there"),
        [("acme-llm-gated", "tgi, lmi-optimized"), ("acme-llm-open", "none that can be chosen")],
    )
    def test_that_is_not_there_is_refused(self, clone: Clone, model_id: str, there: str) -> None:
        fields = {"accept_eula": True, "inference_config_name": "vllm"}
        said = clone.define("A", model_id, FOUR_GPUS, **fields).refused()
        assert "/inference_config_name: " in said
        assert f"has no configuration vllm; there is {there}. [LH1051]" in said


class TestTheSameInput:
    def test_gives_the_same_bytes_in_two_processes(self, clone: Clone, tmp_path: Path) -> None:
        clone.define("A", "acme-llm-draft", FOUR_GPUS, accept_eula=True)
        clone.define("B", "acme-llm-gated", FOUR_GPUS, accept_eula=True)
        other = Clone(tmp_path / "other")
        for path, content in clone.files().items():
            copy = tmp_path / "other" / path.removeprefix(f"{clone.root}/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
        first = in_a_process(clone, "dev", PYTHONHASHSEED="1")
        second = in_a_process(other, "dev", PYTHONHASHSEED="2")
        assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
        assert [clone.content(name) for name in "AB"] == [other.content(name) for name in "AB"]

    def test_gives_the_same_bytes_whatever_was_resolved_before(self, clone: Clone) -> None:
        """The SDK writes the variables of a type into those of its family."""
        clone.define("Z", "acme-llm-open", GPU).locked()
        alone = clone.content("Z")
        clone.define("A", "acme-llm-open", FOUR_GPUS).locked()
        (clone.root / "environments/dev/Z.lock.json").unlink()
        (clone.root / "environments/dev/A.lock.json").unlink()
        clone.locked()
        assert clone.content("Z") == alone
        assert clone.lock("A")["environment"]["SM_NUM_GPUS"] == "4"

    def test_gives_the_same_bytes_whatever_the_machine_puts_in_place_of_buckets(
        self, clone: Clone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clone.define("A", "acme-llm-gated", FOUR_GPUS, accept_eula=True).locked()
        before = clone.content("A")
        for kind in ("CONTENT", "GATED_CONTENT", "MODEL"):
            monkeypatch.setenv(f"AWS_JUMPSTART_{kind}_BUCKET_OVERRIDE", "somebody-elses")
        (clone.root / "environments/dev/A.lock.json").unlink()
        clone.locked()
        assert clone.content("A") == before
        assert os.environ["AWS_JUMPSTART_MODEL_BUCKET_OVERRIDE"] == "somebody-elses"

    @pytest.mark.parametrize(
        "config",
        [
            "SchemaVersion: '1.0'\nSageMaker:\n  Model:\n    EnableNetworkIsolation: false\n",
            "nothing: [",
        ],
        ids=["another isolation", "broken"],
    )
    def test_gives_the_same_bytes_however_the_sdk_is_configured(
        self, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str
    ) -> None:
        path = tmp_path / "config.yaml"
        path.write_text(config)
        monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(path))
        clone.define("A", "acme-llm-open", GPU).locked()
        assert clone.lock("A")["enable_network_isolation"] is True

    def test_gives_another_lock_in_another_region(self, clone: Clone) -> None:
        clone.begin("eu", OTHER_REGION)
        clone.define("A", "acme-llm-gated", FOUR_GPUS, accept_eula=True)
        clone.define("A", "acme-llm-gated", FOUR_GPUS, accept_eula=True, environment="eu").locked()
        here, there = clone.content("A"), clone.content("A", "eu")
        assert here.replace(REGION.encode(), OTHER_REGION.encode()) == there


class TestRefused:
    @pytest.mark.parametrize(
        ("model_id", "instance_type", "fields", "words"),
        [
            ("acme-llm-open", "ml.trn1.2xlarge", {}, [f"choose one of {GPU}, {FOUR_GPUS}"]),
            ("acme-llm-gated", GPU, {"accept_eula": True}, ["choose one of", "LH1042"]),
            ("acme-llm-gated", FOUR_GPUS, {}, ["/fmhMetadata/eula/acmeEula.txt", "LH1016"]),
            ("acme-llm-draft", GPU, {}, ["/fmhMetadata/eula/draftEula.txt", "LH1016"]),
            ("acme-deprecated", GPU, {}, ["It ended in May.", "LH1045"]),
            ("acme-vulnerable", GPU, {}, ["acme==1.0 CVE-2026-1", "LH1046"]),
            ("acme-script", GPU, {}, ["packs a script into its tarball", "LH1043"]),
            ("acme-odd", GPU, {}, ["deploy_kwargs.routing_config, model_kwargs.env", "LH1044"]),
            ("acme-llm-opne", GPU, {}, ["did you mean acme-llm-open", "LH1040"]),
            ("acme-llm-open", GPU, {"model_version": "4.*"}, ["there is 3.0.0, 2.16.0, 2.9.0"]),
            ("acme-llm-open", GPU, {"model_version": "3.0.0"}, ["needs sagemaker 99.0.0"]),
            (
                "acme-llm-open",
                GPU,
                {"instance_pools": [{"instance_type": NEURON}]},
                ["is another on ml.inf2.24xlarge", "(by its environment, image)", "LH1047"],
            ),
        ],
    )
    def test_is_what_the_sdk_lets_through(
        self,
        clone: Clone,
        model_id: str,
        instance_type: str,
        fields: dict[str, object],
        words: list[str],
    ) -> None:
        said = clone.define("A", model_id, instance_type, **fields).refused()
        assert [word for word in words if word not in said] == [], said

    def test_is_not_what_the_definition_tolerates(self, clone: Clone) -> None:
        clone.define("A", "acme-deprecated", GPU, tolerate_deprecated_model=True)
        clone.define("B", "acme-vulnerable", GPU, tolerate_vulnerable_model=True).locked()
        assert clone.lock("A")["deprecated"] == "It ended in May."
        assert clone.lock("B")["vulnerabilities"] == ["acme==1.0 CVE-2026-1"]
        assert clone.fleet().broken == ()

    def test_is_not_a_pool_that_gets_the_same(self, clone: Clone) -> None:
        pools = [{"instance_type": "ml.g6.2xlarge"}]
        clone.define("A", "acme-llm-open", GPU, instance_pools=pools).locked()
        assert clone.lock("A")["instance_pools"] == ["ml.g6.2xlarge"]

    @pytest.mark.parametrize("model_id", ["acme-llm-package", "acme-market-large"])
    def test_is_a_region_without_the_package_with_those_that_have_it(
        self, clone: Clone, model_id: str
    ) -> None:
        clone.begin("eu", OTHER_REGION)
        said = clone.define("A", model_id, FOUR_GPUS, environment="eu").refused()
        assert f"there is none in {OTHER_REGION}: there is one in us-east-1, us-west-2." in said

    def test_is_a_region_without_the_draft_model(self, clone: Clone, jumpstart: str) -> None:
        put(jumpstart, "cn-north-1", specs.objects())
        clone.begin("china", "cn-north-1")
        fields = {"accept_eula": True, "environment": "china"}
        said = clone.define("A", "acme-llm-draft", GPU, **fields).refused()
        assert "acme-llm-draft 1.0.0 has further data (other_draft) that is in no bucket" in said
        assert "[LH1048]" in said

    def test_is_what_is_sold_in_no_region(self, clone: Clone, jumpstart: str) -> None:
        nowhere = {**specs.SOLD[0], "model_id": "acme-unsold", "hosting_model_package_arns": {}}
        put(jumpstart, REGION, specs.objects(sold=[*specs.SOLD, nowhere]))
        said = clone.define("A", "acme-unsold", FOUR_GPUS).refused()
        put(jumpstart, REGION, specs.objects())
        assert "is sold as a model package, and JumpStart names none in any region" in said

    def test_is_a_region_that_jumpstart_is_not_in(self, clone: Clone) -> None:
        clone.begin("moon", "us-moon-1").define("A", "acme", GPU, environment="moon")
        said = clone.refused()
        assert "JumpStart is not in us-moon-1: it is in" in said
        assert "[LH1049]" in said

    def test_is_a_region_without_a_bucket(self, clone: Clone) -> None:
        clone.begin("ap", "ap-south-1").define("A", "acme-llm-open", GPU, environment="ap")
        assert "JumpStart has no bucket jumpstart-cache-prod-ap-south-1" in clone.refused()


class TestFlags:
    """A spec has them at its top and in its components, and the SDK looks at one of them."""

    @pytest.mark.parametrize("where", ["top", "component"])
    def test_count_wherever_they_stand(self, clone: Clone, jumpstart: str, where: str) -> None:
        flags = {
            "deprecated": True,
            "inference_vulnerable": True,
            "inference_vulnerabilities": ["CVE-9"],
            "hosting_eula_key": "eula/flag.txt",
        }
        model_id = f"acme-flags-{where}"
        base = specs.spec(model_id, "1.0.0", **(flags if where == "top" else {}))
        component = flags if where == "component" else {}
        made = specs.with_configs(base, {"lmi": component}, ["lmi"])
        with_it(jumpstart, [*specs.OPEN, made])
        said = clone.define("A", model_id, GPU).refused()
        with_it(jumpstart, specs.OPEN)
        assert "LH1045" in said
        assert "(CVE-9)" in said
        assert "/eula/flag.txt" in said


def with_it(url: str, open_weights: list[specs.Spec]) -> None:
    put(url, REGION, specs.objects(open_weights))


class TestWhatIsUnreadable:
    def test_is_a_version_whose_spec_is_gone(self, clone: Clone, jumpstart: str) -> None:
        s3 = boto3.client("s3", region_name=REGION, endpoint_url=jumpstart)
        key = "community_models/acme-llm-newer/specs_v1.1.0.json"
        kept = s3.get_object(Bucket=bucket(REGION), Key=key)["Body"].read()
        s3.delete_object(Bucket=bucket(REGION), Key=key)
        said = clone.define("A", "acme-llm-newer", GPU).refused()
        s3.put_object(Bucket=bucket(REGION), Key=key, Body=kept)
        assert "acme-llm-newer 1.1.0 is not where JumpStart's list says" in said

    def test_is_a_version_that_the_sdk_fails_on(self, clone: Clone, jumpstart: str) -> None:
        without = specs.spec("acme-imageless", "1.0.0", hosting_instance_type_variants=None)
        with_it(jumpstart, [*specs.OPEN, without])
        said = clone.define("A", "acme-imageless", GPU).refused()
        with_it(jumpstart, specs.OPEN)
        assert "the SageMaker SDK 3.27.0 cannot resolve acme-imageless 1.0.0 on" in said
        assert "No inference ECR configuration found" in said
        assert "[LH1050]" in said

    def test_is_not_the_list_of_what_is_sold_where_there_is_none(
        self, clone: Clone, jumpstart: str
    ) -> None:
        put(jumpstart, "us-west-2", {"models_manifest.json": []})
        clone.begin("west", "us-west-2").define("A", "acme-llm", GPU, environment="west")
        assert "JumpStart has no model acme-llm in us-west-2." in clone.refused()

    def test_is_none_of_it_where_files_stand_for_jumpstart(
        self, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for key, data in specs.objects().items():
            path = tmp_path / "local" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data))
        for kind in ("MANIFEST", "SPECS"):
            name = f"AWS_JUMPSTART_{kind}_LOCAL_ROOT_DIR_OVERRIDE"
            monkeypatch.setenv(name, str(tmp_path / "local"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        clone.define("A", "acme-llm-open", GPU).locked()
        assert "did you mean acme-llm-open" in clone.define("B", "acme-llm-opn", GPU).refused()


class _Denying(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def denying() -> Iterator[str]:
    with serving(_Denying) as url:
        yield url


class TestAWS:
    ALLOW = "It takes s3:GetObject on arn:aws:s3:::jumpstart-cache-prod-us-east-1/*"

    def test_that_denies_it_says_what_to_allow(
        self, clone: Clone, denying: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", denying)
        said = clone.define("A", "acme-llm-open", GPU).refused()
        assert f"AWS denies reading the list of open_weights models. {self.ALLOW}" in said
        assert "[LH5071]" in said

    def test_that_cannot_be_reached_is_said(
        self, clone: Clone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        said = clone.define("A", "acme-llm-open", GPU).refused()
        assert "cannot be read from S3 in us-east-1 (Could not connect" in said
        assert self.ALLOW in said

    def test_without_credentials_is_said(self, clone: Clone, tmp_path: Path) -> None:
        clone.define("A", "acme-llm-open", GPU)
        nothing = str(tmp_path / "nothing")
        done = in_a_process(
            clone,
            AWS_ACCESS_KEY_ID="",
            AWS_SECRET_ACCESS_KEY="",
            AWS_CONFIG_FILE=nothing,
            AWS_SHARED_CREDENTIALS_FILE=nothing,
            AWS_EC2_METADATA_DISABLED="true",
        )
        assert done.returncode == 1
        assert "cannot be read without credentials" in done.stderr
        assert self.ALLOW in done.stderr
        assert "[LH5071]" in done.stderr

    def test_with_a_profile_that_is_not_there_is_said(self, clone: Clone) -> None:
        clone.define("A", "acme-llm-open", GPU)
        done = in_a_process(clone, AWS_PROFILE="nobodys")
        assert done.returncode == 1
        assert "nobodys" in done.stderr
        assert "[LH5060]" in done.stderr

    def test_in_china_has_another_name(self, clone: Clone, jumpstart: str) -> None:
        region = "cn-north-1"
        put(jumpstart, region, specs.objects())
        clone.begin("china", region)
        said = clone.define("A", "acme-llm-gated", FOUR_GPUS, environment="china").refused()
        assert f"read https://{bucket(region)}.s3.{region}.amazonaws.com.cn/fmhMetadata" in said


def test_the_sdk_says_nothing_and_needs_no_region(clone: Clone) -> None:
    clone.define("A", "acme-llm-open", GPU)
    clone.define("B", "acme-vulnerable", GPU, tolerate_vulnerable_model=True)
    clone.define("C", "acme-deprecated", GPU, tolerate_deprecated_model=True)
    done = in_a_process(clone, AWS_DEFAULT_REGION="", AWS_REGION="")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "Loading the SageMaker SDK for 3 definitions ...",
        "[1/3] dev/A: acme-llm-open in us-east-1",
        "[2/3] dev/B: acme-vulnerable in us-east-1",
        "[3/3] dev/C: acme-deprecated in us-east-1",
    ]


def test_what_was_locked_is_not_stale_and_another_spec_makes_it_so(
    clone: Clone, jumpstart: str
) -> None:
    clone.define("A", "acme-llm-tarball", GPU).locked()
    clone.locked("--check")
    changed = specs.tarball("acme-llm-tarball", "1.6.2", inference_enable_network_isolation=False)
    others = [each for each in specs.OPEN if each["model_id"] != "acme-llm-tarball"]
    with_it(jumpstart, [*others, changed])
    said = clone.refused("--check")
    with_it(jumpstart, specs.OPEN)
    assert "~ network isolation true -> false" in said
    assert "run `leasehold lock dev/A` and commit what it writes. [LH5072]" in said
