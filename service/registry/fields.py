"""The columns of each registry: their labels, the names real files give them, the form of their cells.

Where several columns of one file name the same field (信用代码 and 注册号), the earlier alias is asked
first and the next one where its cell is empty.
"""

from typing import Final, Literal, NamedTuple

from .records import Kind

Form = Literal[
    "code", "name", "text", "list", "codes", "date", "colour", "grade", "credit", "flag", "count",
    "target-status", "person-status", "item-status", "provider", "reason", "origin", "headcount",
]  # fmt: skip


class Field(NamedTuple):
    """One column. `label` heads our own files; `limit` is the most characters of its cell."""

    name: str
    label: str
    english: str
    form: Form
    required: bool
    aliases: str
    limit: int = 200


_DEPARTMENT: Final = "所属部门 主管部门 执法主体 执法机关 实施机关 部门"
_AREAS: Final = (
    "负责区域 管辖区域 执法区域 服务区域 可服务区域 可检查区域 所属区域 所在区域 辖区 片区 区域 地区"
)
_SPECIALITIES: Final = (
    "擅长领域 专业领域 专业类别 专业方向 专业组 从事专业 业务专长 专长 专业 检查事项范围 事项范围 "
    "执法领域 执法类别 行业领域"
)
_CAPACITY: Final = "承担上限 每次承担上限 最多承担户数 最大承担数 可承担户数 任务上限 每次上限 工作量上限"
_TARGET_CODE: Final = (
    "统一社会信用代码/注册号 统一社会信用代码 企业统一社会信用代码 社会信用代码 统一信用代码 信用代码 "
    "统一代码 企业信用代码 检查对象代码 检查对象编号 抽查对象代码 对象代码 对象编号 企业编号 企业代码 "
    "注册号 工商注册号 企业注册号 营业执照注册号 营业执照号 执照号码"
)

FIELDS: Final[dict[Kind, tuple[Field, ...]]] = {
    "targets": (
        Field("id", "统一社会信用代码", "credit code", "code", True,
          _TARGET_CODE + " id"),
        Field("name", "企业名称", "name", "name", True,
          "检查对象名称 抽查对象名称 被检查单位名称 被检查单位 生产经营单位名称 生产经营单位 "
          "市场主体名称 主体名称 单位名称 公司名称 对象名称 企业 检查对象 抽查对象 名称"),
        Field("area", "所属区域", "area", "text", False,
          "乡镇街道 所属乡镇街道 所属乡镇 乡镇 镇街 街道 所在区域 属地 辖区 监管片区 片区 区县 县区 "
          "县市区 所属地区 所在地区 地区 行政区划 区域", 64),
        Field("sector", "行业领域", "sector", "text", False,
          "监管行业 所属行业领域 行业类别 所属行业 行业类型 行业分类 检查对象类型 对象类型 企业类别 "
          "行业", 64),
        Field("risk_colour", "风险等级", "risk colour", "colour", False,
          "风险颜色 安全风险等级 风险四色等级 四色等级 风险级别 风险分级 红橙黄蓝"),
        Field("credit_class", "信用等级", "credit class", "credit", False,
          "信用风险分类 信用分类 信用风险等级 企业信用等级 信用级别", 64),
        Field("standardisation", "标准化等级", "standardisation grade", "grade", False,
          "安全生产标准化等级 安全标准化等级 标准化级别 标准化达标等级 标准化", 64),
        Field("entity_type", "企业类型", "entity type", "text", False,
          "市场主体类型 主体类型 单位类型 登记注册类型 注册类型 经济类型 经济性质 企业性质", 100),
        Field("address", "地址", "address", "text", False,
          "生产经营地址 生产地址 经营地址 经营场所 详细地址 企业地址 单位地址 注册地址 住所 "
          "住所经营场所", 300),
        Field("established", "成立日期", "established", "date", False,
          "注册日期 成立时间 注册时间 设立日期"),
        Field("status", "经营状态", "status", "target-status", False,
          "登记状态 企业状态 存续状态 生产状态 运行状态 状态"),
        Field("last_inspected", "上次检查日期", "last inspected", "date", False,
          "最近检查日期 最近一次检查日期 最近一次检查时间 最近检查时间 上次检查时间 最后检查日期 "
          "最近抽查日期"),
        Field("headcount", "从业人数", "headcount", "headcount", False,
          "从业人员 从业人员数 从业人员人数 从业人员数量 从业人员总数 职工人数 职工总数 员工人数 员工数 员工数量 "
          "在册人数 用工人数 企业人数 人数"),
    ),
    "items": (
        Field("id", "事项编号", "item number", "code", True,
          "检查事项编号 抽查事项编号 事项编码 检查事项编码 事项代码 编号 编码 id"),
        Field("name", "抽查事项", "item", "name", True,
          "抽查事项名称 检查事项名称 检查事项 事项名称 随机抽查事项 名称", 300),
        Field("department", "实施部门", "department", "text", False,
          "承办机构 检查主体 抽查主体 检查机关 责任部门 " + _DEPARTMENT),
        Field("legal_basis", "检查依据", "legal basis", "text", True,
          "抽查依据 实施依据 法律依据 设定依据 法定依据 依据", 2000),
        Field("mandatory", "是否必查", "mandatory", "flag", False,
          "必查事项 是否必查事项 必查 必检"),
        Field("classes", "适用行业", "classes", "list", False,
          "适用行业领域 适用对象 适用类别 检查对象 抽查对象 检查对象类型 行业领域", 5000),
        Field("method", "检查方式", "method", "text", False,
          "抽查方式 检查方法 方式"),
        Field("status", "状态", "status", "item-status", False,
          "事项状态 有效状态 是否有效"),
    ),
    "inspectors": (
        Field("number", "执法证号", "certificate number", "code", True,
          "行政执法证号 执法证编号 执法证件号 执法证件号码 行政执法证件号 执法人员编号 检查人员编号 "
          "证件号码 证件号 证件编号 证号 人员编号 工号"),
        Field("name", "姓名", "name", "name", True,
          "执法人员姓名 检查人员姓名 人员姓名 执法人员 检查人员", 64),
        Field("unit", "所在科室", "unit", "text", False,
          "科室 股室 内设机构 所在机构 所属机构 执法机构 所在单位 所属单位 工作单位 单位"),
        Field("department", "所属部门", "department", "text", False,
          _DEPARTMENT),
        Field("areas", "负责区域", "areas", "list", False,
          _AREAS, 5000),
        Field("specialities", "专业", "specialities", "list", False,
          _SPECIALITIES, 5000),
        Field("certificate_expires", "证件有效期至", "certificate expires", "date", False,
          "证件有效期 执法证有效期至 执法证有效期 有效期至 证件到期日期 到期日期 有效期限 有效期"),
        Field("capacity", "承担上限", "capacity", "count", False,
          _CAPACITY),
        Field("lead", "可任组长", "may lead", "flag", False,
          "是否可任组长 是否组长 组长 能否带队 主检"),
        Field("status", "状态", "status", "person-status", False,
          "人员状态 在岗状态 证件状态"),
    ),
    "experts": (
        Field("number", "专家编号", "expert number", "code", True,
          "专家证号 专家库编号 聘书编号 聘任证号 专家代码 证书编号 编号"),
        Field("name", "姓名", "name", "name", True,
          "专家姓名 人员姓名 专家", 64),
        Field("employer", "工作单位", "employer", "text", False,
          "现工作单位 任职单位 所在单位 单位名称 单位"),
        Field("department", "聘任部门", "department", "text", False,
          "聘用部门 聘任单位 聘用单位 " + _DEPARTMENT),
        Field("areas", "服务区域", "areas", "list", False,
          _AREAS, 5000),
        Field("specialities", "专业", "specialities", "list", False,
          _SPECIALITIES, 5000),
        Field("term_ends", "聘期至", "term ends", "date", False,
          "聘期截止 聘期届满日期 聘任期限 聘用到期 聘期 任期至 有效期至 有效期"),
        Field("capacity", "承担上限", "capacity", "count", False,
          _CAPACITY),
        Field("serves", "服务企业", "firms served", "codes", False,
          "服务企业信用代码 服务企业统一社会信用代码 服务企业代码 挂点企业 挂点服务企业 签约企业 "
          "服务对象", 5000),
        Field("status", "状态", "status", "person-status", False,
          "专家状态 聘任状态 人员状态"),
    ),
    "conflicts": (
        Field("person", "人员编号", "person", "code", True,
          "人员证号 执法证号 行政执法证号 专家编号 检查人员编号 执法人员编号 证件号码 回避人员编号"),
        Field("target", "统一社会信用代码", "target", "code", True,
          _TARGET_CODE + " 回避企业代码 回避对象代码"),
        Field("reason", "回避原因", "reason", "reason", True,
          "回避事由 回避情形 回避理由 利害关系 利益关系 关系 原因"),
        Field("evidence", "证明材料", "evidence", "text", False,
          "佐证材料 核实方式 证据 依据 说明 备注", 500),
    ),
    "services": (
        Field("provider", "服务提供方", "provider", "name", True,
          "提供方 服务机构 服务单位 第三方机构 服务机构名称 技术服务机构 受托单位 受托机构 乙方 服务专家"),
        Field("provider_kind", "提供方类别", "kind of provider", "provider", True,
          "服务提供方类别 机构类别 提供方类型 服务提供方类型"),
        Field("target", "统一社会信用代码", "target", "code", True,
          _TARGET_CODE + " 被服务企业代码 委托单位代码"),
        Field("since", "服务开始日期", "since", "date", True,
          "合同开始日期 服务起始日期 开始日期 起始日期 服务期自 合同签订日期 签订日期"),
        Field("until", "服务结束日期", "until", "date", False,
          "合同结束日期 合同终止日期 服务终止日期 结束日期 终止日期 服务期至 合同到期日期"),
        Field("what", "服务内容", "what", "text", False,
          "服务项目 委托事项 合同内容 服务事项", 300),
        Field("evidence", "证明材料", "evidence", "text", False,
          "佐证材料 合同编号 依据 说明 备注", 500),
    ),
    "inspections": (
        Field("target", "统一社会信用代码", "target", "code", True,
          _TARGET_CODE),
        Field("inspected_on", "检查日期", "inspected on", "date", True,
          "检查时间 检查完成日期 检查完成时间 实际检查日期 现场检查日期 执法检查日期 抽查日期 抽查时间 日期"),
        Field("department", "检查部门", "department", "text", False,
          "检查机关 检查单位 检查主体 检查机构 实施检查机关 行政检查主体 " + _DEPARTMENT),
        Field("number", "检查编号", "number", "text", False,
          "检查文号 检查记录编号 检查单号 检查任务编号 任务编号 任务号 文书编号 文书号 文号 检查码 编号", 100),
        Field("origin", "检查来源", "origin", "origin", False,
          "检查类型 检查类别 检查性质 任务来源 来源 检查原因"),
        Field("outcome", "检查结果", "outcome", "text", False,
          "检查结论 检查情况 处理结果 结果 结论", 500),
        Field("punished", "是否处罚", "punished", "flag", False,
          "是否行政处罚 是否立案处罚 行政处罚 是否处罚过 处罚"),
    ),
}  # fmt: skip

REGISTRY_LABELS: Final[dict[Kind, tuple[str, str]]] = {
    "targets": ("检查对象名录", "the targets"),
    "items": ("抽查事项清单", "the items"),
    "inspectors": ("检查人员名录", "the inspectors"),
    "experts": ("专家名录", "the experts"),
    "conflicts": ("回避名单", "the conflicts"),
    "services": ("服务关系", "the services"),
    "inspections": ("检查记录", "the past inspections"),
}
