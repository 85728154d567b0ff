"""Reads the messages in Mailpit, which shows mail in development (https://mailpit.axllent.org/docs/api-v1/)."""

from typing import Any

from error_tracking.tracker_api import API_ERRORS, get_json


def is_running(address: str) -> bool:
    """Return whether Mailpit responds at an address, such as "http://localhost:8025/", which may be empty."""
    try:
        messages(address)
    except API_ERRORS:
        return False
    return True


def messages(address: str) -> list[dict[str, Any]]:
    """Return the newest messages, without their texts.

    Raises:
        OSError: if Mailpit does not respond.
    """
    found: list[dict[str, Any]] = get_json(f"{address}api/v1/messages?limit=20")["messages"]
    return found


def find_message(address: str, text: str) -> dict[str, Any]:
    """Return the message that contains `text`, or {} if none of the newest ones does.

    GlitchTip puts the issues of a minute into one message, and then names them only in its text.

    Raises:
        OSError: if Mailpit does not respond.
    """
    for message in messages(address):
        if text in message["Subject"] or text in get_json(f"{address}api/v1/message/{message['ID']}")["Text"]:
            return message
    return {}
