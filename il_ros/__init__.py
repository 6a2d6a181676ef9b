"""il_ros: record demonstrations, imitate them, deploy, take over, learn from the corrections."""

__version__ = '0.1.0'
