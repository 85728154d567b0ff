"""Read the cases of tests/corpus and report each as an event; benchmarks.scrubbing uses this too."""

import copy
import json
import logging
from pathlib import Path
from typing import Any

import sentry_sdk
from sentry_sdk.scope import use_isolation_scope, use_scope

log = logging.getLogger("corpus")
log.setLevel(logging.INFO)
CORPUS = Path(__file__).parents[1] / "corpus"


def cases(folder: str) -> dict[str, Any]:
    """Return the cases of a folder of the corpus, by file and line.

    A `¦` in a token prevents secret scanners from reporting it; it is removed here.
    """
    return {
        f"{file.stem}:{number}": json.loads(line.replace("¦", ""))
        for file in sorted((CORPUS / folder).glob("*.jsonl"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    }


def report(case: dict[str, Any]) -> None:
    """Raise and report the error that a case describes; its frames contain no other data of the case."""

    def with_request(event: Any, _: Any) -> Any:
        if "request" in case:
            event["request"] = copy.deepcopy(case["request"])
        return event

    # Use new scopes, because the existing ones contain requests of other tests.
    with use_isolation_scope(sentry_sdk.Scope()), use_scope(sentry_sdk.Scope()) as scope:
        scope.add_event_processor(with_request)
        scope.set_extra("data", copy.deepcopy(case.get("data")))
        log.info("%s", case.get("text"))
        try:
            exec("raise ValueError(*args)", {"args": [case.get("text")]}, copy.deepcopy(case.get("variables", {})))
        except ValueError as error:
            frames = error.__traceback__.tb_next if error.__traceback__ else None
            sentry_sdk.capture_exception(error.with_traceback(frames))


def told(event: Any) -> dict[str, Any]:
    """Return the parts of an event that come from the case."""
    [error] = event["exception"]["values"]
    crumb = event["breadcrumbs"]["values"][-1]["message"]
    parts = {"value": error["value"], "vars": error["stacktrace"]["frames"][-1].get("vars"), "crumb": crumb}
    return {**parts, "extra": event["extra"]["data"], "request": event.get("request")}


def strings(data: Any) -> list[str]:
    """Return all keys, texts and numbers in JSON data as strings."""
    if isinstance(data, dict):
        return [text for key, value in data.items() for text in (key, *strings(value))]
    return [text for value in data for text in strings(value)] if isinstance(data, list) else [str(data)]
