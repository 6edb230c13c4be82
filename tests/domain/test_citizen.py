"""The citizen's words: found however they are written, and nothing else of the text is touched."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from domain.citizen import BLOT, SPOKEN, Citizen, blot_out, blot_out_all

names = st.text("王李张陈符吴林黄周秀英伟芳娜敏静丽强磊军洋", min_size=2, max_size=4)
phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True) | st.from_regex(r"0898-?[2-9][0-9]{7}", fullmatch=True)
addresses = st.text("海甸岛怡心路人民大道号栋房单元室0123456789", min_size=4, max_size=20).map("海口市".__add__)
around = st.text("占道经营噪音扰民拆除处置已与联系，。：;- \n", max_size=20)

citizens = st.builds(Citizen, name=names, phone=phones, address=addresses)


@given(citizens, st.lists(around, min_size=4, max_size=4), st.permutations([0, 1, 2]))
def test_none_of_the_citizens_words_is_left(citizen: Citizen, between: list[str], order: list[int]) -> None:
    words = [citizen.name or "", citizen.phone or "", citizen.address or ""]
    said = "".join(f"{gap}，{words[place]}" for gap, place in zip(between, order, strict=False)) + between[3]
    blotted = blot_out(said, citizen.words)
    assert not any(word in blotted for word in citizen.words)
    assert blot_out(blotted, citizen.words) == blotted


@given(around, citizens)
def test_a_text_that_says_nothing_of_the_citizen_stays_as_it_is(text: str, citizen: Citizen) -> None:
    assume(not any(word in text for word in citizen.words))
    assert blot_out(text, citizen.words) == text


@given(phones, st.sampled_from([" ", "-", ""]), st.data())
def test_a_telephone_number_is_found_however_it_is_divided(phone: str, gap: str, data: st.DataObject) -> None:
    digits = phone.replace("-", "")
    first = data.draw(st.integers(3, 4))
    said = f"请拨打{digits[:first]}{gap}{digits[first:]}联系"
    assert blot_out(said, Citizen(phone=phone).words) == f"请拨打{BLOT}联系"


@pytest.mark.parametrize(
    "said",
    [
        "13876543210",
        "138 7654 3210",
        "138-7654-3210",
        "１３８７６５４３２１０",
        "+86 13876543210",
        "8613876543210",
        "460105199001011234",
        "46010519900101123X",
        "46010519900101123x",
    ],
)
def test_what_looks_like_anybodys_number_is_blotted_out(said: str) -> None:
    assert blot_out(f"据{said}反映", ()) == f"据{BLOT}反映"


@pytest.mark.parametrize(
    "said", ["1387654321", "138765432101", "12345", "2026-11-23 08:30", "0898", "第20261123-000001号"]
)
def test_other_numbers_stay(said: str) -> None:
    assert blot_out(said, ()) == said


def test_the_longest_word_goes_first() -> None:
    citizen = Citizen(name="海甸", address="海甸岛怡心路7号")
    assert citizen.words == ("海甸岛怡心路7号", "海甸")
    assert blot_out("家住海甸岛怡心路7号", citizen.words) == f"家住{BLOT}"


def test_a_name_of_one_character_cannot_be_blotted_out() -> None:
    assert Citizen(name="王").words == ()


@pytest.mark.parametrize("field", sorted(SPOKEN))
def test_what_officials_write_freely_is_blotted_out_wherever_it_stands(field: str) -> None:
    said: JsonValue = {
        "by": "符小妹",
        "tasks": [{field: "已与符小妹联系", "days": 3, "lead": None}],
        field: ["符小妹满意"],
    }
    assert blot_out_all(said, ("符小妹",)) == {
        "by": "符小妹",
        "tasks": [{field: f"已与{BLOT}联系", "days": 3, "lead": None}],
        field: [f"{BLOT}满意"],
    }


@pytest.mark.parametrize("phone", ["0898-66778899", "+8613876543210", "138 7654 3210", "12345678"])
def test_a_telephone_number_may_be_divided_and_have_a_country(phone: str) -> None:
    assert Citizen(phone=f" {phone} ").phone == phone


@pytest.mark.parametrize("phone", ["", "110", "13876543210x", "-13876543210", "1387654321０", "1" * 21])
def test_what_is_no_telephone_number_is_refused(phone: str) -> None:
    with pytest.raises(ValidationError):
        Citizen(phone=phone)
