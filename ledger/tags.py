"""The AWS tags by which Leasehold knows what is its own. Constants only: this imports nothing.

The controller writes and reads them, and the policies of the CDK app allow by them. No definition
may set one: `schema/endpoint.schema.json` refuses the prefix.
"""

TAG_PREFIX = "leasehold:"
LEDGER_TAG = "leasehold:ledger"  # the ledger_id of environment.json
RECORD_TAG = "leasehold:record"  # the id of the record on the branch leasehold/status
PROJECT_TAG = "leasehold:project"
ENVIRONMENT_TAG = "leasehold:environment"
NAME_TAG = "leasehold:name"
LEASE_TAG = "leasehold:lease"
ON_REMOVE_TAG = "leasehold:on-remove"
ADOPTABLE_TAG = "leasehold:adoptable"  # PROJECT/ENVIRONMENT: its owner lets that one adopt it
