"""``duban sandbox``: both CRMs as local servers, for trying things before anything real is connected."""

from __future__ import annotations

from pathlib import Path

import click

from commands.app import App, command, option


@command("sandbox")
@option("--zoho", default="127.0.0.1:9101", show_default=True, metavar="HOST:PORT", help="opt.sandbox_zoho")
@option("--fxiaoke", default="127.0.0.1:9102", show_default=True, metavar="HOST:PORT", help="opt.sandbox_fxiaoke")
@option("--seed", default=1, show_default=True, help="opt.seed")
@option("--people", type=click.IntRange(min=0), help="opt.people")
@option("--empty", is_flag=True, help="opt.sandbox_empty")
@option("--plain", is_flag=True, help="opt.sandbox_plain")
@option("--latency-ms", type=click.IntRange(min=0), default=0, help="opt.sandbox_latency")
@option("--log", type=click.Path(dir_okay=False, path_type=Path), help="opt.sandbox_log")
@option("--write-config", type=click.Path(dir_okay=False, path_type=Path), help="opt.sandbox_config")
def sandbox(
    app: App,
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
    import json
    import os
    import signal
    import threading

    from config.keys import ensure_key
    from sandbox import main

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        running = main.start(
            zoho, fxiaoke, seed=seed, people=people, empty=empty, plain=plain, latency_ms=latency_ms, log=log
        )
    except (OSError, ValueError) as exc:
        raise click.UsageError(app.say("error.serve", why=exc)) from exc
    with running:
        main.settle_in()
        if write_config is not None:
            write_config.parent.mkdir(parents=True, exist_ok=True)
            main.write_config(write_config, running)
            ensure_key(os.environ, write_config.absolute().parent, os.urandom)
        click.echo(json.dumps(running.ready, ensure_ascii=False))
        ended.wait()
