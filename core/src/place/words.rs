//! Ordinary words that look like places or hide one, and what behind a short name shows that it is not told as a place.
//!
//! A list here may only hold words of the language and names of kinds of things, never the words of one page. Start at
//! [`SWALLOWED`], which stands in the same automaton as the names.

/// Words that are matched like names and told to nobody: one that begins before a name takes its first character away
/// (以上|海量, 推广|安全), one that is longer takes it whole (大理石). Names that begin with them are longer still and win
/// (公安县, 滨海新区).
pub(super) const SWALLOWED: &str = "\
以上 网上 线上 晚上 早上 马上 加上 路上 身上 手上 岸上 世上 船上 推广 宽广 幸福 造福 隆重 国内 省内 境内 市内 区内 县内 室内 \
完成 变成 造成 形成 达成 组成 构成 促成 现成 做成 生成 养成 建成 集中 其中 高中 初中 东西 东北 西北 华北 西南 东南 华南 \
黄河 淮河 运河 内河 沿河 长江 珠江 沿江 滨江 松花江 太湖 西湖 东湖 南湖 北湖 环湖 滨湖 泰山 华山 香山 长白山 太白山 \
沿海 滨海 临海 渤海 黄海 东海 南海 公安 平安 治安 保安 长安 新安 国泰 华泰 江淮 拖延 典雅 优雅 周六 星期六 第六 十六 \
大厦 经营 运营 直营 自营 国营 民营 私营 面包 红包 钱包 书包 承包 打包 皮包 外包 权威 音乐 快乐 环保 担保 确保 到达 发达 \
优惠 实惠 平衡 均衡 传承 继承 牡丹 发扬 表扬 飞扬 电池 利益 收益 公益 效益 日常 经常 平常 非常 正常 平台 柜台 舞台 后台 \
前台 电台 投资 工资 普通 沟通 共通 美丽 秀丽 每天 当天 今天 明天 昨天 冬天 夏天 春天 秋天 天天 新兴 振兴 复兴 对应 相应 \
供应 响应 适应 反应 确定 规定 决定 指定 固定 稳定 特定 一定 复合肥 混合肥 出海口 入海口 夸海口 孙中山 中山装 中山服 \
中山陵 中山公园 中山医 大理石 大理寺 大理由 大理念 大理论 扩大 重大 强大 大连锁 大连接 大连续 太原始 长沙龙 长治久安 \
大同小异 天下大同 世界大同 大同世界 大同学 四平八稳 四平方 四平米 三明治 大庆典 大庆祝 周年大庆 东营业 东营销 东营收 \
新余额 新余量 新乡村 新乡镇 新乡贤 安阳光 保定制 保定金 保定了 无锡焊 无锡膏 中卫生 中卫星 广安门 北海道 北海公园 \
德州扑克 德州仪器 德州扒鸡 文山会海 哈密瓜 普洱茶 周口店 宁德时代 广东话 四川话 上海话 上海大众 北京现代 云南白药 \
泸州老窖 青岛啤酒 贵州茅台 乐山乐水 长春花 兰州烧饼 两广总督 苏杭天堂 上海滩 日照香炉 乌苏里江 合作市场";

/// Short names of prefectures that are ordinary words, other names or parts of them: places only right behind their province
/// or right before one of their counties.
pub(super) const WEAK: &str = "朝阳 日照 安康 来宾 开封 白银 阿里 红河 兴安 玉树 和田 海西 海北 黄南 山南";

/// Short names of counties that are words: behind a province as well (湖北公安, 湖南通道, 甘肃合作) they are no place.
pub(super) const WORDS: &str = "\
公安 通道 合作 大方 富裕 延长 南部 兴业 乐业 安定 安居 解放 前进 友好 向阳 红旗 工农 平安 平原 长安 新安 新兴 新市 新城 老城 \
古城 城东 城西 城北 城中 市中 市北 市南 西市 站前 港口 海港 东港 大城 交口 民权 高要 三台 大名 大厂 同心 光明 方正 东方 山城 \
江南 中方 开平 永定 永兴 中原 中站 双桥 长顺 大通 大化 大足 高明 和平 太平";

/// Full names of counties that are ordinary words (老城区, 解放区): places only close behind their city or province.
pub(super) const NEAR: &str = "\
新市区 新城区 老城区 古城区 解放区 城东区 城西区 城北区 城中区 市中区 市北区 市南区 西市区 站前区 港口区 海港区 东港区 山城区 \
江南区 前进区 安居区 东山区 工农区";

/// Full names that other towns use for a quarter of theirs: places only somewhere behind their city or province.
pub(super) const EARLIER: &str = "东城区 西城区 桥东区 光明区 河西区";

/// Counties, and quarters of great cities, whose short name everybody uses without the city and nobody for anything else: places
/// wherever they stand.
pub(super) const ALONE: &str = "\
义乌 昆山 江阴 张家港 常熟 太仓 宜兴 慈溪 余姚 诸暨 瑞安 乐清 桐乡 嵊州 温岭 玉环 晋江 石狮 福清 启东 \
如皋 溧阳 句容 丹阳 靖江 邳州 新沂 仪征 高邮 扬中 胶州 平度 莱西 滕州 莱州 招远 寿光 诸城 邹城 曲阜 荣成 \
乳山 肥城 邹平 巩义 荥阳 新郑 新密 汝州 邓州 禹州 林州 长垣 浏阳 宁乡 醴陵 耒阳 仙桃 潜江 枣阳 大冶 麻城 \
汉川 宜都 枝江 钟祥 涿州 任丘 霸州 迁安 遵化 黄骅 辛集 武安 泊头 高碑店 满洲里 瓦房店 庄河 大石桥 公主岭 \
梅河口 延吉 珲春 敦化 绥芬河 讷河 肇东 普宁 廉江 高州 四会 罗定 英德 琼海 石河子 库尔勒 奎屯 简阳 都江堰 \
彭州 邛崃 崇州 江油 什邡 绵竹 广汉 阆中 华蓥 西昌 仁怀 凯里 都匀 兴义 瑞丽 蒙自 个旧 介休 汾阳 侯马 霍州 \
河津 韩城 神木 桐城 巢湖 界首 樟树 瑞昌 福鼎 邵武 建瓯 岑溪 凭祥 靖西 格尔木 灵武 浦东 松江 嘉定 青浦 \
奉贤 闵行 徐汇 萧山 余杭 鄞州 奉化 柯桥 上虞 富阳 黄岩 椒江 顺德 番禺 花都 增城 从化 龙岗 江宁 吴江 武进 \
海淀 丰台 昌平 即墨 章丘 江都 沭阳 泗阳 睢宁 嘉善 苍南 肥西 肥东 长丰 惠安 安溪 闽侯 博罗 惠东";

/// Names of several places at once, and their codes.
pub(super) const GROUPS: &str = "\
江浙沪 320000 330000 310000; \
苏浙沪 320000 330000 310000; \
沪苏浙 310000 320000 330000; \
江浙沪皖 320000 330000 310000 340000; \
苏浙沪皖 320000 330000 310000 340000; \
沪苏浙皖 310000 320000 330000 340000; \
江浙 320000 330000; \
苏浙 320000 330000; \
浙沪 330000 310000; \
苏皖 320000 340000; \
京津冀 110000 120000 130000; \
京津 110000 120000; \
晋冀鲁豫 140000 130000 370000 410000; \
冀鲁豫 130000 370000 410000; \
云贵川 530000 520000 510000; \
云贵川渝 530000 520000 510000 500000; \
川渝 510000 500000; \
成渝 510100 500000; \
云贵 530000 520000; \
两广 440000 450000; \
粤桂 440000 450000; \
粤闽 440000 350000; \
闽粤 440000 350000; \
粤港澳 440000 810000 820000; \
湘鄂赣 430000 420000 360000; \
鄂湘赣 430000 420000 360000; \
湘赣 430000 360000; \
湘鄂 430000 420000; \
陕甘宁 610000 620000 640000; \
陕甘宁青 610000 620000 640000 630000; \
陕甘宁青新 610000 620000 640000 630000 650000; \
甘青宁 620000 630000 640000; \
东三省 210000 220000 230000; \
东北三省 210000 220000 230000; \
黑吉辽 230000 220000 210000; \
辽吉黑 230000 220000 210000; \
苏锡常 320500 320200 320400; \
杭嘉湖 330100 330400 330500; \
甬台温 330200 331000 330300; \
广佛 440100 440600; \
深莞惠 440300 441900 441300; \
厦漳泉 350200 350600 350500; \
长株潭 430100 430200 430300; \
苏杭 320500 330100; \
沪杭 310000 330100; \
鲁豫皖 370000 410000 340000; 苏鲁豫皖 320000 370000 410000 340000; 苏鲁豫 320000 370000 410000; 鄂豫皖 420000 410000 340000; \
豫鄂皖 410000 420000 340000; 晋陕豫 140000 610000 410000; 晋陕蒙 140000 610000 150000; 闽浙赣 350000 330000 360000; \
浙闽赣 330000 350000 360000; 浙赣 330000 360000; 川滇黔 510000 530000 520000; 滇黔桂 530000 520000 450000; 云贵桂 530000 520000 450000; \
粤桂琼 440000 450000 460000; 京津冀鲁 110000 120000 130000 370000; 浙皖 330000 340000; 鲁豫 370000 410000; 豫皖 410000 340000";

/// Names that divisions bore until they were renamed or became part of a city, with the code of what lies there now.
pub(super) const FORMER: &str = "\
襄樊 420600 襄樊市 420600 萧山市 330109 余杭市 330110 鄞县 330212 奉化市 330213 \
绍兴县 330603 上虞市 330604 富阳市 330111 临安市 330112 番禺市 440113 顺德市 440606 \
南海市 440605 三水市 440607 增城市 440118 从化市 440117 莱芜市 370116 章丘市 370114 \
即墨市 370215 胶南市 370211 吴江市 320509 江宁县 320115 武进市 320412 江都市 321012 \
铜山县 320312 思茅市 530800 思茅地区 530800 涪陵市 500102 永川市 500118 合川市 500117 \
江津市 500116 长乐市 350112 建阳市 350703 塘沽 120116 塘沽区 120116 大港区 120116 \
汉沽区 120116 闸北区 310106 卢湾区 310101 南汇区 310115 崇文区 110101 宣武区 110102 \
密云县 110118 延庆县 110119 崇明县 310151 蒲圻市 421281 原州地区 640400 通什市 469001 \
琼山市 460107";

/// Peoples in the names of autonomous divisions, to get from 恩施土家族苗族自治州 to 恩施.
pub(super) const PEOPLES: &str = "\
朝鲜族 土家族 苗族 藏族 羌族 彝族 布依族 侗族 哈尼族 壮族 傣族 白族 景颇族 傈僳族 回族 蒙古族 蒙古 哈萨克族 哈萨克 柯尔克孜 \
畲族 瑶族 满族 土族 黎族 佤族 拉祜族 纳西族 独龙族 怒族 普米族 毛南族 仫佬族 仡佬族 水族 达斡尔族 鄂温克族 裕固族 东乡族 \
保安族 撒拉族 塔吉克 锡伯 布朗族 维吾尔 各族";

/// Behind a short name: an institution, a dish or a street that bears it.
const BEARERS: &str = "\
银行 时间 日报 晚报 早报 卫视 证券 烤鸭 火锅 拉面 牛肉面 小面 米粉 螺蛳粉 热干面 麻辣烫 板鸭 大盘鸡 火腿 毛尖 毛峰 陈醋 麻花 \
方言 饭店 大厦 小吃 晨报 青年报 都市报 商报 茅台 炒饭 黄酒 菜馆 啤酒 白酒 米线 特产 泡菜 榨菜 航空 国安 申花 泰达 恒大 鲁能 高铁 高速 \
城际 铁路 籍 口音 户口 商会 湾 事变 条约 起义 会议精神 精神 合作组织 长江大桥";

/// What a school is called between its town and 大学.
const SCHOOLS: &str = "\
师范 理工 工业 科技 交通 财经 农业 林业 医科 外国语 政法 航空航天 邮电 中医药 职业 技术 工程 民族 电力 石油 建筑 电子 化工 \
海洋 海事 体育 信息 工商 经贸 城市 开放 广播电视 联合";

/// Whether what follows a short name makes it part of another name: 北京|大学, 南京|东路, 杭州|湾.
pub(super) fn bears_a_name(rest: &str) -> bool {
    is_street(rest)
        || is_school(rest)
        || is_brand(rest)
        || BEARERS.split_whitespace().any(|word| rest.starts_with(word))
}

/// 上海牌手表, 北京汽车集团; but not 上海牌照, 北京汽车维修.
fn is_brand(rest: &str) -> bool {
    let sign = rest.strip_prefix('牌').is_some_and(|rest| !rest.starts_with(['照', '子', '匾']));
    let maker = rest.strip_prefix("汽车").is_some_and(|rest| {
        rest.chars().next().is_none_or(|sign| !sign.is_alphanumeric())
            || ["集团", "股份", "公司", "品牌"].iter().any(|word| rest.starts_with(word))
    });
    let dish =
        rest.strip_prefix('菜').is_some_and(|rest| rest.chars().next().is_none_or(|sign| !sign.is_alphanumeric()));
    sign || maker || dish
}

/// 路, 东路, 二街, 大道; but not 路桥 (a district and a trade), 路灯, 街道.
fn is_street(rest: &str) -> bool {
    let rest = rest.strip_prefix(['东', '南', '西', '北', '中', '一', '二', '三']).unwrap_or(rest);
    let road = rest.strip_prefix('路').is_some_and(|rest| !rest.starts_with(['桥', '灯', '政', '面']));
    let street = rest.strip_prefix('街').is_some_and(|rest| !rest.starts_with(['道', '边']));
    road || street || ["大街", "大道", "胡同"].iter().any(|word| rest.starts_with(word))
}

/// 大学, 理工大学, 职业技术学院; but not 大学生.
fn is_school(mut rest: &str) -> bool {
    for _ in 0..4 {
        if let Some(rest) = rest.strip_prefix("大学") {
            return !rest.starts_with('生');
        }
        if rest.starts_with("学院") {
            return true;
        }
        match SCHOOLS.split_whitespace().find_map(|word| rest.strip_prefix(word)) {
            Some(shorter) => rest = shorter,
            None => return false,
        }
    }
    false
}

/// Whether what follows a county's full name makes its last character part of another word: 西湖区|域, 义乌市|场.
pub(super) fn breaks_suffix(name: &str, rest: &str) -> bool {
    (name.ends_with('区') && rest.starts_with(['域', '别', '间', '块', '号']))
        || (name.ends_with('市') && rest.starts_with(['场', '值', '价', '面']))
}
