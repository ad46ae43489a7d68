"""Accounts in which something happens at the wrong moment of a tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.aws.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.planning.action import Action
    from controller.planning.observed import Look
    from controller.planning.ownership import Owner
    from ledger.holdings import Fleet
    from ledger.names import EndpointName
    from tests.scene import Scene


class _Meddled(Account):
    def __init__(self, scene: Scene, happen: Callable[[], object]) -> None:
        super().__init__(scene.account.client)
        self._happen = happen


class JustBefore(_Meddled):
    """Something happens just before an action is done."""

    def apply(self, action: Action) -> None:
        self._happen()
        super().apply(action)


class AfterTheLook(_Meddled):
    """Something happens between the plan and what is done about it."""

    def observe(self, fleet: Fleet, owner: Owner) -> Look:
        seen = super().observe(fleet, owner)
        self._happen()
        return seen


class WhileScalingGoes(_Meddled):
    """Something happens while an endpoint's scaling is taken away, which may take its time."""

    def take_scaling(self, name: EndpointName) -> None:
        super().take_scaling(name)
        self._happen()
