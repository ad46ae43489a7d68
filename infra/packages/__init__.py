"""The functions' packages: one zip for each function and architecture, made without a container.

Nothing here knows the CDK, and nothing is imported that a package contains: its modules are found
by reading them.
"""
