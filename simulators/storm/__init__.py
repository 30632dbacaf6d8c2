"""The storm: random sessions, people, machines and faults against the real core, judged by the belt's true speed.

`python -m simulators.storm --hours 100 --seed 1`. Any seed replays exactly. The one part of `simulators` that knows
the program: `world` runs it; `judge` shares no code with it.
"""
