"""Instance quotas of the account: how many instances of a type its endpoints may have in a region.

A type without an entry is unlimited. A blue/green update counts both fleets, so it needs room for
the new one beside the old one. A change of capacity needs room for what it adds alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sandbox.aws.sagemaker import errors
from sandbox.aws.sagemaker.lifecycle import Deployment, Endpoint


class Quotas:
    def __init__(self, limits: Mapping[str, int]) -> None:
        self.limits = dict(limits)

    def set(self, limits: Mapping[str, int | None]) -> None:
        """Set these limits; None lifts one."""
        for instance_type, limit in limits.items():
            self.limits.pop(instance_type, None)
            if limit is not None:
                self.limits[instance_type] = limit

    def check(
        self,
        wanted: Deployment,
        endpoints: Iterable[Endpoint],
        *,
        instead_of: Deployment | None = None,
    ) -> None:
        """Raise an error if a deployment does not fit beside what the endpoints use already.

        One that stands `instead_of` another, in place, needs room for the difference.
        """
        delta = self._limited(wanted)
        if instead_of is not None:
            delta -= self._limited(instead_of)
        if not delta:
            return
        used: Counter[str] = Counter()
        for endpoint in endpoints:
            for instance_type, count in endpoint.instances:
                used[instance_type] += count
        for instance_type, count in delta.items():
            limit = self.limits[instance_type]
            if used[instance_type] + count > limit:
                raise errors.over_quota(instance_type, limit, used[instance_type], count)

    def _limited(self, deployment: Deployment) -> Counter[str]:
        """Count the instances of the types that have a limit."""
        counts: Counter[str] = Counter()
        for variant in deployment.variants:
            if variant.instance_type in self.limits:
                counts[variant.instance_type] += variant.count
        return counts
