"""The documents of the ledger: what each file means, and everything that is wrong with it.

Pure: bytes in, frozen dataclasses or violations out. The shape of a file is checked by the JSON
Schema documents in `schema/`, the rest by the module of its kind. Each knows one file at a time;
what two files say of each other is checked by `ledger.cross_checks`.
"""

from ledger.documents.definition import (
    AsyncInference,
    Autoscaling,
    Definition,
    Integration,
    Suspension,
    parse_definition,
    read_names,
)
from ledger.documents.environment import (
    Allowed,
    Environment,
    parse_environment,
    with_ledger_id,
)
from ledger.documents.lease_file import dump_lease, parse_lease
from ledger.documents.lock import Lock, parse_lock
from ledger.documents.sources import (
    Container,
    ExistingConfig,
    JumpStart,
    ModelData,
    ModelPackage,
    Source,
)
from ledger.documents.writing import Adoption, dump_adoption, dump_existing_config

__all__ = [
    "Adoption",
    "Allowed",
    "AsyncInference",
    "Autoscaling",
    "Container",
    "Definition",
    "Environment",
    "ExistingConfig",
    "Integration",
    "JumpStart",
    "Lock",
    "ModelData",
    "ModelPackage",
    "Source",
    "Suspension",
    "dump_adoption",
    "dump_existing_config",
    "dump_lease",
    "parse_definition",
    "parse_environment",
    "parse_lease",
    "parse_lock",
    "read_names",
    "with_ledger_id",
]
