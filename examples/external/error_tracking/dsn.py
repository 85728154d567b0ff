"""Decides whether a DSN is one that the SDK accepts."""

from urllib.parse import urlsplit

from sentry_sdk.utils import BadDsn, Dsn


def dsn(value: str) -> str:
    """Return a DSN that the SDK accepts, or "".

    Raises:
        ValueError: says what is wrong, without the key.
    """
    if value:
        try:
            Dsn(value)
            if urlsplit(value).port == 0 or any(map(str.isspace, value)):  # the SDK takes them, and no event arrives
                raise ValueError
        except BadDsn as error:
            raise ValueError(f"it is no DSN such as https://KEY@errors.example.com/1 ({error})") from None
        except ValueError:  # from urllib, which quotes what it could not read
            raise ValueError("it is no DSN such as https://KEY@errors.example.com/1") from None
    return value
