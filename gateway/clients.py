"""How long the gateway waits for AWS, in one place: API Gateway gives up after 29 seconds.

Model calls are never repeated: a model that was slow would compute the same answer twice, for which
somebody pays.
"""

from botocore.config import Config

_AT_ONCE = 64  # as many as the gateway of `leasehold up` has threads
# The authorizer is before everything else, so it waits least.
TOKENS = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 3})
# Who cannot be counted passes, so nobody waits long for it.
COUNTING = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"total_max_attempts": 2},
    max_pool_connections=_AT_ONCE,
)
# Who cannot share a push makes one alone. Nothing is repeated: a table that is slow gets no faster.
# A connection is: where many come at once, TCP itself asks again after one and three seconds.
QUEUEING = COUNTING.merge(
    Config(connect_timeout=4, read_timeout=4, retries={"total_max_attempts": 1})
)
BRIEF = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"total_max_attempts": 2},
    max_pool_connections=_AT_ONCE,
)
# A URL that is signed for a bucket has to name the bucket's region, which this style makes it do.
OBJECTS = BRIEF.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
MODEL = Config(
    connect_timeout=2,
    read_timeout=22,  # so that the ledger may be slow, too
    retries={"total_max_attempts": 1},
    max_pool_connections=_AT_ONCE,
)
MODEL_SECONDS = 24.0  # with all of the answer, however slowly it comes
# Between two parts of a stream, and before the first.
STREAM = MODEL.merge(Config(read_timeout=60))
