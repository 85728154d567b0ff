"""Measure the CPU time of a request without the SDK, with only `DjangoIntegration()`, and with our options.

The three sites are separate processes of one baked project and take turns. Their events go to a tracker in this
process, whose time is not counted.
"""

from benchmarks.figures import Figure
from benchmarks.site import Site, baked_project, serving

ROUNDS = 15
#: The arguments of `benchmarks.request_site`; the first is the baseline.
VARIANTS = {"`DjangoIntegration()` alone": "SDK alone", "no SDK": "no SDK", "django-glitchtip": "django-glitchtip"}
#: The path of each request, and its count per round; there are fewer crashes than the SDK's queue holds.
REQUESTS = {
    "a request without a query": ("/", 400),
    "a request with one query": ("/health/", 300),
    "a crash, scrubbed, spooled and sent": ("/glitchtip-debug/", 60),
    "a crash with 100 kB of hostile text": ("/hostile/", 23),
}


def measure() -> list[Figure]:
    """Return a figure for each kind of request."""
    figures = []
    with serving() as tracker, baked_project() as project:
        dsn = f"http://key@127.0.0.1:{tracker.server_port}/1"
        sites = {label: Site(project, "request_site", variant, dsn) for label, variant in VARIANTS.items()}
        for label, (path, count) in REQUESTS.items():
            times: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
            for turn in range(ROUNDS + 1):
                for variant, site in sites.items():
                    took = site.ask(f"{path} {count}")
                    if turn:  # the first round fills the caches
                        times[variant].append(took)
            figures.append(Figure(label, "µs of CPU", 0, times))
        for site in sites.values():
            site.end()
    return figures
