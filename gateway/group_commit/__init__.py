"""Processes that share a push: one of them commits what the others were asked to change.

In Lambda each caller has a process of its own. `ledger.batch` lets callers share a push inside a
process; here a queue that all processes have does the same between them.
"""
