"""`python -m disclosure monitor` over a folder, as a person and as a job use it."""

import json

import pytest
from story import NOW, founded, lawful, plan_of, tell_draw

from disclosure.__main__ import main


@pytest.fixture
def publish(tmp_path):
    """Write the files of a story below a folder; return the folder and the auditor's own policy."""

    def write(story):
        for path, data in story.files().items():
            (tmp_path / "public" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "public" / path).write_bytes(data)
        (tmp_path / "policy.json").write_bytes(story.policy_bytes())
        return str(tmp_path / "public"), "--policy", str(tmp_path / "policy.json"), "--now", NOW

    return write


def test_nothing_found(publish, capsys):
    assert main(["monitor", *publish(lawful())]) == 0
    words = capsys.readouterr().out
    assert "批次 4 个：已完成 3，已作废 1。" in words
    assert "draws: 4; 3 done, 1 void." in words


def test_findings_in_words_and_for_machines(publish, capsys):
    story = founded()
    tell_draw(story, plan_of(1), results=False)
    tell_draw(story, plan_of(3), at="2026-11-23T03:00:00Z", until="draw-outcome/v1")
    arguments = publish(story.sorted())
    assert main(["monitor", *arguments]) == 1
    words = capsys.readouterr().out
    assert words.count("【yunzhou-2026-3-1】") == 1 and "编号缺失" in words and "逾期 1" in words
    assert main(["monitor", *arguments, "--json"]) == 1
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [f["code"] for f in findings] == ["number-missing", "chain-broken", "unfinished-late"]
    assert all(set(f) == {"code", "log", "index", "sha256", "subject", "zh", "en"} for f in findings)


def test_without_a_policy_of_ones_own(publish, capsys):
    source = publish(lawful())[0]
    assert main(["monitor", source, "--now", NOW]) == 3
    assert "--policy" in capsys.readouterr().out


def test_many_findings_of_one_kind_are_told_as_a_number(publish, capsys):
    story = founded()
    tell_draw(story, plan_of(1))
    for told in story.told:
        told.author = "somebody" if told.document.type != "key-event/v1" else told.author
    arguments = publish(story)
    assert main(["monitor", *arguments]) == 1
    words = capsys.readouterr().out
    assert words.count("key-not-listed") == 0 and words.count("a key that is not listed") == 5
    assert "另有 1 项" in words


def test_unreadable(publish, tmp_path, capsys):
    source, *rest = publish(lawful())
    assert main(["monitor", str(tmp_path / "nowhere"), *rest]) == 2
    (tmp_path / "public/log/2026/checkpoint").write_bytes(b"x")
    assert main(["monitor", source, *rest]) == 2
    (tmp_path / "public/log/2026/checkpoint").unlink()
    assert main(["monitor", source, *rest]) == 2
    capsys.readouterr()


@pytest.mark.parametrize("wrong", [["--now", "yesterday"], ["--result-days", "-1"], ["--nothing"]])
def test_wrong_usage(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["monitor", str(tmp_path), *wrong])
    assert ended.value.code == 64
    capsys.readouterr()
