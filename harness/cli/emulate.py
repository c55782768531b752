"""`eidrig emulate`: serve an emulated card to a reader until told to stop."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Protocol

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from harness.cli.options import FILE, card_options, emulated_options
from harness.emulator.card import EmulatedCard
from harness.emulator.lies import MISBEHAVIOURS
from harness.emulator.misbehaviour import MisbehavingCard, Moment
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage
from harness.errors import UsageError
from harness.icc import Icc
from harness.station import CardOptions, card_image, card_memory, host_and_port, port_number
from harness.transport.storage import write_atomic
from harness.transport.tcp import Dialling, Listening
from harness.transport.vpcd import Visit, VpcdCard


@click.command("emulate")
@click.argument("profile")
@click.option(
    "--at",
    default="vpcd:127.0.0.1:35963",
    show_default=True,
    metavar="URI",
    help="vpcd:<host>:<port> calls a waiting reader (35963 is pcscd's virtual one), "
    "vpcd-listen:<port> waits for a reader, nfc:<nfcpy path> plays the card through an NFC device.",
)
@click.option(
    "--misbehave",
    type=click.Choice(sorted(MISBEHAVIOURS)),
    help="Misbehave in one way, to see what the terminal makes of it (docs/misbehaving-cards.md).",
)
@click.option("--once", is_flag=True, help="End when the first reader leaves.")
@click.option("--ca-out", type=FILE, help="Write the card's test CA certificates as PEM.")
@card_options
def command(  # noqa: PLR0913 - one parameter an option
    *,
    profile: str,
    at: str,
    misbehave: str | None,
    once: bool,
    ca_out: Path | None,
    person: Path | None,
    seed: int,
    state: Path | None,
    interface: str | None,
) -> None:
    """Serve an emulated card of PROFILE (a name or a .toml file) to a reader."""
    options = emulated_options(profile, person, seed, state, interface)
    image, holder = card_image(options)
    if misbehave is not None:
        _require_channel(image, misbehave)
        image = MISBEHAVIOURS[misbehave].image(image)
    card = EmulatedCard(image, options.interface, card_memory(image, state))
    server, address = _server(_misbehaving(card, misbehave), at)
    if ca_out is not None:
        write_atomic(ca_out, _pem(image.authorities))
    _announce_codes(options, image, holder)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    click.echo(f"ready: {image.profile.name}, {card.interface}, at {address}")
    server.serve(once=once)
    click.echo("stopped")


def _require_channel(image: CardImage, misbehave: str) -> None:
    """Every misbehaviour is one of opening a channel or within it."""
    if image.profile.pace is None and image.profile.bac is None:
        message = (
            f"{image.profile.name} opens no channel, so it has no occasion for {misbehave}; "
            "choose a card with PACE"
        )
        raise UsageError(message)


def _misbehaving(card: EmulatedCard, name: str | None) -> Icc:
    if name is None:
        return card
    misbehaviour = MISBEHAVIOURS[name]
    click.echo(f"misbehaves: {misbehaviour.does}")
    click.echo(f"a good terminal {misbehaviour.due}")
    return MisbehavingCard(card, misbehaviour, _announce_lies)


def _announce_lies(lies: frozenset[Moment], heard: int) -> None:
    told = " and ".join(sorted(lies))
    after = f"{heard} commands came after it" if heard else "no command came after it"
    click.echo(f"lied in {told}; {after}")


class _Server(Protocol):
    def serve(self, *, once: bool) -> None: ...

    def stop(self) -> None: ...


def _server(card: Icc, at: str) -> tuple[_Server, str]:
    """What serves the card there, and where that is: a port chosen for `vpcd-listen:0` is told."""
    kind, _, where = at.partition(":")
    match kind:
        case "vpcd":
            place = Dialling(*host_and_port(where))
            called = f"{at}, which is called until a reader listens there"
            return VpcdCard(card, place, observe=_announce), called
        case "vpcd-listen":
            door = Listening(port_number(where))
            return VpcdCard(card, door, observe=_announce), f"vpcd-listen:{door.port}"
        case "nfc":
            from harness.transport.nfc_target import NfcTarget  # noqa: PLC0415 - needs nfcpy

            return NfcTarget(card, where, observe=_announce), at
    message = (
        f"{at} is no place for a card; "
        "there are vpcd:<host>:<port>, vpcd-listen:<port> and nfc:<nfcpy path>"
    )
    raise UsageError(message)


def _announce_codes(options: CardOptions, image: CardImage, person: Person) -> None:
    """An invented card's codes are there to be known; those of a person file stay its own."""
    if options.person is not None:
        click.echo(f"codes: as in {options.person}")
        return
    codes = {"CAN": person.can, "PIN1": person.pin1, "PIN2": person.pin2, "PUK": person.puk}
    pace = image.profile.pace
    has = {*image.profile.pins, *(pace.passwords if pace else ())}
    shown = ", ".join(
        f"{name} {code.reveal().decode()}" for name, code in codes.items() if name in has
    )
    click.echo(f"codes: {shown or 'none'}")
    if image.travel is not None:
        click.echo(f"machine readable zone: {' '.join(image.travel.zone)}")


def _announce(visit: Visit) -> None:
    click.echo(visit.value)


def _pem(certificates: tuple[bytes, ...]) -> bytes:
    parsed = (x509.load_der_x509_certificate(der) for der in certificates)
    return b"".join(each.public_bytes(Encoding.PEM) for each in parsed)
