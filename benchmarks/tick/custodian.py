"""Cloud Custodian with a policy that deletes the endpoints whose expiry tag has passed.

A real policy on the real `c7n`, which `custodian_venv` keeps out of the project's environment. It
is parsed and validated once, without c7n's cache on disk, and run as its Lambda mode would run it.

    python -m benchmarks.tick.custodian OUTPUT_FOLDER TAG
"""

import sys
from typing import Any

from c7n.config import Config  # type: ignore[import-not-found]
from c7n.policy import PolicyCollection  # type: ignore[import-not-found]
from c7n.resources import load_resources  # type: ignore[import-not-found]
from c7n.resources.aws import AWS  # type: ignore[import-not-found]

from benchmarks.tick.turns import Turn, take_turns

TYPE = "aws.sagemaker-endpoint"


def policy(output: str, tag: str) -> Any:  # noqa: ANN401 - c7n has no types
    passed = {"key": f"tag:{tag}", "value_type": "expiration", "op": "less-than", "value": 0}
    data = {
        "name": "expired",
        "resource": TYPE,
        "filters": [{"type": "value", **passed}],
        "actions": ["delete"],
    }
    load_resources((TYPE,))
    options = AWS().initialize(Config.empty(account_id="123456789012", output_dir=output))
    (made,) = PolicyCollection.from_data({"policies": [data]}, options)
    made.validate()
    return made


def main(output: str, tag: str) -> None:
    made = policy(output, tag)
    manager = made.resource_manager
    judged: list[int] = []
    judge = manager.filter_resources

    def counted(resources: list[Any], event: object = None) -> Any:  # noqa: ANN401
        judged.append(len(resources))
        return judge(resources, event)

    manager.filter_resources = counted

    def tick() -> Turn:
        judged.clear()
        if expired := made.run():
            raise RuntimeError(f"{len(expired)} expired: this is no tick that changes nothing")
        return Turn(sum(judged))

    take_turns(tick)


if __name__ == "__main__":
    main(*sys.argv[1:])
