"""Writes the made-up part of this pack: units.yaml, areas.geojson, places.yaml and posts.yaml.

Run ``python deploy/cities/sheyang/make.py``: the same files come out every time (the seed is fixed). Real are the names
and official codes of the county, the town and its twelve communities. Invented are every outline, every grid, every
place but the name 建华园, every company and every person.
"""

import json
import random
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SEED = 320924
WEST, SOUTH, CELL_EAST, CELL_NORTH = 120.2200, 33.7480, 0.0052, 0.0043
COUNTY_OUTLINE = [(119.96, 33.55), (120.12, 33.46), (120.40, 33.49), (120.56, 33.63), (120.52, 33.88), (120.36, 34.06),
                  (120.14, 34.09), (119.99, 33.90)]  # fmt: skip
TOWN_OUTLINE = [(120.185, 33.715), (120.262, 33.705), (120.318, 33.722), (120.325, 33.790), (120.300, 33.835),
                (120.230, 33.840), (120.180, 33.805)]  # fmt: skip

# id, short name, official code, English name; on the made-up map four columns by three rows, from the south-west.
COMMUNITIES = [
    ("tiaoxin", "条心", "320924100032", "Tiaoxin"),
    ("yongsheng", "永胜", "320924100031", "Yongsheng"),
    ("qingnan", "庆南", "320924100009", "Qingnan"),
    ("xingdong", "兴东", "320924100017", "Xingdong"),
    ("chengxi", "城西", "320924100018", "Chengxi"),
    ("jiaotonglu", "交通路", "320924100001", "Jiaotonglu"),
    ("chaoyang", "朝阳", "320924100033", "Chaoyang"),
    ("chengdong", "城东", "320924100007", "Chengdong"),
    ("chengbei", "城北", "320924100021", "Chengbei"),
    ("hongya", "虹亚", "320924100030", "Hongya"),
    ("shuanglong", "双龙", "320924100029", "Shuanglong"),
    ("fahong", "发鸿", "320924100034", "Fahong"),
]
DEPARTMENTS = [
    ("urban-management", "城市管理局", "Urban management", ["城管", "城管局"]),
    ("police", "公安局", "Police", ["公安", "派出所"]),
    ("construction", "住房和城乡建设局", "Housing and construction", ["住建", "住建局", "建设局"]),
    ("emergency", "应急管理局", "Emergency management", ["应急", "应急局"]),
    ("fire", "消防救援大队", "Fire and rescue", ["消防", "消防大队"]),
    ("water", "供水公司", "Water supply", ["供水", "自来水公司"]),
    ("power", "供电公司", "Power supply", ["供电", "供电所"]),
    ("gas", "燃气公司", "Gas supply", ["燃气"]),
    ("transport", "交通运输局", "Transport", ["交通", "交通局"]),
    ("environment", "生态环境局", "Environment", ["环保", "环保局"]),
    ("market", "市场监督管理局", "Market supervision", ["市监", "市场监管"]),
    ("civil-affairs", "民政局", "Civil affairs", ["民政"]),
]
COMPANIES = [
    ("property-jianhua", "建华园物业（虚构）", "Jianhuayuan property (made up)", "jiaotonglu"),
    ("property-kangle", "康乐新村物业（虚构）", "Kangle property (made up)", "chaoyang"),
]
BESIDE = [  # id, level, name, English, community: who is called in beside departments, companies and members' teams
    (
        "jianhua-owners",
        "committee",
        "建华园业主委员会（虚构）",
        "Jianhuayuan owners' committee (made up)",
        "jiaotonglu",
    ),
    ("kangle-owners", "committee", "康乐新村业主委员会（虚构）", "Kangle owners' committee (made up)", "chaoyang"),
    (
        "school-3",
        "resident",
        "第三小学（驻区单位，虚构）",
        "No. 3 Primary School (resident unit, made up)",
        "jiaotonglu",
    ),
    ("clinic", "resident", "城西卫生院（驻区单位，虚构）", "Chengxi Clinic (resident unit, made up)", "chengxi"),
]
ESTATES: list[tuple[str, str, str, list[str], int]] = [  # name, English, community, aliases, buildings
    ("建华园", "Jianhuayuan", "jiaotonglu", ["建华园小区", "建华"], 12),
    ("老船厂宿舍", "Old Shipyard Flats", "jiaotonglu", ["船厂宿舍", "老船厂"], 6),
    ("福满里", "Fumanli", "jiaotonglu", ["福满里小区"], 15),
    ("康乐新村", "Kangle New Village", "chaoyang", ["康乐"], 20),
    ("望湖佳苑", "Wanghu Court", "chaoyang", ["望湖"], 16),
    ("锦和苑", "Jinhe Court", "chengdong", ["锦和"], 12),
    ("东风新村", "Dongfeng New Village", "chengdong", [], 9),
    ("北桥花园", "Beiqiao Garden", "chengbei", ["北桥"], 14),
    ("安康里", "Ankangli", "chengxi", ["安康里小区"], 11),
    ("棉纺宿舍", "Cotton Mill Flats", "chengxi", ["棉纺厂宿舍"], 8),
    ("幸福家园", "Xingfu Home", "qingnan", ["幸福小区"], 10),
    ("幸福花苑", "Xingfu Court", "hongya", ["幸福小区"], 10),
    ("盐蒿苑", "Yanhao Court", "xingdong", [], 13),
    ("双龙雅居", "Shuanglong Home", "shuanglong", ["龙居"], 7),
    ("鹤鸣苑", "Heming Court", "fahong", ["鹤鸣"], 18),
    ("永胜家园", "Yongsheng Home", "yongsheng", [], 9),
    ("芦荡人家", "Ludang Homes", "tiaoxin", ["芦荡"], 6),
]
LANDMARKS = [  # name, English, community, aliases
    ("第三小学", "No. 3 Primary School", "jiaotonglu", ["三小", "三小门口"]),
    ("银杏路菜市场", "Ginkgo Road Market", "jiaotonglu", ["银杏路菜场", "菜场", "菜市场"]),
    ("金粮巷", "Jinliang Lane", "jiaotonglu", []),
    ("小商品城", "Small Wares Market", "chaoyang", ["小商品城西门", "商品城"]),
    ("第二中学", "No. 2 Middle School", "chengdong", ["二中", "二中门口"]),
    ("汽车北站", "North Bus Station", "chengbei", ["北站"]),
    ("城西卫生院", "Chengxi Clinic", "chengxi", ["城西医院"]),
    ("鹤乡广场", "Crane Square", "fahong", ["广场舞那块"]),
    ("虹亚农贸市场", "Hongya Market", "hongya", ["虹亚菜场"]),
    ("双龙桥", "Shuanglong Bridge", "shuanglong", []),
    ("庆南幼儿园", "Qingnan Kindergarten", "qingnan", []),
    ("兴东驿站", "Xingdong Station", "xingdong", ["骑手驿站"]),
    ("条心粮站", "Tiaoxin Granary", "tiaoxin", ["老粮站"]),
    ("永胜公园", "Yongsheng Park", "yongsheng", []),
]
ROADS = [
    ("银杏路", "Ginkgo Road"),
    ("健民路", "Jianmin Road"),
    ("交通路", "Jiaotong Road"),
    ("朝阳路", "Chaoyang Road"),
]
FEW = "甲乙丙丁"
Node = tuple[float, float]


def mesh(chance: random.Random) -> list[list[Node]]:
    """The corners of all grids, 13 by 10, shaken a little; neighbours share them, so there are no gaps."""
    return [
        [
            (
                round(WEST + (x + chance.uniform(-0.18, 0.18)) * CELL_EAST, 6),
                round(SOUTH + (y + chance.uniform(-0.18, 0.18)) * CELL_NORTH, 6),
            )
            for x in range(13)
        ]
        for y in range(10)
    ]


def ring(nodes: list[list[Node]], x: int, y: int, size: int) -> list[Node]:
    """The outline of ``size`` by ``size`` cells from corner (x, y), counter-clockwise, closed."""
    steps = range(size)
    south, east = [nodes[y][x + i] for i in steps], [nodes[y + i][x + size] for i in steps]
    north, west = [nodes[y + size][x + size - i] for i in steps], [nodes[y + size - i][x] for i in steps]
    return [*south, *east, *north, *west, nodes[y][x]]


def corner(community: str) -> tuple[int, int]:
    """The south-west corner of a community, in cells."""
    number = [known[0] for known in COMMUNITIES].index(community)
    return number % 4 * 3, number // 4 * 3


def units() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"id": "sheyang", "level": "county", "name": "射阳县", "name_en": "Sheyang County", "code": "320924",
         "aliases": ["射阳"]},
        {"id": "hede", "level": "town", "parent": "sheyang", "name": "合德镇", "name_en": "Hede Town",
         "code": "320924100", "answers_for": "rest"},
    ]  # fmt: skip
    for key, name, code, english in COMMUNITIES:
        found.append({"id": key, "level": "community", "parent": "hede", "name": f"{name}社区",
                      "name_en": f"{english} Community", "code": code})  # fmt: skip
        found += [
            {"id": f"{key}-g{n}", "level": "grid", "parent": key, "name": f"{name}社区第{n}网格",
             "name_en": f"{english} Grid {n}"}
            for n in range(1, 10)
        ]  # fmt: skip
        found.append({"id": f"{key}-team", "level": "team", "parent": key, "name": f"{name}社区党员先锋队",
                      "name_en": f"{english} Members' Team"})  # fmt: skip
    found += [
        {"id": key, "level": "property", "parent": community, "name": name, "name_en": english}
        for key, name, english, community in COMPANIES
    ]
    found += [
        {"id": key, "level": level, "parent": community, "name": name, "name_en": english}
        for key, level, name, english, community in BESIDE
    ]
    found += [
        {"id": key, "level": "department", "parent": "sheyang", "name": f"射阳县{name}", "name_en": english,
         "aliases": aliases}
        for key, name, english, aliases in DEPARTMENTS
    ]  # fmt: skip
    found.append({"id": "discipline", "level": "inspection", "parent": "sheyang",
                  "name": "射阳县纪律检查委员会", "name_en": "Discipline inspection",
                  "aliases": ["纪委", "纪检"]})  # fmt: skip
    found.append({"id": "courier-alliance", "level": "industry", "parent": "sheyang",
                  "name": "射阳县快递外卖行业党建联盟", "name_en": "Couriers' and Riders' Alliance",
                  "aliases": ["行业党建联盟"]})  # fmt: skip
    return found


def areas(nodes: list[list[Node]]) -> list[dict[str, Any]]:
    def feature(unit: str, outline: list[Node]) -> dict[str, Any]:
        return {"type": "Feature", "properties": {"unit": unit},
                "geometry": {"type": "Polygon", "coordinates": [outline]}}  # fmt: skip

    found = [
        feature("sheyang", [*COUNTY_OUTLINE, COUNTY_OUTLINE[0]]),
        feature("hede", [*TOWN_OUTLINE, TOWN_OUTLINE[0]]),
    ]
    for key, *_ in COMMUNITIES:
        x, y = corner(key)
        found.append(feature(key, ring(nodes, x, y, 3)))
        found += [feature(f"{key}-g{n + 1}", ring(nodes, x + n % 3, y + n // 3, 1)) for n in range(9)]
    return found


def places(nodes: list[list[Node]], chance: random.Random) -> list[dict[str, Any]]:
    free = {key: chance.sample(range(9), 9) for key, *_ in COMMUNITIES}

    def centre(community: str) -> Node:
        """The middle of a grid of the community that holds no other place yet."""
        x, y = corner(community)
        cell = free[community].pop()
        around = ring(nodes, x + cell % 3, y + cell // 3, 1)[:4]
        return round(sum(p[0] for p in around) / 4, 6), round(sum(p[1] for p in around) / 4, 6)

    found: list[dict[str, Any]] = []
    for name, english, community, aliases, count in ESTATES:
        lon, lat = centre(community)
        buildings = {
            str(n + 1): [round(lon + (n % 4 - 1.5) * 0.0005, 6), round(lat + (n // 4 - 1.5) * 0.0004, 6)]
            for n in range(count)
        }
        found.append({"name": name, "name_en": english, "kind": "estate", "aliases": aliases, "unit": community,
                      "point": [lon, lat], "buildings": buildings})  # fmt: skip
    for name, english, community, aliases in LANDMARKS:
        found.append({"name": name, "name_en": english, "kind": "landmark", "aliases": aliases, "unit": community,
                      "point": list(centre(community))})  # fmt: skip
    found += [{"name": name, "name_en": english, "kind": "road"} for name, english in ROADS]
    # On the border of two communities, so that the rule for borders shows.
    found.append({"name": "健民路银杏路路口", "kind": "crossing", "aliases": ["银杏路健民路路口"],
                  "point": list(nodes[4][6])})  # fmt: skip
    for number, place in enumerate(found, 1):
        place["id"] = f"p{number:02}"
    return found


CANONICAL = "jiaotonglu"
LETTER = {"valid_from": "2026-01-01", "valid_to": "2027-07-01"}  # letters of appointment, made up


def posts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def add(unit: str, key: str, name: str, role: str, post: str | None = None, **more: Any) -> None:
        person = {"id": f"{unit}.{key}", "name": name, "unit": unit, "role": role}
        found.append(person | ({"post": post} if post else {}) | more)

    for unit, name in (("sheyang", "射阳县指挥中心"), ("hede", "合德镇")):
        for n in range(2):
            add(unit, f"duty{n + 1}", f"{name}值班员{FEW[n]}", "duty_officer", "A")
        add(unit, "supervisor", f"{name}督办员甲", "supervisor")
        add(unit, "inspector", f"{name}核查员甲", "inspector")
    members = 137  # full-time grid members, as the account says; the first grids have two
    for number, (key, name, _, _) in enumerate(COMMUNITIES):
        for n in range(2):
            # Day and night; at the community of the demo's cases both are there at any hour.
            shifts = {} if key == CANONICAL else {"shifts": [{"hours": ("08:00-20:00", "20:00-08:00")[n]}]}
            add(key, f"duty{n + 1}", f"{name}社区值班员{FEW[n]}", "duty_officer", "A", **shifts)
        add(key, "walker", f"{name}社区机动网格员甲", "parttime_grid_member", "B")
        add(key, "rider1", f"{name}社区志愿网格员甲", "parttime_grid_member", home=f"{key}-g1", **LETTER)
        evenings = {"days": ["fri", "sat", "sun", "holiday"], "hours": "17:00-21:00", "calendar": "office"}
        add(key, "rider2", f"{name}社区志愿网格员乙", "parttime_grid_member", "B", home=f"{key}-g2", **LETTER,
            shifts=[evenings])  # fmt: skip
        add(f"{key}-team", "member1", f"{name}社区党员先锋队队员甲", "member")
        for n in range(9):
            grid, called = f"{key}-g{n + 1}", f"{name}社区第{n + 1}网格"
            add(grid, "leader", f"{called}网格长", "grid_leader")
            add(grid, "member1", f"{called}网格员甲", "grid_member", "B")
            if number * 9 + n < members - 108:
                add(grid, "member2", f"{called}网格员乙", "grid_member", "B")
    for key, name, _, _ in COMPANIES:
        add(key, "desk", f"{name.split('（')[0]}值班员甲", "property", "A")
        add(key, "fitter", f"{name.split('（')[0]}维修员甲", "property", "B")
    for key, _, name, _, _ in BESIDE:
        add(key, "desk", f"{name.split('（')[0]}联络员甲", "member", "A")
    for key, name, _, _ in DEPARTMENTS:
        add(key, "desk", f"{name}值班员甲", "department_officer", "A")
        add(key, "field", f"{name}外勤甲", "department_officer", "B")
    add("discipline", "desk", "纪律检查委员会值班员甲", "department_officer", "A")
    add("discipline", "supervisor", "纪律检查委员会负责人甲", "supervisor")
    add("courier-alliance", "desk", "行业党建联盟联络员甲", "department_officer", "A")
    return found


def write(name: str, note: str, lists: dict[str, list[dict[str, Any]]]) -> None:
    """One entry on a line, under ``note`` as a comment."""
    text = "".join(f"# {line}\n" for line in [*note.split("\n"), "Written by make.py; change it there."])
    for key, entries in lists.items():
        text += f"{key}:\n"
        for entry in entries:
            line = yaml.safe_dump(entry, default_flow_style=True, allow_unicode=True, sort_keys=False, width=100_000)
            text += f"  - {line.strip()}\n"
    (HERE / name).write_text(text, encoding="utf-8")


def main() -> None:
    nodes = mesh(random.Random(SEED))
    write("units.yaml", "Names and codes of county, town and communities are real; all else is made up.",
          {"units": units()})  # fmt: skip
    write(
        "places.yaml",
        "Made up, all of it; only the name 建华园 is in the account.",
        {
            "places": places(nodes, random.Random(SEED + 1)),
            "no_location": [{"point": [120.2516, 33.7762], "name": "指挥平台的默认点（虚构）"}],
        },
    )
    write("posts.yaml", "Nobody here exists: the names say what the post is.",
          {"people": posts(),
           "cover": [{"unit": key, "by": ["hede"]} for key, *_ in COMMUNITIES],
           "pairs": [{"unit": f"{key}-g1", "rider": f"{key}.rider1", "member": f"{key}-g1.member1"}
                     for key, *_ in COMMUNITIES]})  # fmt: skip
    features = ",\n".join(json.dumps(feature) for feature in areas(nodes))
    text = f'{{"type": "FeatureCollection", "features": [\n{features}\n]}}\n'
    (HERE / "areas.geojson").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
