"""Phones and readers as data: frame size, bit rates, host time, limits, and each one's source.

No phone publishes these numbers whole; most are assumed and say so. They describe a class of
devices, not a model, and every field can be replaced with `dataclasses.replace`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.air.fact import Fact, assumed, named

_COMMON_RATE = assumed(1, "the only bit rate that every phone and card shares")
_HOST_ANDROID = assumed(
    0.010,
    "what is left of about 50 ms a protected APDU, measured by a developer on Android with the "
    "IDEMIA card, after a 22 ms frame and the card's own time",
)
_NO_LIMIT: Fact[float | None] = assumed(None, "no such limit is known")
_PHONE_LOOP = assumed(18.0, "a phone antenna of about 40 x 25 mm as a circle of equal area")
_PHONE_REACH = assumed(35.0, "a card powers up over a phone at three to four centimetres")


@dataclass(frozen=True)
class Phone:
    """A reader as a card and an application see it; times in seconds, lengths in mm and bytes.

    `to_card` and `to_reader` are the bit rate divisors it asks for by PPS, if the card can too.
    `transceive_limit` is the longest command or response APDU. `timeout` is the host's patience
    for one APDU, `None` its absence. `presence_check` is the idle time after which the system looks
    whether the card is still there; `session_limit` the longest time that the field stays on.
    """

    name: str
    fsd: Fact[int]
    to_card: Fact[int]
    to_reader: Fact[int]
    host_time: Fact[float]
    transceive_limit: Fact[int]
    timeout: Fact[float]
    presence_check: Fact[float | None]
    session_limit: Fact[float | None]
    loop_radius: Fact[float]
    reach: Fact[float]
    type_b: Fact[bool]


_ANDROID = Phone(
    name="android",
    fsd=Fact(256, "largest transceive of many Android phones is 253 to 261 bytes"),
    to_card=_COMMON_RATE,
    to_reader=_COMMON_RATE,
    host_time=_HOST_ANDROID,
    transceive_limit=Fact(261, "IsoDep.getMaxTransceiveLength on many Android phones"),
    timeout=Fact(0.618, "IsoDep transceive timeout, default of about 500 to 618 ms"),
    presence_check=Fact(0.125, "Android reader mode, default when no delay is set"),
    session_limit=_NO_LIMIT,
    loop_radius=_PHONE_LOOP,
    reach=_PHONE_REACH,
    type_b=Fact(value=True, source="NfcB is part of Android's tag technologies"),
)

_PHONES = (
    _ANDROID,
    replace(
        _ANDROID,
        name="android-eid-app",
        timeout=Fact(50.0, "the timeout set by the official Estonian phone library"),
    ),
    Phone(
        name="android-extended",
        fsd=_ANDROID.fsd,
        to_card=assumed(4, "newer controllers ask for 424 kbit/s"),
        to_reader=assumed(4, "newer controllers ask for 424 kbit/s"),
        host_time=_HOST_ANDROID,
        transceive_limit=Fact(65_279, "IsoDep.getMaxTransceiveLength on some Android phones"),
        timeout=Fact(50.0, "the timeout set by the official Estonian phone library"),
        presence_check=assumed(None, "the application sets a presence check delay of minutes"),
        session_limit=_NO_LIMIT,
        loop_radius=_PHONE_LOOP,
        reach=_PHONE_REACH,
        type_b=_ANDROID.type_b,
    ),
    Phone(
        name="iphone",
        fsd=assumed(256, "as on other phones"),
        to_card=_COMMON_RATE,
        to_reader=_COMMON_RATE,
        host_time=assumed(0.015, "a little more than Android: APDUs pass through a system daemon"),
        transceive_limit=assumed(65_535, "extended length works up to device limits"),
        timeout=assumed(20.0, "a tag connection is said to last 20 s"),
        presence_check=assumed(None, "not visible to applications"),
        session_limit=assumed(60.0, "Core NFC is said to end a reader session after 60 s"),
        loop_radius=assumed(12.0, "a small antenna at the upper edge of the phone"),
        reach=assumed(30.0, "somewhat less than other phones"),
        type_b=Fact(value=True, source="Core NFC polls all of ISO/IEC 14443"),
    ),
    Phone(
        name="usb-reader",
        fsd=assumed(256, "the most that most PC/SC readers offer"),
        to_card=assumed(4, "common PC/SC readers use up to 424 kbit/s, some 848"),
        to_reader=assumed(4, "common PC/SC readers use up to 424 kbit/s, some 848"),
        host_time=Fact(0.005, "PC/SC over USB adds 1 to 10 ms an APDU; the middle"),
        transceive_limit=assumed(65_535, "extended APDUs, CCID extended level"),
        timeout=assumed(
            30.0, "PC/SC itself sets no timeout; drivers wait for some tens of seconds"
        ),
        presence_check=assumed(None, "none while a command runs"),
        session_limit=_NO_LIMIT,
        loop_radius=assumed(35.0, "an antenna of the size of a card"),
        reach=assumed(50.0, "desk readers state about five centimetres"),
        type_b=assumed(value=True, reason="certified readers do types A and B"),
    ),
    Phone(
        name="pn532",
        fsd=Fact(64, "PN532-class readers limit frames to 64...256 bytes; the least"),
        to_card=_COMMON_RATE,
        to_reader=_COMMON_RATE,
        host_time=Fact(0.010, "PC/SC over USB adds 1 to 10 ms an APDU; the most"),
        transceive_limit=Fact(255, "data cap of ACR1281-class readers"),
        timeout=assumed(5.0, "a driver's default"),
        presence_check=assumed(None, "the host asks for it"),
        session_limit=_NO_LIMIT,
        loop_radius=assumed(25.0, "a breakout board's printed antenna"),
        reach=assumed(40.0, "three to five centimetres with a card"),
        type_b=Fact(value=False, source="no type B on PN532 through some drivers"),
    ),
)

PHONES = {phone.name: phone for phone in _PHONES}


def phone(name: str) -> Phone:
    """A phone profile by name; raises UsageError with the list of names."""
    return named("phone", name, PHONES)
