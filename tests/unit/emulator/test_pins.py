"""PIN1, PIN2 and PUK of the emulated cards."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, Talk, image_of, opened, powered
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.profile import Interface, PinName

MAIN = {
    IDEMIA: "00A4040C10A000000077010800070000FE00000100",
    THALES: "00A4040C0CA000000063504B43532D3135",
}
QSCD = "00A4040C1051534344204170706C69636174696F6E"
AWP = "00A4040C0DE828BD080FF2504F5420415750"


@dataclass(frozen=True)
class Codes:
    """How a generation refers to its codes and pads them."""

    pad: int
    references: dict[str, str]
    pin2: str

    def block(self, digits: str) -> str:
        """Twelve bytes of a code as it travels."""
        return digits.encode().ljust(12, bytes((self.pad,))).hex().upper()

    def verify(self, name: str, digits: str) -> str:
        """VERIFY."""
        return f"002000{self.references[name]}0C{self.block(digits)}"

    def change(self, name: str, old: str, new: str) -> str:
        """CHANGE REFERENCE DATA."""
        return f"002400{self.references[name]}18{self.block(old)}{self.block(new)}"


SPEAK = {
    IDEMIA: Codes(0xFF, {"PIN1": "01", "PIN2": "85", "PUK": "02"}, QSCD),
    THALES: Codes(0x00, {"PIN1": "81", "PIN2": "82", "PUK": "83"}, MAIN[THALES]),
}
every_card = pytest.mark.parametrize("name", PROFILES)


def wrong(name: str, pin: str, card: Talk, times: int) -> list[str]:
    """Answers to so many wrong codes."""
    return [card(SPEAK[name].verify(pin, "99999999")) for _ in range(times)]


@every_card
@pytest.mark.parametrize(
    ("pin", "code"), [("PIN1", "1234"), ("PIN2", "12345"), ("PUK", "12345678")]
)
def test_every_code(name: str, pin: PinName, code: str) -> None:
    """The right code is accepted; wrong ones count down 63C2, 63C1, 6983 and stay blocked."""
    card, speak = opened(name), SPEAK[name]
    card.all(speak.pin2 if pin == "PIN2" else MAIN[name])
    query = f"002000{speak.references[pin]}"
    assert card(query) == "63C3"
    card.all(speak.verify(pin, code), query)
    assert wrong(name, pin, card, 4) == ["63C2", "63C1", "6983", "6983"]
    assert card(speak.verify(pin, code)) == "6983"
    assert card(query) == "6983"
    assert card.memory.tries(pin) == 0


@every_card
def test_a_right_code_restores_the_tries(name: str) -> None:
    """After two wrong tries the right code gives all three back."""
    card, speak = opened(name), SPEAK[name]
    assert wrong(name, "PIN1", card, 2) == ["63C2", "63C1"]
    card.all(speak.verify("PIN1", "1234"))
    assert card.memory.tries("PIN1") == 3


@every_card
def test_a_wrong_code_ends_the_verification(name: str) -> None:
    """A wrong code after a right one leaves the PIN unverified."""
    card, speak = opened(name), SPEAK[name]
    card.all(speak.verify("PIN1", "1234"))
    wrong(name, "PIN1", card, 1)
    assert card(f"002000{speak.references['PIN1']}") == "63C2"


@every_card
@pytest.mark.parametrize("size", [1, 4, 11, 13, 24])
def test_a_wrong_length_costs_no_try(name: str, size: int) -> None:
    """A code that is not twelve bytes is answered 6700 and not counted."""
    card, reference = opened(name), SPEAK[name].references["PIN1"]
    assert card(f"002000{reference}{size:02X}" + "31" * size) == "6700"
    assert card.memory.tries("PIN1") == 3


@every_card
def test_an_empty_padded_code_costs_a_try(name: str) -> None:
    """Twelve pad bytes are a code like any other: wrong, and counted."""
    card = opened(name)
    assert card(SPEAK[name].verify("PIN1", "")) == "63C2"


@every_card
def test_the_other_padding_costs_a_try(name: str) -> None:
    """The right digits with the other generation's fill are a wrong code."""
    other = SPEAK[THALES if name == IDEMIA else IDEMIA].block("1234")
    assert opened(name)(f"002000{SPEAK[name].references['PIN1']}0C{other}") == "63C2"


@every_card
def test_the_try_is_counted_before_the_comparison(name: str) -> None:
    """The lowered counter is stored before the card compares, so pulling it gains nothing."""
    image, speak = image_of(name), SPEAK[name]
    stored: list[int] = []
    memory = CardMemory(image, keep=lambda _: stored.append(memory.tries("PIN1")))
    card = opened(name, memory=memory)
    card.all(speak.verify("PIN1", "1234"))
    assert stored == [2, 3]


@every_card
def test_counters_survive_the_power(name: str) -> None:
    """Tries stay spent after power-off, and what was verified is forgotten."""
    memory = CardMemory(image_of(name))
    wrong(name, "PIN1", opened(name, memory=memory), 1)
    card = opened(name, memory=memory)
    assert card(f"002000{SPEAK[name].references['PIN1']}") == "63C2"


@every_card
def test_other_parameters(name: str) -> None:
    """Unknown references are answered 6A88, a P1 other than zero 6A86."""
    card, block = opened(name), SPEAK[name].block("1234")
    assert card(f"0020007F0C{block}") == "6A88"
    assert card(f"002001{SPEAK[name].references['PIN1']}0C{block}") == "6A86"
    assert card(f"002401{SPEAK[name].references['PIN1']}18{block}{block}") == "6A86"
    assert card.memory.tries("PIN1") == 3


@every_card
@pytest.mark.parametrize(
    ("pin", "old", "new"), [("PIN1", "1234", "998877"), ("PIN2", "12345", "998877")]
)
def test_change(name: str, pin: str, old: str, new: str) -> None:
    """A changed PIN is the new one at once and after power-off; the old one is wrong."""
    memory, speak = CardMemory(image_of(name)), SPEAK[name]
    card = opened(name, memory=memory)
    card.all(speak.pin2 if pin == "PIN2" else MAIN[name], speak.change(pin, old, new))
    assert card(speak.verify(pin, old)) == "63C2"
    again = opened(name, memory=memory)
    again.all(speak.pin2 if pin == "PIN2" else MAIN[name], speak.verify(pin, new))


@every_card
def test_change_with_a_wrong_old_code(name: str) -> None:
    """A wrong old code costs a try like VERIFY, and the code stays."""
    card, speak = opened(name), SPEAK[name]
    card.all(MAIN[name])
    assert card(speak.change("PIN1", "9999", "5678")) == "63C2"
    card.all(speak.verify("PIN1", "1234"))


@every_card
@pytest.mark.parametrize("new", ["", "123", "12a4"])
def test_change_to_a_code_that_may_not_be(name: str, new: str) -> None:
    """Too short or not digits is answered 6A80 and costs no try."""
    card = opened(name)
    assert card(SPEAK[name].change("PIN1", "1234", new)) == "6A80"
    assert card.memory.tries("PIN1") == 3


@every_card
def test_change_of_the_wrong_length(name: str) -> None:
    """Old and new code together are 24 bytes; anything else is answered 6700."""
    card, speak = opened(name), SPEAK[name]
    assert card(f"002400{speak.references['PIN1']}0C{speak.block('1234')}") == "6700"
    assert card.memory.tries("PIN1") == 3


def test_the_puk_can_be_changed_on_one_generation() -> None:
    """IDEMIA changes its PUK; Thales answers 6986."""
    card = opened(IDEMIA)
    card.all(MAIN[IDEMIA], SPEAK[IDEMIA].change("PUK", "12345678", "87654321"))
    card.all(SPEAK[IDEMIA].verify("PUK", "87654321"))
    assert opened(THALES)(SPEAK[THALES].change("PUK", "12345678", "87654321")) == "6986"


@pytest.mark.parametrize("pin", ["PIN1", "PIN2"])
def test_unblock_of_idemia(pin: str) -> None:
    """IDEMIA unblocks with a verified PUK and the new code alone; without the PUK it is 6982."""
    card, speak = opened(IDEMIA), SPEAK[IDEMIA]
    home = MAIN[IDEMIA] if pin == "PIN1" else QSCD
    card.all(home)
    wrong(IDEMIA, pin, card, 3)
    reset = f"002C02{speak.references[pin]}0C{speak.block('77777')}"
    assert card(reset) == "6982"
    card.all(MAIN[IDEMIA], speak.verify("PUK", "12345678"))
    card.all(*([QSCD] if pin == "PIN2" else []), reset, speak.verify(pin, "77777"))
    assert card.memory.tries(pin) == 3
    assert card(reset.replace("002C02", "002C00")) == "6A86"


@pytest.mark.parametrize("pin", ["PIN1", "PIN2"])
def test_unblock_of_thales(pin: str) -> None:
    """Thales unblocks with PUK and new code in one command; a wrong PUK costs a PUK try."""
    card, speak = opened(THALES), SPEAK[THALES]
    wrong(THALES, pin, card, 3)
    reset = f"002C00{speak.references[pin]}18"
    assert card(reset + speak.block("99999999") + speak.block("77777")) == "63C2"
    assert card.memory.tries("PUK") == 2
    card.all(reset + speak.block("12345678") + speak.block("77777"), speak.verify(pin, "77777"))
    assert (card.memory.tries("PUK"), card.memory.tries(pin)) == (3, 3)
    both = speak.block("12345678") + speak.block("77777")
    assert card(reset.replace("002C00", "002C02") + both) == "6A86"


@every_card
def test_a_bad_new_code_when_unblocking(name: str) -> None:
    """A new code that is too short or of the wrong size is refused and the PIN stays blocked."""
    card, speak = opened(name), SPEAK[name]
    wrong(name, "PIN1", card, 3)
    puk = "" if name == IDEMIA else speak.block("12345678")
    if name == IDEMIA:
        card.all(speak.verify("PUK", "12345678"))
    head = f"002C{'02' if name == IDEMIA else '00'}{speak.references['PIN1']}"
    body = puk + speak.block("1")
    assert card(f"{head}{len(body) // 2:02X}{body}") == "6A80"
    body = puk + "31323334"
    assert card(f"{head}{len(body) // 2:02X}{body}") == "6700"
    assert card.memory.tries("PIN1") == 0


@every_card
def test_a_blocked_puk(name: str) -> None:
    """A PUK without tries unblocks nothing, even when it is right."""
    card, speak = opened(name), SPEAK[name]
    card.all(MAIN[name])
    assert wrong(name, "PUK", card, 3) == ["63C2", "63C1", "6983"]
    assert card(speak.verify("PUK", "12345678")) == "6983"
    if name == THALES:
        body = speak.block("12345678") + speak.block("7777")
        assert card(f"002C008118{body}") == "6983"
    else:
        assert card(f"002C02010C{speak.block('7777')}") == "6982"


@every_card
def test_the_puk_unblocks_no_puk(name: str) -> None:
    """RESET RETRY COUNTER of the PUK itself is answered 6986."""
    card, speak = opened(name), SPEAK[name]
    if name == IDEMIA:
        card.all(speak.verify("PUK", "12345678"))
        assert card(f"002C02020C{speak.block('87654321')}") == "6986"
    else:
        body = speak.block("12345678") + speak.block("87654321")
        assert card(f"002C008318{body}") == "6986"


def test_the_local_pin2() -> None:
    """IDEMIA's PIN2 exists only in the signing application; Thales's everywhere."""
    card = opened(IDEMIA)
    for elsewhere in (MAIN[IDEMIA], AWP):
        card.all(elsewhere)
        assert card(SPEAK[IDEMIA].verify("PIN2", "12345")) == "6A88"
    card.all(QSCD, SPEAK[IDEMIA].verify("PIN2", "12345"))
    thales = opened(THALES)
    thales.all("00A4080C02DFDD", SPEAK[THALES].verify("PIN2", "12345"))


def test_selecting_an_application_drops_what_was_verified() -> None:
    """Selecting the main application forgets every PIN, selecting PIN2's own forgets PIN2."""
    card = opened(IDEMIA)
    card.all(AWP, SPEAK[IDEMIA].verify("PIN1", "1234"))
    card.all(QSCD, SPEAK[IDEMIA].verify("PIN2", "12345"), "00200085", "00200001", QSCD)
    assert card("00200085") == "63C3"
    card.all("00200001", MAIN[IDEMIA])
    assert card("00200001") == "63C3"
    thales = opened(THALES)
    thales.all(SPEAK[THALES].verify("PIN1", "1234"), "00200081", "00A4080C02DFDD", "00200081")
    thales.all(MAIN[THALES])
    assert thales("00200081") == "63C3"


@every_card
def test_codes_need_the_channel_without_contact(name: str) -> None:
    """Before PACE every command on codes and keys is answered 6982 and costs no try."""
    card, speak = powered(name), SPEAK[name]
    counter = "00CB3FFF0A4D087006BF810102A08000" if name == IDEMIA else "00CB00FF05A00383018100"
    for command in (
        speak.verify("PIN1", "1234"),
        speak.change("PIN1", "1234", "5678"),
        f"002C02{speak.references['PIN1']}0C{speak.block('5678')}",
        counter,
        "0088000030" + "00" * 48 + "00",
        "002A9E9A00",
    ):
        assert card(command) == "6982"
    assert card.memory.tries("PIN1") == 3


@every_card
def test_contact_verifies_without_pace(name: str) -> None:
    """Over contact PIN1 is verified in the clear, and its counter is readable."""
    card, speak = powered(name, Interface.CONTACT), SPEAK[name]
    card.all(MAIN[name], speak.verify("PIN1", "1234"))
    assert wrong(name, "PIN1", card, 1) == ["63C2"]


COUNTERS = {
    "PIN1": "701EBF81011AA0189A01039B01{}A1108C06F300007343009C06F30000734300",
    "PUK": "701EBF81021AA0189A01039B01{}A1108C06F300007343009C06F30000734300",
    "PIN2": "701EBF81051AA0189A01039B01{}A1108C06F300007343009C06F30000734300",
}


@pytest.mark.parametrize("pin", COUNTERS)
def test_counters_of_idemia(pin: str) -> None:
    """GET DATA answers the recorded bytes with the tries left in byte 13, in the PIN's place."""
    card = opened(IDEMIA)
    card.all(QSCD if pin == "PIN2" else MAIN[IDEMIA])
    ask = f"00CB3FFF0A4D087006BF81{ {'PIN1': '01', 'PUK': '02', 'PIN2': '05'}[pin] }02A08000"
    assert card(ask) == COUNTERS[pin].format("03") + "9000"
    wrong(IDEMIA, pin, card, 1)
    assert card(ask) == COUNTERS[pin].format("02") + "9000"
    assert bytes.fromhex(card(ask))[13] == 2
    card.all(MAIN[IDEMIA] if pin == "PIN2" else QSCD)
    assert card(ask) == "6A88"


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00CB00FF0A4D087006BF810102A08000", "6A86"),
        ("00CB3FFF0A4D087006BF810902A08000", "6A88"),
        ("00CB3FFF0A4D087006BF820102A08000", "6A80"),
        ("00CB3FFF0A4D087006BF810102A08100", "6A80"),
        ("00CB3FFF00", "6A80"),
    ],
)
def test_counters_of_idemia_asked_wrongly(command: str, sw: str) -> None:
    """GET DATA for other objects is refused."""
    assert opened(IDEMIA)(command) == sw


@pytest.mark.parametrize("pin", ["PIN1", "PIN2", "PUK"])
def test_counters_of_thales(pin: str) -> None:
    """GET DATA answers the recorded objects, DF21 beginning with the tries left."""
    card, reference = opened(THALES), SPEAK[THALES].references[pin]
    answer = f"A01D8301{reference}8C04F0000000DF2104{{}}FFA503DF2702FFFFDF28010CDF2F01019000"
    ask = f"00CB00FF05A0038301{reference}00"
    assert card(ask) == answer.format("03")
    wrong(THALES, pin, card, 1)
    assert card(ask) == answer.format("02")


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00CB3FFF05A00383018100", "6A86"),
        ("00CB00FF05A00383018400", "6A88"),
        ("00CB00FF05A00384018100", "6A80"),
        ("00CB00FF04A002830000", "6A80"),
    ],
)
def test_counters_of_thales_asked_wrongly(command: str, sw: str) -> None:
    """GET DATA for other objects is refused."""
    assert opened(THALES)(command) == sw


def test_a_pin2_that_must_be_changed_first() -> None:
    """Fresh from the factory PIN2 verifies as 6984 without a try; changed, it works."""
    person, speak = Person(pin2_changed=False), SPEAK[THALES]
    card = opened(THALES, person)
    assert card("00CB00FF05A00383018200")[-10:] == "2F01009000"
    assert card("00CB00FF05A00383018100")[-10:] == "2F01019000"
    assert card(speak.verify("PIN2", "12345")) == "6984"
    assert card.memory.tries("PIN2") == 3
    card.all(speak.change("PIN2", "12345", "54321"), speak.verify("PIN2", "54321"))
    assert card("00CB00FF05A00383018200")[-10:] == "2F01019000"
