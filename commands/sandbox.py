"""``duban sandbox``: both CRMs as local servers, for trying things before anything real is connected."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sandbox")
@click.option(
    "--zoho", default="127.0.0.1:9101", show_default=True, help="HOST:PORT of the Zoho CRM; port 0: a free one."
)
@click.option(
    "--fxiaoke", default="127.0.0.1:9102", show_default=True, help="HOST:PORT of FxiaoKe; port 0: a free one."
)
@click.option("--seed", default=1, show_default=True, help="Same seed, same records.")
@click.option("--people", type=click.IntRange(min=0), help="So many further contacts and tasks in each CRM.")
@click.option("--empty", is_flag=True, help="No records at all.")
@click.option("--plain", is_flag=True, help="Organisations without any custom field or object.")
@click.option("--latency-ms", type=click.IntRange(min=0), default=0, help="Time every answer takes at least.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Append one JSON object per exchange.")
@click.option(
    "--write-config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a duban.toml that works against this sandbox, both connections live.",
)
def sandbox(
    zoho: str,
    fxiaoke: str,
    seed: int,
    people: int | None,
    empty: bool,
    plain: bool,
    latency_ms: int,
    log: Path | None,
    write_config: Path | None,
) -> None:
    """Serve a Zoho CRM and a FxiaoKe on this machine until interrupted.

    Prints one JSON line with addresses and credentials when both are ready.
    """
    import json
    import signal
    import threading

    from sandbox import main

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        running = main.start(
            zoho, fxiaoke, seed=seed, people=people, empty=empty, plain=plain, latency_ms=latency_ms, log=log
        )
    except (OSError, ValueError) as exc:
        raise click.UsageError(f"cannot serve there: {exc}") from exc
    with running:
        if write_config is not None:
            main.write_config(write_config, running)
        click.echo(json.dumps(running.ready, ensure_ascii=False))
        ended.wait()
