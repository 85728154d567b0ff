"""Sends heartbeats to GlitchTip's monitors after a job has succeeded, so that a job that stops running is noticed.

`manage.py run_monitored` does the same for any command.
"""

import contextlib
import logging
import re
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

from sentry_sdk.utils import Dsn

from error_tracking import conf
from error_tracking.tracker_api import API_ERRORS, SECONDS, get_list, tracker_address

log = logging.getLogger(__name__)
URL = re.compile(r"https?://[\w.-]+(:\d{1,5})?(/[!-~]*)?", re.ASCII)
LONGEST = 32767  # seconds: GlitchTip stores a monitor's interval as a smallint


class HeartbeatError(Exception):
    """A heartbeat cannot be sent; the message says why, and what to do."""


def heartbeats(value: str) -> dict[str, int | str]:
    """Return the monitored jobs of a list such as backup=7200,reports=https://...: seconds, or a URL that receives them.

    Raises:
        ValueError: if it is anything else.
    """
    found: dict[str, int | str] = {}
    for job in filter(None, map(str.strip, value.split(","))):
        name, _, target = job.partition("=")
        seconds = int(target) if re.fullmatch("[0-9]{1,5}", target) else 0
        if name in found:
            raise ValueError(f"must contain each job only once, but has {name} twice")
        if not name or not (1 <= seconds <= LONGEST or URL.fullmatch(target)):
            raise ValueError(f"must be a list such as backup=7200,reports=3600, with 1 to {LONGEST} seconds, or a URL")
        found[name] = seconds or target
    return found


def target_of(name: str) -> int | str:
    """Return the seconds or the URL of a job in HEARTBEATS.

    Raises:
        HeartbeatError: if HEARTBEATS does not contain the job.
    """
    try:
        return conf.heartbeats()[name]
    except KeyError:
        raise HeartbeatError(f"HEARTBEATS has no job {name}: add it {conf.where()}") from None


@contextlib.contextmanager
def monitored(name: str) -> Iterator[None]:
    """Send the heartbeat of a job after the block, unless the block raises.

    A heartbeat that cannot be sent is logged as a warning. If HEARTBEATS is empty, nothing is sent.
    """
    yield
    if conf.heartbeats():
        try:
            send_heartbeat(name)
        except HeartbeatError as error:
            log.warning("%s", error)


def send_heartbeat(name: str) -> None:
    """Tell the monitor of a job that the job has succeeded.

    Raises:
        HeartbeatError: if HEARTBEATS does not contain the job, or the monitor does not accept the heartbeat.
    """
    target = target_of(name)
    try:
        if isinstance(target, str):
            post(target)
        elif not send_to_glitchtip(name):
            raise HeartbeatError(
                f"GlitchTip has no monitor for {name}: run make up, or write the URL of a monitor in HEARTBEATS"
            )
    except urllib.error.HTTPError as answer:
        answer.close()
        hint = "check GLITCHTIP_API_TOKEN" if answer.code in (401, 403) else "check the tracker"
        raise HeartbeatError(f"The heartbeat of {name} was answered with {answer.code}: {hint}") from answer
    except API_ERRORS as error:
        reason = getattr(error, "reason", type(error).__name__)
        raise HeartbeatError(f"The heartbeat of {name} was not sent ({reason}): check the tracker") from error


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as an error: it would turn the POST request into a GET request, perhaps of a login page."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return None, after which urllib raises HTTPError."""


def post(url: str) -> None:
    """Send an empty POST request.

    Raises:
        OSError: if there is no response, or its status is not 2xx.
    """
    urllib.request.build_opener(NoRedirects).open(url, data=b"", timeout=SECONDS).close()


def send_to_glitchtip(name: str) -> bool:
    """Return whether an organization that GLITCHTIP_API_TOKEN can read has the monitor of a job.

    glitchtip/provision.py derives the same endpoint from the DSN. The path contains the slug of the organization, which
    GlitchTip chooses and its owner can change (`heartbeat_check` in its apps/uptime/api.py).

    Raises:
        OSError: if there is no response, or the token or the heartbeat is rejected.
        ValueError: if the key of the DSN is not GlitchTip's.
    """
    if not conf.options()["dsn"]:
        return False
    dsn = Dsn(conf.options()["dsn"])
    endpoint = uuid.uuid5(uuid.UUID(dsn.public_key), name)
    api = f"{tracker_address(dsn)}api/0/organizations/"
    for organization in get_list(api, conf.api_token()):
        try:
            post(f"{api}{organization['slug']}/heartbeat_check/{endpoint}/")
        except urllib.error.HTTPError as answer:
            answer.close()
            if answer.code != 404:
                raise
        else:
            return True
    return False
