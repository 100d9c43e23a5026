"""Sixty inspection items with legal bases, as a city's published list would hold them.

Articles are those of 安全生产法 (2021), 危险化学品安全管理条例 (2013), 安全生产许可证条例 (2014),
生产安全事故应急条例 (2019), 烟花爆竹安全管理条例 (2016) and 矿山安全法 (2009). Where only a ministry's
rule applies it is named without an article. A bureau checks every basis against the text in force before it
publishes a list of its own.
"""

from typing import Final

from service.registry import Item

from .city import DEPARTMENT
from .sectors import SECTOR_NAMES

_SITE: Final = "现场检查"
_PAPERS: Final = "资料核查"
_BOTH: Final = "现场检查、资料核查"
_LAW: Final = "《中华人民共和国安全生产法》第{}条"
_CHEMICALS: Final = "《危险化学品安全管理条例》第{}条"
_FIREWORKS: Final = "《烟花爆竹安全管理条例》第{}条"
_LICENCES: Final = "《安全生产许可证条例》第{}条"
_EMERGENCY: Final = "《生产安全事故应急条例》第{}条"
_METALS: Final = "《冶金企业和有色金属企业安全生产规定》"
_DUST_RULE: Final = "《工贸企业粉尘防爆安全规定》"
_MINES: Final = "《中华人民共和国矿山安全法》第{}条"

_ALL: Final = SECTOR_NAMES
_CHEMICAL: Final = ("危险化学品",)
_FIREWORK: Final = ("烟花爆竹",)
_MINE: Final = ("非煤矿山",)
_SMELTING: Final = ("金属冶炼",)
_DUST: Final = ("粉尘涉爆",)
_LICENSED: Final = ("危险化学品", "非煤矿山", "烟花爆竹")
_GRAVE: Final = ("危险化学品", "非煤矿山", "烟花爆竹", "金属冶炼")
_INDUSTRY: Final = ("金属冶炼", "粉尘涉爆", "机械", "轻工", "建材", "纺织", "商贸")
_CONFINED: Final = ("危险化学品", "金属冶炼", "轻工", "建材", "纺织")

# G general, E emergency, L licences, C chemicals, F fireworks, M mines, S smelting, D dust, T trades
# prefix of the number, name, legal basis, mandatory, classes, method
_ROWS: Final[tuple[tuple[str, str, str, bool, tuple[str, ...], str], ...]] = (
    ("G", "主要负责人履行安全生产职责情况", _LAW.format("二十一"), True, _ALL, _PAPERS),
    ("G", "全员安全生产责任制建立和落实情况", _LAW.format("二十二"), True, _ALL, _PAPERS),
    ("G", "安全生产费用提取和使用情况", _LAW.format("二十三"), False, _ALL, _PAPERS),
    ("G", "安全生产管理机构设置和安全管理人员配备情况", _LAW.format("二十四"), False, _ALL, _PAPERS),
    ("G", "安全生产管理机构和管理人员履行职责情况", _LAW.format("二十五"), False, _ALL, _PAPERS),
    ("G", "主要负责人和安全生产管理人员安全知识与管理能力情况", _LAW.format("二十七"), False, _ALL, _PAPERS),
    ("G", "从业人员安全生产教育和培训情况", _LAW.format("二十八"), False, _ALL, _PAPERS),
    ("G", "采用新工艺、新技术、新材料、新设备的专门培训情况", _LAW.format("二十九"), False, _ALL, _PAPERS),
    ("G", "特种作业人员持证上岗情况", _LAW.format("三十"), True, _ALL, _BOTH),
    ("G", "建设项目安全设施“三同时”情况", _LAW.format("三十一"), False, _ALL, _PAPERS),
    ("G", "安全警示标志设置情况", _LAW.format("三十五"), False, _ALL, _SITE),
    ("G", "安全设备安装、使用、检测和维护保养情况", _LAW.format("三十六"), False, _ALL, _BOTH),
    ("G", "淘汰危及生产安全的工艺、设备情况", _LAW.format("三十八"), False, _ALL, _SITE),
    ("G", "安全风险分级管控制度建立和落实情况", _LAW.format("四十一"), False, _ALL, _BOTH),
    ("G", "事故隐患排查治理制度建立和落实情况", _LAW.format("四十一"), True, _ALL, _BOTH),
    ("G", "生产经营场所与员工宿舍安全距离和出口情况", _LAW.format("四十二"), False, _ALL, _SITE),
    ("G", "爆破、吊装、动火、临时用电等危险作业现场管理情况", _LAW.format("四十三"), False, _ALL, _BOTH),
    ("G", "教育和督促从业人员执行规章制度和操作规程情况", _LAW.format("四十四"), False, _ALL, _BOTH),
    ("G", "劳动防护用品配备和使用情况", _LAW.format("四十五"), False, _ALL, _SITE),
    ("G", "安全检查和问题处理记录情况", _LAW.format("四十六"), False, _ALL, _PAPERS),
    ("G", "同一作业区域安全生产管理协议签订情况", _LAW.format("四十八"), False, _ALL, _PAPERS),
    ("G", "生产经营项目、场所发包或者出租的安全管理情况", _LAW.format("四十九"), False, _ALL, _PAPERS),
    ("G", "工伤保险和安全生产责任保险投保情况", _LAW.format("五十一"), False, _GRAVE, _PAPERS),
    ("E", "生产安全事故应急救援预案制定情况", _EMERGENCY.format("五"), False, _ALL, _PAPERS),
    ("E", "应急救援预案备案情况", _EMERGENCY.format("七"), False, _GRAVE, _PAPERS),
    ("E", "应急救援预案演练情况", _EMERGENCY.format("八"), False, _ALL, _PAPERS),
    ("E", "应急救援队伍建立情况", _EMERGENCY.format("十"), False, _GRAVE, _PAPERS),
    ("E", "应急救援器材、设备和物资配备情况", _EMERGENCY.format("十三"), False, _GRAVE, _SITE),
    ("E", "应急值班制度落实情况", _EMERGENCY.format("十四"), False, _GRAVE, _BOTH),
    ("E", "从业人员应急教育和培训情况", _EMERGENCY.format("十五"), False, _ALL, _PAPERS),
    ("L", "依法取得安全生产许可证情况", _LICENCES.format("二"), True, _LICENSED, _PAPERS),
    ("L", "取得许可后保持安全生产条件情况", _LICENCES.format("十四"), False, _LICENSED, _BOTH),
    ("L", "安全生产许可证有效期和延期情况", _LICENCES.format("九"), False, _LICENSED, _PAPERS),
    ("C", "重大危险源登记建档、评估、监控情况", _LAW.format("四十"), True, _CHEMICAL, _BOTH),
    ("C", "危险物品储存、使用安全管理制度和安全措施情况", _LAW.format("三十九"), False, _CHEMICAL, _BOTH),
    ("C", "危险化学品管道标志设置和检查检测情况", _CHEMICALS.format("十三"), False, _CHEMICAL, _SITE),
    ("C", "化学品安全技术说明书和安全标签情况", _CHEMICALS.format("十五"), False, _CHEMICAL, _BOTH),
    ("C", "作业场所安全设施、设备设置和维护情况", _CHEMICALS.format("二十"), True, _CHEMICAL, _SITE),
    ("C", "通信、报警装置设置和适用状态情况", _CHEMICALS.format("二十一"), False, _CHEMICAL, _SITE),
    ("C", "安全评价及整改方案落实情况", _CHEMICALS.format("二十二"), False, _CHEMICAL, _PAPERS),
    ("C", "危险化学品专用仓库储存和专人管理情况", _CHEMICALS.format("二十四"), False, _CHEMICAL, _SITE),
    ("C", "危险化学品出入库核查、登记情况", _CHEMICALS.format("二十五"), False, _CHEMICAL, _PAPERS),
    ("C", "危险化学品经营许可情况", _CHEMICALS.format("三十三"), False, _CHEMICAL, _PAPERS),
    ("C", "危险化学品登记情况", _CHEMICALS.format("六十七"), False, _CHEMICAL, _PAPERS),
    ("F", "烟花爆竹经营场所许可情况", _FIREWORKS.format("十六"), True, _FIREWORK, _PAPERS),
    ("F", "烟花爆竹批发企业安全条件情况", _FIREWORKS.format("十七"), False, _FIREWORK, _BOTH),
    ("F", "烟花爆竹零售经营者安全条件情况", _FIREWORKS.format("十八"), False, _FIREWORK, _SITE),
    ("F", "烟花爆竹采购、供应渠道情况", _FIREWORKS.format("二十"), False, _FIREWORK, _PAPERS),
    ("M", "矿山建设工程安全设施“三同时”情况", _MINES.format("七"), False, _MINE, _PAPERS),
    ("M", "矿井安全出口设置情况", _MINES.format("十"), True, _MINE, _SITE),
    ("M", "矿山作业场所有毒有害物质和空气含氧量检测情况", _MINES.format("十七"), False, _MINE, _BOTH),
    ("M", "矿山职工安全教育、培训情况", _MINES.format("二十六"), False, _MINE, _PAPERS),
    ("S", "高温熔融金属吊运、浇铸作业安全情况", _METALS, True, _SMELTING, _SITE),
    ("S", "煤气使用区域检测报警和通风情况", _METALS, False, _SMELTING, _SITE),
    ("S", "金属冶炼建设项目安全评价情况", _LAW.format("三十二"), False, _SMELTING, _PAPERS),
    ("D", "粉尘清理制度和作业现场积尘情况", _DUST_RULE, True, _DUST, _SITE),
    ("D", "粉尘爆炸危险场所除尘系统和控爆措施情况", _DUST_RULE, False, _DUST, _SITE),
    ("D", "粉尘爆炸危险场所电气设备防爆情况", _DUST_RULE, False, _DUST, _SITE),
    ("T", "有限空间作业审批、监护和检测情况", "《工贸企业有限空间作业安全规定》", False, _CONFINED, _BOTH),
    ("T", "工贸企业重大事故隐患情况", "《工贸企业重大事故隐患判定标准》", True, _INDUSTRY, _SITE),
)  # fmt: skip


def make_items() -> list[Item]:
    """The items, numbered within their group: G-01, G-02, …"""
    counted: dict[str, int] = {}
    items: list[Item] = []
    for prefix, name, basis, mandatory, classes, method in _ROWS:
        counted[prefix] = counted.get(prefix, 0) + 1
        number = f"{prefix}-{counted[prefix]:02d}"
        items.append(Item(number, name, DEPARTMENT, basis, mandatory, classes, method))
    return items
