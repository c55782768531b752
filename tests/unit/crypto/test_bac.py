"""Basic Access Control held against the worked example, both roles."""

from __future__ import annotations

import pytest

from fixtures.emrtd_vectors import TD1_LONG, TD1_LONG_SEED, IcaoD3
from fixtures.triple_des_vectors import KEY_SEED, SEED_ENC, SEED_MAC
from harness.crypto.bac import BacError, Contribution, agree, document_keys
from harness.mrz import Mrz, parse_zone

KEYS = document_keys(Mrz(*IcaoD3.MRZ))
TERMINAL = Contribution(IcaoD3.RND_IFD, IcaoD3.RND_IC, IcaoD3.K_IFD)
CHIP = Contribution(IcaoD3.RND_IC, IcaoD3.RND_IFD, IcaoD3.K_IC)


def test_document_keys() -> None:
    """The zone of appendix D.2 gives the keys of appendix D.1."""
    assert Mrz(*IcaoD3.MRZ).reveal()[:16] == KEY_SEED
    assert (KEYS.enc.reveal(), KEYS.mac.reveal()) == (SEED_ENC, SEED_MAC)


def test_the_seed_of_a_long_number() -> None:
    """A document number that goes on in the optional data is used whole (appendix D.2)."""
    zone = parse_zone("\n".join(TD1_LONG))
    assert (zone.number, zone.wrong) == ("D23145890734", ())
    assert zone.password.reveal()[:16] == TD1_LONG_SEED


@pytest.mark.parametrize(
    ("contribution", "cryptogram"), [(TERMINAL, IcaoD3.TERMINAL), (CHIP, IcaoD3.CHIP)]
)
def test_cryptograms(contribution: Contribution, cryptogram: bytes) -> None:
    """Each side seals to the published cryptogram, and the other side opens it."""
    assert contribution.seal(KEYS) == cryptogram
    assert Contribution.unseal(cryptogram, KEYS) == contribution


def test_the_session() -> None:
    """Session keys and start of the counter are those published."""
    session = agree(TERMINAL, CHIP)
    assert (session.keys.enc.reveal(), session.keys.mac.reveal()) == (IcaoD3.KS_ENC, IcaoD3.KS_MAC)
    assert session.ssc == IcaoD3.SSC


def test_halves_are_not_shown() -> None:
    """A contribution does not show its half of the key."""
    assert "0b795240" not in repr(TERMINAL).lower()


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        IcaoD3.CHIP[:-1],
        IcaoD3.CHIP + b"\0",
        *(
            IcaoD3.CHIP[:at] + bytes((IcaoD3.CHIP[at] ^ 1,)) + IcaoD3.CHIP[at + 1 :]
            for at in range(40)
        ),
    ],
)
def test_a_spoilt_cryptogram(spoilt: bytes) -> None:
    """A cryptogram of another size or with any bit changed is refused."""
    with pytest.raises(BacError):
        Contribution.unseal(spoilt, KEYS)


@pytest.mark.parametrize(
    "chip",
    [
        Contribution(IcaoD3.RND_IFD, IcaoD3.RND_IC, IcaoD3.K_IC),
        Contribution(bytes(8), IcaoD3.RND_IFD, IcaoD3.K_IC),
        Contribution(IcaoD3.RND_IC, bytes(8), IcaoD3.K_IC),
    ],
    ids=["reflected", "other nonce of the chip", "not our nonce"],
)
def test_an_answer_to_something_else(chip: Contribution) -> None:
    """An authentic cryptogram that does not answer our nonce is refused."""
    with pytest.raises(BacError, match="our nonce"):
        agree(TERMINAL, chip)
