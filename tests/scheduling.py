"""Which process runs which tests: see `pytest -n`."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

ONE_SYNTHESIS = "tests/infra/"


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """Files go to processes one by one, but for those that one synthesis of the app serves."""

    def _split_scope(self, nodeid: str) -> str:
        infra = nodeid.startswith(ONE_SYNTHESIS)
        return ONE_SYNTHESIS if infra else str(super()._split_scope(nodeid))
