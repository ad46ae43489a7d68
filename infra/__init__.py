"""The CDK app: what Leasehold needs in an AWS account, and nothing of what it does there."""
