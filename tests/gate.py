"""A gate led to the moment at which a raise may go out, one condition of which a test then takes away."""

from __future__ import annotations

from rig import BELT, CLIENT

from retroctl.domain import events as ev
from retroctl.domain.commands import SetTargetSpeed
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import BeltRange, Client, Facing, caps_for
from retroctl.domain.plan import raise_step
from retroctl.domain.verdict import Allowed
from retroctl.units import Speed


class Gate:
    """An envelope with a clock; `frames` lets the belt run steadily at one speed, once a second."""

    def __init__(
        self,
        *,
        belt: BeltRange = BELT,
        client: Client = CLIENT,
        hold_s: float = 60.0,
        hands_free: bool = False,
        facing: Facing = Facing.BACKWARD,
        heart_limit_bpm: int | None = None,
    ) -> None:
        self.belt, self.facing = belt, facing
        self.caps = caps_for(client, belt, qualified=True)
        self.step = raise_step(belt, coarse_accepted=True)
        self.envelope = Envelope(
            belt, self.caps, self.step, hold_s=hold_s, hands_free=hands_free, heart_limit_bpm=heart_limit_bpm
        )
        self.now = 0.0

    def see(self, hundredths: int) -> None:
        self.envelope.observe(ev.TelemetryReceived(Speed(hundredths)), self.now)

    def tell(self, event: ev.Event) -> None:
        self.envelope.observe(event, self.now)

    def frames(self, hundredths: int, seconds: float, every: float = 1.0) -> None:
        end = self.now + seconds
        while self.now + every <= end + 1e-9:
            self.now += every
            self.see(hundredths)
        self.now = end

    def arm(self) -> Gate:
        self.frames(0, 3.0)
        self.tell(ev.ArmRequested())
        self.envelope.arm(self.facing, self.now)
        return self

    def run(self) -> Gate:
        """Armed, and at the lowest speed by the program's own first target."""
        self.arm()
        lowest = self.belt.minimum.hundredths
        self.frames(lowest, 4.0)
        assert self.allows(lowest)
        self.frames(lowest, 1.0)
        return self

    def ready(self, seconds: float = 60.0) -> Gate:
        """A hold served at the lowest speed, consent in its last seconds, the announcement just finished."""
        self.run()
        self.frames(self.belt.minimum.hundredths, seconds - 5.0)
        self.tell(ev.ConfirmPressed())
        self.frames(self.belt.minimum.hundredths, 5.0)
        self.tell(ev.AnnouncementFinished(1))
        return self

    def rule(self, hundredths: int) -> str | None:
        """The rule that refuses this target; None when it may go."""
        verdict = self.envelope.judge(SetTargetSpeed(Speed(hundredths)), self.now)
        return None if isinstance(verdict, Allowed) else verdict.rule

    def allows(self, hundredths: int) -> bool:
        return self.rule(hundredths) is None
