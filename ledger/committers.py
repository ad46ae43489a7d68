"""Who commits to the ledger: its own three programs. Pure.

A person who pushes, and a caller of the API, is the author of a commit; who commits it is one of
these.
"""

from ledger.snapshot import Person

CONTROLLER = Person("Leasehold controller", "controller@leasehold.invalid")
GATEWAY = Person("Leasehold gateway", "gateway@leasehold.invalid")
READER = Person("Leasehold", "leasehold@leasehold.invalid")  # a command that only reads
