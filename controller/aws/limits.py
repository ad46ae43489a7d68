"""What AWS would say of an endpoint's requests before any is sent, by botocore's service models.

No call is made. Besides the models it knows two rules that AWS's documentation says in prose only:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html, Environment;
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html, S3DataType.
"""

from collections.abc import Callable, Iterator
from typing import Any

import botocore.session

from controller.aws.requests import Call, calls
from controller.aws.service_model import Breach, breaches
from controller.planning.desired import VARIANT, Desired
from controller.planning.fields import Documents, Path
from controller.planning.instance_types import looks_newer, nearest
from controller.planning.scaling_policy import wanted_scale
from ledger.json_files import Violation

_INSTANCE_TYPE = "ProductionVariantInstanceType"
_LONGEST_BYTES = 1024  # of a key or a value of the environment variables
_ALL_BYTES = 32 * 1024  # of all of them


class Limits:
    def __init__(self, model_of: Callable[[str], Any]) -> None:
        """Take a function that returns botocore's model of a service by its name."""
        self._model_of = model_of

    def violations(self, documents: Documents, target: Desired) -> tuple[Violation, ...]:
        """Return all that AWS would refuse, each at the field that it comes from."""
        scale = wanted_scale(documents.holding.definition, target.endpoint_name, VARIANT)
        found = {
            _violation(documents, call, breach)
            for call in calls(target, scale)
            for breach in self._breaches(call)
        }
        return tuple(sorted(found))

    def _breaches(self, call: Call) -> Iterator[Breach]:
        operation = self._model_of(call.service).operation_model(call.operation)
        yield from breaches(operation.input_shape, call.request)
        container = call.request.get("PrimaryContainer", {})
        yield from _too_many_bytes(("PrimaryContainer",), container.get("Environment", {}))
        for number, each in enumerate(call.request.get("Containers", ())):
            yield from _too_many_bytes(("Containers", number), each.get("Environment", {}))
        yield from _no_prefixes(container)


def installed_limits() -> Limits:
    """Return the limits by the botocore that is installed, without a client."""
    return Limits(botocore.session.get_session().get_service_model)


def _violation(documents: Documents, call: Call, breach: Breach) -> Violation:
    place = documents.place(call.request, breach.path)
    if breach.shape == _INSTANCE_TYPE:
        return _unknown_type(place.file, place.pointer, breach)
    where = "" if place.pointer else f" ({call.operation}, {'.'.join(map(str, breach.path))})"
    sentence = f"{breach.sentence}{where}"
    return Violation("LH1025", place.file, place.pointer, sentence, breach.level)


def _unknown_type(file: str, pointer: str, breach: Breach) -> Violation:
    name, known = str(breach.value), breach.allowed
    near = nearest(name, known)
    if looks_newer(name, known):
        sentence = (
            f"{name} is unknown to the botocore that is installed, and looks newer than it: AWS"
            " decides. Update botocore to be sure."
        )
        return Violation("LH1026", file, pointer, sentence, "warning")
    meant = f": did you mean {', '.join(near)}?" if near else "."
    return Violation("LH1026", file, pointer, f"SageMaker has no instance type {name}{meant}")


def _no_prefixes(container: Any) -> Iterator[Breach]:  # noqa: ANN401
    further = container.get("AdditionalModelDataSources", [])
    places: dict[Path, Any] = {
        ("PrimaryContainer", "AdditionalModelDataSources", number): each
        for number, each in enumerate(further)
    }
    if "ModelDataSource" in container:
        places["PrimaryContainer", "ModelDataSource"] = container["ModelDataSource"]
    for place, each in places.items():
        source = each["S3DataSource"]
        if source["S3DataType"] == "S3Prefix" and not source["S3Uri"].endswith("/"):
            sentence = "a prefix ends in /, by AWS's documentation; one object is an S3Object."
            yield Breach((*place, "S3DataSource", "S3Uri"), sentence, level="warning")


def _too_many_bytes(at: Path, variables: Any) -> Iterator[Breach]:  # noqa: ANN401
    path, total = (*at, "Environment"), 0
    for key, value in variables.items():
        for each in (key, value):
            size = len(each.encode(errors="surrogatepass"))
            total += size
            # More characters than that are refused by AWS's service model already.
            if size > _LONGEST_BYTES >= len(each):
                sentence = f"it has {size} bytes, and AWS allows {_LONGEST_BYTES} at most."
                yield Breach((*path, key), sentence)
    if total > _ALL_BYTES:
        sentence = f"all together have {total} bytes, and AWS allows {_ALL_BYTES} at most."
        yield Breach(path, sentence)
