"""Texts without a meaning, drawn at random: what a person's slip or a program may ask."""

import random
import string
from collections.abc import Callable, Sequence


def _words(*lines: str) -> list[str]:
    return " ".join(lines).split()


ONSETS = _words("b br cl d dr f fl g gl gr j k kr l m n p pl qu r s sk sn sp spl st thr tr v w z")
CODAS = ["", *_words("b ck d ff g l m mp n nd ng nt p rk rt sh sp st t x zz")]
KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
FUNCTION_WORDS = _words(
    "of the and but because however whether although whichever whose than then not never nor if "
    "unless until so as such very too rather quite perhaps therefore thus hence"
)
ABSTRACT_NOUNS = _words(
    "truth reason theory logic grammar justice concept opinion doubt irony logarithm inflation "
    "policy belief negation causality likelihood paradox virtue ethics nostalgia synonym adjective "
    "verb integer premise tax bureaucracy"
)
ABSTRACT_VERBS = _words(
    "denies implies regrets multiplies contradicts presumes postpones abolishes outweighs subtracts"
)

COMMON_HAN = range(0x4E00, 0x9FA6)
FOREIGN_SOUNDS = "".join(
    _words(
        "阿巴贝比布达德迪多埃法菲弗格古哈赫伊吉卡科克库拉莱里罗鲁马梅",
        "米莫纳尼诺帕佩皮普奇萨塞斯塔特提托图瓦维沃西夏亚耶尤泽佐尔恩姆",
    )
)
NOISES = "哗啦叮咚嘀嗒噼啪轰隆咕噜吱呀嗡哎哟呵嘿哼唉喔咩嘎"
PARTICLES = "的了着过在是和与或而且但虽因为所以如即使除非不由于对关乃其之何乎哉也矣又便就才都还更最"
DIGITS = "零一二三四五六七八九十百千"
CHINESE_NOUNS = _words(
    "真理 理由 理论 逻辑 正义 概念 意见 对数 通胀 政策 信仰 因果",
    "悖论 美德 伦理 乡愁 同义词 形容词 整数 前提 利息 抽象 宿命",
)
CHINESE_VERBS = _words("否认 意味着 后悔 乘以 推翻 假设 推迟 废除 减去")


def english_nonsense(count: int, words: Sequence[str], seed: int) -> list[str]:
    """Draw different texts: invented words, typing, codes, words in disorder, and abstractions.

    `words` are usual ones, whose letters are shuffled.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret

    def new_word() -> str:
        syllables = (
            draw.choice(ONSETS) + draw.choice("aeiou") + draw.choice(CODAS)
            for _ in range(draw.choice([1, 2, 2, 3]))
        )
        return "".join(syllables)

    def key_run() -> str:
        row = draw.choice(KEY_ROWS)
        start = draw.randrange(len(row) - 3)
        keys = row[start : start + draw.randint(3, 6)]
        return keys if draw.random() < 0.6 else keys[::-1]

    def code() -> str:
        match draw.randrange(4):
            case 0:
                return _run(draw, "0123456789abcdef", 6, 12)
            case 1:
                return f"{_run(draw, string.ascii_uppercase, 2, 3)}-{draw.randrange(10, 99_999)}"
            case 2:
                return f"{draw.randrange(1, 9)}.{draw.randrange(10 ** draw.randint(2, 8))}"
            case _:
                return _run(draw, string.ascii_letters + string.digits, 6, 14)

    def abstract() -> str:
        one, other = draw.choices(ABSTRACT_NOUNS, k=2)
        verb = draw.choice(ABSTRACT_VERBS)
        match draw.randrange(4):
            case 0:
                return f"the {one} of {other}"
            case 1:
                return f"{one} {verb} {other}"
            case 2:
                return " ".join(draw.choices(FUNCTION_WORDS, k=draw.randint(2, 6)))
            case _:
                return f"a {one} {verb} the {other}"

    def anagram() -> str:
        letters = list(draw.choice(words))
        draw.shuffle(letters)
        return "".join(letters)

    def phrase(word: Callable[[], str]) -> str:
        return " ".join(word() for _ in range(draw.randint(1, 3)))

    kinds: list[Callable[[], str]] = [
        lambda: phrase(new_word),
        lambda: (
            f"{draw.choice(['a', 'the', 'two'])} {new_word()} {draw.choice(['of', 'with'])} "
            f"{new_word()}"
        ),
        lambda: phrase(key_run),
        lambda: phrase(lambda: _run(draw, string.ascii_lowercase, 3, 9)),
        code,
        lambda: phrase(anagram),
        abstract,
        abstract,
    ]
    return _different(kinds, count)


def chinese_nonsense(count: int, characters: Sequence[str], seed: int) -> list[str]:
    """Draw different texts of rare and usual `characters`, sounds, particles and abstractions."""
    draw = random.Random(seed)  # noqa: S311 - no secret

    def abstract() -> str:
        noun = draw.choice(CHINESE_NOUNS)
        match draw.randrange(4):
            case 0:
                return f"{noun}的{draw.choice(CHINESE_NOUNS)}"
            case 1:
                return f"{noun}{draw.choice(CHINESE_VERBS)}{draw.choice(CHINESE_NOUNS)}"
            case 2:
                return _run(draw, PARTICLES, 4, 7)
            case _:
                return f"第{_run(draw, DIGITS, 1, 3)}个{noun}"

    kinds: list[Callable[[], str]] = [
        lambda: "".join(chr(draw.choice(COMMON_HAN)) for _ in range(draw.randint(2, 5))),
        lambda: _run(draw, FOREIGN_SOUNDS, 3, 7),
        lambda: _run(draw, FOREIGN_SOUNDS, 3, 7),
        lambda: _run(draw, NOISES, 3, 6),
        lambda: _run(draw, DIGITS, 4, 8),
        lambda: _run(draw, characters, 2, 5),
        abstract,
        abstract,
    ]
    return _different(kinds, count)


def _run(draw: random.Random, letters: Sequence[str], fewest: int, most: int) -> str:
    return "".join(draw.choices(letters, k=draw.randint(fewest, most)))


def _different(kinds: Sequence[Callable[[], str]], count: int) -> list[str]:
    """Return different texts, of each kind in turn."""
    texts: dict[str, None] = {}
    turn = 0
    while len(texts) < count:
        texts[kinds[turn % len(kinds)]()] = None
        turn += 1
    return list(texts)
