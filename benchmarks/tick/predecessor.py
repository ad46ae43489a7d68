"""The predecessor's loop: AWS's sample "Amazon SageMaker Endpoint Manager", in our own words.

Its function lists the expiries from the parameter store, ten to a page, and asks SageMaker for each
endpoint whose time has not come. Two differences: it pages on past the first ten parameters, where
the sample fails, and it gives up where the sample would create or delete, because it is the tick
that changes nothing which is measured.

The time of its list is told apart. moto's parameter store gets slower with every parameter it
holds, AWS's does not, so the benchmark's ratios count what the endpoints cost and nothing else.

    python -m benchmarks.tick.predecessor
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

import boto3

from benchmarks.tick.turns import Turn, take_turns

PATH = "/sagemaker/endpoint/expiry/"
EXPIRY = "%d-%m-%Y-%H-%M-%S"


def tick(parameters: Any, sagemaker: Any) -> Turn:  # noqa: ANN401 - clients of boto3
    start = time.perf_counter()
    pages = parameters.get_paginator("get_parameters_by_path").paginate(Path=PATH, Recursive=True)
    kept = [json.loads(each["Value"]) for page in pages for each in page["Parameters"]]
    listing = time.perf_counter() - start
    for known in kept:
        name = known["endpoint_name"]
        if datetime.strptime(f"{known['expiry']}+0000", f"{EXPIRY}%z") < datetime.now(UTC):
            raise RuntimeError(f"{name} has expired: this is no tick that changes nothing")
        if sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Failed":
            raise RuntimeError(f"{name} has failed: this is no tick that changes nothing")
    return Turn(len(kept), listing=listing)


def main() -> None:
    parameters, sagemaker = boto3.client("ssm"), boto3.client("sagemaker")
    take_turns(lambda: tick(parameters, sagemaker))


if __name__ == "__main__":
    main()
