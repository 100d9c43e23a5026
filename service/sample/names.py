"""Invented names of firms and people."""

from typing import Final

from .stream import Stream

_FIRST: Final = tuple("恒宏鑫盛瑞华兴润泰昌隆顺永康嘉裕金远大正新天东南中安福吉万旺荣富鼎卓越凯腾")
_SECOND: Final = tuple("达源丰茂泰盛通利德诚信业发辉耀和祥成益升创联邦城海江峰岳川林森晟洋龙")
_SURNAMES: Final = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁任卢姚"
)
_GIVEN: Final = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚玲桂文辉鹏华红玉飞鑫波斌宇浩凯健俊帆雪琳晨阳建国志海燕云龙庆春梅"
)


def firm_name(stream: Stream, place: str, trade: str, form: str) -> str:
    """A firm's registered name: place, a mark of two or three characters, trade, legal form."""
    mark = stream.pick(_FIRST) + stream.pick(_SECOND)
    if stream.below(3) == 0:
        mark += stream.pick(_SECOND)
    return f"{place}{mark}{trade}{form}"


def person_name(stream: Stream) -> str:
    """A person's name of two or three characters."""
    given = stream.pick(_GIVEN) + (stream.pick(_GIVEN) if stream.below(4) else "")
    return stream.pick(_SURNAMES) + given
