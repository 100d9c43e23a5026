"""The wordings of all findings: severity, message and mend, in Chinese and English."""

from typing import Final, Literal, NamedTuple

Severity = Literal["error", "warning"]


class Wording(NamedTuple):
    """The text of one finding code; `{detail}` and `{cell}` are filled in."""

    severity: Severity
    message_zh: str
    message_en: str
    mend_zh: str
    mend_en: str


WORDINGS: Final[dict[str, Wording]] = {
    # ---- the file
    "no-header": Wording(
        "error",
        "前10行里没有找到表头（认得的列名：{detail}）。",
        "No header row among the first 10 rows (known columns: {detail}).",
        "请在数据上方加一行列名，或下载模板后粘贴数据。",
        "Put a row of column names above the data, or paste the data into our template.",
    ),
    "missing-column": Wording(
        "error",
        "缺少必需的列“{detail}”。",
        "The required column is missing: {detail}.",
        "请补上该列；若已有该列，请改用模板中的列名。",
        "Add the column, or rename it as in our template.",
    ),
    "wrong-kind": Wording(
        "error",
        "这份文件看起来是{detail}，不是所选的名录。",
        "This file looks like {detail}, not the registry chosen.",
        "请换一份文件，或改选对应的名录再导入。",
        "Choose another file, or import it into the other registry.",
    ),
    "repeated-column": Wording(
        "error",
        "列名“{detail}”出现了不止一次，无法判断用哪一列。",
        "The column name {detail} occurs more than once.",
        "请删除或改名其中一列。",
        "Delete or rename one of them.",
    ),
    "merged-cells": Wording(
        "warning",
        "{cell}起的{detail}行是合并单元格，只有第一行有内容，其余各行此格为空。",
        "From {cell} on {detail} rows are one merged cell: only the first of them holds anything.",
        "请取消合并，把内容填到每一行。",
        "Unmerge it and write the content into every row.",
    ),
    "ignored-column": Wording(
        "warning",
        "不认得列“{detail}”，该列没有导入。",
        "Unknown column {detail}; it is not imported.",
        "若需要该列，请改用模板中的列名。",
        "If it is needed, rename it as in our template.",
    ),
    "other-sheet": Wording(
        "warning",
        "工作表“{detail}”没有读取，只读取第一个可见的工作表。",
        "Sheet {detail} was not read; only the first visible sheet is.",
        "若需要，请另存为单独的文件导入。",
        "If it is needed, import it as a file of its own.",
    ),
    "other-department": Wording(
        "error",
        "这一行属于其他部门，不能由本部门登记。",
        "This row is another department's; yours does not register it.",
        "请把“部门”列写成本部门的名称；编号已属其他部门的，请与该部门或机关登记员核对。",
        "Write your department in its column; if the code is another department's, settle it with them or the bureau's registrar.",
    ),
    # ---- codes
    "code-missing": Wording(
        "error",
        "没有填写编号。",
        "The code is empty.",
        "请填写后重新导入该行。",
        "Fill it in and import the row again.",
    ),
    "code-lossy": Wording(
        "error",
        "单元格{cell}中的代码被当作数字保存，末尾的数字已经丢失。",
        "Cell {cell} holds the code as a number; its last digits are lost.",
        "把该列设为文本，重新填写代码后再导入。",
        "Format the column as text, type the code again and import.",
    ),
    "code-number": Wording(
        "warning",
        "单元格{cell}中的代码是数字格式，已按文本读取；若以0开头，0已经丢失。",
        "Cell {cell} holds the code as a number; read as text. Leading zeros, if any, are lost.",
        "请核对，并把该列设为文本。",
        "Please check, and format the column as text.",
    ),
    "code-date": Wording(
        "error",
        "单元格{cell}中的代码被表格软件变成了日期。",
        "Cell {cell} holds the code as a date.",
        "把该列设为文本，重新填写代码后再导入。",
        "Format the column as text, type the code again and import.",
    ),
    "code-normalised": Wording(
        "warning",
        "代码已规范为“{detail}”。",
        "The code was normalised: {detail}.",
        "请核对；无误则不必修改。",
        "Please check; nothing to do if right.",
    ),
    "code-form": Wording(
        "error",
        "代码只能由1至64个字母、数字和 . _ - 组成，且不以点开头。",
        "A code consists of 1 to 64 letters, digits, and . _ - and does not begin with a dot.",
        "请改正代码后重新导入该行。",
        "Correct the code and import the row again.",
    ),
    "credit-check": Wording(
        "warning",
        "统一社会信用代码的校验位不符，请核对。",
        "The credit code's check character does not match.",
        "请对照营业执照；若执照如此，可照常导入。",
        "Compare with the licence; if the licence says so, import as it is.",
    ),
    "organisation-check": Wording(
        "warning",
        "信用代码中主体标识码（第9至17位）的校验位不符，请核对。",
        "The organisation code inside the credit code (9 to 17) fails its check.",
        "请对照营业执照；若执照如此，可照常导入。",
        "Compare with the licence; if the licence says so, import as it is.",
    ),
    "credit-letters": Wording(
        "warning",
        "统一社会信用代码不使用字母 I、O、Z、S、V{detail}。",
        "Credit codes do not use the letters I, O, Z, S, V{detail}.",
        "请对照营业执照核对。",
        "Compare with the licence.",
    ),
    "registration-check": Wording(
        "warning",
        "15位注册号的校验位不符，请核对。",
        "The 15-digit registration number fails its check.",
        "请对照营业执照；若执照如此，可照常导入。",
        "Compare with the licence; if the licence says so, import as it is.",
    ),
    "code-shape": Wording(
        "warning",
        "既不是18位统一社会信用代码，也不是15位注册号。",
        "Neither an 18-character credit code nor a 15-digit registration number.",
        "请核对；没有信用代码的对象可以用自编号。",
        "Please check; a target without a credit code may carry a number of your own.",
    ),
    # ---- other cells
    "value-missing": Wording(
        "error",
        "必填项是空的。",
        "A required cell is empty.",
        "请填写后重新导入该行。",
        "Fill it in and import the row again.",
    ),
    "text-long": Wording(
        "error",
        "文字超过{detail}个字符。",
        "The text is longer than {detail} characters.",
        "请缩短后重新导入该行。",
        "Shorten it and import the row again.",
    ),
    "name-spaces": Wording(
        "warning",
        "名称中间的空格或换行已整理为“{detail}”。",
        "Spaces or line breaks inside the name were tidied: {detail}.",
        "请核对；无误则不必修改。",
        "Please check; nothing to do if right.",
    ),
    "text-damaged": Wording(
        "warning",
        "文字中有乱码字符。",
        "The text holds a replacement character.",
        "请从原始系统重新导出，编码选 UTF-8 或 GB18030。",
        "Export again from the source system in UTF-8 or GB18030.",
    ),
    "formula-text": Wording(
        "warning",
        "内容以 = + - @ 开头，可能被表格软件当作公式；本系统按文字保存，下载时加单引号。",
        "The text begins with = + - @ and could act as a formula; kept as text, quoted in downloads.",
        "请核对该内容。",
        "Please check the text.",
    ),
    "colour-unknown": Wording(
        "error",
        "风险等级不是红、橙、黄、蓝之一。",
        "The risk colour is none of red, orange, yellow, blue.",
        "请改为红、橙、黄、蓝，或留空。",
        "Use red, orange, yellow, blue or leave it empty.",
    ),
    "status-unknown": Wording(
        "error",
        "不认得的状态。可用：{detail}。",
        "Unknown status. Known: {detail}.",
        "请改为其中之一，或留空（视为正常）。",
        "Use one of these, or leave it empty for active.",
    ),
    "grade-unknown": Wording(
        "warning",
        "不是常见的等级（{detail}），已原样保存。",
        "Not a usual grade ({detail}); kept as it is.",
        "请核对。",
        "Please check.",
    ),
    "date-unknown": Wording(
        "error",
        "不是明确的日期。",
        "Not an unambiguous date.",
        "请写成2026-03-01的形式；没有期限写“长期”或留空。",
        "Write it as 2026-03-01; leave it empty for no end.",
    ),
    "date-serial": Wording(
        "warning",
        "日期是表格软件的序列号，已换算为{detail}。",
        "The date is a spreadsheet serial number, read as {detail}.",
        "请核对，并把该列设为日期。",
        "Please check, and format the column as a date.",
    ),
    "date-range": Wording(
        "warning",
        "填写的是起止日期，已取截止日期{detail}。",
        "A period was given; its end is used: {detail}.",
        "请核对；无误则不必修改。",
        "Please check; nothing to do if right.",
    ),
    "flag-unknown": Wording(
        "error",
        "只能填“是”或“否”。",
        "Only yes or no.",
        "请改为“是”或“否”。",
        "Write yes or no.",
    ),
    "count-unknown": Wording(
        "error",
        "不是1至9999的整数。",
        "Not a whole number from 1 to 9999.",
        "请填写整数，没有上限则留空。",
        "Write a whole number, or leave it empty for no limit.",
    ),
    "headcount-unknown": Wording(
        "error",
        "不是人数：应为 0 至 9999999 的整数。",
        "No headcount: a whole number from 0 to 9999999 is asked.",
        "请填整数，或清空该格。",
        "Fill in a whole number, or clear the cell.",
    ),
    "origin-unknown": Wording(
        "error",
        "不认得的检查来源（认得：{detail}）。",
        "Unknown origin of an inspection (known: {detail}).",
        "请改为其中一种，或清空该格；空着的按计入年度次数处理。",
        "Use one of these, or clear the cell: the inspection then counts towards yearly caps.",
    ),
    "provider-unknown": Wording(
        "error",
        "不认得的提供方类别（认得：{detail}）。",
        "Unknown kind of provider (known: {detail}).",
        "专家个人填“专家”，单位填“第三方机构”。",
        "Write expert for a person, organisation for a firm or institute.",
    ),
    "reason-unknown": Wording(
        "warning",
        "不认得的回避原因，归入“其他利害关系”，原文保存在证明材料中。",
        "Unknown reason, filed as other; the text is kept with the evidence.",
        "可改为：近亲属、曾任职、持股投资、技术服务、经济往来、其他利害关系。",
        "Known: kinship, former-employer, shareholding, service, dealings, other.",
    ),
    # ---- rows
    "duplicate-merged": Wording(
        "warning",
        "与第{detail}行完全相同，已合并。",
        "The same as row {detail}; merged.",
        "不必处理。",
        "Nothing to do.",
    ),
    "duplicate-contradiction": Wording(
        "error",
        "与第{detail}行编号相同而内容不同，这些行都没有导入。",
        "Same code as row {detail} with other content; none of these rows is imported.",
        "请只保留正确的一行后重新导入。",
        "Keep only the right row and import again.",
    ),
    "person-unknown": Wording(
        "error",
        "检查人员名录和专家名录里都没有这个编号。",
        "Neither the inspectors nor the experts have this number.",
        "请核对编号，或先导入人员名录。",
        "Check the number, or import the people first.",
    ),
    "expert-unknown": Wording(
        "error",
        "专家名录里没有这个编号。",
        "No expert has this number.",
        "请核对编号，或先导入专家名录；若是机构，请把提供方类别改为“第三方机构”。",
        "Check the number, or import the experts first; for an organisation write so as the kind of provider.",
    ),
    "provider-nameless": Wording(
        "warning",
        "机构只写了代码，而检查对象名录里没有这个代码，无法与人员的工作单位对照。",
        "Only a code is given for the organisation and no target has it: it cannot be compared with employers.",
        "请写机构名称，与人员名录里的单位写法一致。",
        "Write the organisation's name as the people's registries write it.",
    ),
    "period-reversed": Wording(
        "error",
        "结束日期早于开始日期（{detail}）。",
        "It ends before it begins ({detail}).",
        "请核对两个日期。",
        "Check both dates.",
    ),
    "code-taken": Wording(
        "error",
        "名录里已有这个编号，没有新增。",
        "The registry has this code already; nothing was added.",
        "请核对编号；若要修改原有的一行，请从名录中打开它。",
        "Check the code; to change the row that is there, open it from the list.",
    ),
    "target-merged": Wording(
        "error",
        "这个代码已并入 {detail}，不再单独修改。",
        "This code was merged into {detail} and is no longer changed by itself.",
        "请改用并入后的代码；若合并有误，请先在“合并重复对象”中撤销。",
        "Use the code it was merged into; if the merge was a mistake, undo it first under Duplicates.",
    ),
    "target-is-alias": Wording(
        "warning",
        "这个代码已并入 {detail}，抽取时按 {detail} 计算。",
        "This code was merged into {detail} and counts for it in draws.",
        "照常导入；也可以改写为并入后的代码。",
        "Import it as it is, or write the code it was merged into.",
    ),
    "target-unknown": Wording(
        "warning",
        "检查对象名录里没有这个代码。",
        "No target has this code.",
        "请核对；若企业将来才入库，可照常导入。",
        "Please check; import as it is if the firm will be registered later.",
    ),
}
