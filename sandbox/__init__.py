"""An AWS account, an API Gateway and a git server on this machine. It imports no runtime code.

    server              the sandbox at one URL: puts the parts together
    router              which service answers a call
    control/            the sandbox's own API: faults, clock, quotas, statuses, counts of calls
    aws/                AWS services
        autoscaling/      Application Auto Scaling
        runtime/          SageMaker's runtime: invocations
        cloudwatch/       metrics and alarms
        sagemaker/        models, endpoint configs, endpoints, tags
        faults            what goes wrong on demand
        pricing           the Pricing API
        moto/             moto, which answers for every other service
        protocol/         AWS's HTTP: calls, answers, errors, checks
    api_gateway/        a REST API with its authorizer; beside aws/, at a URL of its own
    lambda_functions/   Lambda functions, each in a process of its own
    git/                a git server; beside aws/, at a URL of its own
    loopback_server     how each of them is served
    journal, clock      what is kept on disk, and the sandbox's time

Imports run downwards in this list, and between no two of aws/, api_gateway/ and git/. Within aws/,
autoscaling/ and runtime/ know nothing of each other.
"""
