"""The page from its template. Everything foreign is escaped by the template engine; the charts come as text too."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from retroctl.adapters.report.charts import bars, line, lines

if TYPE_CHECKING:
    from retroctl.app.report import Page

BORG = (6.0, 20.0, 2.0)
CONFIDENCE = (1.0, 5.0, 1.0)


def as_html(page: Page) -> str:
    """The whole page as one text."""
    folder = files("retroctl.adapters.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(folder.joinpath("page.html").read_text(encoding="utf-8"))
    said = page.confidence
    charts = {
        "speed": line(page.speeds, page.speed_words, bounds=None),
        "minutes": bars(page.minutes, page.minute_words),
        "exertion": line(page.exertion, page.exertion_words, bounds=BORG),
        "balance": bars(page.balance, page.balance_words),
        "confidence": lines({"before": said.before, "after": said.after}, said.words, bounds=CONFIDENCE),
    }
    # Made by an XML writer, which escaped what is in them.
    drawn = {name: Markup(svg) for name, svg in charts.items()}  # noqa: S704 - see above
    style = Markup(folder.joinpath("page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return template.render(page=page, charts=drawn, style=style)
