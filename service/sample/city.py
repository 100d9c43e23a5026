"""The invented city 云州市: districts, townships, roads. Division codes 4219xx are assigned to nobody."""

from typing import Final, NamedTuple

CITY: Final = "云州市"
CITY_CODE: Final = "421900"
DEPARTMENT: Final = "云州市应急管理局"


class District(NamedTuple):
    """A district or county with its division code, its short name in firm names, and its townships."""

    code: str
    name: str
    short: str
    townships: tuple[str, ...]


DISTRICTS: Final = (
    District(
        "421902", "云城区", "云城", ("鼓楼街道", "文昌街道", "城南街道", "柳溪街道", "云门镇", "桃源镇")
    ),
    District("421903", "临江区", "临江", ("江口街道", "港城街道", "白沙镇", "渡口镇", "双桥镇", "芦洲乡")),
    District(
        "421904", "东屏区", "东屏", ("东屏街道", "屏山街道", "工业园街道", "松林镇", "石门镇", "清泉镇")
    ),
    District("421921", "青岩县", "青岩", ("城关镇", "铁铺镇", "龙潭镇", "黄土岭镇", "茶园乡", "大坪乡")),
    District("421922", "南浦县", "南浦", ("南浦镇", "平原镇", "柏树镇", "沙河镇", "安乐镇", "竹溪乡")),
    District("421981", "石源市", "石源", ("石源街道", "矿山镇", "金沟镇", "榆林镇", "长岗镇", "新集镇")),
)
AREAS: Final = tuple(township for district in DISTRICTS for township in district.townships)
ROADS: Final = (
    "人民路", "建设路", "解放路", "工业大道", "创业路", "兴业路", "迎宾大道", "滨江路", "园区一路",
    "园区二路", "振兴路", "和平路", "文化路", "站前路", "科技路", "环城东路", "环城西路", "友谊路",
    "朝阳路", "富民路",
)  # fmt: skip
