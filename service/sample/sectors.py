"""The work-safety sectors of the sample: what their firms are called and how risky they are."""

from typing import Final, NamedTuple

from .stream import Shares


class Sector(NamedTuple):
    """`share` and the colour shares are in percent; `trades` are the middle of a firm's name."""

    name: str
    share: int
    trades: tuple[str, ...]
    red: int
    orange: int
    yellow: int


SECTORS: Final = (
    Sector(
        "危险化学品",
        12,
        ("化工", "精细化工", "工业气体", "涂料", "石化", "树脂", "香料", "化学试剂"),
        12,
        30,
        40,
    ),
    Sector("金属冶炼", 3, ("钢铁", "铸造", "铜业", "铝业", "有色金属", "特种合金"), 15, 35, 35),
    Sector("非煤矿山", 4, ("矿业", "采石", "石灰石", "建材矿", "磷矿", "砂石"), 12, 33, 40),
    Sector("烟花爆竹", 4, ("烟花", "烟花爆竹", "花炮", "鞭炮", "日杂烟花"), 10, 30, 45),
    Sector("粉尘涉爆", 6, ("木业", "家具", "面粉", "饲料", "金属制品", "塑料粉末"), 8, 27, 45),
    Sector(
        "机械", 22, ("机械", "精密机械", "汽车零部件", "农机", "机电设备", "模具", "电气", "轴承"), 2, 12, 40
    ),
    Sector("轻工", 18, ("食品", "包装", "印务", "纸业", "塑胶", "酒业", "日用品", "制鞋"), 2, 12, 40),
    Sector("建材", 11, ("水泥", "混凝土", "陶瓷", "玻璃", "新型建材", "砖瓦", "石材"), 3, 17, 45),
    Sector("纺织", 7, ("纺织", "印染", "服装", "针织", "家纺", "棉业"), 2, 14, 42),
    Sector("商贸", 13, ("商贸", "超市", "仓储", "物资", "百货", "冷链物流"), 1, 7, 32),
)
SECTOR_NAMES: Final = tuple(sector.name for sector in SECTORS)
SECTOR_SHARES: Final = Shares({sector: sector.share for sector in SECTORS})
COLOUR_SHARES: Final = {
    sector.name: Shares(
        {
            "red": sector.red,
            "orange": sector.orange,
            "yellow": sector.yellow,
            "blue": 100 - sector.red - sector.orange - sector.yellow,
        }
    )
    for sector in SECTORS
}
