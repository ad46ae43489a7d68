#!/bin/sh
# AWS_LAMBDA_EXEC_WRAPPER of the streaming function: Lambda calls it in place of Python's own runtime, which cannot stream.
# That runtime would have found the packages of the layers by itself; here they are named.
export PYTHONPATH="${LAMBDA_TASK_ROOT:-.}:/opt/python:${PYTHONPATH:-}"
exec python3 -m gateway.stream_handler
