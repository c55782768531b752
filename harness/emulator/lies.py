"""The ways in which a card can misbehave towards its terminal, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from harness import tlv
from harness.apdu import ResponseApdu
from harness.emulator.misbehaviour import Lie, Misbehaviour, Moment, Said
from harness.emulator.personalise import CardImage
from harness.profile import Content
from harness.security_info import PaceInfo, encode_pace_info
from harness.tlv import Tlv


def _if_said(lie: Lie) -> Lie:
    """A lie about what the right card says; where it refuses or says a part only, no lie."""
    return lambda said: lie(said) if said.objects else said.answer


def _status(sw: int) -> Lie:
    return lambda said: ResponseApdu(sw=sw)  # noqa: ARG005 - whatever was said


def _value(change: Callable[[bytes], bytes]) -> Lie:
    return _if_said(lambda said: said.with_value(change(said.objects[0].value)))


def _flipped(raw: bytes) -> bytes:
    return raw[:-1] + bytes((raw[-1] ^ 0x01,))


def _reflected(said: Said) -> ResponseApdu:
    """Also where the right card would have refused; its tag is the next one (9303-11, 4.4.4.2)."""
    (sent,) = tlv.parse_one(said.command.data).children()
    return ResponseApdu(tlv.encode(0x7C, tlv.encode(sent.tag + 1, sent.value)))


def _foreign_token(said: Said) -> ResponseApdu:
    """Eight bytes that no MAC under the session's key has made."""
    token = hashlib.sha256(said.sent).digest()[:8]
    return ResponseApdu(tlv.encode(0x7C, tlv.encode(0x86, token)))


def _as_mapping(said: Said) -> ResponseApdu:
    return said.with_value(said.objects[0].value, 0x82)


def _with_chip_data(said: Said) -> ResponseApdu:
    return ResponseApdu(tlv.encode(0x7C, *said.objects, tlv.encode(0x8A, bytes(32))))


def _doubled(said: Said) -> ResponseApdu:
    return ResponseApdu(tlv.encode(0x7C, *said.objects, *said.objects))


def _bare(said: Said) -> ResponseApdu:
    return ResponseApdu(b"".join(each.encode() for each in said.objects))


def _wrong_mac(said: Said) -> ResponseApdu:
    return replace(said.answer, data=_flipped(said.answer.data))


def _other_cryptogram(said: Said) -> ResponseApdu:
    first, *rest = said.objects
    changed = Tlv(first.tag, _flipped(first.value)).encode()
    return replace(said.answer, data=changed + b"".join(each.encode() for each in rest))


def _repeated(said: Said) -> ResponseApdu:
    return said.before or said.answer


def _in_the_clear(said: Said) -> ResponseApdu:
    del said
    return ResponseApdu(b"\x31\x00")


def _access(*infos: PaceInfo) -> Callable[[CardImage], CardImage]:
    """A card whose EF.CardAccess lists these protocols and no other."""
    raw = tlv.encode(0x31, *sorted(encode_pace_info(info) for info in infos))

    def changed(image: CardImage) -> CardImage:
        named = {
            name: raw
            for name, file in image.profile.files.items()
            if file.content is Content.CARD_ACCESS
        }
        return replace(image, files={**image.files, **named})

    return changed


_ECDH_GM = "0.4.0.127.0.7.2.2.4.2.2"
_OF_A_DH_GROUP = PaceInfo(_ECDH_GM, 2, 0)
_OF_NO_SUITE = PaceInfo("0.4.0.127.0.7.2.2.4.2.9", 2, 13)

_ENDS = "ends PACE with an error of the card, sends nothing more, and opens no channel"
_ENDS_SM = "drops the channel, believes nothing of the answer, and sends nothing more in it"
_REFUSED = "says that the card refused, and does not go on with PACE"
_WRONG = "says that the password is wrong, and does not try it again by itself"
_NOT_BEGUN = "says that it cannot use what the card offers, and does not begin PACE"

MISBEHAVIOURS: Mapping[str, Misbehaviour] = MappingProxyType(
    {
        "set-at-refused": Misbehaviour(
            "It refuses MSE:Set AT with 6A80.", _REFUSED, {Moment.SET_AT: _status(0x6A80)}
        ),
        "wrong-password-key": Misbehaviour(
            "It encrypts the nonce under a key of another password, and goes on.",
            _ENDS,
            {
                Moment.NONCE: _value(lambda raw: hashlib.sha512(raw).digest()[: len(raw)]),
                Moment.TOKEN: _foreign_token,
            },
        ),
        "nonce-cut-short": Misbehaviour(
            "Its encrypted nonce is not whole blocks.",
            _ENDS,
            {Moment.NONCE: _value(lambda raw: raw[:-1])},
        ),
        "nonce-empty": Misbehaviour(
            "Its encrypted nonce is empty.", _ENDS, {Moment.NONCE: _value(lambda _: b"")}
        ),
        "nonce-under-other-tag": Misbehaviour(
            "It sends the nonce as mapping data.",
            _ENDS,
            {Moment.NONCE: _if_said(_as_mapping)},
        ),
        "nonce-without-7c": Misbehaviour(
            "It sends the nonce without the template 7C.", _ENDS, {Moment.NONCE: _if_said(_bare)}
        ),
        "mapping-off-curve": Misbehaviour(
            "Its mapping data is no element of the group.",
            _ENDS,
            {Moment.MAPPING: _value(_flipped)},
        ),
        "mapping-cut-short": Misbehaviour(
            "Its mapping data lacks a byte.",
            _ENDS,
            {Moment.MAPPING: _value(lambda raw: raw[:-1])},
        ),
        "mapping-reflected": Misbehaviour(
            "It sends the terminal's mapping data back.", _ENDS, {Moment.MAPPING: _reflected}
        ),
        "mapping-refused": Misbehaviour(
            "It refuses the mapping data with 6300.", _REFUSED, {Moment.MAPPING: _status(0x6300)}
        ),
        "mapping-twice": Misbehaviour(
            "It sends its mapping data twice.", _ENDS, {Moment.MAPPING: _if_said(_doubled)}
        ),
        "key-reflected": Misbehaviour(
            "It sends the terminal's ephemeral key back.", _ENDS, {Moment.KEY: _reflected}
        ),
        "key-off-curve": Misbehaviour(
            "Its ephemeral key is no element of the group.", _ENDS, {Moment.KEY: _value(_flipped)}
        ),
        "key-of-zeros": Misbehaviour(
            "Its ephemeral key is zeros.",
            _ENDS,
            {Moment.KEY: _value(lambda raw: raw[:1] + bytes(len(raw) - 1))},
        ),
        "key-cut-short": Misbehaviour(
            "Its ephemeral key lacks a byte.", _ENDS, {Moment.KEY: _value(lambda raw: raw[:-1])}
        ),
        "key-missing": Misbehaviour(
            "It answers 9000 without a key.", _ENDS, {Moment.KEY: _status(0x9000)}
        ),
        "token-wrong": Misbehaviour(
            "One bit of its token is wrong.", _ENDS, {Moment.TOKEN: _value(_flipped)}
        ),
        "token-of-another-mac": Misbehaviour(
            "It makes its token by another algorithm.", _ENDS, {Moment.TOKEN: _foreign_token}
        ),
        "token-reflected": Misbehaviour(
            "It sends the terminal's token back.", _ENDS, {Moment.TOKEN: _reflected}
        ),
        "token-cut-short": Misbehaviour(
            "It sends half of its token.", _ENDS, {Moment.TOKEN: _value(lambda raw: raw[:4])}
        ),
        "token-missing": Misbehaviour(
            "It answers 9000 without a token.", _ENDS, {Moment.TOKEN: _status(0x9000)}
        ),
        "token-refused": Misbehaviour(
            "It refuses every token with 6300.", _WRONG, {Moment.TOKEN: _status(0x6300)}
        ),
        "chip-data-unasked": Misbehaviour(
            "It adds the proof of a chip to a protocol that has none.",
            _ENDS,
            {Moment.TOKEN: _if_said(_with_chip_data)},
        ),
        "parameters-inconsistent": Misbehaviour(
            "EF.CardAccess lists a protocol on curves with the parameters of a prime field group.",
            _NOT_BEGUN,
            image=_access(_OF_A_DH_GROUP),
        ),
        "algorithm-unknown": Misbehaviour(
            "EF.CardAccess lists only a protocol that nobody knows.",
            _NOT_BEGUN,
            image=_access(_OF_NO_SUITE),
        ),
        "sm-mac-wrong": Misbehaviour(
            "One bit of a MAC in the channel is wrong.",
            _ENDS_SM,
            {Moment.PROTECTED: _if_said(_wrong_mac)},
        ),
        "sm-mac-missing": Misbehaviour(
            "An answer in the channel has no MAC.",
            _ENDS_SM,
            {Moment.PROTECTED: _if_said(lambda said: said.without(0x8E))},
        ),
        "sm-status-missing": Misbehaviour(
            "An answer in the channel has no protected status word.",
            _ENDS_SM,
            {Moment.PROTECTED: _if_said(lambda said: said.without(0x99))},
        ),
        "sm-status-changed": Misbehaviour(
            "The status word outside is not the protected one.",
            _ENDS_SM,
            {Moment.PROTECTED: lambda said: replace(said.answer, sw=0x6282)},
        ),
        "sm-data-changed": Misbehaviour(
            "One bit of an answer in the channel was changed on the way.",
            _ENDS_SM,
            {Moment.PROTECTED: _if_said(_other_cryptogram)},
        ),
        "sm-repeated": Misbehaviour(
            "From the second command on, the channel repeats the answer before.",
            _ENDS_SM,
            {Moment.PROTECTED: _repeated},
        ),
        "sm-in-the-clear": Misbehaviour(
            "It answers a protected command in the clear, with data and 9000.",
            _ENDS_SM,
            {Moment.PROTECTED: _in_the_clear},
        ),
        "sm-nothing": Misbehaviour(
            "It answers a protected command with 9000 alone.",
            _ENDS_SM,
            {Moment.PROTECTED: _status(0x9000)},
        ),
        "sm-error-in-the-clear": Misbehaviour(
            "It answers a protected command with an unprotected error.",
            _ENDS_SM,
            {Moment.PROTECTED: _status(0x6A82)},
        ),
        "key-and-token-reflected": Misbehaviour(
            "It sends the terminal's ephemeral key and then its token back, and knows no password.",
            _ENDS,
            {Moment.KEY: _reflected, Moment.TOKEN: _reflected},
        ),
    }
)
"""The ways to misbehave by name."""
