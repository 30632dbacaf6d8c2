"""The configuration: a TOML file in the user's configuration folder and RETROCTL_ environment variables, strict.

Every error names the file (or the environment) and the key. Nothing secret belongs here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from platformdirs import user_config_path, user_data_path
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from retroctl.adapters.files import refuse_dead_link
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from typing import Any


def config_file() -> Path:
    """Where the configuration file is, whether or not it exists."""
    return user_config_path("retroctl", appauthor=False) / "config.toml"


def remote_file() -> Path:
    """Where what a presenter remote was taught is kept, whether or not it was."""
    return config_file().with_name("remote.toml")


LONGEST_KEY: Final = 100
"""Characters of a key that a message repeats."""

TAGS: Final = (
    "looked over shoulder",
    "short steps",
    "leaning forward",
    "leaning back",
    "drifts to one side",
    "talks easily",
    "words only",
    "asked to stay",
    "said it feels good",
)


def _folder(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a folder's name has no zero byte in it")
    return path


DataFolder = Annotated[Path, AfterValidator(_folder)]


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("a name is a line of text")
    return text.strip()


Name = Annotated[str, Field(max_length=80), AfterValidator(_name)]
TagWords = Annotated[str, Field(min_length=1, max_length=40)]


class Settings(BaseSettings):
    """What a person may set once for all sessions."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="RETROCTL_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    data_dir: DataFolder = Field(default_factory=lambda: user_data_path("retroctl", appauthor=False))
    """The folder of the records. RETROCTL_DATA_DIR overrides it."""
    hold_s: float = Field(default=120.0, ge=60.0, le=3600.0)
    """The hold at each rung when none is given, seconds; 60 is the least."""
    scan_s: float = Field(default=8.0, ge=1.0, le=60.0)
    """How long to look for treadmills, seconds."""
    volume: int = Field(default=100, ge=1, le=100)
    """How loud the voice is, per cent of what the computer's own volume gives."""
    voice_units: Literal["kmh", "mph"] = "kmh"
    """In which unit the voice says speeds."""

    trainer: Name | None = None
    """Who leads sessions here, kept in the record; this computer's account where it is not set. --by goes before it."""

    tags: tuple[TagWords, ...] = Field(default=TAGS, min_length=1, max_length=9)
    """The words of the tags that keys 1 to 9 note in a session. They are kept in the record: name nobody in them."""

    mqtt_url: Annotated[str, Field(max_length=300)] | None = None
    """The club's broker: mqtts://USER@HOST/CLUB/MACHINE. Sessions on a real treadmill use it. No password."""
    mqtt_ca: Path | None = None
    """The authorities to trust, where they are not this system's."""
    mqtt_cert: Path | None = None
    """A client certificate, for brokers that ask for one."""
    mqtt_key: Path | None = None
    """Its key, unencrypted, in a file of mode 0600."""
    mqtt_password_file: Path | None = None
    """A file of mode 0600 whose first line is the password. RETROCTL_MQTT_PASSWORD goes before it."""
    mqtt_keyring: bool = False
    """Ask the system's keyring for the password."""
    mqtt_plain: bool = False
    """Accept a broker on another computer without TLS."""
    mqtt_version: Literal["5", "3.1.1"] = "5"
    """Of MQTT."""
    mqtt_names: bool = False
    """Tell the client's name, where a pseudonym is told otherwise."""
    mqtt_heart_rate: bool = False
    """Tell the heart rate, and what it blocks."""
    mqtt_homeassistant: bool = False
    """Present the machine to Home Assistant."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file; no dot-env files, no secrets folder."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())


def load_settings(**given: Any) -> Settings:
    """Read the settings. Raises ConfigError naming file and key."""
    refuse_dead_link(config_file())
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])[:LONGEST_KEY] or "?"
        key = key if key.isprintable() else repr(key)  # a quoted key may hold anything, and a message is one line
        raise ConfigError(f"{config_file()} or RETROCTL_{key.upper()}: {key}: {first['msg']}") from None
    except (ValueError, RecursionError, OSError) as error:  # ValueError: no TOML, no text, a number without end
        raise ConfigError(f"{config_file()}: {error}") from None
