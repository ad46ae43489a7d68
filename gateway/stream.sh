#!/bin/sh
# AWS_LAMBDA_EXEC_WRAPPER of the streaming function: Lambda calls it in place of Python's own runtime, which cannot stream.
exec python3 -m gateway.streaming_runtime
