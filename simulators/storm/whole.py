"""To come."""


def lived(story):
    raise NotImplementedError
