"""The functions that the SDK calls before it sends an event, a transaction, a breadcrumb or a log line."""

from typing import Any

from sentry_sdk.integrations.wsgi import get_client_ip
from sentry_sdk.utils import safe_repr

from error_tracking.current_request import current_request
from error_tracking.scrubbing.data import clean, clean_message
from error_tracking.scrubbing.event import Scrubber


class BeforeSend:
    """Each function returns what is sent, or None for nothing."""

    def __init__(self, scrubber: Scrubber, *, send_user: bool, quiet_paths: tuple[str, ...]) -> None:
        """Send client addresses, ids and usernames only if `send_user`; nothing about requests below `quiet_paths`."""
        self.scrubber = scrubber
        self.send_user = send_user
        self.quiet_paths = quiet_paths

    def event(self, event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
        """Mark an event with its request's id, and the request with the event's; take out what is private."""
        request = current_request.get()
        user = event.pop("user", None) or {}
        if request is not None:
            if request.path.startswith(self.quiet_paths):
                return None
            if event.get("type") != "transaction":
                request.event_id = event["event_id"]
            event["tags"] = {**(event.get("tags") or {}), "request_id": request.id}
            account = getattr(request, "_cached_user", None)  # set if the site has asked: the database is not
            if account is not None and account.is_authenticated:
                user = {"id": str(account.pk), "username": account.get_username(), **user}
            user = {"ip_address": get_client_ip(request.META), **user}
        self.scrubber.scrub(event, request, (hint.get("exc_info") or (None, None))[1])
        if self.send_user and user:
            event["user"] = {name: user[name] for name in ("id", "username", "ip_address") if user.get(name)}
        return event

    def breadcrumb(self, crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        """Take the arguments with a sensitive name out of a log line, while they are still known by name."""
        params = getattr(hint.get("log_record"), "args", None)
        if isinstance(params, dict):
            crumb["message"], _ = clean_message(crumb["message"], params, self.scrubber.known_in(current_request.get()))
        return crumb

    def log(self, log: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        """Take out of a log line what is private."""
        known = self.scrubber.known_in(current_request.get())
        attributes = {
            name: value if isinstance(value, str | int | float) else safe_repr(value)
            for name, value in log["attributes"].items()
            if not name.startswith("user.") or (self.send_user and name in ("user.id", "user.name"))
        }
        start = "sentry.message.parameter."
        params = {name.removeprefix(start): value for name, value in attributes.items() if name.startswith(start)}
        body, params = clean_message(log["body"], params, known)
        shown = {start + name: value for name, value in params.items()}
        return {**log, "body": body, "attributes": clean({**attributes, **shown}, known)}
