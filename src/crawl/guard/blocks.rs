//! The tables of the guard: address blocks that are not the public internet, names and ports that are not the web.
//!
//! It must not decide anything: [`super::Guard`] does. Sources: the IANA special-purpose address registries (RFC 6890 and its
//! updates), the Fetch standard's list of bad ports, RFC 6761, RFC 6762, RFC 8375, ICANN's reservation of `.internal`.
//! Start at [`special`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses, `10.0.0.0/8`. A bare address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    base: IpAddr,
    bits: u8,
}

/// What is wrong with a written block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// The part before the slash is no address.
    #[error("{0:?} 不是地址段：斜杠前应是 IPv4 或 IPv6 地址，例如 127.0.0.1/32")]
    Address(String),
    /// The part after the slash is no prefix length of that address family.
    #[error("{0:?} 不是地址段：斜杠后应是 0 到 {1} 的位数")]
    Bits(String, u8),
    /// Bits behind the prefix are set, so the writer meant another block than the one written.
    #[error("{0:?} 的主机位不为零：单个地址写 /{1}，地址段写成 {2}")]
    HostBits(String, u8, String),
}

impl Cidr {
    /// The block of `bits` leading bits of `base`. `None` when there are more bits than the address has.
    pub fn new(base: IpAddr, bits: u8) -> Option<Cidr> {
        (bits <= width(base)).then(|| Cidr { base: mask(base, bits), bits })
    }

    /// Whether the address lies in the block. Families never match each other.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.base.is_ipv4() == ip.is_ipv4() && mask(ip, self.bits) == self.base
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Cidr, CidrError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = address.trim().parse().map_err(|_| CidrError::Address(text.to_owned()))?;
        let width = width(base);
        let bits = match bits {
            None => width,
            Some(bits) => match bits.trim().parse::<u8>() {
                Ok(bits) if bits <= width => bits,
                _ => return Err(CidrError::Bits(text.to_owned(), width)),
            },
        };
        let masked = mask(base, bits);
        if masked != base {
            return Err(CidrError::HostBits(text.to_owned(), width, format!("{masked}/{bits}")));
        }
        Ok(Cidr { base, bits })
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn mask(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & keep))
        }
        IpAddr::V6(ip) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & keep))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Cidr {
    Cidr { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
}

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Cidr {
    Cidr { base: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), bits }
}

/// Single addresses stand before the blocks that hold them, so that the reason names the worst.
const SPECIAL_V4: &[(Cidr, &str)] = &[
    (v4(169, 254, 169, 254, 32), "云主机的元数据服务"),
    (v4(100, 100, 100, 200, 32), "云主机的元数据服务"),
    (v4(192, 0, 0, 192, 32), "云主机的元数据服务"),
    (v4(168, 63, 129, 16, 32), "云主机的元数据服务"),
    (v4(0, 0, 0, 0, 8), "“本网络”保留地址"),
    (v4(10, 0, 0, 0, 8), "内网地址"),
    (v4(100, 64, 0, 0, 10), "运营商内部地址"),
    (v4(127, 0, 0, 0, 8), "本机回环地址"),
    (v4(169, 254, 0, 0, 16), "链路本地地址"),
    (v4(172, 16, 0, 0, 12), "内网地址"),
    (v4(192, 0, 0, 0, 24), "协议保留地址"),
    (v4(192, 0, 2, 0, 24), "文档示例地址"),
    (v4(192, 88, 99, 0, 24), "已废止的 6to4 中继地址"),
    (v4(192, 168, 0, 0, 16), "内网地址"),
    (v4(198, 18, 0, 0, 15), "测试地址（也常是代理软件的假地址）"),
    (v4(198, 51, 100, 0, 24), "文档示例地址"),
    (v4(203, 0, 113, 0, 24), "文档示例地址"),
    (v4(224, 0, 0, 0, 4), "组播地址"),
    (v4(240, 0, 0, 0, 4), "保留地址"),
];

const SPECIAL_V6: &[(Cidr, &str)] = &[
    (Cidr { base: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 }, "本机回环地址"),
    (Cidr { base: IpAddr::V6(Ipv6Addr::UNSPECIFIED), bits: 128 }, "未指定地址"),
    (v6(0xfd00, 0x0ec2, 0, 32), "云主机的元数据服务"),
    (v6(0, 0, 0, 8), "内嵌 IPv4 的保留地址"),
    (v6(0x64, 0xff9b, 0, 96), "NAT64 转换地址"),
    (v6(0x64, 0xff9b, 1, 48), "NAT64 转换地址"),
    (v6(0x2001, 0, 0, 32), "Teredo 隧道地址"),
    (v6(0x2001, 0, 0, 23), "协议保留地址"),
    (v6(0x2001, 0xdb8, 0, 32), "文档示例地址"),
    (v6(0x2002, 0, 0, 16), "6to4 隧道地址"),
    (v6(0x3fff, 0, 0, 20), "文档示例地址"),
    (v6(0xfc00, 0, 0, 7), "内网地址"),
    (v6(0xfe80, 0, 0, 10), "链路本地地址"),
    (v6(0xfec0, 0, 0, 10), "已废止的站点本地地址"),
    (v6(0xff00, 0, 0, 8), "组播地址"),
];

/// What is handed out to the public so far; the rest of IPv6 is reserved.
const GLOBAL_V6: Cidr = v6(0x2000, 0, 0, 3);
const NAT64: Cidr = v6(0x64, 0xff9b, 0, 96);

/// The special block an address lies in; `None` for the public internet. Expects a canonical address (no `::ffff:…`).
pub fn special(ip: IpAddr) -> Option<&'static str> {
    let table = if ip.is_ipv4() { SPECIAL_V4 } else { SPECIAL_V6 };
    // ::/8 would swallow 64:ff9b::/96 in a plain first match: take the narrowest block.
    let narrowest = table.iter().filter(|(block, _)| block.contains(ip)).max_by_key(|(block, _)| block.bits);
    match narrowest {
        Some((_, what)) => Some(what),
        None if ip.is_ipv6() && !GLOBAL_V6.contains(ip) => Some("保留地址"),
        None => None,
    }
}

/// The IPv4 host behind the well-known NAT64 prefix (RFC 6052).
pub fn translated(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V6(v6) if NAT64.contains(ip) => {
            let [.., a, b, c, d] = v6.octets();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

/// Last labels of names that belong to private networks.
pub(super) const PRIVATE_SUFFIXES: &[&str] = &[
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intra",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
];

/// Ports of other protocols (Fetch standard, "bad port") and of services that administer or store, ascending.
const FOREIGN_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530,
    531, 532, 540, 548, 554, 556, 563, 587, 601, 623, 636, 873, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049,
    2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5038, 5060, 5061, 5432, 5672, 5900, 5984, 5985, 5986,
    6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 8500, 9042, 9092, 9200, 9300, 10080, 10250,
    10255, 11211, 27017, 27018,
];

/// Whether a port is none that a web page would be served on.
pub fn is_foreign_port(port: u16) -> bool {
    FOREIGN_PORTS.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_sorted_for_the_search_in_them() {
        assert!(FOREIGN_PORTS.is_sorted());
    }

    #[test]
    fn every_block_of_the_tables_starts_at_its_base() {
        for (block, what) in SPECIAL_V4.iter().chain(SPECIAL_V6) {
            assert_eq!(mask(block.base, block.bits), block.base, "{what} {block}");
        }
    }

    #[test]
    fn a_block_is_read_and_written() {
        for text in ["127.0.0.1/32", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "::/0", "::1/128"] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), text);
        }
        assert_eq!("10.1.2.3".parse::<Cidr>().unwrap().to_string(), "10.1.2.3/32");
    }

    #[test]
    fn a_mistyped_block_says_what_to_write() {
        let say = |text: &str| text.parse::<Cidr>().unwrap_err().to_string();
        assert!(say("localhost/8").contains("127.0.0.1/32"));
        assert!(say("10.0.0.0/33").contains("0 到 32"));
        assert!(say("10.0.0.0/").contains("0 到 32"));
        assert!(say("10.1.0.0/8").contains("10.0.0.0/8"));
        assert!(say("").contains("不是地址段"));
    }

    #[test]
    fn a_block_holds_its_ends_and_not_their_neighbours() {
        let block: Cidr = "172.16.0.0/12".parse().unwrap();
        for (ip, inside) in [
            ("172.16.0.0", true),
            ("172.31.255.255", true),
            ("172.15.255.255", false),
            ("172.32.0.0", false),
            ("::", false),
        ] {
            assert_eq!(block.contains(ip.parse().unwrap()), inside, "{ip}");
        }
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().contains("255.255.255.255".parse().unwrap()));
    }
}
