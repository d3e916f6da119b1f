"""The daemon: rounds and supervision by the clock until a signal says stop, standing by while another one writes."""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from mapping.errors import DubanError, LeaseHeld, LeaseLost, Transient
from store.database import Database
from store.heart import Heart
from supervise.notices import NoticeReport
from supervise.report import SupervisionReport
from sync.report import RunReport
from web.serving import Watched

log = logging.getLogger(f"duban.{__name__}")

_MOVES = ("import", "update", "archive", "revive", "match", "applied")
_STAND_BY_S = 1.0


class Served(Watched, Protocol):
    """What the daemon needs of a service.

    ``stop`` also ends a round under way, politely; ``is_writer`` tells rounds that the writer's right is held already.
    """

    db: Database
    stop: threading.Event
    is_writer: bool

    def sync(self, names: Sequence[str] = ()) -> RunReport:
        """Run one round."""
        ...

    def supervise(self, as_of_ms: int | None = None) -> SupervisionReport:
        """Judge every task and project once."""
        ...

    def tell(self) -> NoticeReport:
        """Send what is to be said now."""
        ...

    def sweep(self, names: Sequence[str] = ()) -> RunReport:
        """List everything again and certify what both sides hold."""
        ...

    def reread(self) -> None:
        """Take a changed configuration, when it is sound."""
        ...


class Daemon:
    """The clock and the signals around a service."""

    def __init__(self, service: Served) -> None:
        self._service = service
        self._reload = threading.Event()
        self._replaced = False
        self._supervised_s = -math.inf

    def run(self) -> int:
        """Sync and supervise by the clock until a signal says stop; gives the exit code.

        Stands by while another process is the writer. One that was replaced as the writer ends with 7: whoever
        watches over it starts it again, and it stands by.
        """
        with self._signals():
            tell_systemd("READY=1")
            if not self._take_turn():
                return 0
            self._service.is_writer = True
            try:
                with Heart(self._service.db) as heart:
                    self._work(heart)
            finally:
                self._service.db.release()
        return LeaseLost.exit_code if heart.lost or self._replaced else 0

    def _take_turn(self) -> bool:
        """Become the writer, standing by while somebody else is; False when a stop was asked for meanwhile."""
        said = ""
        while not self._service.stop.is_set():
            try:
                self._service.db.hold(f"daemon, pid {os.getpid()} on {socket.gethostname()}", 0.0)
            except (LeaseHeld, Transient) as error:
                if error.message != said:
                    log.info("standing by: %s", error.message)
                    said = error.message
                self._service.stop.wait(_STAND_BY_S)
            else:
                return True
        return False

    def _work(self, heart: Heart) -> None:
        """Let rounds and the status page run until a signal says stop, or somebody else has become the writer."""
        scheduler = self._schedule()
        page = self._serve_page()
        log.info("running, a round every %g s", self._service.settings.service.every)
        while not self._service.stop.wait(1.0):
            if heart.lost:
                log.error("another process has become the writer of this store; stopping")
                self._service.stop.set()
        tell_systemd("STOPPING=1")
        self._drain(scheduler)
        if page is not None:
            page.stop()
        log.info("stopped")

    def _drain(self, scheduler: BackgroundScheduler) -> None:
        """Let the running round end what it has begun; one that does not within the time set is left to a restart."""
        late = threading.Timer(self._service.settings.service.drain_s, os._exit, args=(128 + signal.SIGTERM,))
        late.daemon = True
        late.start()
        scheduler.shutdown(wait=True)
        late.cancel()

    def _schedule(self) -> BackgroundScheduler:
        """Let the clock call the round: one at a time, late ones folded into one, the first at once."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        now = datetime.fromtimestamp(self._service.clock.now_ms() / 1000, UTC)
        every = self._service.settings.service.every
        scheduler.add_job(self._job, IntervalTrigger(seconds=every, timezone=UTC), next_run_time=now, id="round")
        settings = self._service.settings
        if settings.sweep.at:
            hour, _, minute = settings.sweep.at.partition(":")
            nightly = CronTrigger(hour=hour, minute=minute, timezone=settings.service.timezone)
            scheduler.add_job(self._sweep, nightly, id="sweep")
        scheduler.start()
        return scheduler

    def _job(self) -> None:
        """One round and the supervision after it; whatever it meets, the next one comes."""
        try:
            if self._reload.is_set():
                self._reload.clear()
                self._service.reread()
            report = self._service.sync(())
            _log_end("round", report)
            if self._service.stop.is_set():
                return
            if not self._due_to_supervise(report):
                return
            verdict = self._service.supervise()
            self._supervised_s = self._service.clock.monotonic()
            if verdict.changed and not self._service.stop.is_set():
                _log_end("round", self._service.sync(()))
            self._tell()
        except LeaseLost:
            log.error("another process has become the writer of this store; stopping")
            self._replaced = True
            self._service.stop.set()
        except DubanError as error:
            log.error(error.text("en"))
        except Exception:  # the one broad catch: a bug in one round must not silence the daemon
            log.exception("round failed")

    def _tell(self) -> None:
        """Send the notices, where that is switched on; what could not be sent waits for the next round."""
        if not self._service.settings.notices.send or self._service.stop.is_set():
            return
        report = self._service.tell()
        if report.messages or report.problems:
            log.info("notices: %s", ", ".join(f"{name} {number}" for name, number in sorted(report.counts.items())))
        for problem in report.problems:
            log.warning("notice: %s", problem.text("en"))

    def _sweep(self) -> None:
        """The nightly look at everything; what it finds is carried by the next round."""
        try:
            report = self._service.sweep(())
            _log_end("sweep", report)
        except LeaseLost:
            log.error("another process has become the writer of this store; stopping")
            self._replaced = True
            self._service.stop.set()
        except DubanError as error:
            log.error(error.text("en"))
        except Exception:  # as around a round
            log.exception("sweep failed")

    def _due_to_supervise(self, report: RunReport) -> bool:
        """Say whether the hub moved, or time alone may have made something overdue."""
        waited_s = self._service.clock.monotonic() - self._supervised_s
        return (
            any(report.counts.get(move) for move in _MOVES)
            or waited_s >= self._service.settings.service.supervise_every
        )

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT drain, a second one ends at once, SIGHUP reads the configuration again."""

        def stop(number: int, _frame: object) -> None:
            if self._service.stop.is_set():
                os._exit(128 + number)
            self._service.stop.set()

        wanted = {signal.SIGTERM: stop, signal.SIGINT: stop}
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        if hasattr(signal, "SIGHUP"):
            before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _serve_page(self) -> Any:
        """Start the status page when the configuration asks for one."""
        if not self._service.settings.service.web:
            return None
        from web.serving import PageServer

        token = self._service.settings.service.web_token
        page = PageServer(
            self._service, self._service.settings.service.web, token.get_secret_value() if token else None
        )
        page.start()
        return page


def _log_end(what: str, report: RunReport) -> None:
    """Say how a round or sweep ended and, once each, what went wrong in it."""
    log.info("%s ended: exit code %d, %s", what, report.exit_code, _counted(report))
    for problem, times in Counter(report.told_in("en")).items():
        log.warning("%s%s", problem, f" ({times} times)" if times > 1 else "")


def _counted(report: RunReport) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(report.counts.items()) if number) or "nothing to do"


def tell_systemd(word: str) -> None:
    """Tell the service manager how we are, when there is one (sd_notify's protocol: a datagram)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(word.encode())
