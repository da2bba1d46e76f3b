"""TinyTrail: web analytics, product events, install counts and presence, from one process and one file."""

__version__ = "0.1.0"
