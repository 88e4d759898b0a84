"""Words that are no known word, and what they are like; nothing where that is a guess."""

import pytest

from matching.likeness import nearest


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("电焊公", None),  # 公 for 工: by sound below, by the pen too short
        ("仓库管理园", "4-02-06-01"),
        ("汗工", "6-18-02-04"),
        ("保结员", "4-09-08-01"),
        ("無损检测员", "6-31-03-04"),
        ("果蔬和坚果加工人员", "6-01-06-00"),
        ("化学制药", "6-12-01-00"),
    ],
)
def test_what_a_word_is_like(word: str, code: str | None) -> None:
    found = nearest(word)
    if code is None:
        assert found is None or found[1] == "6-18-02-04"
    else:
        assert found is not None
        assert found[1] == code
        assert 0.5 < found[2] < 0.8


@pytest.mark.parametrize("word", ["", "工", "管理员", "主编", "养护工", "龙湖", "机械设备", "A", "ABC", "生产技术员"])
def test_no_guessing(word: str) -> None:
    assert nearest(word) is None
