"""Decides which requests are traced."""

from collections.abc import Callable, Sequence
from typing import Any


def sample_rate(value: str) -> float:
    """Return the share of requests to trace, a number from 0 to 1.

    Raises:
        ValueError: if `value` is anything else.
    """
    try:
        rate = float(value)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError("must be a number from 0 to 1")
    return rate


def traces_sampler(rate: float, quiet_paths: Sequence[str]) -> Callable[[dict[str, Any]], float]:
    """Return the SDK's `traces_sampler`: it traces requests with probability `rate`, and never below `quiet_paths`.

    A request that its caller decided not to trace is not traced. A caller's header can never raise the rate.
    """

    def sample(context: dict[str, Any]) -> float:
        path = (context.get("wsgi_environ") or {}).get("PATH_INFO") or (context.get("asgi_scope") or {}).get("path", "")
        return 0.0 if path.startswith(tuple(quiet_paths)) or context.get("parent_sampled") is False else rate

    return sample
