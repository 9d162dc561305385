# The template's. The prices are yours, in contract.yaml.
"""What a run costs."""

from ..interface import Budget, Prices


def price(wall_seconds: float, cpu_seconds: float, peak_memory_mb: float, prices: Prices) -> float:
    """Return what a run costs; its peak of memory counts for as long as it ran."""
    wall_hours, cpu_hours = wall_seconds / 3600, cpu_seconds / 3600
    return (
        wall_hours * prices.wall_hour
        + cpu_hours * prices.cpu_hour
        + wall_hours * peak_memory_mb / 1024 * prices.memory_gb_hour
    )


def amount(cost: float, budget: Budget) -> str:
    """Return an amount of money for people; small ones keep their digits."""
    return f"{cost:.4g} {budget.currency}"
