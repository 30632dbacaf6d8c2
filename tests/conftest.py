"""Shared set-up: `@pytest.mark.virtual` runs an async test in virtual time."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import async_solipsism
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector look at what tests leave behind, and not again and again at seven thousand of them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        _freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    """A session thaws everything when it is over."""
    yield
    if not gc.get_freeze_count():
        _freeze()


def _freeze() -> None:
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give a test marked `virtual` a loop whose time is virtual, any other the ordinary one."""
    if item.get_closest_marker("virtual") is not None:
        return {"virtual": async_solipsism.EventLoop}
    return {"real": asyncio.new_event_loop}
