"""How values look in tables of runs."""

from datetime import timedelta

from recorte.training.runs.listing import Run


def time_cell(run: Run) -> str:
    """Write how long a run has trained, as hours, minutes and seconds; "-" before its first epoch."""
    return str(timedelta(seconds=round(run.seconds))) if run.epochs else "-"


def state_cell(run: Run) -> str:
    """Write the state of a run and, in a few words, why it failed."""
    reason = run.reason if len(run.reason) <= 60 else f"{run.reason[:57]}..."
    return f"{run.state}: {reason}" if reason else run.state


def value_cell(text: str) -> str:
    """Shorten a value that a sweeper has drawn, such as 0.00013680095279726916."""
    try:
        return f"{float(text):.4g}" if len(text) > 10 else text
    except ValueError:
        return text
