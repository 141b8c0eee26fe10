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
泸州老窖 青岛啤酒 上海滩 日照香炉 乌苏里江 合作市场";

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

/// Peoples in the names of autonomous divisions, to get from 恩施土家族苗族自治州 to 恩施.
pub(super) const PEOPLES: &str = "\
朝鲜族 土家族 苗族 藏族 羌族 彝族 布依族 侗族 哈尼族 壮族 傣族 白族 景颇族 傈僳族 回族 蒙古族 蒙古 哈萨克族 哈萨克 柯尔克孜 \
畲族 瑶族 满族 土族 黎族 佤族 拉祜族 纳西族 独龙族 怒族 普米族 毛南族 仫佬族 仡佬族 水族 达斡尔族 鄂温克族 裕固族 东乡族 \
保安族 撒拉族 塔吉克 锡伯 布朗族 维吾尔 各族";

/// Behind a short name: an institution, a dish or a street that bears it.
const BEARERS: &str = "\
银行 时间 日报 晚报 早报 卫视 证券 烤鸭 火锅 拉面 牛肉面 小面 米粉 螺蛳粉 热干面 麻辣烫 板鸭 大盘鸡 火腿 毛尖 毛峰 陈醋 麻花 \
方言 饭店 大厦 湾 事变 条约 起义 会议精神 精神 合作组织 长江大桥";

/// What a school is called between its town and 大学.
const SCHOOLS: &str = "\
师范 理工 工业 科技 交通 财经 农业 林业 医科 外国语 政法 航空航天 邮电 中医药 职业 技术 工程 民族 电力 石油 建筑 电子 化工 \
海洋 海事 体育 信息 工商 经贸 城市 开放 广播电视 联合";

/// Whether what follows a short name makes it part of another name: 北京|大学, 南京|东路, 杭州|湾.
pub(super) fn bears_a_name(rest: &str) -> bool {
    is_street(rest) || is_school(rest) || BEARERS.split_whitespace().any(|word| rest.starts_with(word))
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
