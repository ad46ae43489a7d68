"""What the account holds for SageMaker: models, endpoint configs, endpoints and their tags.

They are kept by region, kind and ARN. SageMaker writes names into ARNs in lower case, which is why
two names that differ by case only are the same resource. Every change goes through this class,
which also writes it to the journal. An endpoint is brought up to date when it is looked at, which
includes what autoscaling did to it. Callers hold `lock`.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from threading import RLock
from typing import Any, Protocol

from sandbox.aws.sagemaker.deployments import Document
from sandbox.aws.sagemaker.lifecycle import Change, Deployment, Endpoint, Status, Variant
from sandbox.clock import Clock
from sandbox.journal import Journal

ACCOUNT_ID = "123456789012"
_MOST_FORMER = 10_000  # changes of tags that are remembered


class Scaling(Protocol):
    """What autoscaling does to endpoints, as SageMaker knows it."""

    def settle(self, endpoint: Endpoint, now: float) -> Endpoint | None:
        """Return the endpoint as it is at `now`, scaled as it should be; None once it is gone."""

    def scaled_variants(self, arn: str) -> Collection[str]:
        """Return the names of an endpoint's variants that have a scalable target."""

    def drop_all(self, arn: str) -> None:
        """Forget the scalable targets of an endpoint and their policies."""


@dataclass(frozen=True)
class FormerTags:
    """The tags that a resource had until a moment."""

    until: float
    arn: str
    tags: dict[str, str]


def arn_of(region: str, kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{region}:{ACCOUNT_ID}:{kind}/{name.lower()}"


def region_and_kind(arn: str) -> tuple[str, str]:
    """Return the region and the kind of a SageMaker ARN; raise ValueError if it is none."""
    _, _, service, region, _, resource = arn.split(":", 5)
    kind, _, _ = resource.partition("/")
    if service != "sagemaker":
        raise ValueError(f"{arn} is not an ARN of SageMaker")
    return region, kind


class Account:
    def __init__(self, clock: Clock, journal: Journal, scaling: Scaling) -> None:
        self.clock = clock
        self._scaling = scaling
        self.lock = RLock()
        self._journal = journal
        self._documents: dict[tuple[str, str], dict[str, Document]] = defaultdict(dict)
        self._endpoints: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        self._gone: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        self._tags: dict[str, dict[str, str]] = {}
        self._former_tags: deque[FormerTags] = deque(maxlen=_MOST_FORMER)

    def document(self, arn: str) -> Document | None:
        return self._documents[region_and_kind(arn)].get(arn)

    def documents(self, region: str, kind: str) -> list[Document]:
        return list(self._documents[region, kind].values())

    def keep_document(self, document: Document) -> None:
        self._documents[region_and_kind(document.arn)][document.arn] = document
        self._journal.write(document.arn, asdict(document))

    def drop_document(self, arn: str) -> None:
        del self._documents[region_and_kind(arn)][arn]
        self._journal.write(arn, None)
        self.set_tags(arn, {})

    def endpoint(self, arn: str) -> Endpoint | None:
        region, _ = region_and_kind(arn)
        found = self._endpoints[region].get(arn)
        return found and self._settled(region, found, self.clock.now())

    def endpoints(self, region: str) -> list[Endpoint]:
        now = self.clock.now()
        endpoints = self._endpoints[region]
        scaled = self._scaling.scaled_variants
        due = [each for each in endpoints.values() if each.change is not None or scaled(each.arn)]
        for endpoint in due:
            self._settled(region, endpoint, now)
        return list(endpoints.values())

    def keep_endpoint(self, endpoint: Endpoint) -> None:
        region, _ = region_and_kind(endpoint.arn)
        self._endpoints[region][endpoint.arn] = endpoint
        self._gone[region].pop(endpoint.arn, None)
        self._journal.write(endpoint.arn, asdict(endpoint))

    def last_seen(self, arn: str) -> Endpoint | None:
        """Return an endpoint that is gone as it was last; this process remembers it alone."""
        region, _ = region_and_kind(arn)
        return self._gone[region].get(arn)

    def endpoints_named(self, name: str) -> list[Endpoint]:
        """Return the endpoints of that name in all regions."""
        arns = [arn_of(region, "endpoint", name) for region in list(self._endpoints)]
        return [found for arn in arns if (found := self.endpoint(arn)) is not None]

    def regions(self) -> list[str]:
        return [region for region, endpoints in self._endpoints.items() if endpoints]

    def has(self, arn: str) -> bool:
        _, kind = region_and_kind(arn)
        return (self.endpoint(arn) if kind == "endpoint" else self.document(arn)) is not None

    def arns(self, region: str, kind: str) -> list[str]:
        if kind == "endpoint":
            return [endpoint.arn for endpoint in self.endpoints(region)]
        return list(self._documents[region, kind])

    def tags(self, arn: str) -> dict[str, str]:
        return dict(self._tags.get(arn, {}))

    def tags_before(self, moment: float) -> dict[str, dict[str, str]]:
        """Return the tags that resources had then, of those that have changed since.

        This process remembers them alone.
        """
        found: dict[str, dict[str, str]] = {}
        for former in reversed(self._former_tags):  # the oldest change since then is found last
            if former.until <= moment:
                break
            found[former.arn] = former.tags
        return found

    def set_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of a resource."""
        before = self._tags.pop(arn, {})
        if dict(tags) != before:
            self._journal.write(f"tags {arn}", tags or None)
            self._former_tags.append(FormerTags(self.clock.now(), arn, before))
        if tags:
            self._tags[arn] = dict(tags)

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Return the whole account as journal entries."""
        for documents in self._documents.values():
            yield from ((document.arn, asdict(document)) for document in documents.values())
        for region in list(self._endpoints):
            yield from ((endpoint.arn, asdict(endpoint)) for endpoint in self.endpoints(region))
        yield from ((f"tags {arn}", tags) for arn, tags in self._tags.items())

    def restore(self, entries: Mapping[str, Any]) -> None:
        for key, value in entries.items():
            if key.startswith("tags "):
                self._tags[key.removeprefix("tags ")] = value
            elif key.startswith("arn:") and region_and_kind(key)[1] == "endpoint":
                self._endpoints[region_and_kind(key)[0]][key] = _endpoint(value)
            elif key.startswith("arn:"):
                self._documents[region_and_kind(key)][key] = Document(**value)

    def _settled(self, region: str, endpoint: Endpoint, now: float) -> Endpoint | None:
        settled = self._scaling.settle(endpoint, now)
        if settled is None:
            del self._endpoints[region][endpoint.arn]
            self._gone[region][endpoint.arn] = endpoint
            self._journal.write(endpoint.arn, None)
            self.set_tags(endpoint.arn, {})
        else:
            self._endpoints[region][endpoint.arn] = settled
            if settled.scaled != endpoint.scaled:
                self._journal.write(settled.arn, asdict(settled))
        return settled


def _endpoint(record: dict[str, Any]) -> Endpoint:
    return Endpoint(
        **{
            **record,
            "status": Status(record["status"]),
            "serving": _deployment(record["serving"]),
            "target": _deployment(record["target"]),
            "change": _change(record["change"]),
            "counted": tuple((at, count) for at, count in record.get("counted", [])),
        }
    )


def _deployment(record: dict[str, Any] | None) -> Deployment | None:
    if record is None:
        return None
    variants = tuple(
        Variant(**{**variant, "pools": tuple(variant.get("pools", ()))})
        for variant in record["variants"]
    )
    return Deployment(record["config"], variants, record["async_inference"])


def _change(record: dict[str, Any] | None) -> Change | None:
    if record is None:
        return None
    return Change(
        at=record["at"],
        status=Status(record["status"]) if record["status"] else None,
        serving=_deployment(record["serving"]),
        reason=record["reason"],
        then=_change(record["then"]),
    )
