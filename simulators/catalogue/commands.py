"""How commands are taken and answered."""

from __future__ import annotations

from simulators import quirks, quirks_telling
from simulators.recipe import Personality
from simulators.traits import EVERYTHING

_OBEYS_UNSAID = "Goes by measured speed: a missing or failed answer is a warning, not an end."

COMMANDS = (
    Personality("standard", "does what the specification says", answer="Climbs the ladder."),
    Personality(
        "no-indication",
        "obeys, never answers",
        {"answers": False},
        source="mcdax/walkingpad-controller docs/ftms-protocol-reference.md (KingSmith KS-MC21)",
        shows=("did not grant control",),
        answer=_OBEYS_UNSAID,
    ),
    Personality(
        "request-control-04",
        "refuses Request Control with 04, obeys all the same",
        {"results": {0x00: 0x04}, "needs_control": False},
        source="mcdax/walkingpad-controller docs/ftms-protocol-reference.md (KingSmith KS-MC21)",
        shows=("did not grant control",),
        answer=_OBEYS_UNSAID,
    ),
    Personality(
        "answers-control-only",
        "refuses Request Control with 04, answers nothing else, obeys",
        {"needs_control": False},
        (quirks_telling.AnswersControlOnly,),
        "mcdax/walkingpad-controller docs/ftms-protocol-reference.md (KingSmith KS-MC21)",
        shows=("did not grant control",),
        answer=_OBEYS_UNSAID,
    ),
    Personality(
        "control-denied",
        "answers everything with Control Not Permitted",
        {"results": dict.fromkeys(range(0x15), 0x05)},
        outcome="stopped",
        shows=("F8",),
        answer="Does not start; says that the machine takes no commands.",
    ),
    Personality(
        "always-success",
        "answers success to everything",
        {"results": dict.fromkeys(range(0x15), 0x01)},
        source="cagnulein/qdomyos-zwift#5100 (TM11GY)",
        answer="A success proves nothing: each speed must be measured.",
    ),
    Personality(
        "slow-answers",
        "answers after 1.2 s",
        {"answer_s": 1.2},
        source="Belgian-Coder/treadmill-runner docs/project (Horizon Omega Z)",
        answer="Waits up to 3 s for an answer, and never with a Stop.",
    ),
    Personality(
        "late-answers",
        "answers after 4.5 s, when nobody waits any more",
        {"answer_s": 4.5},
        outcome="stopped",
        shows=("did not grant control", "refused to start"),
        answer="Does not start: the machine is busy with one command when the next comes. A late answer is not taken"
        " for that of a later command.",
    ),
    Personality(
        "no-control-point",
        "has neither Control Point nor Machine Status",
        {"characteristics": EVERYTHING - {"2ad9", "2ada"}, "targets": 0},
        source="cagnulein/qdomyos-zwift#2385, #3247 (Life Fitness, Reebok FR30z, Sole F85)",
        shows=("PRESS STOP AT THE CONSOLE",),
        answer="Writes nothing: says what to press at the console, watches that it is done, keeps holds and cap.",
    ),
    Personality(
        "unwritable-control-point",
        "has a Control Point that takes no writes",
        {"control_point_properties": ("indicate",)},
        shows=("PRESS STOP AT THE CONSOLE",),
        answer="Writes nothing: says what to press at the console, watches that it is done, keeps holds and cap.",
    ),
    Personality(
        "notify-control-point",
        "notifies its answers instead of indicating them",
        {"control_point_properties": ("write", "notify")},
        source="Belgian-Coder/treadmill-runner docs/project (Horizon Omega Z)",
        answer="Subscribes to whichever there is.",
    ),
    Personality(
        "write-command",
        "takes writes without response only, and notifies",
        {"control_point_properties": ("write-without-response", "notify")},
        source="duhow/ftms-bridge docs/research/ftms-treadmill-bh-quirks.md (BH Fitness iConcept)",
        answer="Writes the way the properties say.",
    ),
    Personality(
        "mute-control-point",
        "takes writes and can neither indicate nor notify an answer",
        {"control_point_properties": ("write",), "answers": False},
        shows=("did not grant control",),
        answer=_OBEYS_UNSAID,
    ),
    Personality(
        "write-hangs",
        "never answers the second Set Target Speed, not even on ATT",
        behaviours=(quirks.WriteHangs,),
        outcome="stopped",
        shows=("a write does not return",),
        answer="Drops the link after 3 s, since the radio is held, connects again; Stop is the first thing written.",
    ),
    Personality(
        "no-optional",
        "has nothing but Treadmill Data and Control Point",
        {"characteristics": frozenset({"2acd", "2ad9"})},
        outcome="refused",
        shows=("--range",),
        answer="Wants the range typed from the console.",
    ),
    Personality(
        "empty-reads",
        "gives zero bytes for Feature, Speed Range and Training Status",
        {"empty_reads": frozenset({"2acc", "2ad3", "2ad4"})},
        source="dudanov/pyftms#17, dudanov/hassio-ftms#36 (Domyos, Horizon 7.4AT)",
        outcome="refused",
        shows=("--range",),
        answer="Wants the range typed from the console.",
    ),
    Personality(
        "incline-without-range",
        "claims to set its inclination and has no Supported Inclination Range",
        {"characteristics": EVERYTHING - {"2ad5"}},
        source="dudanov/hassio-ftms#20 (FitShow FS-BT-D2)",
        answer="Optional values are read where they are.",
    ),
)
