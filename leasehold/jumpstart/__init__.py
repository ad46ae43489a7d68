"""JumpStart models by lock file: what a `model_id` means is resolved once, and then reviewed.

Everything here is pure, but for `sdk`, which alone imports the SageMaker SDK, and `files`, which
reads and writes a clone. Without the extra `jumpstart` all but `sdk` can be imported.
"""
