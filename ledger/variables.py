"""The variables by which functions are configured. Names only: this imports nothing.

The CDK app sets them, entry points and the gateway read them.
"""

ENVIRONMENT = "LEASEHOLD_ENVIRONMENT"
REPOSITORY = "LEASEHOLD_REPOSITORY"
BRANCH = "LEASEHOLD_BRANCH"
GIT_SECRET = "LEASEHOLD_GIT_SECRET"  # noqa: S105  (the name of a variable)

IDENTITIES = "LEASEHOLD_IDENTITIES"  # the block `identities` of environment.json, as JSON
ALLOWED_ORIGINS = "LEASEHOLD_ALLOWED_ORIGINS"  # cors.allowed_origins, as JSON
REQUESTS_PER_MINUTE = "LEASEHOLD_REQUESTS_PER_MINUTE"
INVOCATIONS_PER_MINUTE = "LEASEHOLD_INVOCATIONS_PER_MINUTE"

TOKEN_TABLE = "LEASEHOLD_TOKEN_TABLE"  # noqa: S105  (the name of a variable)
RATE_TABLE = "LEASEHOLD_RATE_TABLE"
CHANGE_TABLE = "LEASEHOLD_CHANGE_TABLE"
STATE_MACHINE = "LEASEHOLD_STATE_MACHINE"

TICK_TABLE = "LEASEHOLD_TICK_TABLE"  # missing where the function's concurrency is reserved
LINK_SECRET = "LEASEHOLD_LINK_SECRET"  # noqa: S105  (the name of a secret)
LINK_SECRET_VALUE = "LEASEHOLD_LINK_SECRET_VALUE"  # noqa: S105  (the secret itself)
CONTROLLER_FUNCTION = "LEASEHOLD_CONTROLLER_FUNCTION"
CONTROLLER_PROJECT = "LEASEHOLD_CONTROLLER_PROJECT"  # of CodeBuild, in the function's place
LOCK_PROJECT = "LEASEHOLD_LOCK_PROJECT"  # of CodeBuild; missing where none makes locks
WEBHOOK_SECRET = "LEASEHOLD_WEBHOOK_SECRET"  # noqa: S105  (the name of a secret)
WEBHOOK_SECRET_VALUE = "LEASEHOLD_WEBHOOK_SECRET_VALUE"  # noqa: S105  (the secret itself)
