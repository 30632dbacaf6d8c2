"""A presenter remote as it was taught: its file, and the lesson in which it is taught."""

from retroctl.adapters.remote.files import forget_remote, read_remote, save_remote
from retroctl.adapters.remote.lesson import Lesson

__all__ = ["Lesson", "forget_remote", "read_remote", "save_remote"]
