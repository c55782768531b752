"""A card that answers from a recording, behind a channel of its own."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.clock import WallClock
from harness.crypto.chip_key import ChipKey
from harness.crypto.domain import RandBelow
from harness.crypto.standardized import DOMAINS
from harness.emulator.bac import BacChip
from harness.emulator.chaining import AnswerParts, Responder, answer_bytes
from harness.emulator.channels import Opener
from harness.emulator.front import SecureFront
from harness.emulator.pace import PaceChip
from harness.emulator.status import SecurityStatus
from harness.errors import LinkError, UsageError
from harness.mrz import Mrz
from harness.profile import Interface, Profile
from harness.recording import Recording
from harness.secret import Can, Secret
from harness.trace import hide_codes

_READS = (INS.READ_BINARY, INS.READ_BINARY_ODD)

# SELECT by name, by path from the MF, or of a directory: no file is left selected beside it.
_ANEW = (0x00, 0x01, 0x03, 0x04, 0x08)


class ReplayedCard:
    """Answers each command as the recorded card did when it stood at the same file.

    It opens the channel with whatever CAN, MRZ or PIN the terminal uses, as a recording holds none.
    """

    def __init__(
        self,
        recording: Recording,
        profile: Profile,
        can: Can,
        mrz: Mrz | None = None,
        randbelow: RandBelow = secrets.randbelow,
        *,
        pin: Secret | None = None,
    ) -> None:
        self._recording = recording
        self._profile = profile
        self._passwords: dict[str, Secret] = {"CAN": can} | ({"MRZ": mrz} if mrz else {})
        # The PUK is only asked for its tries, and never offered.
        self._passwords |= {"PIN": pin, "PUK": pin} if pin else {}
        self._mrz = mrz
        self._randbelow = randbelow
        self._respond: Responder | None = None

    def connect(self) -> bytes:
        """Start the recorded card anew."""
        pace, openers = self._pace(), tuple(self._openers())
        self._respond = AnswerParts(SecureFront(pace, _Played(self._recording), openers))
        return self._recording.atr

    def _pace(self) -> PaceChip | None:
        rules = self._profile.pace
        if rules is None:
            return None
        # A recording holds no static key: what stands in for it proves nothing.
        keys = {
            each.reference: ChipKey(DOMAINS[each.parameter_id], 1, each.reference)
            for each in rules.offers
        }
        counter, clock = _NoCounter(), WallClock()
        return PaceChip(rules, self._passwords, counter, clock, self._randbelow, keys)

    def _openers(self) -> Iterator[Opener]:
        """BAC, wherever the terminal stands: the recording itself knows what it had selected."""
        if self._profile.bac is not None and self._mrz is not None:
            status = SecurityStatus(Interface.CONTACTLESS)
            home = status.directory
            yield BacChip(self._profile.bac, self._mrz, home, status, self._randbelow)

    def disconnect(self) -> None:
        """Take the power away."""
        self._respond = None

    def transmit(self, command: bytes) -> bytes:
        """Answer one command from the recording.

        Raises:
            LinkError: the card is not connected.
            UsageError: the recorded run never sent this command at this place.
        """
        if self._respond is None:
            message = "the replayed card is not connected"
            raise LinkError(message)
        return answer_bytes(self._respond, command)


class _NoCounter:
    """A replayed card accepts every CAN and so has nothing to count."""

    wrong_passwords = 0

    def set_wrong_passwords(self, count: int) -> None:
        """Forget the count."""


class _Place:
    """Where in the file tree a row of commands has led, told by the SELECTs alone."""

    def __init__(self) -> None:
        self.directory, self.file = "", ""

    def seen_by(self, command: CommandApdu) -> tuple[str, str]:
        """The directory and file that the answer to a command depends on."""
        return self.directory, self.file if command.ins in _READS else ""

    def follow(self, command: CommandApdu) -> None:
        """Take a SELECT that the card accepted."""
        chosen = f"{command.p1:02X}{command.data.hex()}"
        if command.p1 in _ANEW:
            self.directory, self.file = chosen, ""
        else:
            self.file = chosen


class _Played:
    """The recorded exchanges by place and command; repeated ones in their recorded order."""

    takes_proprietary = True

    def __init__(self, recording: Recording) -> None:
        self._answers: dict[tuple[tuple[str, str], str], list[ResponseApdu]] = defaultdict(list)
        self._place = _Place()
        place = _Place()
        for each in recording.exchanges:
            answer = ResponseApdu.decode(bytes.fromhex(each.response))
            command = CommandApdu.decode(bytes.fromhex(each.command.replace("**", "00")))
            self._answers[place.seen_by(command), _key(command)].append(answer)
            if command.ins == INS.SELECT and answer.ok:
                place.follow(command)

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """The recorded answer; the last one stands for every further repetition."""
        answers = self._answers.get((self._place.seen_by(command), _key(command)))
        if not answers:
            answers = self._elsewhere(command)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if command.ins == INS.SELECT and answer.ok:
            self._place.follow(command)
        return answer

    def _elsewhere(self, command: CommandApdu) -> list[ResponseApdu]:
        """The answers from another place, where the recording leaves no doubt which.

        Selecting leads to the same file wherever it was recorded. A run that takes another way to
        a global code or key, or to a file of the same name, means the only one on record.
        """
        ins, (_, file) = command.ins, self._place.seen_by(command)
        found = [
            answers
            for ((_, recorded), key), answers in self._answers.items()
            if key == _key(command) and recorded == file and (file or ins != INS.READ_BINARY)
        ]
        if len(found) == 1 or (found and command.ins == INS.SELECT):
            return found[0]
        message = (
            f"the recording has no answer to {command.name} at this place; "
            "record the run again with the commands that are needed"
        )
        raise UsageError(message)

    def open_channel(self) -> None:
        """Nothing recorded depends on it."""

    def close_channel(self) -> None:
        """Nothing recorded depends on it."""


def _key(command: CommandApdu) -> str:
    return hide_codes(command.encode())
