"""What the controller remembers of SageMaker: how a record goes on, and the branch it is kept on.

The record's format is `ledger.observed`'s.
"""
