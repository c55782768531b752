"""The holder at the card under test: offers codes, right and wrong ones, and uses the keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.judgement import Blocked, Failure, demand, demand_sw
from harness.conformance.subject import Subject
from harness.errors import ApduError, CardError, LinkError
from harness.profile import KeyName, PinName, PinRules
from harness.terminal.certificate import Certificate
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.families import FAMILIES

_COUNTER = "ISO/IEC 7816-4, 7.5.1"
UNPROVED = (0x6982, 0x6985)  # EN 419212-2, 10.2: the security status, or the conditions of use
"""How a card refuses what was not proved."""


class Holder:
    """One activation of the card with its channel open, and all that the holder can do there.

    Codes are offered as they come and any status word is taken; `spending` sees to it that a real
    card gets its tries and its codes back, also where it took a value that it must not take.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.profile = subject.profile
        self.channel: CardChannel
        self.eid: Eid
        self._spends = False
        self._undo: dict[PinName, Callable[[], ResponseApdu]] = {}
        self.anew()

    def anew(self) -> None:
        """Take the power away and open the channel again.

        Raises:
            Blocked: the password of the channel was not given.
            CardError, LinkError: as the steps of PACE.
        """
        self.resume(self.subject.access())

    def resume(self, channel: CardChannel) -> None:
        """Go on through another channel of the same activation."""
        self.channel, self.eid = channel, self.subject.eid(channel)

    def rules(self, name: PinName) -> PinRules:
        """The profile's rules for a code."""
        return self.profile.pins[name]

    def right(self, name: PinName) -> bytes:
        """The digits of a code.

        Raises:
            Blocked: they were not given.
        """
        return self.subject.secret(name).reveal()

    def other(self, name: PinName, step: int = 1) -> bytes:
        """Digits that are not the code but could be: each is `step` further on."""
        return bytes(0x30 + (digit - 0x30 + step) % 10 for digit in self.right(name))

    def verify(self, name: PinName, digits: bytes | None = None) -> ResponseApdu:
        """VERIFY digits, the right ones by default, as the card wants them written."""
        code = self.right(name) if digits is None else digits
        return self.verify_block(name, self.rules(name).block(code))

    def verify_block(self, name: PinName, block: bytes) -> ResponseApdu:
        """VERIFY with these very bytes, where the code is used (ISO/IEC 7816-4, 7.5.6)."""
        self.eid.enter_for(name)
        command = CommandApdu(0x00, INS.VERIFY, 0x00, self.rules(name).reference, block)
        return self.subject.transmit(command, self.channel)

    def change(self, name: PinName, old: bytes, new: bytes) -> ResponseApdu:
        """CHANGE REFERENCE DATA (ISO/IEC 7816-4, 7.5.7); `new` may be what no code may be."""
        rules = self.rules(name)
        self.eid.files.enter(rules.directory)
        data = rules.block(old) + rules.block(new)
        command = CommandApdu(0x00, INS.CHANGE_REFERENCE_DATA, 0x00, rules.reference, data)
        answer = self.subject.transmit(command, self.channel)
        if answer.ok:
            self._taken(name, new, lambda: self.change(name, new, self.right(name)))
        return answer

    def unblock(self, name: PinName, puk: bytes, new: bytes) -> ResponseApdu:
        """Give a code a new value by means of the PUK, and stop at the first refusal."""
        family = FAMILIES[self.profile.family](self.channel, self.profile)
        answer = ResponseApdu()
        blocks = self.rules("PUK").block(puk), self.rules(name).block(new)
        for directory, command in family.unblock_commands(name, *blocks):
            self.eid.files.enter(directory)
            answer = self.subject.transmit(command, self.channel)
            if not answer.ok:
                return answer
        key = new if name == "PUK" else puk
        self._taken(name, new, lambda: self.unblock(name, key, self.right(name)))
        return answer

    def _taken(self, name: PinName, new: bytes, undo: Callable[[], ResponseApdu]) -> None:
        """Remember how a code gets its right value back, if it now has another."""
        self._undo.pop(name, None)
        if new != self.right(name):
            self._undo[name] = undo

    def tries(self, name: PinName) -> int:
        """How many tries a code has left, as the card counts."""
        return self.eid.tries_left(name)

    def demand_tries(self, name: PinName, due: int, when: str) -> None:
        """Let a case go on only if the card tells this many tries left.

        Raises:
            Failure: it tells another number.
        """
        left = self.tries(name)
        demand(left == due, f"{due} tries left of {name} {when}", f"{left}", _COUNTER)

    def present(self, name: PinName) -> None:
        """Give a code rightly, by VERIFY or in a new activation by PACE.

        Raises:
            Blocked: on a real card it has lost tries: what was given may not be the right one.
            Failure: the card does not take it.
        """
        rules = self.rules(name)
        if self.subject.source.is_precious and not self._spends:
            self._require_untouched(name)
        if rules.method == "pace":
            self.resume(self.subject.pace("PIN" if name == "PIN1" else "PUK").channel)
            return
        demand_sw(self.verify(name), "ISO/IEC 7816-4, 7.5.6", 0x9000, to=f"the right {name}")

    def certificate(self, key: KeyName) -> Certificate:
        """The certificate of a key."""
        return self.eid.certificate(key)

    def digest(self, key: KeyName) -> bytes:
        """A digest drawn by chance, as long as those that a key signs."""
        return self.subject.chance.randbytes(hashlib.new(self.profile.keys[key].hash).digest_size)

    def sign(self, key: KeyName, digest: bytes) -> bytes:
        """Let a key sign: for a login, or a document.

        Raises:
            ApduError: the card refuses.
        """
        rules = self.profile.keys[key]
        self.eid.enter_key(rules)
        family = FAMILIES[self.profile.family](self.channel, self.profile)
        use = family.authenticate if key == "authentication" else family.sign
        return use(rules, digest)

    def demand_unusable(self, key: KeyName, when: str, clause: str) -> None:
        """Let a case go on only if a key refuses to sign because its code was not given.

        Raises:
            Failure: it signs, or refuses for another reason.
        """
        digest = self.digest(key)
        expected = f"6982 or 6985 from the {key} key {when}"
        try:
            self.sign(key, digest)
        except ApduError as error:
            demand(error.sw in UNPROVED, expected, f"{error.sw:04X}", clause)
            return
        raise Failure(expected, "a signature", clause)

    @contextmanager
    def spending(self, *names: PinName) -> Iterator[None]:
        """Spend tries of these codes, which must be untouched; at the end all is as before.

        Raises:
            Blocked: a code has lost tries before, or was not given.
        """
        for name in names:
            self.right(name)
            self._require_untouched(name)
        self._spends = True
        try:
            yield
        except (Failure, CardError, Blocked):
            with suppress(Failure, CardError, LinkError, Blocked):
                self._give_back(names)
            raise
        self._give_back(names)
        self._spends = False

    def _require_untouched(self, name: PinName) -> None:
        left, most = self.tries(name), self.rules(name).tries
        if left < most:
            message = f"{name} has only {left} of {most} tries left; give it rightly first"
            raise Blocked(message)

    def _give_back(self, names: tuple[PinName, ...]) -> None:
        self.anew()
        for undo in tuple(self._undo.values()):
            undo()
        for name in names:
            left = self.tries(name)
            if left == self.rules(name).tries:
                continue
            if left:
                self.present(name)
            elif name != "PUK" and "PUK" in self.profile.pins:
                answer = self.unblock(name, self.right("PUK"), self.right(name))
                demand_sw(answer, "ISO/IEC 7816-4, 7.5.10", 0x9000, to=f"unblocking {name} again")
