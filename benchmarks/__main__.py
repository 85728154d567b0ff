"""`make bench`: run every benchmark, record its ratios, and write docs/performance.md with a plot.

This takes about 15 minutes. Each run adds a line to `history.jsonl`. The plot shows the latest run and, in gray, the
earlier ones.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from benchmarks import bake, first_error, outage, requests, scrubbing, spool, stack
from benchmarks.figures import Figure
from benchmarks.outage import Outage
from benchmarks.site import baked_project
from scripts.demo import TEMPLATE

HISTORY = TEMPLATE / "benchmarks" / "history.jsonl"
PAGE = TEMPLATE / "docs" / "performance.md"
PLOT = TEMPLATE / "docs" / "images" / "performance.png"
TEXT = """\
# What does it cost?

<!-- Written by `make bench`. -->

Measured on {date}, at commit {commit}, on {machine}.

Each value is the median of one run, with the quartiles in brackets. The variants took turns. A ratio compares a variant
with the first variant of the same figure, round by round, so a slow phase of the machine does not favor either.

![Ratios of this run and of those before](images/performance.png)

| what | variant | value | ratio |
|---|---|---|---|
{figures}

{stack}

## Scrubbing

How many secrets each scrubber removes, and how many ordinary texts it leaves unchanged, for the cases in `tests/corpus/`:
our scrubber, the SDK's, and [detect-secrets](https://github.com/Yelp/detect-secrets), which reads each event as a log
file. Each case has a source.

| scrubber | secrets removed | ordinary texts left intact |
|---|---|---|
{scrubbing}

## Outages

How many events arrive when a tracker or a site fails, with the SDK's own transport and with the [spool](outages.md). The
tracker is a real HTTP server that fails as configured. Each site is a separate process.

| what fails | sent | arrived, SDK's own | arrived, spool | twice, SDK's own | twice, spool |
|---|---|---|---|---|---|
{outages}
"""


def machine() -> str:
    """Return a description of this machine: processor, cores, memory, system, and the relevant versions."""
    model = platform.processor() or platform.machine()
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = next(iter(names), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("cookiecutter", "sentry-sdk"))
    return (
        f"{os.cpu_count()} cores of {model} with {memory:.0f} GiB of memory, {platform.system()},"
        f" Python {platform.python_version()}, {packages}"
    )


def outage_rows(outages: list[Outage]) -> list[str]:
    """Return the rows of the outage table; each scenario ran with the SDK's transport, then with the spool."""
    return [
        f"| {own.label} | {own.sent} | {own.arrived} | {spooled.arrived} | {own.twice} | {spooled.twice} |"
        for own, spooled in zip(outages[::2], outages[1::2], strict=True)
    ]


def ratios(figures: list[Figure]) -> dict[str, list[float]]:
    """Return [median, lower quartile, upper quartile] of each ratio, by a label that names variant and baseline."""
    found = {}
    for figure in figures:
        baseline, *variants = figure.values
        for variant in variants:
            spread = figure.ratio(variant)
            label = f"{figure.label}\n{variant} / {baseline}".replace("`", "")
            found[label] = [spread.median, spread.low, spread.high]
    return found


def plot(history: list[dict[str, Any]]) -> None:
    """Draw the ratios of the latest run with their quartiles, and the medians of earlier runs."""
    newest = history[-1]["ratios"]
    rows = {label: row for row, label in enumerate(reversed(newest))}
    drawing, axes = plt.subplots(figsize=(9, 0.5 * len(rows) + 1), layout="constrained")
    for run in history[:-1]:
        known = {label: values for label, values in run["ratios"].items() if label in rows}
        axes.plot(
            [values[0] for values in known.values()], [rows[label] for label in known], "o", color="tab:gray", alpha=0.3
        )
    for label, (median, low, high) in newest.items():
        axes.errorbar(median, rows[label], xerr=[[median - low], [high - median]], fmt="o", color="tab:blue", capsize=3)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(list(rows.values()), list(rows))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.tick_params("y", labelsize="small")
    axes.set_xlabel("ratio (left of 1: costs less than what stands behind the stroke)")
    drawing.savefig(PLOT, dpi=110)


def main() -> None:
    """Run all benchmarks and write the results."""
    figures = [*bake.measure(), *first_error.measure(), *requests.measure()]
    with baked_project() as project:
        outages, latency = outage.measure(project)
        figures += [latency, *spool.measure(project)]
    timed = stack.engine()
    if timed:
        figures.append(stack.measure())
    commit = subprocess.run(
        ["git", "-C", str(TEMPLATE), "describe", "--always", "--dirty"], capture_output=True, check=True, text=True
    ).stdout.strip()
    run = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit, "machine": machine(), "ratios": ratios(figures)}
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")
    plot([json.loads(line) for line in HISTORY.read_text(encoding="utf-8").splitlines()])
    images = "stand-ins for the public images" if os.environ.get("STANDINS") else "the public images"
    text = TEXT.format(
        **{name: run[name] for name in ("date", "commit", "machine")},
        figures="\n".join(line for figure in figures for line in figure.lines()),
        stack=f"The stack ran with {images}." if timed else "No Docker engine answered: the stack was not timed.",
        scrubbing="\n".join(score.line() for score in scrubbing.measure()),
        outages="\n".join(outage_rows(outages)),
    )
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
