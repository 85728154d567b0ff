"""A figure of a benchmark: what was measured in turn in one run, and how it compares with its baseline."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Return the spread of at least two values."""
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def show(self, digits: int) -> str:
        """Return the median and, in brackets, the quartiles."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


@dataclass(frozen=True)
class Figure:
    """What one thing costs: a value of each variant for each round, in one unit; the first variant is the baseline."""

    label: str
    unit: str
    digits: int
    values: dict[str, list[float]]

    def spread(self, variant: str) -> Spread:
        """Return median and quartiles of a variant."""
        return Spread.of(self.values[variant])

    def ratio(self, variant: str) -> Spread:
        """Return how a variant compares with the baseline, round by round: what slows both down counts for neither."""
        baseline = next(iter(self.values.values()))
        return Spread.of([value / base for value, base in zip(self.values[variant], baseline, strict=True)])

    def lines(self) -> list[str]:
        """Return the rows of a Markdown table: label, variant, value, ratio."""
        baseline = next(iter(self.values))
        return [
            f"| {self.label} | {variant} | {self.spread(variant).show(self.digits)} {self.unit} |"
            f" {'' if variant == baseline else self.ratio(variant).show(2)} |"
            for variant in self.values
        ]
