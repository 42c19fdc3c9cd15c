"""The words that the rendered pictures hold: common ones, names, codes, and Chinese phrases."""

import random

ENGLISH_TEXT = (
    "account address agreement amount annual appointment arrival article balance bank battery "
    "booking bridge budget building business calendar careful central certificate chapter charge "
    "chicken chocolate city clinic closed coffee college company conference contract copper corner "
    "council country credit customer daily danger dealer delivery dentist deposit design detour "
    "director discount doctor document double dragon drawing editor electric emergency engine "
    "entrance estimate evening exhibition exit express factory ferry festival final fire flight "
    "formula fragile freight garage garden general gluten grammar guarantee guest harbour hazard "
    "heritage holiday hospital hotel impact import income inspection insurance invoice island "
    "journal kitchen laboratory landing laundry lecture lemon library licence limited luggage "
    "machine maintenance manager manual margin market medical membership menu message method "
    "mineral minister minute mobile monday morning motor museum music network notice number office "
    "olive opening orange order organic original package parking passage passenger payment pension "
    "pharmacy platform police policy population poster potato premium price private product "
    "professor project protein public purchase quality quantity quarter question railway receipt "
    "recipe record reference refund region register rental repair report reservation restaurant "
    "result return royal salary sample saturday schedule school science season second secretary "
    "security senior service signal silver society special standard station statement storage "
    "street student subject summary sunday supply surgery system taxi teacher temporary terminal "
    "theatre ticket title tomato total traffic training transfer travel treasury tunnel union "
    "university vacuum valley vehicle version village visitor voltage voucher warning water "
    "wednesday weekly welcome wholesale window winter workshop"
)

NAMES_TEXT = (
    "Abernathy Bellweather Castellano Drummond Eriksson Fairbanks Galloway Hathaway Ivanova "
    "Jablonski Kowalczyk Lindqvist Montgomery Nakamura Okonkwo Pemberton Quintero Rasmussen "
    "Stavropoulos Thackeray Underhill Vandermeer Whitlock Yamamoto Zimmermann Brightwater "
    "Clearview Northgate Silverdale Westbrook Oakhurst Riverside"
)

CHINESE_TEXT = (
    "营业时间 注意安全 禁止吸烟 小心地滑 欢迎光临 紧急出口 请勿拍照 免费停车 会员优惠 今日特价 "
    "火车站 图书馆 人民医院 中心小学 实验室 办公室 会议记录 采购合同 增值税发票 收款收据 出生证明 "
    "健康检查 药品说明 保质期限 生产日期 配料表 牛肉面 红烧鱼 绿茶 酸奶 新鲜水果 手工制作 "
    "地铁二号线 高速公路 公交车站 机场巴士 行李寄存 售票大厅 参观须知 博物馆 展览中心 音乐会 "
    "数学考试 历史作业 语文课本 毕业典礼 招生简章 物理实验 年度报告 财务预算 项目计划 销售统计 "
    "客户服务 电话号码 银行账户 身份信息 保险单据 租房合同 维修记录 电梯故障 消防通道 垃圾分类 "
    "春节快乐 恭喜发财 生日蛋糕 婚礼请柬 旅游路线 长城 黄河大桥 杭州西湖 成都火锅 广州早茶 "
    "北京烤鸭 上海豫园 南京东路 深圳湾 青岛啤酒 云南普洱 新疆葡萄 海南椰子 天气预报 空气质量"
)

ENGLISH, NAMES, CHINESE = (text.split() for text in (ENGLISH_TEXT, NAMES_TEXT, CHINESE_TEXT))

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def code(rng: random.Random) -> str:
    """Return a code such as a document carries: an order, a price, a date, a telephone number."""
    match rng.randrange(5):
        case 0:
            return f"{rng.choice(LETTERS)}{rng.choice(LETTERS)}{rng.randrange(10_000, 99_999)}"
        case 1:
            return f"{rng.randrange(5, 4000)}.{rng.randrange(100):02d}"
        case 2:
            return (
                f"20{rng.randrange(10, 27)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
            )
        case 3:
            return f"{rng.randrange(200, 999)} {rng.randrange(1000, 9999)}"
    return str(rng.randrange(100_000, 9_999_999))


def english_line(rng: random.Random, count: int, names: float = 0.1, codes: float = 0.12) -> str:
    """Return a line of so many words, some of them names and codes."""
    words = []
    for _ in range(count):
        chance = rng.random()
        if chance < names:
            words.append(rng.choice(NAMES))
        elif chance < names + codes:
            words.append(code(rng))
        else:
            words.append(rng.choice(ENGLISH))
    line = " ".join(words)
    return line[0].upper() + line[1:]


def chinese_line(rng: random.Random, count: int, codes: float = 0.0) -> str:
    """Return a line of so many phrases, without spaces but around codes."""
    parts = []
    for _ in range(count):
        parts.append(rng.choice(CHINESE))
        if rng.random() < codes:
            parts.append(f" {code(rng)} ")
    return "".join(parts).strip()
