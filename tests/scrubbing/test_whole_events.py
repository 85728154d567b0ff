"""Every event arrives, whatever it contains, and without the secret in it."""

import json
from typing import Any

import pytest
import sentry_sdk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECRET = "violet-" + "harbour-7"  # in two pieces, because this line is part of the event
NAMES = st.sampled_from(["password", "apiKey", "X-Auth-Token", "sessionid", "Passwort", "client_secret2"])


class Raises:
    """An object on which every operation raises, like a lazy user while the database is down."""

    def __repr__(self) -> str:
        """Raise."""
        raise RuntimeError

    def __getattribute__(self, name: str) -> Any:
        """Raise, for __class__ too."""
        raise RuntimeError(name)


def cycle() -> list[Any]:
    """Return a list that contains itself."""
    items: list[Any] = [1]
    items.append(items)
    return items


def deep(levels: int) -> Any:
    """Return deeply nested dictionaries."""
    value: Any = "bottom"
    for _ in range(levels):
        value = {"down": value}
    return value


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.sampled_from(["\ud800", "\0", f"it was {SECRET}!"]),
    st.sampled_from([("x", 1_000_000), ("token: [", 20_000), ("pass'\"\\", 5_000), ("%25", 2_000)]).map(
        lambda piece: piece[0] * piece[1]
    ),
)
LEAVES = st.one_of(
    TEXTS,
    st.none() | st.booleans() | st.floats() | st.binary(max_size=20),
    st.integers() | st.sampled_from([18, 64, 4000]).map(lambda digits: 10**digits),
    st.builds(lambda: -(10**5000))
    | st.builds(Raises)
    | st.builds(cycle)
    | st.builds(deep, st.sampled_from([50, 2000]))
    | st.builds(object),
)
KEYS = st.one_of(st.text(max_size=8), st.sampled_from(["query_string", "value", "name", "message", "\ud800", SECRET]))
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


def crash(**variables: Any) -> None:
    """Raise an error in a frame with these variables and report it."""
    try:
        exec("raise ValueError(variables.get('message'))", {"variables": variables}, variables)
    except ValueError as error:
        frames = error.__traceback__.tb_next if error.__traceback__ else None  # without this frame
        sentry_sdk.capture_exception(error.with_traceback(frames))


@settings(max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=NAMES, variables=st.dictionaries(KEYS, DATA, max_size=3), extra=DATA, message=TEXTS, data=DATA)
def test_no_event_is_lost_and_none_is_sent_unscrubbed(
    sent: list[bytes], name: str, variables: dict[str, Any], extra: Any, message: str, data: Any
) -> None:
    sent.clear()

    def with_request(event: Any, _: Any) -> Any:
        event["request"] = {"data": {name: SECRET, "note": data}, "query_string": f"a={SECRET}"}
        return event

    with sentry_sdk.isolation_scope() as scope:
        scope.add_event_processor(with_request)
        scope.set_extra("extra", extra)
        scope.set_tag("text", message)
        crash(**{**variables, "message": f"{message} {SECRET}", name: SECRET})
    [payload] = sent
    event = json.loads(payload)
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert "incomplete" not in event["tags"]
    json.dumps(event, ensure_ascii=False).encode()  # no lone surrogates
    assert SECRET.encode() not in payload


@pytest.mark.parametrize(
    "part", ["request", "extra", "breadcrumbs", "contexts", "tags", "exception", "threads", "spans"]
)
def test_a_part_that_cannot_be_cleaned_is_dropped_and_reported(part: str, caplog: pytest.LogCaptureFixture) -> None:
    from error_tracking.before_send import BeforeSend
    from error_tracking.scrubbing.event import Scrubber

    before_send = BeforeSend(Scrubber(), send_user=False, send_logs=False, quiet_paths=())
    event = {"event_id": "1", "level": "error", "message": f"password={SECRET}", part: Raises()}
    left = before_send.event(event, {})
    assert left["event_id"] == "1"
    assert left["tags"]["incomplete"] == "yes"
    assert SECRET not in str({name: value for name, value in left.items() if name != part})
    assert part == "tags" or not isinstance(left.get(part), Raises)
    [warning] = caplog.messages
    assert SECRET not in warning
