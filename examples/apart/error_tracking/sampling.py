"""Decides which requests are traced."""

from collections.abc import Callable, Sequence
from typing import Any


def sample_rate(value: str) -> float:
    """Return the share of requests to trace, a number from 0 to 1; ValueError for anything else."""
    try:
        rate = float(value)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError("it is not a number from 0 to 1")
    return rate


def traces_sampler(rate: float, quiet_paths: Sequence[str]) -> Callable[[dict[str, Any]], float]:
    """Return a function that tells the SDK how likely a request is traced: `rate`, and 0 below `quiet_paths`.

    What a caller has decided not to trace stays untraced; a header from outside never raises the share.
    """

    def sample(context: dict[str, Any]) -> float:
        path = (context.get("wsgi_environ") or {}).get("PATH_INFO") or (context.get("asgi_scope") or {}).get("path", "")
        return 0.0 if path.startswith(tuple(quiet_paths)) or context.get("parent_sampled") is False else rate

    return sample
