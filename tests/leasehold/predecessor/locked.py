"""Stands in for `leasehold lock` where its extra is not installed: a lock for each `model_id`.

python -m tests.leasehold.predecessor.locked CLONE
"""

import json
import sys
from pathlib import Path

from ledger.documents import dump_lock

LOCK = {
    "model_version": "1.6.2",
    "model_type": "open_weights",
    "region_name": "us-east-1",
    "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.0",
    "model_data_source": {"s3_uri": "s3://jumpstart-cache-prod-us-east-1/model/"},
    "environment": {"SM_NUM_GPUS": "4"},
    "enable_network_isolation": True,
}


def main(clone: str) -> None:
    for path in Path(clone).glob("environments/*/*.endpoint.json"):
        data = json.loads(path.read_bytes())
        if "model_id" in data:
            of = {"model_id": data["model_id"], "instance_type": data["inference_instance_type"]}
            name = path.name.removesuffix(".endpoint.json")
            path.with_name(f"{name}.lock.json").write_bytes(dump_lock({**of, **LOCK}))


if __name__ == "__main__":
    main(sys.argv[1])
