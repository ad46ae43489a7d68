"""Whose an endpoint is, by its tags. Pure.

    tags at AWS                                                           whose
    --------------------------------------------------------------------  ---------
    this ledger's id, this environment, this environment's record         ours
    this ledger's id, this environment, another record                    unclaimed
    this ledger's id, an environment that the ledger has no more          unclaimed
    no ledger's id, but this project and environment                      unclaimed
    any other tags of Leasehold                                           another's
    none of these                                                         nobody's

Only what is ours is changed. The ledger's id alone does not tell it from a copy of its repository;
the record does, which stands on a branch of its own and is begun anew by each copy. What is
unclaimed is reported until a person takes it over with `leasehold claim`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ledger.documents import Environment
from ledger.fleet import Fleet
from ledger.observed import Record
from ledger.tags import (
    ADOPTABLE_TAG,
    ENVIRONMENT_TAG,
    LEDGER_TAG,
    NAME_TAG,
    PROJECT_TAG,
    RECORD_TAG,
    TAG_PREFIX,
)


class Whose(StrEnum):
    OURS = "ours"
    UNCLAIMED = "unclaimed"
    ANOTHERS = "another's"
    NOBODYS = "nobody's"


@dataclass(frozen=True, slots=True)
class Owner:
    """One environment of one ledger, as its tags at AWS name it.

    `project` tells people what it is, and recognises what was tagged before ledgers had ids.
    """

    environment: str
    project: str
    ledger_id: str | None = None
    record_id: str = ""
    siblings: frozenset[str] = frozenset()  # the ledger's other environments

    @classmethod
    def of(cls, fleet: Fleet, settings: Environment, record: Record) -> "Owner":
        return cls(
            fleet.name, settings.project_prefix, settings.ledger_id, record.id, fleet.siblings
        )

    def tags(self, definition_name: str) -> dict[str, str]:
        """Return the tags by which what is made for a definition is ours."""
        ids = {LEDGER_TAG: self.ledger_id, RECORD_TAG: self.record_id}
        return {
            PROJECT_TAG: self.project,
            ENVIRONMENT_TAG: self.environment,
            NAME_TAG: definition_name,
            **{key: value for key, value in ids.items() if value},
        }

    @property
    def consent(self) -> str:
        """The value of the tag by which its owner lets this environment adopt an endpoint."""
        return f"{self.project}/{self.environment}"

    def owns(self, tags: Mapping[str, str] | None) -> bool:
        return self.whose(tags) is Whose.OURS

    def concerns(self, tags: Mapping[str, str]) -> bool:
        """Tell whether it is in sight: what is not ours may be so by mistake."""
        return self.whose(tags) in {Whose.OURS, Whose.UNCLAIMED}

    def whose(self, tags: Mapping[str, str] | None) -> Whose:
        tags = tags or {}
        ledger_id, environment = tags.get(LEDGER_TAG), tags.get(ENVIRONMENT_TAG)
        is_here = environment == self.environment
        if not any(key.startswith(TAG_PREFIX) and key != ADOPTABLE_TAG for key in tags):
            return Whose.NOBODYS
        if ledger_id is None:
            is_unclaimed = is_here and tags.get(PROJECT_TAG) == self.project
        elif is_here and (ledger_id, tags.get(RECORD_TAG, "")) == (self.ledger_id, self.record_id):
            return Whose.OURS
        else:
            is_unclaimed = ledger_id == self.ledger_id and environment not in self.siblings
        return Whose.UNCLAIMED if is_unclaimed else Whose.ANOTHERS

    def complaint(self, tags: Mapping[str, str] | None) -> str:
        """Say why what is unclaimed is not touched, and how it becomes ours."""
        tags = tags or {}
        if LEDGER_TAG not in tags:
            why = (
                "it has this environment's tags, but no ledger's id: an earlier version started it"
            )
        elif (environment := tags.get(ENVIRONMENT_TAG)) != self.environment:
            why = f"it belongs to the environment {environment}, which this ledger has no more"
        else:
            why = (
                "it has this ledger's id, but its record on the branch leasehold/status did not see"
                " it start: the branch was lost, or this ledger or that one is a copy"
            )
        return f"{why}. It is not touched; `leasehold claim` takes it over"
