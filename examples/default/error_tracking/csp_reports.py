"""Receives browsers' reports about violations of the site's Content Security Policy, and sends them to the tracker.

The policy names the endpoint: `report-uri /csp-report/` (W3C, "Content Security Policy Level 3", sections 5.3 to 5.5).
"""

import contextlib
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from error_tracking.visitors import from_visitors, page_of, send

MAX_BYTES = 20_000  # a report contains the whole policy and up to four URLs
PER_MINUTE = 30
LONGEST = 2000  # characters of a value
#: The fields of a report (section 5.3), each with its value for browsers that leave it out. GlitchTip requires most.
FIELDS: dict[str, str | int] = {
    "document-uri": "",
    "referrer": "",
    "blocked-uri": "",
    "effective-directive": "",
    "violated-directive": "",
    "original-policy": "",
    "disposition": "enforce",
    "status-code": 0,
    "script-sample": "",
    "source-file": "",
    "line-number": 0,
    "column-number": 0,
}
WEB = {"http", "https"}
#: What is blocked: something from the network, or something without a URL (section 2.4).
BLOCKED = WEB | {"ws", "wss", "inline", "eval", "wasm-eval", "trusted-types-policy", "trusted-types-sink"}


@from_visitors(max_bytes=MAX_BYTES, per_minute=PER_MINUTE)
def csp_report(request: HttpRequest) -> HttpResponse:
    """Send a report to the tracker unless it is noise. The answer is always 204, because nobody reads it."""
    # Pages of other sites cannot send this content type, unless this site allows it (WHATWG, "Fetch", "CORS protocol").
    if request.content_type == "application/csp-report":
        with contextlib.suppress(ValueError, RecursionError):  # not a report in JSON, or nested too deeply
            report = known_fields(json.loads(request.body))
            if is_from_page(report, request.get_host()):
                page = page_of(request, report["document-uri"])
                send("raw_security", {"csp-report": report}, uuid.uuid4().hex, request=page)
    return HttpResponse(status=204)


def known_fields(body: Any) -> dict[str, Any]:
    """Return the known fields of a report, shortened, with defaults for those that are missing.

    Raises:
        ValueError: if `body` is not a report.
    """
    given = body.get("csp-report") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise ValueError("not a report")
    report: dict[str, Any] = {name: valid(given.get(name), default) for name, default in FIELDS.items()}
    if report["disposition"] != "report":
        report["disposition"] = "enforce"
    # Older browsers send only the violated directive, with its sources.
    report["effective-directive"] = report["effective-directive"] or report["violated-directive"].partition(" ")[0]
    return report


def valid(value: Any, default: str | int) -> str | int:
    """Return a value that has the type of `default` and a usual size, otherwise `default`."""
    if isinstance(default, str):
        return value[:LONGEST] if isinstance(value, str) else default
    return value if type(value) is int and 0 <= value < 2**31 else default


def is_from_page(report: dict[str, Any], host: str) -> bool:
    """Return whether a page of `host` caused a violation, and not one of the visitor's browser extensions.

    Browsers shorten a URL that is not of the web to its scheme, such as chrome-extension, about or data (section 5.4).

    Raises:
        ValueError: if the page's URL is not valid.
    """
    page = urlsplit(report["document-uri"])
    source, blocked = (report[name].partition(":")[0] for name in ("source-file", "blocked-uri"))
    return page.scheme in WEB and page.netloc == host.lower() and source in {"", *WEB} and blocked in BLOCKED
