"""The figures of ``/metrics``, read from the probe when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from web.probe import Probe

_COUNTS: Final = (
    "tasks", "open", "client_actions", "overdue", "ours_overdue", "due_soon", "no_due", "no_owner", "provisional",
    "projects", "disagreements",
)  # fmt: skip
LEVELS: Final = ("S1", "S2", "S3", "S4")


def exposition(probe: Probe) -> bytes:
    """Give the figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(probe))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name nothing beforehand, so that registering does not ask the probe."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._service()
        yield from self._supervision()

    def _service(self) -> Iterator[GaugeMetricFamily]:
        probe = self._probe
        yield GaugeMetricFamily("duban_ready", "1 when the service can work.", value=float(not probe.not_ready()))
        up = GaugeMetricFamily("duban_connection_up", "1 when the connection runs.", labels=["connection"])
        heard = GaugeMetricFamily(
            "duban_connection_heard_timestamp_seconds", "When it last answered.", labels=["connection"]
        )
        for one in probe.connections():
            up.add_metric([one.name], float(one.error is None))
            if one.heard_ms is not None:
                heard.add_metric([one.name], one.heard_ms / 1000)
        waits = GaugeMetricFamily("duban_needs_person", "What waits for a person.", labels=["kind"])
        for kind, number in sorted(probe.attention().items()):
            waits.add_metric([kind], number)
        yield from (up, heard, waits)
        run = probe.last_run()
        if run is not None:
            yield GaugeMetricFamily("duban_run_exit_code", "Exit code of the newest round.", value=run.exit_code)
            yield GaugeMetricFamily(
                "duban_run_started_timestamp_seconds", "When the newest round began.", value=run.started_ms / 1000
            )

    def _supervision(self) -> Iterator[GaugeMetricFamily]:
        report = self._probe.supervision()
        if report is None:
            return
        found = GaugeMetricFamily("duban_supervision", "What the newest look at the hub counted.", labels=["what"])
        for name in _COUNTS:
            found.add_metric([name], report.counts.get(name, 0))
        levels = GaugeMetricFamily("duban_overdue_client_actions", "Overdue by level.", labels=["severity"])
        for level in LEVELS:
            levels.add_metric([level], report.counts.get(level, 0))
        yield from (found, levels)
