//! Blocks of addresses in CIDR notation.
//!
//! One small type, because the guard and the mailer only ask one thing: is this address inside? No sets, no arithmetic.

use std::{fmt, net::IpAddr, str::FromStr};

/// A block of addresses, e.g. `10.0.0.0/8` or `fd00::/8`.
///
/// IPv4 addresses mapped into IPv6 (`::ffff:10.0.0.1`) count as IPv4 on both sides: a dual-stack socket shows one peer in
/// either dress, and a block must not be escaped or entered by the change of dress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is no block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// The part before the slash is no IP address.
    #[error("斜杠前面要是 IP 地址")]
    Address,
    /// The part after the slash is no number that the address family allows.
    #[error("斜杠后面要是 0 到 {0} 的整数")]
    Prefix(u8),
}

impl Cidr {
    /// The block of the first `prefix` bits of `address`; `None` when the family has fewer bits.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        if prefix > width(address) {
            return None;
        }
        let (address, prefix) = match address.to_canonical() {
            v4 @ IpAddr::V4(_) if address.is_ipv6() && prefix >= 96 => (v4, prefix - 96),
            // Wider than the mapped range: stays a block of IPv6.
            IpAddr::V4(_) if address.is_ipv6() => (address, prefix),
            own => (own, prefix),
        };
        Some(Cidr { first: cut(address, prefix), prefix })
    }

    /// Whether `address` lies in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        cut(address.to_canonical(), self.prefix.min(width(address.to_canonical()))) == self.first
            && width(address.to_canonical()) == width(self.first)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// `address` with all bits after the first `prefix` cleared.
fn cut(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    /// Takes `address/prefix`, and a bare address as a block of one. Bits after the prefix are ignored, as every router does.
    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| CidrError::Address)?;
        let most = width(address);
        let prefix = match prefix {
            None => most,
            // `parse` alone would take "+8".
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| CidrError::Prefix(most))?
            }
            Some(_) => return Err(CidrError::Prefix(most)),
        };
        Cidr::new(address, prefix).ok_or(CidrError::Prefix(most))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(block: &str, address: &str, inside: bool) {
        let cidr: Cidr = block.parse().unwrap();
        assert_eq!(cidr.contains(address.parse().unwrap()), inside, "{address} in {block}");
    }

    #[test]
    fn a_block_holds_its_addresses_and_no_others() {
        check("127.0.0.1/32", "127.0.0.1", true);
        check("127.0.0.1/32", "127.0.0.2", false);
        check("127.0.0.1", "127.0.0.1", true);
        check("10.0.0.0/8", "10.255.255.255", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.9.8.7/8", "10.0.0.1", true);
        check("0.0.0.0/0", "255.1.2.3", true);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "2001:db8::1", true);
        check("::/0", "1.2.3.4", false);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fe80::1", false);
        check("::1/128", "::1", true);
    }

    #[test]
    fn a_mapped_address_counts_as_the_ipv4_address_it_is() {
        check("127.0.0.0/8", "::ffff:127.0.0.1", true);
        check("::ffff:127.0.0.0/104", "127.9.9.9", true);
        check("::ffff:127.0.0.0/104", "::ffff:128.0.0.1", false);
        check("::/0", "::ffff:1.2.3.4", false);
    }

    #[test]
    fn what_is_no_block_is_refused_with_the_reason() {
        for (text, why) in [
            ("", CidrError::Address),
            ("localhost/8", CidrError::Address),
            ("10.0.0/8", CidrError::Address),
            ("010.0.0.1/8", CidrError::Address),
            ("10.0.0.0/33", CidrError::Prefix(32)),
            ("10.0.0.0/", CidrError::Prefix(32)),
            ("10.0.0.0/+8", CidrError::Prefix(32)),
            ("10.0.0.0/8/8", CidrError::Prefix(32)),
            ("::1/129", CidrError::Prefix(128)),
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_block_holds_the_address_it_was_made_of(bits: u128, prefix in 0u8..=128) {
            let v6 = IpAddr::V6(bits.into());
            if !matches!(v6.to_canonical(), IpAddr::V4(_)) {
                let cidr = Cidr::new(v6, prefix).unwrap();
                prop_assert!(cidr.contains(v6));
                prop_assert_eq!(cidr.to_string().parse::<Cidr>().unwrap(), cidr);
            }
            let v4 = IpAddr::V4((bits as u32).into());
            prop_assert!(Cidr::new(v4, prefix % 33).unwrap().contains(v4));
        }
    }
}
