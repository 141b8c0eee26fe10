//! Every way known to write an address that is ours, and the ways the unit may open it.

use super::*;

fn refused(guard: &Guard, url: &str) -> Option<&'static str> {
    let url = Url::parse(url).unwrap_or_else(|e| panic!("{url}: {e}"));
    guard.check_url(&url).err().map(|refusal| refusal.as_code())
}

fn open(blocks: &[&str]) -> Guard {
    Guard::new(blocks.iter().map(|block| block.parse().unwrap()).collect())
}

#[test]
fn every_spelling_of_loopback_is_refused_before_any_connection() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.255.255.254",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
    ] {
        assert_eq!(refused(&Guard::default(), &format!("http://{host}/")), Some("refused-address"), "{host}");
    }
}

#[test]
fn private_and_special_blocks_are_refused() {
    for host in [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "0.1.2.3",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[::ffff:10.0.0.1]",
        "[100::1]",
        "[4000::1]",
    ] {
        assert_eq!(refused(&Guard::default(), &format!("http://{host}/")), Some("refused-address"), "{host}");
    }
}

#[test]
fn the_public_internet_is_open() {
    for url in [
        "http://1.2.3.4/",
        "https://114.114.114.114:8443/",
        "http://172.32.0.1/",
        "http://100.128.0.1/",
        "http://[2400:3200::1]/",
        "http://[::ffff:1.2.3.4]/",
        "http://example.com/",
        "http://cx.mem.gov.cn:8080/",
        "http://证书.中国/",
        "http://shop.example/",
        "http://a.home.example/",
        "http://localhost.example.com/",
        "http://notlocal/.local".replace("notlocal", "not-local.cn").as_str(),
        "http://mylan.cn/",
    ] {
        assert_eq!(refused(&Guard::default(), url), None, "{url}");
    }
}

#[test]
fn private_names_are_refused_in_any_case_and_with_the_roots_dot() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "router.local",
        "db.internal",
        "metadata.google.internal.",
        "nas.lan",
        "box.home.arpa",
        "intranet",
        "wiki.corp",
        "ｌｏｃａｌｈｏｓｔ",
        "localhost.localdomain",
    ] {
        assert_eq!(refused(&Guard::default(), &format!("http://{host}/")), Some("refused-private-name"), "{host}");
        let proxied = open(&["10.0.0.0/8"]).behind_proxy(true);
        assert_eq!(refused(&proxied, &format!("http://{host}/")), Some("refused-private-name"), "proxied {host}");
    }
}

#[test]
fn other_schemes_and_the_ports_of_other_services_are_refused() {
    for url in [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "data:text/html,x",
        "javascript:alert(1)",
        "ws://a.cn/",
    ] {
        assert_eq!(refused(&Guard::default(), url), Some("refused-scheme"), "{url}");
    }
    for port in [22, 25, 2375, 3306, 5432, 6379, 9200, 10250, 11211, 27017] {
        assert_eq!(refused(&Guard::default(), &format!("http://example.com:{port}/")), Some("refused-port"), "{port}");
        assert_eq!(
            refused(&open(&["127.0.0.0/8"]), &format!("http://127.0.0.1:{port}/")),
            Some("refused-port"),
            "{port}"
        );
    }
    for port in [80, 81, 443, 888, 3000, 7001, 8000, 8080, 8443, 8888, 9999, 40000] {
        assert_eq!(refused(&Guard::default(), &format!("http://example.com:{port}/")), None, "{port}");
    }
}

#[test]
fn an_allowed_block_opens_itself_and_nothing_beside_it() {
    let guard = open(&["127.0.0.1/32"]);
    for (url, want) in [
        ("http://127.0.0.1:40000/", None),
        ("http://2130706433/", None),
        ("http://[::ffff:127.0.0.1]/", None),
        ("http://localhost:40000/", None),
        ("http://127.0.0.2/", Some("refused-address")),
        ("http://[::1]/", Some("refused-address")),
        ("http://10.0.0.1/", Some("refused-address")),
    ] {
        assert_eq!(refused(&guard, url), want, "{url}");
    }
    let v4 = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(guard.check_resolved("localhost", v4("127.0.0.1")).is_ok());
    assert!(guard.check_resolved("shop.example", v4("127.0.0.1")).is_ok());
    assert!(guard.check_resolved("localhost", v4("::1")).is_err());
    assert!(guard.check_resolved("shop.example", v4("10.0.0.1")).is_err());
    assert!(guard.check_resolved("shop.example", v4("1.2.3.4")).is_ok());
    assert!(guard.check_resolved("nas.lan", v4("1.2.3.4")).is_err(), "a private name has to be allowed by its address");
}

#[test]
fn behind_a_proxy_localhost_follows_loopback() {
    assert_eq!(refused(&open(&["127.0.0.0/8"]).behind_proxy(true), "http://localhost/"), None);
    assert_eq!(refused(&open(&["10.0.0.0/8"]).behind_proxy(true), "http://localhost/"), Some("refused-private-name"));
    assert_eq!(refused(&Guard::default().behind_proxy(true), "http://seller.example/"), None);
    assert_eq!(refused(&Guard::default().behind_proxy(true), "http://0x7f.1/"), Some("refused-address"));
}

#[test]
fn an_allowed_translation_prefix_does_not_open_the_private_hosts_behind_it() {
    let guard = open(&["64:ff9b::/96"]);
    assert_eq!(refused(&guard, "http://[64:ff9b::1.2.3.4]/"), None);
    assert_eq!(refused(&guard, "http://[64:ff9b::10.0.0.1]/"), Some("refused-address"));
}

#[test]
fn an_own_endpoint_is_known_by_scheme_host_and_port() {
    let guard = Guard::default().with_own([Url::parse("http://127.0.0.1:8888/searx").unwrap()]);
    for (url, own) in [
        ("http://127.0.0.1:8888/search?q=x", true),
        ("http://127.0.0.1:8889/", false),
        ("https://127.0.0.1:8888/", false),
        ("http://localhost:8888/", false),
    ] {
        assert_eq!(guard.is_own(&Url::parse(url).unwrap()), own, "{url}");
    }
}

#[test]
fn a_refusal_names_the_thing_and_the_way_out() {
    let say = Guard::default().check_address("192.168.1.1".parse().unwrap()).unwrap_err().to_string();
    for word in ["192.168.1.1", "内网", "network.allow_addresses"] {
        assert!(say.contains(word), "{say}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_written_an_accepted_literal_is_public(bits: u32, v6 in proptest::array::uniform16(0u8..)) {
        for ip in [IpAddr::V4(Ipv4Addr::from_bits(bits)), IpAddr::V6(Ipv6Addr::from(v6))] {
            if Guard::default().check_address(ip).is_ok() {
                match ip.to_canonical() {
                    IpAddr::V4(ip) => proptest::prop_assert!(!(ip.is_private() || ip.is_loopback() || ip.is_link_local()
                        || ip.is_multicast() || ip.is_broadcast() || ip.is_documentation() || ip.octets()[0] == 0)),
                    IpAddr::V6(ip) => proptest::prop_assert!(!(ip.is_loopback() || ip.is_multicast() || ip.is_unspecified()
                        || ip.is_unique_local() || ip.is_unicast_link_local())),
                }
            }
        }
    }

    #[test]
    fn a_block_read_back_from_its_text_is_the_same(bits: u32, len in 0u8..=32) {
        let block = Cidr::new(IpAddr::V4(Ipv4Addr::from_bits(bits)), len).unwrap();
        proptest::prop_assert_eq!(block.to_string().parse::<Cidr>().unwrap(), block);
    }
}
