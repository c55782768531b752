"""`eidrig emulate` as a program: what it says, whom it serves, and how it ends."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
from cryptography import x509

from fixtures.cards import IDEMIA, PROFILES, THALES
from fixtures.command import Eidrig, running
from harness.transport.vpcd import VpcdReader

SERVE = ("--at", "vpcd-listen:0")
CODES = {"CODE_CAN": "123456", "CODE_PIN1": "1234"}
FROM = ("--can-from", "env:CODE_CAN", "--pin1-from", "env:CODE_PIN1")


@pytest.fixture(autouse=True)
def _codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default person's codes in the environment."""
    for name, value in CODES.items():
        monkeypatch.setenv(name, value)


def place_in(ready: str) -> str:
    """Where the ready line says that a reader finds the card."""
    return ready.rpartition(" at ")[2].replace("vpcd-listen:", "vpcd:127.0.0.1:")


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("interface", ["contactless", "contact"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_reader_calls(eidrig: Eidrig, profile: str, interface: str) -> None:
    """A card that waits for readers is read through the socket as it is in process, twice."""
    with running("emulate", profile, *SERVE, "--interface", interface) as card:
        place = place_in(card.until("ready: "))
        for _ in range(2):
            document = eidrig("read", "--card", place, "--json", *FROM).document
            assert (document["outcome"], document["profile"]) == ("ok", profile)
            assert document["card"] == {
                "place": place,
                "atr": document["card"]["atr"],
                "interface": interface,
            }
            assert (document["pace"] is None) is (interface == "contact")
            assert document["authentication"] == {"signature_verified": True}
        ended = card.end()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("a reader came") == ended.out.count("the reader left") == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_a_card_calls(eidrig: Eidrig, profile: str) -> None:
    """A reader that waits is called by the card, which goes on calling until it answers."""
    port = free_port()
    with running("emulate", profile, "--at", f"vpcd:127.0.0.1:{port}") as card:
        card.until("ready: ")
        ran = eidrig("read", "--card", f"vpcd-listen:{port}", "--json", *FROM)
        assert ran.document["outcome"] == "ok"
        assert card.end().code == 0


def test_the_codes_are_announced() -> None:
    """The codes of an invented card are told before the ready line, each line at once."""
    with running("emulate", IDEMIA, *SERVE) as card:
        card.until("ready: ")
        assert "codes: CAN 123456, PIN1 1234, PIN2 12345, PUK 12345678" in card.said
        card.end()


def test_the_zone_is_announced() -> None:
    """A passport tells what opens it: the zone, and the CAN where it has one."""
    for name, codes in (("icao-passport", "CAN 123456"), ("icao-passport-bac", "none")):
        with running("emulate", name, *SERVE) as card:
            card.until("ready: ")
            assert f"codes: {codes}" in card.said
            assert any("P<UTOJOEORG<<JAAK<KRISTJAN<" in line for line in card.said)
            card.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    """SIGINT and SIGTERM are the way to stop it: code 0 and a last word."""
    with running("emulate", THALES, *SERVE) as card:
        card.until("ready: ")
        ended = card.end(number)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.rstrip().endswith("stopped")


def test_a_signal_ends_it_while_it_calls_in_vain() -> None:
    """A card whose reader never comes can be stopped too."""
    with running("emulate", IDEMIA, "--at", f"vpcd:127.0.0.1:{free_port()}") as card:
        card.until("ready: ")
        assert card.end().code == 0


def test_once(eidrig: Eidrig) -> None:
    """With --once it ends by itself when its first reader leaves."""
    with running("emulate", IDEMIA, *SERVE, "--once") as card:
        place = place_in(card.until("ready: "))
        assert eidrig("read", "--card", place, *FROM).code == 0
        ended = card.ended()
    assert ended.code == 0
    assert "stopped" in ended.out


def test_the_state_is_kept(eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A try spent on a served card is in its state file, and the next run goes on from there."""
    state = tmp_path / "state.json"
    monkeypatch.setenv("CODE_PIN1", "4321")
    with running("emulate", IDEMIA, *SERVE, "--state", state) as card:
        place = place_in(card.until("ready: "))
        ran = eidrig("read", "--card", place, "--json", *FROM)
        assert ran.document["pin1"] == {"verified": False, "tries_left": 2}
        card.end()
    assert eidrig("read", "--state", state, "--no-pin", "--json").document["pin1"] == {
        "verified": None,
        "tries_left": 2,
    }


def test_the_test_ca_is_written(eidrig: Eidrig, tmp_path: Path) -> None:
    """--ca-out writes the root and the issuing CA, against which a far reader checks the chain."""
    file = tmp_path / "ca.pem"
    with running("emulate", IDEMIA, *SERVE, "--ca-out", file) as card:
        place = place_in(card.until("ready: "))
        document = eidrig("read", "--card", place, "--json", "--trust", file, *FROM).document
        card.end()
    assert document["certificates"]["signing"]["chain_verified"] is True
    assert len(x509.load_pem_x509_certificates(file.read_bytes())) == 2


def test_the_card_vanishes(eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card whose program is killed within the read is a lost link."""
    genuine, sent = VpcdReader.transmit, []
    with running("emulate", IDEMIA, *SERVE) as card:

        def transmit(reader: VpcdReader, command: bytes) -> bytes:
            sent.append(command)
            if len(sent) == 10:
                card.process.kill()
                card.process.wait()
            return genuine(reader, command)

        monkeypatch.setattr(VpcdReader, "transmit", transmit)
        place = place_in(card.until("ready: "))
        ran = eidrig("read", "--card", place, "--json", *FROM)
    ran.refused(3)
    assert ran.document["outcome"] == "link-lost"
    assert ran.document["apdus"] == len(sent) == 10


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["emulate"], "Missing argument 'PROFILE'"),
        (["emulate", "est-idemia-1999"], "there is no profile est-idemia-1999; there are bel-eid"),
        (["emulate", "no/such.toml"], "no/such.toml cannot be read"),
        (["emulate", IDEMIA, "--at", "pcsc:ACR"], "pcsc:ACR is no place for a card; there are"),
        (["emulate", IDEMIA, "--at", "vpcd:35963"], "lacks a host or a port"),
        (["emulate", IDEMIA, "--at", "vpcd-listen:99999"], "'99999' is not a port number"),
        (["emulate", IDEMIA, "--at", "vpcd-listen:x"], "'x' is not a port number"),
        (["emulate", IDEMIA, "--interface", "radio"], "'radio' is not one of 'contact'"),
        (["emulate", IDEMIA, "--person", "/no/person.toml"], "/no/person.toml cannot be read"),
        (["emulate", "bel-eid-1.8", "--misbehave", "sm-nothing"], "opens no channel, so it has no"),
        (["emulate", IDEMIA, "--seed", "x"], "'x' is not a valid integer"),
    ],
)
def test_wrong_usage(eidrig: Eidrig, arguments: list[str], complaint: str) -> None:
    """Each wrong argument is one sentence and code 2."""
    assert complaint in eidrig(*arguments).refused(2)


def test_a_port_in_use(eidrig: Eidrig, tmp_path: Path) -> None:
    """A port that somebody else has is said so; nothing is announced or written."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        file = tmp_path / "ca.pem"
        ran = eidrig("emulate", IDEMIA, "--at", f"vpcd-listen:{port}", "--ca-out", file)
    assert f"cannot listen on 127.0.0.1:{port}" in ran.refused(2)
    assert "choose another port" in ran.err
    assert ran.out == ""
    assert not file.exists()


def test_interrupting_a_read() -> None:
    """Ctrl-C while a card keeps us waiting ends with 130 and one line."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(10)
        place = f"vpcd:127.0.0.1:{door.getsockname()[1]}"
        arguments = ("read", "--card", place, "--no-pin", *FROM[:2])
        with running(*arguments, **CODES) as reader:
            silent, _ = door.accept()
            with silent:
                assert silent.recv(1) == b"\x00"
                ended = reader.end(signal.SIGINT)
    assert ended.code == 130
    assert ended.err.splitlines()[-1] == "eidrig: interrupted"
    assert "Traceback" not in ended.err


def test_a_misbehaving_card(eidrig: Eidrig) -> None:
    """A card that lies says so, the terminal ends there, and the card tells what came after."""
    lie = ("--misbehave", "token-wrong")
    with running("emulate", IDEMIA, *SERVE, *lie) as card:
        place = place_in(card.until("ready: "))
        said = eidrig("read", "--card", place, *FROM).refused(1)
        ended = card.end()
    assert "the card's authentication token is wrong" in said
    assert "misbehaves: One bit of its token is wrong." in ended.out
    assert "lied in the authentication token; no command came after it" in ended.out
