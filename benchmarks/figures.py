"""The figure of a benchmark: the values measured in one run, and their ratio to a baseline."""

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
    """One measurement: a value per variant and round, in one unit. The first variant is the baseline."""

    label: str
    unit: str
    digits: int
    values: dict[str, list[float]]

    def spread(self, variant: str) -> Spread:
        """Return median and quartiles of a variant."""
        return Spread.of(self.values[variant])

    def ratio(self, variant: str) -> Spread:
        """Return the ratio of a variant to the baseline, round by round, so a slow phase does not favor either."""
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
