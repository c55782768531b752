"""Frames as a pcapng capture that Wireshark and tshark dissect (linktype 264, ISO 14443)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from harness.air.frame import Fate, Frame
from harness.air.timing import Direction, Kind
from harness.errors import UsageError
from harness.isodep.crc import crc_a, crc_b
from harness.trace import Journal, Trace

LINKTYPE_ISO_14443 = 264
_TO_CARD, _TO_READER = 0xFE, 0xFF
_MICROSECONDS = 1_000_000


class FrameCapture:
    """An observer of an `Air` that keeps its frames, for a capture and in a redacted trace."""

    def __init__(self, journal: Journal, trace: Trace) -> None:
        self._journal = journal
        self._trace = trace
        self.frames: list[Frame] = []

    def __call__(self, frame: Frame) -> None:
        """Take one frame; the bytes of a plain PIN are replaced before they are kept."""
        hidden = self._journal.carries_code
        if hidden:
            frame = replace(frame, data=frame.data[:1] + bytes(len(frame.data) - 1))
        self.frames.append(frame)
        entry = {
            "phase": self._journal.current_phase,
            "start": round(frame.start, 6),
            "seconds": round(frame.end - frame.start, 6),
            "direction": frame.direction.name.lower().replace("_", "-"),
            "data": frame.data.hex().upper(),
            "fate": frame.fate.value,
        }
        self._trace.note_frame(entry, hidden=hidden)


def as_pcapng(frames: Sequence[Frame]) -> bytes:
    """A capture of every frame with its CRC; a frame that arrived damaged has a wrong one.

    Times count from the beginning of the link. Each packet begins with the pseudo-header of the
    linktype: version 0, event, length (two bytes, big-endian).

    Raises:
        UsageError: the library that writes captures is not installed.
    """
    try:
        from pcapng import FileWriter, blocks  # noqa: PLC0415 - an extra
    except ImportError:
        message = "captures need python-pcapng; install it with: pip install 'eidrig[capture]'"
        raise UsageError(message) from None
    section = blocks.SectionHeader(options={"shb_userappl": "eidrig"})
    interface = section.new_member(
        blocks.InterfaceDescription,
        link_type=LINKTYPE_ISO_14443,
        options={"if_name": "simulated air"},
    )
    stream = io.BytesIO()
    writer = FileWriter(stream, section)
    for frame in frames:
        ticks = round(frame.start * _MICROSECONDS)
        packet = section.new_member(
            blocks.EnhancedPacket,
            interface_id=interface.interface_id,
            timestamp_high=ticks >> 32,
            timestamp_low=ticks & 0xFFFFFFFF,
            packet_data=packet_bytes(frame),
        )
        writer.write_block(packet)
    return stream.getvalue()


def packet_bytes(frame: Frame) -> bytes:
    """One frame as a packet: pseudo-header, data, CRC."""
    crc = (crc_a if frame.timing.kind is Kind.A else crc_b)(frame.data)
    if frame.fate is Fate.CORRUPTED:
        crc = bytes(byte ^ 0xFF for byte in crc)
    event = _TO_CARD if frame.direction is Direction.TO_CARD else _TO_READER
    payload = frame.data + crc
    return bytes((0, event)) + len(payload).to_bytes(2, "big") + payload
