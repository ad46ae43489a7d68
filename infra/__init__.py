"""The CDK app: what Leasehold needs in an AWS account. It must not know what runs there."""
