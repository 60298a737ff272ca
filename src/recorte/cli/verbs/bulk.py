"""`recorte bulk`: people cut out of very many photos, on one machine or on a cluster."""

from typing import Annotated

import typer

from recorte.cli.extras import need
from recorte.cli.options import (
    Align,
    Background,
    Colours,
    Crop,
    Kinds,
    Looks,
    Margin,
    Mask,
    Mirrored,
    Model,
    People,
    Preset,
    Quality,
    Refine,
    Report,
    Shadow,
    Size,
    asked_for,
    one_kind,
)
from recorte.cli.show import SOME_FAILED, STOPPED, complain, passed_over, plain
from recorte.cli.stop import stop_on_ctrl_c
from recorte.errors import RecorteError

NAMED = 10
"""Of photos that failed, on the screen; the table has them all."""


def bulk(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder or an address (s3://bucket/photos, gs://, az://), whose tree is kept; or a .parquet or .csv "
            "file with a column of addresses.", metavar="SOURCE", show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="TARGET", show_default=False,
            help="A folder or an address for the results, and for the table of them: recorte-table/.",
        ),
    ],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="The column of addresses.")] = "source",
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="HOST:PORT", show_default=False,
            help="The head of a Ray cluster, or auto on a machine of it. Without it: this machine alone.",
        ),
    ] = None,
    least: Annotated[int, typer.Option("--least", metavar="N", min=1, help="Workers, at least.")] = 1,
    most: Annotated[
        int | None,
        typer.Option("--most", metavar="N", min=1, show_default=False, help="Workers, at most; as a rule one a core."),
    ] = None,
    most_failures: Annotated[
        float,
        typer.Option("--most-failures", metavar="SHARE", min=0, max=1, help="Stop if more photos than this fail."),
    ] = 0.1,
    kinds: Kinds = None,
    model: Model = None,
    background: Background = None,
    mask: Mask = False,
    crop: Crop = False,
    people: People = None,
    size: Size = None,
    margin: Margin = None,
    align: Align = None,
    shadow: Shadow = False,
    quality: Quality = None,
    preset: Preset = None,
    tta: Mirrored = False,
    looks: Looks = 4,
    refine: Refine = True,
    colours: Colours = True,
    report: Report = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For each photo a line of JSON: what its row of the table has.")
    ] = False,
) -> None:  # fmt: skip
    """Cut people out of very many photos, on all machines of a cluster; stopped, the same command goes on."""
    if not output:
        raise RecorteError('-o "" names nothing (an unset variable of the shell?); give a folder or address: -o cut/')
    need("ray", "bulk", "recorte bulk")
    from recorte.bulk.run import Wishes, run

    showing = asked_for(
        background=background, mask=mask, crop=crop, people=people, size=size, margin=margin, align=align,
        shadow=shadow, quality=quality, preset=preset,
    )  # fmt: skip
    wishes = Wishes(
        source=source, target=output, column=column, kind=one_kind(kinds), model=model,
        making={"refine": refine, "colours": colours, "tta": tta, "looks": looks},
        showing=showing,
        report=report, address=address, least=least, most=most, most_failures=most_failures, as_json=as_json,
    )  # fmt: skip
    try:
        with stop_on_ctrl_c() as stopped:
            account, photos, left = run(wishes, stopped, lambda text: typer.echo(plain(text), err=True))
    except KeyboardInterrupt:
        complain("stopped; the same command goes on from here")
        raise typer.Exit(STOPPED) from None
    for error in account.errors[:NAMED]:
        complain(error)
    counts = [f"{account.counts['written']:,} written"]
    counts += [f"{failed:,} failed (the table says why)"] if (failed := account.counts["failed"]) else []
    counts += [f"{left:,} left (stopped; the same command goes on with them)"] if left else []
    typer.echo(", ".join([*counts, *passed_over(photos.left_out)]), err=as_json)
    raise typer.Exit(STOPPED if left else SOME_FAILED if failed else 0)
