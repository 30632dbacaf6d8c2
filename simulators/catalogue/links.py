"""Being found, connected and subscribed, and losing it again."""

from __future__ import annotations

from simulators import quirks, quirks_telling
from simulators.recipe import Personality

LINKS = (
    Personality(
        "anonymous",
        "advertises the service, but neither name nor service data",
        {"name": "", "service_data": None},
        source="Belgian-Coder/treadmill-runner (Horizon Omega Z), dudanov/hassio-ftms#59 (Toorx TRL200)",
        answer="Goes by the service and the address.",
    ),
    Personality(
        "swapped-type",
        "advertises its machine type with the bytes swapped",
        {"service_data": bytes.fromhex("010100")[::-1]},
        source="dudanov/pyftms src/pyftms/client",
        answer="The type is a hint, never a reason to refuse.",
    ),
    Personality(
        "short-type",
        "advertises its machine type in one byte",
        {"service_data": bytes.fromhex("0101")},
        source="dudanov/pyftms src/pyftms/client",
        answer="The type is a hint, never a reason to refuse.",
    ),
    Personality(
        "loses-hasty-subscriptions",
        "loses a subscription that comes within 30 ms of another",
        behaviours=(quirks_telling.HastySubscriptionsLost,),
        source="mcdax/walkingpad-controller src/walkingpad_controller/ftms.py (KingSmith)",
        answer="Leaves 100 ms between them, the Control Point first.",
    ),
    Personality(
        "loses-data-subscription",
        "loses the first subscription to Treadmill Data",
        behaviours=(quirks_telling.FirstDataSubscriptionLost,),
        answer="Subscribes once more when nothing comes.",
    ),
    Personality(
        "loses-control-subscription",
        "loses the first subscription to the Control Point, and refuses writes for it",
        behaviours=(quirks_telling.FirstControlSubscriptionLost,),
        answer="Subscribes once more when a write is refused for it, and writes again.",
    ),
    Personality(
        "vanishes",
        "drops the link 20 s after the start, for 4 s",
        behaviours=(quirks.Vanishes,),
        source="cagnulein/qdomyos-zwift#4181 (Domyos 500)",
        outcome="stopped",
        shows=("F2",),
        answer="Alarms, connects again to observe or stop; goes on only when the trainer says so within 5 s.",
    ),
    Personality(
        "drops-every-20-s",
        "drops the link every twenty seconds, for a second",
        behaviours=(quirks_telling.DropsAgain,),
        source="cagnulein/qdomyos-zwift#4181 (Domyos 500)",
        outcome="stopped",
        shows=("F2",),
        answer="Alarms, connects again to observe or stop.",
    ),
    Personality(
        "reboots",
        "restarts forty seconds after the start",
        behaviours=(quirks_telling.Reboots,),
        source="cagnulein/qdomyos-zwift#2591 (KingSmith, TRX4500)",
        outcome="stopped",
        shows=("F2",),
        answer="Connects again, Stop first; the session is over.",
    ),
    Personality(
        "never-comes-back",
        "drops the link for good thirty seconds after the start",
        behaviours=(quirks_telling.NeverComesBack,),
        outcome="not confirmed",
        shows=("F2",),
        answer="Alarms BELT MAY BE MOVING - PULL THE CLIP, looks for it for a minute; exit status 4.",
    ),
)
