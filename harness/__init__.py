"""eidrig: a hardware-in-the-loop test harness for contactless ID cards."""

__version__ = "0.1.0"
