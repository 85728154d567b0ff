"""Keeps the folder of a spool within its bounds, and is fair: repetitions are dropped before anything rare."""

import contextlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from error_tracking.spool.files import NAME, Spool, dropped_before, written

CLOCK = time.time() - time.monotonic()
LEFTOVER_SECONDS = 3600  # an unfinished file that is older was left by a killed process
PLACE, KIND = slice(21, 29), slice(21, 37)  # of a file's name; kinds.py says what they are


def trim(spool: Spool) -> int:
    """Delete what is too old and, of what is too much, rejected events, then repetitions; return how many had waited."""
    waiting, expired = fresh(spool.folder, spool.max_seconds)
    rejected, _ = fresh(spool.rejected, spool.max_seconds)
    earlier = [name for name in waiting if name.endswith(".dropped")]
    for name in earlier:
        del waiting[name]
    excess = sum(waiting.values()) + sum(rejected.values()) - spool.max_bytes
    for name in sorted(rejected):
        if excess > 0 and delete(spool.rejected / name):
            excess -= rejected[name]
    dropped = []
    for name in repetitions_first(waiting) if excess > 0 else ():
        if excess > 0 and delete(spool.folder / name):
            excess -= waiting.pop(name)
            dropped.append(name)
    carry_counts(spool.folder, [*earlier, *expired, *dropped], sorted(waiting))
    if expired:
        spool.warn("Events in %s waited for too long (SENTRY_SPOOL_MAX_DAYS) and were dropped", spool.folder)
    if dropped:
        spool.warn(
            "%s is full (SENTRY_SPOOL_MAX_MB): events are dropped; the next of their kind says how many", spool.folder
        )
    return len(expired) + len(dropped)


def fresh(folder: Path, max_seconds: float) -> tuple[dict[str, int], list[str]]:
    """Return the bytes of each file of a folder, and the events that were too old and have been deleted."""
    now = min(time.time(), CLOCK + time.monotonic())  # a clock that is set forward makes nothing old
    sizes, expired = {}, []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = NAME.fullmatch(entry.name)
            if match is None:
                continue
            unfinished = match["suffix"] == "tmp"
            if now - written(entry.name) > (LEFTOVER_SECONDS if unfinished else max_seconds):
                if delete(Path(entry)) and match["suffix"] == "envelope":
                    expired.append(entry.name)
            elif not unfinished:
                with contextlib.suppress(OSError):
                    sizes[entry.name] = entry.stat().st_size
    return sizes, expired


def delete(file: Path) -> bool:
    """Delete a file and return whether it is gone."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def repetitions_first(names: Iterable[str]) -> list[str]:
    """Return events in the order in which they are dropped: repetitions, then all others, always of the fullest place.

    The events of a kind are numbered, the newest first, then in that order those of a place; the highest number goes first.
    """
    ordered = sorted(names, reverse=True)
    newest = {name[KIND]: name for name in reversed(ordered)}
    for part in (KIND, PLACE):
        seen: Counter[str] = Counter()
        numbers = {}
        for name in ordered:
            seen[name[part]] += 1
            numbers[name] = seen[name[part]]
        ordered.sort(key=numbers.__getitem__)
    ordered.sort(key=lambda name: newest[name[KIND]] != name)
    return ordered[::-1]


def carry_counts(folder: Path, dropped: Iterable[str], kept: list[str]) -> None:
    """Count what was dropped in the name of the next event of its kind, or else of its place.

    If none waits, the count is the name of an empty file until one does.
    """
    next_of = {name[part]: name for part in (PLACE, KIND) for name in reversed(kept)}
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for name in dropped:
        kinds[name[KIND]].append(name)
    counts: Counter[str] = Counter()
    for names in kinds.values():
        count = sum(dropped_before(name) + name.endswith(".envelope") for name in names)
        following, kept_count = next_of.get(names[0][KIND]) or next_of.get(names[0][PLACE]), ""
        if following:
            counts[following] += count
        else:
            kept_count = f"{names[-1].rpartition('-')[0]}-{count}.dropped"
            with contextlib.suppress(OSError):
                (folder / kept_count).touch(mode=0o600)
        for name in names:
            if name != kept_count:
                delete(folder / name)
    for name, count in counts.items():
        with contextlib.suppress(OSError):
            os.replace(folder / name, folder / f"{name.rpartition('-')[0]}-{dropped_before(name) + count}.envelope")
