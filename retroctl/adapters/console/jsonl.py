"""One JSON object a line: {"t": session seconds, "type": ...}. docs/JSONL.md describes each type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from retroctl.app.reports import JSON_LINE_KINDS, Kind, Report

if TYPE_CHECKING:
    from retroctl.adapters.console.output import Output


class JsonLines:
    """A listener that prints reports for programs."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, report: Report) -> None:
        """Print the report, if its kind belongs to JSON lines."""
        if report.kind is Kind.STOP:
            report = Report(report.t, Kind.CUE, {"text": report.data["view"]})
        if report.kind in JSON_LINE_KINDS:
            line = {"t": report.t, "type": report.kind.value, **report.data}
            self._output.line(
                json.dumps(line, ensure_ascii=False, allow_nan=False), telemetry=report.kind is Kind.TELEMETRY
            )
