"""The event loop's side of the record: rows are queued at once and written by a thread, half a second at a time."""

from __future__ import annotations

import asyncio
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from retroctl.adapters.journal import files
from retroctl.adapters.journal.pending import CAPACITY, GAP, Pending, to_json, to_ms, to_text
from retroctl.adapters.journal.samples import Sample
from retroctl.adapters.journal.writer import END, Batch, QueuedSample, Row, Seam, SessionStart, Writer, no_faults
from retroctl.app.ports import Journal
from retroctl.errors import JournalError, ProgrammingFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from retroctl.app.afterwards import After

BATCH_S = 0.5
"""Seconds of the loop's time between two commits: with the commit itself, a kill loses less than one second."""

RETRY_S = 1.0
"""Seconds until what could not be written is tried again."""

STUCK_S = 3.0
"""A write that takes longer counts as a problem: a lock ends at 2 s, a healthy disk answers within 0.1 s."""

CLOSE_S = 5.0
"""The most seconds that closing takes."""

_HURRY = 1000
"""This many rows and samples waiting are written at once: a scaled clock makes hundreds a second."""

_RESERVED = (END, GAP)


def new_id() -> str:
    """Make a random name for a session or a client, which says nothing about either: 16 hexadecimal digits."""
    return secrets.token_hex(8)


class SqliteJournal(Journal):
    """The record, for one session at a time. Made by `open`; everything is called from the event loop's thread.

    `append` and `sample` return at once and never fail; whether rows are being kept is told by `problem`.
    """

    def __init__(
        self,
        file: Path,
        writer: Writer,
        executor: ThreadPoolExecutor,
        *,
        wall: Callable[[], float],
        batch_s: float,
        capacity: int,
    ) -> None:
        self.file = file
        """The file that holds the record."""
        self._wall = wall
        self._batch_s = batch_s
        self._loop = asyncio.get_running_loop()
        self._writer = writer
        self._executor = executor
        self._pending = Pending(capacity)
        self._batch: Batch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing_since: float | None = None
        self._running = False
        self._closed = False
        self._failure: str | None = None
        self._late: str | None = None

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        wall: Callable[[], float] = time.time,
        seam: Seam = no_faults,
        batch_s: float = BATCH_S,
        capacity: int = CAPACITY,
    ) -> SqliteJournal:
        """Open the record in `folder`, making it or bringing it up to date where needed.

        `wall` gives UTC seconds since 1970; `seam` acts out faults in tests.
        Raises DiskFull with less than 50 MB free, JournalError naming file, reason and way out.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        file = folder / files.FILE_NAME
        writer = Writer(file, seam)

        def prepare() -> None:
            files.prepare_folder(folder)
            files.demand_room(file)
            writer.connect()

        try:
            await asyncio.get_running_loop().run_in_executor(executor, prepare)
        except BaseException:
            # Whoever was cancelled is gone, the thread is not: what it still opens is closed behind it.
            executor.submit(writer.disconnect)
            executor.shutdown(wait=False)
            raise
        return cls(file, writer, executor, wall=wall, batch_s=batch_s, capacity=capacity)

    async def begin_session(
        self,
        *,
        program_version: str,
        simulated: bool,
        machine_name: str | None = None,
        machine_address: str | None = None,
        client_id: str | None = None,
        plan: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> str:
        """Keep a session's beginning and give its random id; when it returns, the beginning is on the disk.

        `client_id` is the random id of a client, never a name. Raises DiskFull, JournalError.
        """
        if self._running or self._closed:
            raise ProgrammingFault("a session was begun before the one before it had ended, or after closing")
        if not await self.flush(CLOSE_S):
            raise JournalError(self.problem or f"{self.file}: the session before this one could not be written")
        start = SessionStart(
            id=new_id(),
            started_utc_ms=self._utc_ms(),
            program_version=to_text(program_version),
            machine_name=None if machine_name is None else to_text(machine_name),
            machine_address=None if machine_address is None else to_text(machine_address),
            client_id=client_id,
            simulated=simulated,
            plan=to_json(plan or {}, None),
            settings=to_json(settings or {}, None),
        )

        def begin() -> None:
            files.demand_room(self.file)
            self._writer.begin(start)

        await self._loop.run_in_executor(self._executor, begin)
        self._running, self._failure, self._late = True, None, None
        return start.id

    def append(self, session_s: float, kind: str, data: Mapping[str, Any]) -> None:
        """Queue one row at `session_s` session seconds; returns at once, never fails.

        `data` is copied now and must name nobody. The kinds `end` and `gap` are the journal's own.
        """
        if kind in _RESERVED:
            raise ProgrammingFault(f"a row of the kind {kind!r} is written by the journal itself")
        if not self._running:
            self._late = f"{self.file}: a row ({kind}) came outside a session and is not kept"
            return
        self._pending.add_row(Row(to_ms(session_s), self._utc_ms(), to_text(kind), to_json(data)))
        self._schedule()

    def sample(
        self,
        session_s: float,
        measured_hundredths: int | None,
        target_hundredths: int | None,
        heart_rate: int | None,
    ) -> None:
        """Queue one sample; None is "not known". Speeds in 0.01 km/h. Returns at once, never fails."""
        if not self._running:
            return  # telemetry goes on while a session is being closed; it belongs to no session
        utc_ms, session_ms = self._utc_ms(), to_ms(session_s)
        try:
            if session_ms is None:
                raise ValueError("no session time")  # noqa: TRY301 - the same answer as for any value that does not fit
            sample = Sample(session_ms, measured_hundredths, target_hundredths, heart_rate)
            self._pending.add_sample(QueuedSample(sample.minute_ms, utc_ms, sample.record()))
        except ValueError:
            self._pending.lose_sample(utc_ms)
        self._schedule()

    def end_session(self, session_s: float, outcome: Mapping[str, Any]) -> None:
        """Queue the session's last row; `close` (or `flush`) brings it to the disk. Returns at once.

        Without it the session counts as interrupted. Rows that come later are not kept.
        """
        if not self._running:
            raise ProgrammingFault("a session ended that had not begun")
        self._running = False
        self._pending.add_end(Row(to_ms(session_s), self._utc_ms(), END, to_json(outcome)))
        self._schedule()

    async def keep(self, said: After) -> None:
        """Keep what was said after the session, within 5 s; what is being written goes first.

        Raises JournalError, also when the disk does not answer in time: it may be kept all the same.
        """
        if self._closed:
            raise JournalError(f"{self.file}: the record is closed")
        utc_ms = self._utc_ms()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._loop.run_in_executor(self._executor, self._writer.keep, utc_ms, said)
        except TimeoutError:
            raise JournalError(f"{self.file}: the disk did not answer within {CLOSE_S:g} s") from None

    @property
    def problem(self) -> str | None:
        """Why rows are not being kept, in plain words; None while all is well."""
        if self._failure is not None:
            return self._failure
        if self._writing_since is not None and self._loop.time() - self._writing_since > STUCK_S:
            return f"{self.file}: the disk has not answered for {self._loop.time() - self._writing_since:.0f} s"
        return self._late

    @property
    def rows_lost(self) -> int:
        """Rows that could not even be held in memory since the record was opened."""
        return self._pending.rows_lost

    @property
    def samples_lost(self) -> int:
        """Samples dropped to make room for rows, or that fit no record, since the record was opened."""
        return self._pending.samples_lost

    async def flush(self, timeout_s: float = CLOSE_S) -> bool:
        """Write what waits, now; True when all of it is on the disk. Gives up at `timeout_s` or the second failure."""
        end = self._loop.time() + timeout_s
        failures = 0
        while self._unwritten and failures < 2:
            task = self._task or self._start_writing()
            done, _ = await asyncio.wait({task}, timeout=max(0.0, end - self._loop.time()))
            if not done:
                return False
            failures = failures + 1 if self._failure else 0
        return not self._unwritten

    async def close(self, timeout_s: float = CLOSE_S) -> bool:
        """Write what waits and let go of the file, within `timeout_s`; never raises.

        True when everything is on the disk; otherwise `problem` says why it is not.
        """
        if self._closed:
            return not self._unwritten
        self._closed, self._running = True, False
        end = self._loop.time() + timeout_s
        try:
            complete = await self.flush(timeout_s)
            if not complete:
                self._failure = self.problem or f"{self.file}: the disk did not answer within {timeout_s:g} s"
                self._writer.interrupt()
        finally:
            self._stop_timer()
            await self._let_go(max(0.1, end - self._loop.time()))
        return complete

    async def _let_go(self, timeout_s: float) -> None:
        # Two pieces of work, of which the timeout takes back the second only: a disk that answers late still has the
        # file closed behind it.
        letting_go = self._executor.submit(self._writer.disconnect)
        try:
            async with asyncio.timeout(timeout_s):
                await self._loop.run_in_executor(self._executor, letting_go.result)
        except (TimeoutError, JournalError) as error:
            self._failure = self._failure or str(error) or f"{self.file}: the disk did not answer while closing"
        finally:
            self._executor.shutdown(wait=False)

    @property
    def _unwritten(self) -> bool:
        return self._batch is not None or len(self._pending) > 0

    def _utc_ms(self) -> int:
        return to_ms(self._wall()) or 0

    def _schedule(self) -> None:
        if self._task is not None:
            return  # it looks at what waits when it is done
        if len(self._pending) >= _HURRY and self._failure is None:
            self._start_writing()
        elif self._timer is None:
            self._timer = self._loop.call_later(self._batch_s, self._start_writing)

    def _start_writing(self) -> asyncio.Task[None]:
        self._stop_timer()
        self._task = self._loop.create_task(self._write(), name="journal")
        return self._task

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _write(self) -> None:
        if self._batch is None:
            self._batch = self._pending.take()
        self._writing_since = self._loop.time()
        try:
            await self._loop.run_in_executor(self._executor, self._writer.write, self._batch)
        except JournalError as error:
            self._failure = str(error)
        except Exception as error:  # noqa: BLE001 - the task ends here, and a session must not end with it
            self._failure = f"{self.file}: {error!r} (a fault of retroctl)"
        else:
            self._batch, self._failure = None, None
            self._pending.written()
        finally:
            self._task, self._writing_since = None, None
        if self._unwritten and not self._closed:
            self._timer = self._loop.call_later(RETRY_S if self._failure else self._batch_s, self._start_writing)
