"""Validates a DSN."""

from urllib.parse import urlsplit

from sentry_sdk.utils import BadDsn, Dsn


def dsn(value: str) -> str:
    """Return `value` if it is empty or a valid DSN.

    Raises:
        ValueError: if it is not valid; the message does not contain the key.
    """
    if value:
        try:
            Dsn(value)
            if urlsplit(value).port == 0 or any(map(str.isspace, value)):  # the SDK accepts these, but no event arrives
                raise ValueError
        except BadDsn as error:
            raise ValueError(f"must look like https://KEY@errors.example.com/1 ({error})") from None
        except ValueError:  # from urllib, whose message quotes the value
            raise ValueError("must look like https://KEY@errors.example.com/1") from None
    return value
