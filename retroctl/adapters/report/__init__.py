"""A client's progress as one self-contained HTML page: no script, no network, light and dark, made to be printed."""

from retroctl.adapters.report.html import as_html

__all__ = ["as_html"]
