"""The FIT library, imported when a FIT file is wanted: everything that is used of it, under one name.

fit-tool: BSD-3, no dependencies, about 8 MB, so an extra. Garmin's own kit has an encoder too, under a licence that is
no open one; it serves the tests as the judge of what is written here.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from retroctl.errors import ConfigError, needs_extra


@cache
def library() -> Any:
    """The classes. Raises ConfigError with the way out where the extra is not installed."""
    try:
        from fit_tool import FitFileBuilder  # noqa: PLC0415 - heavy, and an extra
        from fit_tool.base_type import BaseType  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.developer_field import DeveloperField  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.fit_file_header import FitFileHeader  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.fit_file_stream import iter_fit_stream  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile import profile_type  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.activity_message import ActivityMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.developer_data_id_message import DeveloperDataIdMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.event_message import EventMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.field_description_message import FieldDescriptionMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.file_creator_message import FileCreatorMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.file_id_message import FileIdMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.lap_message import LapMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.record_message import RecordMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.session_message import SessionMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.workout_message import WorkoutMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.profile.messages.workout_step_message import WorkoutStepMessage  # noqa: PLC0415 - the extra `fit` may not be installed
        from fit_tool.utils.crc import crc16  # noqa: PLC0415 - the extra `fit` may not be installed
    except ImportError:
        raise ConfigError(f"FIT files need {needs_extra('fit')}") from None
    names = (
        "Activity", "Event", "EventType", "FileType", "Intensity", "LapTrigger", "Manufacturer", "SessionTrigger",
        "Sport", "SubSport", "WorkoutStepDuration", "WorkoutStepTarget",
    )  # fmt: skip
    types = {name: getattr(profile_type, name) for name in names}
    return SimpleNamespace(
        **types,
        iter_fit_stream=iter_fit_stream, crc16=crc16, FitFileBuilder=FitFileBuilder, FitFileHeader=FitFileHeader,
        BaseType=BaseType, DeveloperField=DeveloperField,
        ActivityMessage=ActivityMessage, DeveloperDataIdMessage=DeveloperDataIdMessage, EventMessage=EventMessage,
        FieldDescriptionMessage=FieldDescriptionMessage, FileCreatorMessage=FileCreatorMessage,
        FileIdMessage=FileIdMessage, LapMessage=LapMessage, RecordMessage=RecordMessage, SessionMessage=SessionMessage,
        WorkoutMessage=WorkoutMessage, WorkoutStepMessage=WorkoutStepMessage,
    )  # fmt: skip


class FitWriter:
    """Messages into bytes, one after the other: as messages, half an hour of records would take 60 MB."""

    def __init__(self) -> None:
        self._fit = library()
        self._builder = self._fit.FitFileBuilder(auto_define=True)
        self._body = bytearray()

    def add(self, message: Any) -> None:
        """Add a message, and its definition where it has a new one."""
        self._builder.add(message)
        for record in self._builder.records:
            self._body += record.to_bytes()
        self._builder.records.clear()

    def whole(self) -> bytes:
        """The file: header, messages, checksum."""
        head: bytes = self._fit.FitFileHeader(records_size=len(self._body)).to_bytes()
        data = head + bytes(self._body)
        return data + int(self._fit.crc16(data)).to_bytes(2, "little")
