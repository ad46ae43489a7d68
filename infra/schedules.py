"""What a deployment does by a schedule, as its rules describe themselves. Pure.

`benchmarks.costs` tells the rules of a template apart by it.
"""

COMPARE = "Has Leasehold's controller compare the repository with SageMaker."
LOCK = "Has the JumpStart models of a ledger locked that have no lock yet."
