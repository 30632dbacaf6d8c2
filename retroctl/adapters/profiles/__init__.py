"""The profiles of machines: one TOML file each in the data folder, readable, strict, written at once or not at all."""

from retroctl.adapters.profiles.files import forget, load, load_all, path_of, save

__all__ = ["forget", "load", "load_all", "path_of", "save"]
