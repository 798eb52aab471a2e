"""The configuration: its keys as types, what is wrong with one, the files that it names, and the plan of its run."""

from alignment_importance.config.configuring import configure, start_of
from alignment_importance.config.plan import Plan
from alignment_importance.config.problems import ConfigurationError
from alignment_importance.config.sections import Configuration

__all__ = ["Configuration", "ConfigurationError", "Plan", "configure", "start_of"]
