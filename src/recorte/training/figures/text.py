"""Figures as numbers that JSON knows, and times as people say them."""

from typing import Any


def plain(metrics: dict[str, Any], prefix: str = "val/") -> dict[str, float | None]:
    """Turn logged scalars into JSON's numbers; NaN, which JSON lacks, becomes None."""
    values = {name.removeprefix(prefix): float(value) for name, value in metrics.items() if name.startswith(prefix)}
    return {name: None if value != value else value for name, value in values.items()}


def duration(seconds: float) -> str:
    """Say a time in the two largest units: `45 s`, `12 min`, `3 h 20 min`, `2 d 5 h`."""
    minutes = round(seconds / 60)
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"
