"""`leasehold adopt` against a running `leasehold up`: the file, and the consent at AWS."""

import json
import shlex
from pathlib import Path

import pytest

from leasehold.seeds import BY_HAND, CONFIGS
from tests.leasehold.running import Up


@pytest.fixture
def clone(up: Up, tmp_path: Path) -> Path:
    (tmp_path / "environments" / "dev").mkdir(parents=True)
    return tmp_path


def made(up: Up, name: str, **tags: str) -> str:
    """Make an endpoint by hand, and return its ARN."""
    listed = [{"Key": f"leasehold:{key}", "Value": value} for key, value in tags.items()]
    created = up.account.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=CONFIGS[0], Tags=listed
    )
    up.await_status(name, "InService")
    return str(created["EndpointArn"])


def test_what_its_owner_offers_is_ready_for_the_merge(up: Up, clone: Path) -> None:
    done = up.leasehold("adopt", BY_HAND, "--name", "Experiment", "--into", str(clone))
    assert done.returncode == 0, done.stderr
    assert "Its owner has agreed: its tag leasehold:adoptable says demo/dev." in done.stdout
    assert "add-tags" not in done.stdout
    written = json.loads((clone / "environments/dev/Experiment.endpoint.json").read_bytes())
    assert (written["adopt"], written["endpoint_config_name"]) == (True, CONFIGS[0])


def test_what_nobody_offers_needs_a_command_that_is_shown_to_the_letter(
    up: Up, clone: Path
) -> None:
    arn = made(up, "bens-demo", adoptable="demo/prod")
    done = up.leasehold("adopt", "bens-demo", "--into", str(clone))
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("aws "))
    assert shlex.split(line) == [
        *("aws", "sagemaker", "add-tags", "--endpoint-url", up.says["aws_endpoint_url"]),
        *("--region", "us-east-1", "--resource-arn", arn),
        *("--tags", "Key=leasehold:adoptable,Value=demo/dev"),
    ]
    # What it says is done, and the same command tells so once the definition is merged.
    definition = (clone / "environments/dev/bens-demo.endpoint.json").read_text()
    up.publish("environments/dev/bens-demo.endpoint.json", definition)
    assert "add-tags" in up.leasehold("adopt", "bens-demo").stdout
    up.account.sagemaker.add_tags(
        ResourceArn=arn, Tags=[{"Key": "leasehold:adoptable", "Value": "demo/dev"}]
    )
    up.await_(lambda: "leasehold:lease" in up.account.tags(arn))
    assert up.account.tags(arn)["leasehold:environment"] == "dev"
    up.publish("environments/dev/bens-demo.endpoint.json", None)
    up.await_status("bens-demo", None)


@pytest.mark.parametrize("tag", ["ledger", "project", "environment"])
def test_what_is_leaseholds_is_claimed_and_not_adopted(up: Up, clone: Path, tag: str) -> None:
    made(up, f"old-{tag}", adoptable="demo/dev", **{tag: "other"})
    done = up.leasehold("adopt", f"old-{tag}", "--into", str(clone))
    assert done.returncode == 1
    assert "[LH5006]" in done.stderr
    assert f"its tag leasehold:{tag} says other" in done.stderr
    assert f"`leasehold claim old-{tag}`" in done.stderr
    assert [*clone.rglob("*.json")] == []


def test_what_is_defined_otherwise_is_not_adopted(up: Up, clone: Path) -> None:
    done = up.leasehold("adopt", "Falcon40B", "--into", str(clone))
    assert done.returncode == 1
    assert "is defined already, in environments/dev/Falcon40B.endpoint.json. [LH5006]" in (
        done.stderr
    )


def test_what_is_not_there_or_not_in_service_is_not_adopted(up: Up, clone: Path) -> None:
    gone = up.leasehold("adopt", "nobody", "--into", str(clone))
    assert "SageMaker has no endpoint nobody." in gone.stderr
    assert gone.stderr.rstrip().endswith("[LH5006]")


def test_the_file_is_written_once_in_a_clone_and_under_a_name_that_fits(
    up: Up, clone: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    for into, name, said in (
        (tmp_path / "elsewhere", "Fine", "there is no folder"),
        (clone, "not a name", "/name: "),
        (clone, "Twice", ""),
        (clone, "Twice", "is there already: choose another --name."),
    ):
        done = up.leasehold("adopt", BY_HAND, "--name", name, "--into", str(into))
        assert done.returncode == bool(said), done.stderr
        assert said in done.stderr
        assert ("[LH5007]" in done.stderr) is bool(said)


def test_components_on_it_are_told_before(up: Up, clone: Path) -> None:
    client = up.account.sagemaker
    host = {"VariantName": "AllTraffic", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
    client.create_endpoint_config(
        EndpointConfigName="studio-config",
        ProductionVariants=[host],
        ExecutionRoleArn="arn:aws:iam::123456789012:role/studio",
    )
    client.create_endpoint(EndpointName="studio", EndpointConfigName="studio-config")
    up.await_status("studio", "InService")
    client.create_inference_component(
        InferenceComponentName="llama",
        EndpointName="studio",
        VariantName="AllTraffic",
        Specification={"ModelName": "llama"},
    )
    done = up.leasehold("adopt", "studio", "--name", "Studio", "--into", str(clone))
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "It hosts inference components (llama)." in said
    assert "it goes on to cost 1 x ml.g5.xlarge" in said
