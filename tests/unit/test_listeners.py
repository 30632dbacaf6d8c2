"""Who is told what happens: in order, behind the writes, and one that fails troubles nobody else."""

from __future__ import annotations

import asyncio

import pytest

from retroctl.app.listeners import Listeners

pytestmark = pytest.mark.virtual


async def test_a_write_that_begins_behind_another_in_the_same_turn_is_not_held_up_either():
    happened, tasks = list[str](), list[asyncio.Task[None]]()
    told = Listeners([happened.append], lambda error: happened.append(str(error)))

    def begin(work):
        tasks.append(asyncio.create_task(work))
        told.let_writes_begin()

    async def second() -> None:
        happened.append("the second write")

    async def first() -> None:
        happened.append("the first write")
        begin(second())
        told.tell("told of the second")

    begin(first())
    told.tell("told of the first")
    await asyncio.gather(*tasks)
    await asyncio.sleep(0.1)
    assert happened == ["the first write", "the second write", "told of the first", "told of the second"]


async def test_one_that_fails_while_it_is_told_what_it_caused_itself_is_let_go_once():
    heard, failed = list[str](), list[BaseException]()
    told: Listeners[str]

    def fails(what: str) -> None:
        if what == "the cause":
            told.tell("the effect")
        raise ValueError(what)

    told = Listeners([fails, heard.append], failed.append)
    told.tell("the cause")
    told.tell("afterwards")
    assert heard == ["the effect", "the cause", "afterwards"]
    assert [str(error) for error in failed] == ["the effect", "the cause"]
