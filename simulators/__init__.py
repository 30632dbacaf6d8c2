"""The simulated treadmill: belt physics and an FTMS machine with its own byte encoding, behind three front ends.

The pure machine (no loop, no clock; `now` is handed in, in seconds)::

    machine = FtmsMachine(personality("standard"), seed=0, now=0.0)      # simulators.machine, .personality
    machine.connect(now); machine.subscribe("2acd", now); machine.disconnect(now)
    machine.read("2ad4", now) -> AttResult(error, data, after_s)         # error: ATT code or None
    machine.write("2ad9", bytes, now, with_response=True) -> AttResult   # after_s is infinite: never answered
    machine.next_event(now) -> float; machine.advance(now) -> [Emission(characteristic, data, at, kind)]
    machine.console_start/_stop/_pause/_faster/_slower(now); machine.console_set_speed(kmh, now)
    machine.pull_safety_key(now); machine.replace_safety_key(now); machine.take_control_by_other_app(now)
    machine.vanish(now, absent_s=4); machine.reboot(now)
    machine.true_speed_kmh(any_time); machine.drive.belt.breakpoints; machine.log -> [Written(at, ...)]
    machine.faults.<attribute> = ...                                     # simulators.faults: drop, delay, reject, ...

Personalities: `personality("mph-target+no-indication")`, `PERSONALITIES`, `.but(countdown_s=0.0)`; with faults by
chance `personality("standard+drop:seed=7")`.

For the real bleak, in memory (any clock with `now()` and `call_at(when, callback)`)::

    radio = SimulatedRadio(clock)                                        # simulators.bleak_backend
    device = radio.add(machine, address="C0:FF:EE:00:00:01")             # name, rssi optional
    BleakClient(device, backend=radio.client_backend); BleakScanner(backend=radio.scanner_backend)
    radio.drop(address); radio.out_of_range(address, away=True); radio.occupy(address, taken=True); radio.power(False)

The same over Bumble's ATT in one process (the extra `radio`)::

    radio = await BumbleRadio.create(clock)                              # simulators.bumble_bleak
    device = await radio.add(machine, address="C0:FF:EE:00:00:01"); ...; await radio.close()

On a real adapter, or for this computer's own stack (`vhci`), until cancelled::

    await serve(machine, "usb:0", clock=clock, report=print)             # simulators.on_air

By module: `belt` (motion), `drive` (countdown, key, counters), `traits` (a machine as data), `behaviour` (where
machines may differ), `quirks`, `quirks_moving`, `quirks_telling` (where some do), `recipe` (a named machine),
`catalogue` (all of them), `injected` (faults by chance), `personality` (how names are read), `control_point` (the
rules), `treadmill` (console and agenda), `machine` (ATT), `faults`, `encoding`, `pump` (a machine on a clock),
`bearer` and `bluez_like` (bleak on BlueZ acted out), `bleak_backend`, `air`, `bumble_peripheral`, `bumble_bleak`,
`on_air`.
"""
