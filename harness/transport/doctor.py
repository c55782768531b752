"""What this machine has for reaching cards, and what to do about what it lacks; changes nothing."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from harness.errors import EidrigError, NoReaderError

_EXTRAS = {
    "pyscard": ("smartcard", "pcsc", "PC/SC readers"),
    "nfcpy": ("nfc", "nfc", "NFC readers without PC/SC"),
    "pyserial": ("serial", "serial", "positioners on a serial port"),
    "keyring": ("keyring", "keyring", "secrets from the desktop's keyring"),
    "python-pcapng": ("pcapng", "capture", "captures for Wireshark"),
    "plotly": ("plotly", "report", "pages of benchmarks"),
    "junitparser": ("junitparser", "certify", "reports of eidrig certify"),
    "sqlalchemy": ("sqlalchemy", "history", "the history of eidrig certify"),
}
_PROGRAMS = {
    "opensc-tool": ("opensc", "checks of the emulated card against OpenSC"),
    "tshark": ("tshark", "checks of recorded traces against Wireshark"),
}
_INSTALL_PROGRAM = {"linux": "apt install {}", "darwin": "brew install {}"}
_START_SERVICE = {
    "linux": "apt install pcscd, then systemctl start pcscd.socket (or run pcscd --foreground)",
    "darwin": "macOS starts it when a reader is plugged in; plug one in",
    "win32": "start the Windows service 'Smart Card' (SCardSvr); it runs while a reader is there",
}
_DRIVER_TRACES = {
    "linux": ("etc/reader.conf.d/*vpcd*", "usr/lib/pcsc/drivers/*vpcd*"),
    "darwin": ("usr/local/libexec/SmartCardServices/drivers/*vpcd*",),
}
_INSTALL_DRIVER = {
    "linux": "apt install vsmartcard-vpcd, then restart pcscd",
    "darwin": "install the vsmartcard package for macOS, then plug a reader in and out",
}
_SERIAL_DEVICES = {
    "linux": ("dev/ttyUSB*", "dev/ttyACM*"),
    "darwin": ("dev/cu.usb*",),
}
_SERIAL_ACCESS = {
    "linux": "usermod -aG dialout {}, then log in again",
    "darwin": "ask the owner of the device for access for {}",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine (True), lacking (False), or not to be told here (None)."""

    name: str
    ok: bool | None
    detail: str
    advice: str = ""


def examine(platform: str = sys.platform, root: Path = Path("/")) -> list[Finding]:
    """Look at everything and return the findings, always the same ones in the same order.

    `platform` is as in `sys.platform`; `root` is where the file system begins.
    """
    return [
        *(_extra(name) for name in _EXTRAS),
        *_pcsc(platform),
        _virtual_reader(platform, root),
        _serial_devices(platform, root),
        *(_program(name, platform) for name in _PROGRAMS),
    ]


def _fine(name: str, detail: str) -> Finding:
    return Finding(name, ok=True, detail=detail)


def _lacking(name: str, detail: str, advice: str = "") -> Finding:
    return Finding(name, ok=False, detail=detail, advice=advice)


def _untold(name: str, detail: str, advice: str = "") -> Finding:
    return Finding(name, ok=None, detail=detail, advice=advice)


def _extra(name: str) -> Finding:
    module, extra, purpose = _EXTRAS[name]
    if find_spec(module) is not None:
        return _fine(name, f"installed, for {purpose}")
    return _lacking(name, f"missing, needed for {purpose}", f"pip install 'eidrig[{extra}]'")


def _program(name: str, platform: str) -> Finding:
    package, purpose = _PROGRAMS[name]
    if where := shutil.which(name):
        return _fine(name, where)
    install = _INSTALL_PROGRAM.get(platform, "install {} and put it on the PATH").format(package)
    return _lacking(name, f"missing, needed only for {purpose}", install)


def _pcsc(platform: str) -> tuple[Finding, Finding]:
    """The smart card service and its readers, both asked at once."""
    untold = _untold("readers", "not known without the smart card service")
    try:
        from harness.transport.pcsc import list_readers  # noqa: PLC0415 - pyscard may be missing

        readers = list_readers()
    except NoReaderError as error:
        advice = _START_SERVICE.get(platform, "start pcscd")
        return _lacking("smart card service", str(error), advice), untold
    except EidrigError as error:
        return _lacking("smart card service", "cannot be asked", str(error)), untold
    service = _fine("smart card service", "running, and you may use it")
    if not readers:
        return service, _lacking("readers", "none", "plug in a reader")
    cards = [f"{each.name} ({'card' if each.card_present else 'empty'})" for each in readers]
    return service, _fine("readers", ", ".join(cards))


def _virtual_reader(platform: str, root: Path) -> Finding:
    name = "virtual reader driver"
    if platform not in _DRIVER_TRACES:
        return _untold(name, f"cannot be told on {platform}", "see vsmartcard's BixVReader")
    traces = _existing(root, _DRIVER_TRACES[platform])
    if traces:
        return _fine(name, str(traces[0]))
    return _lacking(name, "missing, needed to plug emulated cards in", _INSTALL_DRIVER[platform])


def _serial_devices(platform: str, root: Path) -> Finding:
    name = "serial devices"
    if platform not in _SERIAL_DEVICES:
        return _untold(name, f"need no permission on {platform}")
    devices = _existing(root, _SERIAL_DEVICES[platform])
    closed = [str(device) for device in devices if not os.access(device, os.R_OK | os.W_OK)]
    if closed:
        advice = _SERIAL_ACCESS[platform].format("$USER")
        return _lacking(name, f"you may not use {', '.join(closed)}", advice)
    if not devices:
        return _untold(name, "none plugged in")
    return _fine(name, ", ".join(map(str, devices)))


def _existing(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    return sorted(found for pattern in patterns for found in root.glob(pattern))
