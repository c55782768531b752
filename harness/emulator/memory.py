"""What the card remembers without power: tries left, changed codes, wrong passwords in a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from harness.emulator.personalise import CardImage
from harness.errors import UsageError
from harness.secret import Secret

Keep = Callable[[bytes], None]
"""Stores the state somewhere that outlives the run; called at every change, before it counts."""

_DAMAGED = "the state file is damaged; delete it to start a new card"


@dataclass(slots=True)
class _State:
    card: str
    tries: dict[str, int]
    codes: dict[str, str]
    wrong_passwords: int
    pin2_changed: bool
    passwords: dict[str, str] = field(default_factory=dict)


class CardMemory:
    """The card's non-volatile counters; each change is stored before it takes effect."""

    def __init__(
        self, image: CardImage, saved: bytes | None = None, keep: Keep = lambda _: None
    ) -> None:
        fresh = _State(
            card=image.serial,
            tries={name: rules.tries for name, rules in image.profile.pins.items()},
            codes={name: digest.hex() for name, digest in image.codes.items()},
            wrong_passwords=0,
            pin2_changed=image.pin2_changed,
        )
        self._pin_active = image.pin_active
        # PACE needs a password itself, not its digest, so a new one is kept under the card's key.
        self._seal = AESSIV(image.digest_key.reveal())
        self._state = fresh if saved is None else _restore(saved, fresh)
        self._require_sealed()
        self.keep = keep

    def tries(self, name: str) -> int:
        """How many wrong tries this code has left."""
        return self._state.tries[name]

    def code(self, name: str) -> bytes:
        """The digest of the code now valid."""
        return bytes.fromhex(self._state.codes[name])

    def password(self, name: str) -> Secret | None:
        """The password of PACE that the holder chose, or None while the first one is valid."""
        if name not in self._state.passwords:
            return None
        sealed = bytes.fromhex(self._state.passwords[name])
        return Secret(self._seal.decrypt(sealed, [name.encode()]))

    @property
    def wrong_passwords(self) -> int:
        """How many wrong PACE passwords came since the last right one."""
        return self._state.wrong_passwords

    @property
    def pin_active(self) -> bool:
        """Whether the PIN of PACE is active; a card may be handed out without it."""
        return self._pin_active

    @property
    def pin2_changed(self) -> bool:
        """Whether the holder has replaced the PIN2 that came with the card."""
        return self._state.pin2_changed

    def set_tries(self, name: str, tries: int) -> None:
        """Store how many tries a code has left."""
        if self._state.tries[name] != tries:
            self._state.tries[name] = tries
            self._store()

    def set_code(self, name: str, digest: bytes) -> None:
        """Store a new code."""
        self._state.codes[name] = digest.hex()
        self._state.pin2_changed |= name == "PIN2"
        self._store()

    def set_password(self, name: str, password: bytes) -> None:
        """Store a new password of PACE."""
        self._state.passwords[name] = self._seal.encrypt(password, [name.encode()]).hex()
        self._store()

    def set_wrong_passwords(self, count: int) -> None:
        """Store how many wrong PACE passwords came in a row."""
        if self._state.wrong_passwords != count:
            self._state.wrong_passwords = count
            self._store()

    def _require_sealed(self) -> None:
        try:
            for name in self._state.passwords:
                self.password(name)
        except (AttributeError, TypeError, ValueError, InvalidTag):
            raise UsageError(_DAMAGED) from None

    def _store(self) -> None:
        self.keep(json.dumps(asdict(self._state), indent=1).encode() + b"\n")


def _restore(saved: bytes, fresh: _State) -> _State:
    try:
        state = _State(**json.loads(saved))
    except (ValueError, TypeError):
        message = "the state file is not one that eidrig wrote; delete it to start a new card"
        raise UsageError(message) from None
    if state.card != fresh.card:
        message = f"the state file belongs to card {state.card}, not to {fresh.card}"
        raise UsageError(message)
    if not _plausible(state, fresh):
        raise UsageError(_DAMAGED)
    return state


def _plausible(state: _State, fresh: _State) -> bool:
    try:
        return (
            state.tries.keys() == fresh.tries.keys() == state.codes.keys()
            and all(_counts(state.tries[name], most) for name, most in fresh.tries.items())
            and all(len(bytes.fromhex(code)) == 32 for code in state.codes.values())
            and _counts(state.wrong_passwords, state.wrong_passwords)
            and isinstance(state.pin2_changed, bool)
        )
    except (AttributeError, TypeError, ValueError):
        return False


def _counts(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
