"""The errors that AWS answers a call with, and those that every service has.

How an error looks on the wire is the business of `responses`.
"""


class AwsError(Exception):
    """An answer of AWS that refuses a call; nothing is wrong with the sandbox."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def throttled() -> AwsError:
    return AwsError("ThrottlingException", "Rate exceeded")


def unavailable() -> AwsError:
    return AwsError("ServiceUnavailable", "The service is temporarily unavailable.", 503)


def answer_lost() -> AwsError:
    return AwsError("InternalFailure", "The request processing has failed.", 500)


def denied(operation: str) -> AwsError:
    return AwsError(
        "AccessDeniedException",
        f"User is not authorized to perform: {operation} because no identity-based policy "
        "allows it",
    )
