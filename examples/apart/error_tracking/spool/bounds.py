"""Keeps a spool's folder within its limits, and drops repetitions before rare events."""

import contextlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from error_tracking.spool.files import NAME, Spool, dropped_before, written
from error_tracking.spool.kinds import FROM_VISITORS

CLOCK = time.time() - time.monotonic()
LEFTOVER_SECONDS = 3600  # older unfinished files were left by killed processes
PLACE, KIND = slice(21, 29), slice(21, 37)  # in a file's name: the place, and the whole kind; see `kind_of` in kinds.py


def trim(spool: Spool) -> int:
    """Enforce the limits, and return how many waiting events were dropped.

    Files that are too old are deleted. If the folder is still too large, rejected events go first, then repetitions.
    """
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
        spool.warn("Events in %s were older than SENTRY_SPOOL_MAX_DAYS and were dropped", spool.folder)
    if dropped:
        spool.warn(
            "%s is full (SENTRY_SPOOL_MAX_MB): events are dropped; the next event of their kind contains the count",
            spool.folder,
        )
    return len(expired) + len(dropped)


def now() -> float:
    """Return the time in seconds since 1970. Setting the clock forward does not change it: it makes no file older."""
    return min(time.time(), CLOCK + time.monotonic())


def age(name: str) -> float:
    """Return how long ago an event was written, in seconds."""
    return now() - written(name)


def fresh(folder: Path, max_seconds: float) -> tuple[dict[str, int], list[str]]:
    """Delete the files of a folder that are too old; return the sizes of the others, and the deleted events."""
    moment = now()
    sizes, expired = {}, []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = NAME.fullmatch(entry.name)
            if match is None:
                continue
            unfinished = match["suffix"] == "tmp"
            if moment - written(entry.name) > (LEFTOVER_SECONDS if unfinished else max_seconds):
                if delete(Path(entry)) and match["suffix"] == "envelope":
                    expired.append(entry.name)
            elif not unfinished:
                with contextlib.suppress(OSError):
                    sizes[entry.name] = entry.stat().st_size
    return sizes, expired


def delete(file: Path) -> bool:
    """Delete a file, and return whether it is gone."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def repetitions_first(names: Iterable[str]) -> list[str]:
    """Return events in the order in which they are dropped: repetitions, then others, always from the fullest place.

    The events of each kind are numbered from the newest to the oldest, and sorted by number. In that order, the events
    of each place are numbered. The highest number is dropped first. What visitors sent goes before all others.
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
    ordered.sort(key=lambda name: (name[KIND] in FROM_VISITORS, newest[name[KIND]] != name))
    return ordered[::-1]


def carry_counts(folder: Path, dropped: Iterable[str], kept: list[str]) -> None:
    """Add the number of dropped events to the name of the next event of their kind, or else of their place.

    If no such event waits, the name of an empty file stores the number until one does.
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
