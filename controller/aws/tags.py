"""The tags of anything of SageMaker's, as the thing itself has them: no index lags behind."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient


def tags_of(sagemaker: "SageMakerClient", arn: str) -> dict[str, str]:
    """Ask ListTags, page by page. Raises what boto3 raises."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
