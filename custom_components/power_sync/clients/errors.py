"""The small vocabulary in which every client reports failure.

Texts never contain tokens, site ids or bodies of answers.
"""

from datetime import timedelta


class ClientError(Exception):
    """A service could not do what was asked."""


class AuthError(ClientError):
    """The credentials are wrong, revoked or lack a permission."""


class RateLimitedError(ClientError):
    """The service asks to wait; ``retry_after`` is None if it does not say."""

    def __init__(self, message: str, retry_after: timedelta | None) -> None:
        """Keep how long to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(ClientError):
    """The service cannot be reached or answers that it is in trouble."""


class InvalidDataError(ClientError):
    """The service answered, but not with what it promises; names the field."""


class RejectedError(ClientError):
    """The service understood the request and refused it; repeating is useless."""


class OutcomeUnknownError(ClientError):
    """A command was sent but its answer never came: it may have been applied."""
