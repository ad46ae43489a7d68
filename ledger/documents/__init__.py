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
    Verify,
    parse_environment,
    with_ledger_id,
)
from ledger.documents.lease_file import dump_lease, parse_lease
from ledger.documents.lock import Lock, dump_lock, parse_lock
from ledger.documents.prices import Amount, Prices, dump_prices, parse_prices
from ledger.documents.sources import (
    Container,
    ExistingConfig,
    JumpStart,
    ModelData,
    ModelPackage,
    Source,
    VariantSettings,
    Vpc,
)
from ledger.documents.writing import Adoption, dump_adoption, dump_existing_config

__all__ = [
    "Adoption",
    "Allowed",
    "Amount",
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
    "Prices",
    "Source",
    "Suspension",
    "VariantSettings",
    "Verify",
    "Vpc",
    "dump_adoption",
    "dump_existing_config",
    "dump_lease",
    "dump_lock",
    "dump_prices",
    "parse_definition",
    "parse_environment",
    "parse_lease",
    "parse_lock",
    "parse_prices",
    "read_names",
    "with_ledger_id",
]
