"""``duban drill``: the user's own maps against both sandbox CRMs, with people, faults, and a score at the end."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commands.app import App, command, option
from commands.output import Progress, clean, emit, line, table

if TYPE_CHECKING:
    from commands.drilling.ground import Ground
    from sandbox.trial.score import Ending, Score

DEFAULT_ROUNDS: Final = 10
_PROFILES: Final = ("calm", "usual", "harsh")


@command("drill")
@option("--profile", type=click.Choice(_PROFILES), default="usual", show_default=True, help="opt.drill_profile")
@option("--rounds", type=click.IntRange(1, 100_000), help="opt.drill_rounds")
@option("--minutes", type=click.FloatRange(min=0, min_open=True), help="opt.drill_minutes")
@option("--seed", default=1, show_default=True, help="opt.drill_seed")
def drill(app: App, profile: str, rounds: int | None, minutes: float | None, seed: int) -> int:
    if rounds is not None and minutes is not None:
        app.hear()
        raise click.UsageError(app.say("error.drill_length"))
    if minutes is None:
        rounds = rounds or DEFAULT_ROUNDS
    app.hear()
    ending, score, ground = _play(app, profile, rounds, minutes, seed)
    replay = _replay(app, profile, rounds, minutes, seed)
    if app.json:
        emit(_document(ending, score, ground, replay, {"profile": profile, "seed": seed}))
    elif not app.quiet:
        _show(app, ending, score, ground)
        line(app, "drill.replay", seed=seed, command=replay)
    return score.exit_code


def _play(app: App, profile: str, rounds: int | None, minutes: float | None, seed: int) -> tuple[Ending, Score, Ground]:
    from commands import logging
    from commands.drilling.ground import plain_ground, read_ground
    from commands.drilling.planting import new_key
    from commands.drilling.playing import LOG_NAME, Play
    from sandbox.main import start
    from sandbox.trial.faults import PROFILES
    from sandbox.trial.score import judge

    logging.set_up(level=app.environ.get("DUBAN_LOG_LEVEL", "error"), color=app.color)
    path = _config_path(app)
    with tempfile.TemporaryDirectory(prefix="duban-drill-") as made, Progress(app) as progress:
        folder = Path(made)
        with start(seed=seed, log=folder / LOG_NAME) as running:
            wait_s = PROFILES[profile].visible_after_s
            ground = read_ground(path, running, wait_s) if path is not None else plain_ground(running, wait_s)
            play = Play(
                running=running, ground=ground, folder=folder, profile=PROFILES[profile], key=new_key(), seed=seed,
                rounds=rounds, seconds=60 * (minutes or 0), progress=progress,
            )  # fmt: skip
            ending = play.run()
    return ending, judge(ending), ground


def _config_path(app: App) -> Path | None:
    """Give the user's file: the one named, or the one that lies here; None for the configuration of the demo.

    Raises:
        ConfigError: a file was named and is not there.
    """
    from config.files import DEFAULT_NAME, find_file

    here = Path.cwd()
    named = app.config is not None or app.environ.get("DUBAN_CONFIG")
    return find_file(app.config, app.environ, here) if named or (here / DEFAULT_NAME).is_file() else None


def _replay(app: App, profile: str, rounds: int | None, minutes: float | None, seed: int) -> str:
    length = ["--rounds", str(rounds)] if rounds is not None else ["--minutes", f"{minutes:g}"]
    config = ["-c", os.fspath(app.config)] if app.config is not None else []
    return shlex.join(["duban", *config, "drill", "--profile", profile, *length, "--seed", str(seed)])


def _document(ending: Ending, score: Score, ground: Ground, replay: str, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        **asked,
        "points": score.points,
        "verdict": "broken" if score.broken else "kept",
        "broken": score.broken,
        "examples": score.examples,
        "records_compared": ending.records,
        "fields_compared": ending.fields,
        "edits": {"made": len(ending.edits), **score.fates},
        "differences": score.reasons,
        "duplicates": len(ending.duplicates),
        "writes_after_rest": ending.late_writes,
        "writes_without_intent": len(ending.unintended),
        "rested": ending.rested,
        "stopped": ending.stopped,
        "rounds": ending.rounds,
        "quiet_rounds": ending.quiet_rounds,
        "calls": ending.calls,
        "writes": ending.writes,
        "repeats": ending.repeats,
        "faults": ending.faults,
        "left_out": [english for english, _ in ground.left_out],
        "replay": replay,
        "exit_code": score.exit_code,
    }


def _show(app: App, ending: Ending, score: Score, ground: Ground) -> None:
    """Say it in a table a buyer can read, then in one line."""
    for english, chinese in ground.left_out:
        line(app, "drill.left_out", what=chinese if app.language == "zh" else english)
    rows: list[tuple[str, object, str]] = [
        ("records", ending.records, ""),
        ("fields", ending.fields, ""),
        ("edits", len(ending.edits), ""),
        *((f"fate.{name}", count, "" if name != "lost" else _mark(app, count)) for name, count in score.fates.items()),
        *((f"reason.{name}", count, "") for name, count in score.reasons.items()),
        ("unexplained", score.broken.get("unexplained", 0), _mark(app, score.broken.get("unexplained", 0))),
        ("duplicates", len(ending.duplicates), _mark(app, len(ending.duplicates))),
        ("late_writes", ending.late_writes, _mark(app, ending.late_writes)),
        ("unintended", len(ending.unintended), _mark(app, len(ending.unintended))),
        ("rounds", f"{ending.rounds} + {ending.quiet_rounds}", ""),
        ("calls", ending.calls, ""),
        ("writes", ending.writes, ""),
        ("repeats", ending.repeats, ""),
        ("faults", sum(ending.faults.values()), ", ".join(f"{name} {n}" for name, n in sorted(ending.faults.items()))),
    ]
    table(app, ("what", "number", "verdict"), [(app.say(f"drill.{name}"), number, note) for name, number, note in rows])
    for example in score.examples:
        click.echo(f"  {clean(example)}")
    if ending.stopped:
        line(app, "drill.stopped", why=ending.stopped)
    if not ending.rested:
        line(app, "drill.unrest")
    key = "drill.broken" if score.broken else "drill.kept"
    line(app, key, points=f"{score.points:g}", count=sum(score.broken.values()))


def _mark(app: App, count: int) -> str:
    return app.say("drill.bad" if count else "drill.good")
