"""Endpoint configs that somebody else made, as they are now. It judges none of them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from controller.aws.errors import Absent, aws_errors
from controller.aws.tags import tags_of
from controller.planning.config_looks import ConfigQuestion
from controller.planning.existing_config import SERVERLESS, ConfigSeen, Hosting
from ledger.errors import Failure

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient


class Configs:
    """Configs of one account and region."""

    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self._sagemaker = sagemaker

    def read(self, questions: Iterable[ConfigQuestion]) -> Mapping[ConfigQuestion, ConfigSeen]:
        """Look at these; what cannot be read says why, and stops no other."""
        return {each: self._read(each) for each in dict.fromkeys(questions)}

    def _read(self, question: ConfigQuestion) -> ConfigSeen:
        name = question.config_name
        try:
            with aws_errors():
                answer = self._sagemaker.describe_endpoint_config(EndpointConfigName=name)
                arn = answer["EndpointConfigArn"]
                tags = tags_of(self._sagemaker, arn) if question.with_tags else None
        except Absent:
            return ConfigSeen(name)
        except Failure as failure:
            return ConfigSeen(name, problem=str(failure))
        variants = [*answer["ProductionVariants"], *answer.get("ShadowProductionVariants", [])]
        made_at = answer["CreationTime"].astimezone(UTC)
        hosting = tuple(map(hosting_of, variants))
        is_async = "AsyncInferenceConfig" in answer
        return ConfigSeen(name, made_at, hosting, tags, is_async=is_async)


def hosting_of(variant: Any) -> Hosting:  # noqa: ANN401  (boto3's own shape)
    """Return what a variant of a config runs on."""
    scaling = variant.get("ManagedInstanceScaling", {})
    first, most = variant.get("InitialInstanceCount", 0), scaling.get("MaxInstanceCount", 0)
    kinds = tuple(_instance_types(variant))
    return Hosting(variant["VariantName"], kinds, max(first, most), first)


def _instance_types(variant: Any) -> Iterator[str]:  # noqa: ANN401
    if "InstanceType" in variant:
        yield variant["InstanceType"]
    for pool in variant.get("InstancePools", []):
        yield pool["InstanceType"]
    if "ServerlessConfig" in variant:
        yield SERVERLESS
