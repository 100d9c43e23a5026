"""`/staff/planning/recency`: a planner's question, answered beside the usual rules; nothing of it is kept."""

import pytest

from service.errors import Invalid
from service.planning.recency import Share
from service.web.planning import parse_share


@pytest.mark.parametrize(
    ("text", "share"),
    [("5", Share(5, 100)), ("2.5", Share(25, 1000)), ("5%", Share(5, 100)), ("1/20", Share(1, 20)), ("１".replace("１", "1") + "％", Share(1, 100))],
)
def test_a_share_is_per_cent_or_a_fraction(text, share):
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "five", "-1", "1e9", "1/0/2", "9" * 50, "5 %x"])
def test_anything_else_is_refused_in_words(text):
    with pytest.raises(Invalid) as refused:
        parse_share(text)
    assert len(refused.value.zh) < 200


async def test_the_page_answers_in_words_and_in_a_table(client, enter):
    head = await enter("operator-9", "operator")
    answer = await client.get("/staff/planning/recency?firms=300&years=10", headers=head)
    assert answer.status_code == 200
    assert "您的规则" in answer.text and "10 年后仍有" in answer.text
    assert answer.text.count("<tr>") == 6


@pytest.mark.parametrize("query", ["share=zero", "share=0", "years=0", "years=999", "rule=none", "rule_share=0/5", "firms=0"])
async def test_a_question_that_cannot_be_asked_is_refused_on_the_page(client, enter, query):
    head = await enter("operator-9", "operator")
    answer = await client.get(f"/staff/planning/recency?{query}", headers=head)
    assert answer.status_code == 400 and 'role="alert"' in answer.text


async def test_only_staff_may_ask(client):
    assert (await client.get("/staff/planning/recency")).status_code in (303, 401)
