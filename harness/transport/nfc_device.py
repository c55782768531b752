"""A contactless device that nfcpy drives; the only file that knows nfcpy."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

from harness.errors import LinkError, NoReaderError, UsageError

try:
    clf: Any = import_module("nfc.clf")
    _pn53x: Any = import_module("nfc.clf.pn53x")
except (ImportError, OSError) as error:  # OSError: its libusb is missing
    _message = f"nfc: needs nfcpy ({error}); install it with: pip install 'eidrig[nfc]'"
    raise UsageError(_message) from error

PATHS = "usb, usb:<vendor>:<product>, tty:<port>:<driver>, com:<port>:<driver>, udp:<host>:<port>"

_RATS = 0xE0  # ISO/IEC 14443-4, 5.1
_SENS_RES = b"\x04\x00"  # ATQA: a UID of one size, bit frame anticollision; ISO/IEC 14443-3, 6.5.2
_SEL_RES = b"\x20"  # SAK: complete, and ISO/IEC 14443-4 is spoken; ISO/IEC 14443-3, 6.5.3
_ISO_DEP = 0x20

logging.getLogger("nfc").addHandler(logging.NullHandler())  # what it logs reaches us as an error


def _failures() -> tuple[type[Exception], ...]:
    """What nfcpy lets through when its device fails.

    Beside OSError: half an answer (IndexError), the chip's own error frames, those of libusb, and a
    serial port that is gone, which has an exception of its own on POSIX.
    """
    known = (OSError, IndexError, _pn53x.Chipset.Error, clf.device.transport.libusb.USBError)
    with suppress(ImportError):
        return (*known, import_module("termios").error)
    return known


_FAILURES = _failures()


class Silence(LinkError):
    """Nothing came from the air in time."""


class Garbled(LinkError):
    """What came from the air was damaged."""


class FieldGone(LinkError):
    """The other side has switched its field off, or was taken away."""


class DeviceGone(LinkError):
    """The device does not do what it is told any more; open it again."""


class Technology(Enum):
    """A kind of card as nfcpy names it, at the bit rate where every activation starts."""

    A = "106A"
    B = "106B"


@dataclass(frozen=True, slots=True)
class Sensed:
    """A card that answered in the field, and whether it speaks ISO/IEC 14443-4."""

    technology: Technology
    speaks_iso_dep: bool


@dataclass(frozen=True, slots=True)
class Called:
    """A reader that wants to talk: its RATS, and its first block if the driver answered RATS."""

    rats: bytes
    block: bytes | None


class Device:
    """A device at an nfcpy path, held until `close`.

    A serial port may also be named by its file, as in `tty:/dev/serial/by-id/usb-1234:pn532`.

    Raises:
        NoReaderError: there is none, or it does not answer.
        UsageError: the path has no meaning.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._technologies = list(Technology)
        self._frontend: Any = _opened(path)
        self._heard = _RatsWitness(self._frontend.device)

    @property
    def is_open(self) -> bool:
        """Whether the device is still held; it is not after it failed."""
        return self._frontend is not None

    @property
    def longest_out(self) -> int:
        """The longest block in bytes, without CRC, that it can send."""
        return int(self._frontend.max_send_data_size)

    @property
    def longest_in(self) -> int:
        """The longest block in bytes, without CRC, that it can receive."""
        return int(self._frontend.max_recv_data_size)

    def sense(self) -> Sensed | None:
        """Switch the field off and on and look for a card of type A, then of type B.

        Raises:
            DeviceGone: the device failed.
        """
        for technology in tuple(self._technologies):
            with self._watched():
                try:
                    found = self._frontend.sense(clf.RemoteTarget(technology.value))
                except (clf.UnsupportedTargetError, ValueError):
                    self._technologies.remove(technology)  # this chip cannot
                    continue
            if found is not None:
                return Sensed(technology, _speaks_iso_dep(technology, found))
        return None

    def listen(self, uid: bytes, ats: bytes, seconds: float) -> Called | None:
        """Be a type A card with this 4-byte UID and ATS until a reader talks to it.

        Raises:
            UsageError: the device cannot be a card, or its port is taken.
            DeviceGone: the device failed.
        """
        target = clf.LocalTarget(
            Technology.A.value,
            sens_res=bytearray(_SENS_RES),
            sdd_res=bytearray(uid),
            sel_res=bytearray(_SEL_RES),
            rats_res=bytearray(ats),
        )
        with self._watched():
            try:
                found = self._frontend.listen(target, seconds)
            except clf.UnsupportedTargetError as error:
                message = f"the device at {self._path} cannot be a card; a PN532 can"
                raise UsageError(message) from error
            _check_heard(self._frontend.device)
        if found is None or not found.tt4_cmd:
            return None
        first = bytes(found.tt4_cmd)
        if first[0] == _RATS:
            return Called(first, None)
        return Called(bytes(found.rats_cmd or self._heard.frame), first)

    def exchange(self, block: bytes | None, seconds: float) -> bytes:
        """Send one block, None for none, and return the next; `seconds` 0: wait for none.

        Raises:
            Silence, Garbled, FieldGone: nothing whole came back.
            DeviceGone: the device failed.
        """
        if self._frontend is None:
            message = f"the NFC device {self._path} was let go of; connect again"
            raise DeviceGone(message)
        data = None if block is None else bytearray(block)
        with self._watched():
            try:
                return bytes(self._frontend.exchange(data, seconds) or b"")
            except clf.TimeoutError as error:
                message = f"nothing came from the air within {seconds:g} s"
                raise Silence(message) from error
            except clf.BrokenLinkError as error:
                message = "the other side is gone from the field"
                raise FieldGone(message) from error
            except clf.CommunicationError as error:
                message = f"what came from the air was damaged ({error})"
                raise Garbled(message) from error

    def close(self) -> None:
        """Switch the field off and let go of the device; harmless when it is gone already."""
        frontend, self._frontend = self._frontend, None
        if frontend is not None:
            with suppress(*_FAILURES):
                frontend.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            self.close()
            message = f"the NFC device {self._path} failed ({error}); plug it in again"
            raise DeviceGone(message) from error


class _RatsWitness:
    """Sees the RATS that a PN53x driver answers by itself and keeps; the reader's FSD is in it."""

    def __init__(self, device: Any) -> None:  # noqa: ANN401 - nfcpy has no types
        self.frame = b""
        self._wait: Any = getattr(device, "_init_as_target", None)
        if self._wait is not None:
            device._init_as_target = self  # noqa: SLF001 - there is no other way to it

    def __call__(self, *arguments: object) -> Any:  # noqa: ANN401
        answer = self._wait(*arguments)
        self.frame = bytes(answer[1:])  # after the mode byte of TgInitAsTarget
        return answer


def _opened(path: str) -> Any:  # noqa: ANN401
    if not re.match(r"(usb|tty|com|udp)(:|$)", path):
        message = f"{path!r} is no path of an NFC device; write one of {PATHS}"
        raise UsageError(message)
    try:
        return _open(path)
    except _FAILURES as error:
        message = (
            f"the NFC device {path} cannot be used ({error}); "
            "plug it in, and see that no other program has it and that you may use it"
        )
        raise NoReaderError(message) from error
    except (ValueError, OverflowError, ImportError) as error:
        message = f"{path!r} is no path of an NFC device ({error}); write one of {PATHS}"
        raise UsageError(message) from error


def _open(path: str) -> Any:  # noqa: ANN401
    port = re.fullmatch(r"udp:[^:]*:(\d+)", path)
    if port and not 0 < int(port[1]) <= 0xFFFF:
        message = f"{port[1]} is no UDP port"
        raise ValueError(message)
    frontend = clf.ContactlessFrontend()
    serial = re.fullmatch(r"tty:(/[^:]+):(\w+)", path)
    if serial:
        frontend.device = _serial_device(*serial.groups())
    elif not frontend.open(path):
        message = f"there is no NFC device at {path}; plug one in, or see that you may use it"
        raise NoReaderError(message)
    return frontend


def _serial_device(file: str, driver: str) -> Any:  # noqa: ANN401
    if driver not in clf.device.tty_driver_list:
        message = f"no driver {driver}; there are {', '.join(clf.device.tty_driver_list)}"
        raise ValueError(message)
    line = clf.device.transport.TTY(file)
    with ExitStack() as undo:
        undo.callback(line.close)
        device = import_module(f"nfc.clf.{driver}").init(line)
        undo.pop_all()
    return device


def _speaks_iso_dep(technology: Technology, found: Any) -> bool:  # noqa: ANN401
    if technology is Technology.B:
        return True  # asked again with WUPB, where the ATQB tells
    return bool(found.sel_res and found.sel_res[0] & _ISO_DEP)


def _check_heard(device: Any) -> None:  # noqa: ANN401
    """The UDP device hears nobody, and says nothing, when its port is taken."""
    line = getattr(device, "socket", None)
    if line is not None and line.getsockname()[1] != device.addr[1]:
        message = f"UDP port {device.addr[1]} is taken; choose another"
        raise UsageError(message)
