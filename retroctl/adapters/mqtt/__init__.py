"""MQTT: what a machine says of itself, Stop from afar, a club's machines seen together. aiomqtt, in its own thread."""
