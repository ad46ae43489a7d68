"""Small JumpStart specs of our own, in the format that the SageMaker SDK reads.

Each shows one thing that a spec may say. They are dictionaries, so a test may change one.
"""

from __future__ import annotations

from typing import Any

REGION = "us-east-1"
OTHER_REGION = "eu-central-1"
MIN_VERSION = "2.189.0"
GPU = "ml.g5.2xlarge"
FOUR_GPUS = "ml.g5.12xlarge"
NEURON = "ml.inf2.24xlarge"

Spec = dict[str, Any]
_DOMAINS = {
    REGION: "amazonaws.com",
    OTHER_REGION: "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
}
_REGISTRY = "763104351884.dkr.ecr"


def images(tag: str) -> Spec:
    """Say which image runs on which family, in three regions."""
    aliases = {
        region: {
            "gpu_image": f"{_REGISTRY}.{region}.{domain}/djl-inference:{tag}-cu128",
            "cpu_image": f"{_REGISTRY}.{region}.{domain}/djl-inference:{tag}-cpu",
            "neuron_image": f"{_REGISTRY}.{region}.{domain}/djl-inference:{tag}-neuronx",
        }
        for region, domain in _DOMAINS.items()
    }
    return {
        "regional_aliases": aliases,
        "variants": {
            "g5": {
                "regional_properties": {"image_uri": "$gpu_image"},
                "properties": {"environment_variables": {"SM_NUM_GPUS": "1"}},
            },
            FOUR_GPUS: {"properties": {"environment_variables": {"SM_NUM_GPUS": "4"}}},
            "g6": {
                "regional_properties": {"image_uri": "$gpu_image"},
                "properties": {"environment_variables": {"SM_NUM_GPUS": "1"}},
            },
            "inf2": {"regional_properties": {"image_uri": "$neuron_image"}},
            "m5": {"regional_properties": {"image_uri": "$cpu_image"}},
        },
    }


def variable(name: str, default: object, *, needed: bool = True) -> Spec:
    return {
        "name": name,
        "type": "text",
        "default": default,
        "scope": "container",
        "required_for_model_class": needed,
    }


def spec(model_id: str, version: str, **fields: Any) -> Spec:  # noqa: ANN401
    """Return a spec of open weights below a prefix."""
    return {
        "model_id": model_id,
        "url": "https://example.com",
        "version": version,
        "min_sdk_version": MIN_VERSION,
        "training_supported": False,
        "incremental_training_supported": False,
        "hosting_ecr_specs": {"framework": "djl-lmi", "framework_version": "0.34.0"},
        "hosting_artifact_key": f"acme/{model_id}/artifacts/inference/v{version}/",
        "hosting_script_key": "source-directory-tarballs/acme/inference/v1.0.0/sourcedir.tar.gz",
        "hosting_prepacked_artifact_key": f"acme/{model_id}/artifacts/prepack/v{version}/",
        "hosting_prepacked_artifact_version": version,
        "hosting_use_script_uri": False,
        "inference_vulnerable": False,
        "inference_dependencies": [],
        "inference_vulnerabilities": [],
        "training_vulnerable": False,
        "training_dependencies": [],
        "training_vulnerabilities": [],
        "deprecated": False,
        "inference_environment_variables": [
            variable("ENDPOINT_SERVER_TIMEOUT", 3600),
            variable("MODEL_CACHE_ROOT", "/opt/ml/model"),
            variable("SAGEMAKER_ENV", "1"),
            variable("SAGEMAKER_PROGRAM", "inference.py", needed=False),
        ],
        "default_inference_instance_type": GPU,
        "supported_inference_instance_types": [GPU, FOUR_GPUS, "ml.g6.2xlarge", NEURON],
        "hosting_instance_type_variants": images("0.34.0-lmi16.0.0"),
        "model_kwargs": {},
        "deploy_kwargs": {
            "model_data_download_timeout": 1200,
            "container_startup_health_check_timeout": 900,
        },
        "predictor_specs": {
            "default_content_type": "application/json",
            "supported_content_types": ["application/json"],
            "default_accept_type": "application/json",
            "supported_accept_types": ["application/json"],
        },
        "inference_enable_network_isolation": True,
        "resource_name_base": "acme",
        "gated_bucket": False,
        **fields,
    }


def tarball(model_id: str, version: str, **fields: Any) -> Spec:  # noqa: ANN401
    """Return a spec in the shape of 2023's: one compressed tarball in the public bucket."""
    name = f"infer-prepack-{model_id}.tar.gz"
    return spec(
        model_id,
        version,
        hosting_artifact_key=f"huggingface-infer/infer-{model_id}.tar.gz",
        hosting_prepacked_artifact_key=f"huggingface-infer/prepack/v{version}/{name}",
        deploy_kwargs={
            "model_data_download_timeout": 3600,
            "container_startup_health_check_timeout": 3600,
        },
        **fields,
    )


def _package(name: str) -> Spec:
    return {
        region: f"arn:aws:sagemaker:{region}:865070037744:model-package/{name}"
        for region in (REGION, "us-west-2")
    }


def _draft(channel: str, **fields: Any) -> Spec:  # noqa: ANN401
    return {
        "channel_name": channel,
        "artifact_version": "v1",
        "s3_data_source": {
            "compression_type": "None",
            "s3_data_type": "S3Prefix",
            "s3_uri": f"acme/{channel}/artifacts/v1/",
        },
        **fields,
    }


def with_configs(base: Spec, components: Spec, ranked: list[str]) -> Spec:
    """Give a spec configurations of one component each, in the order of their rank."""
    return {
        **base,
        "inference_configs": {name: {"component_names": [name]} for name in components},
        "inference_config_components": components,
        "inference_config_rankings": {
            "overall": {"description": "Overall rankings", "rankings": ranked}
        },
    }


GATED = with_configs(
    spec(
        "acme-llm-gated",
        "1.2.0",
        gated_bucket=True,
        hosting_eula_key="fmhMetadata/eula/acmeEula.txt",
    ),
    {
        "tgi": {"hosting_instance_type_variants": images("tgi-3.0.0")},
        "lmi-optimized": {
            "hosting_instance_type_variants": images("0.36.0-lmi18.0.0"),
            "supported_inference_instance_types": [FOUR_GPUS, "ml.g6.2xlarge"],
            "default_inference_instance_type": FOUR_GPUS,
            "hosting_eula_key": "fmhMetadata/eula/acmeEula.txt",
            "inference_environment_variables": [variable("OPTION_ROLLING_BATCH", "vllm")],
        },
    },
    ["lmi-optimized", "tgi"],
)

DRAFT = with_configs(
    spec("acme-llm-draft", "1.0.0"),
    {
        "lmi-optimized": {
            "hosting_additional_data_sources": {
                "speculative_decoding": [
                    _draft(
                        "draft_model",
                        provider={"name": "JumpStart", "classification": "gated"},
                        hosting_eula_key="fmhMetadata/eula/draftEula.txt",
                    ),
                    _draft("neo_draft", provider={"name": "JumpStart"}),
                    _draft("other_draft"),
                ]
            }
        }
    },
    ["lmi-optimized"],
)

PACKAGED = spec(
    "acme-llm-package",
    "2.0.4",
    hosting_model_package_arns=_package("acme-llm-v4"),
    hosting_prepacked_artifact_key=None,
    hosting_artifact_key=None,
    inference_environment_variables=[],
    hosting_eula_key=None,
)

SOLD = [
    {
        "model_id": "acme-market-large",
        "version": version,
        "url": "https://example.com",
        "min_sdk_version": MIN_VERSION,
        "training_supported": False,
        "incremental_training_supported": False,
        "deprecated": False,
        "inference_vulnerable": False,
        "inference_vulnerabilities": [],
        "training_vulnerable": False,
        "training_vulnerabilities": [],
        "default_inference_instance_type": FOUR_GPUS,
        "supported_inference_instance_types": [FOUR_GPUS],
        "model_kwargs": {},
        "deploy_kwargs": {"container_startup_health_check_timeout": 600},
        "resource_name_base": "acme-market",
        "hosting_model_package_arns": _package(f"acme-market-{version.replace('.', '-')}"),
        "model_subscription_link": "https://aws.amazon.com/marketplace/pp/prodview-acme",
        "predictor_specs": {
            "default_content_type": "application/json",
            "supported_content_types": ["application/json"],
            "default_accept_type": "application/json",
            "supported_accept_types": ["application/json"],
        },
    }
    for version in ("2.0.003", "2.0.004")
]

OPEN = [
    spec("acme-llm-open", "2.9.0"),
    spec("acme-llm-open", "2.16.0", hosting_instance_type_variants=images("0.35.0-lmi17.0.0")),
    spec("acme-llm-open", "3.0.0", min_sdk_version="99.0.0"),
    spec("acme-llm-newer", "1.0.0"),
    spec("acme-llm-newer", "1.1.0", min_sdk_version="3.20.0"),
    tarball("acme-llm-tarball", "1.6.2"),
    GATED,
    DRAFT,
    PACKAGED,
    spec(
        "acme-script",
        "2.1.1",
        hosting_use_script_uri=True,
        hosting_prepacked_artifact_key=None,
        hosting_artifact_key="acme/model.tar.gz",
    ),
    spec("acme-deprecated", "1.0.0", deprecated=True, deprecated_message="It ended in May."),
    spec(
        "acme-vulnerable",
        "1.0.0",
        inference_vulnerable=True,
        inference_vulnerabilities=["acme==1.0 CVE-2026-1"],
    ),
    spec(
        "acme-volume",
        "1.0.0",
        inference_volume_size=256,
        deploy_kwargs={"inference_ami_version": "al2-ami-sagemaker-inference-gpu-3-1"},
    ),
    spec("acme-odd", "1.0.0", deploy_kwargs={"routing_config": {}}, model_kwargs={"env": {}}),
    tarball("huggingface-llm-falcon-40b-instruct-bf16", "1.2.0"),
    tarball("huggingface-text2text-flan-t5-xxl", "2.0.1"),
]


def manifest(specs: list[Spec], folder: str) -> list[Spec]:
    """Return the list that the SDK reads first."""
    return [
        {
            "model_id": each["model_id"],
            "version": each["version"],
            "min_version": each["min_sdk_version"],
            "spec_key": key(each, folder),
            "search_keywords": ["Text Generation"],
        }
        for each in specs
    ]


def key(each: Spec, folder: str) -> str:
    return f"{folder}/{each['model_id']}/specs_v{each['version']}.json"


def objects(
    open_weights: list[Spec] | None = None, sold: list[Spec] | None = None
) -> dict[str, Any]:
    """Return what a bucket of JumpStart's holds, by key."""
    free = OPEN if open_weights is None else open_weights
    paid = SOLD if sold is None else sold
    return {
        "models_manifest.json": manifest(free, "community_models"),
        "proprietary-sdk-manifest.json": manifest(paid, "proprietary-models"),
        **{key(each, "community_models"): each for each in free},
        **{key(each, "proprietary-models"): each for each in paid},
    }
