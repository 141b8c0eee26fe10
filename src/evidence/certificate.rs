//! What a certificate says of itself: whom it was made out to, by whom, from when until when.
//!
//! For the metadata of a capture only: nothing is verified here, and a certificate that cannot be read is kept all the same. A walk over
//! DER (X.690) as far as RFC 5280 §4.1 needs it, because all that reads certificates in our dependencies reads them to trust them. The
//! bytes are a stranger's: lengths are believed only within what there is. Start at [`read`].

use std::fmt::Write as _;

/// Characters of one attribute, and attributes of one name, that are shown.
const MAX_VALUE: usize = 200;
const MAX_ATTRIBUTES: usize = 24;

/// The readable part of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// As RFC 4514 writes names, but in the certificate's order.
    pub(super) subject: String,
    /// As `subject`.
    pub(super) issuer: String,
    /// `2026-12-05T01:00:00Z`.
    pub(super) not_before: String,
    /// As `not_before`.
    pub(super) not_after: String,
}

/// Reads what it says; `None` where it is no certificate.
pub(super) fn read(der: &[u8]) -> Option<Certificate> {
    let mut outer = inside(der, SEQUENCE)?;
    let mut fields = inside(outer, SEQUENCE)?;
    // Its length has to be right as well: the signature follows.
    skip(&mut outer)?;
    if fields.first() == Some(&VERSION) {
        skip(&mut fields)?;
    }
    let (_serial, _algorithm) = (skip(&mut fields)?, skip(&mut fields)?);
    let issuer = name(inside(fields, SEQUENCE)?)?;
    skip(&mut fields)?;
    let mut validity = inside(fields, SEQUENCE)?;
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    skip(&mut fields)?;
    let subject = name(inside(fields, SEQUENCE)?)?;
    Some(Certificate { subject, issuer, not_before, not_after })
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

/// Takes one element off: its tag and what it holds.
fn take<'a>(from: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = from.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            rest = after;
            bytes.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte))
        }
        // An element without a length, or one that no certificate has.
        _ => return None,
    };
    let (held, after) = rest.split_at_checked(length)?;
    *from = after;
    Some((tag, held))
}

fn skip(from: &mut &[u8]) -> Option<()> {
    take(from).map(|_| ())
}

/// What the first element holds, if it is of this kind.
fn inside(mut from: &[u8], tag: u8) -> Option<&[u8]> {
    take(&mut from).filter(|(found, _)| *found == tag).map(|(_, held)| held)
}

/// Attributes in their order, `CN=…, O=…`.
fn name(mut parts: &[u8]) -> Option<String> {
    let mut out = String::new();
    let mut count = 0;
    while !parts.is_empty() {
        let (tag, mut set) = take(&mut parts)?;
        (tag == SET).then_some(())?;
        while !set.is_empty() {
            let (_, mut attribute) = take(&mut set)?;
            let (oid, kind) = take(&mut attribute)?;
            let (tag, value) = take(&mut attribute)?;
            (oid == OID).then_some(())?;
            count += 1;
            if count > MAX_ATTRIBUTES {
                return Some(out);
            }
            if !out.is_empty() {
                out.push_str(", ");
            }
            out.push_str(&label(kind));
            out.push('=');
            for c in text(tag, value).chars().take(MAX_VALUE) {
                if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    Some(out)
}

/// The short name of an attribute, or its number.
fn label(oid: &[u8]) -> String {
    let short = match oid {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "street",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "E",
        other => return numbers(other),
    };
    short.to_owned()
}

/// An object identifier in its dotted form.
fn numbers(oid: &[u8]) -> String {
    let mut out = String::new();
    let mut arc = 0u64;
    for &byte in oid.iter().take(32) {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if out.is_empty() {
            let root = (arc / 40).min(2);
            let _ = write!(out, "{root}.{}", arc - root * 40);
        } else {
            let _ = write!(out, ".{arc}");
        }
        arc = 0;
    }
    out
}

fn text(tag: u8, value: &[u8]) -> String {
    match tag {
        BMP_STRING => {
            let units = value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        UNIVERSAL_STRING => value
            .chunks_exact(4)
            .map(|four| char::from_u32(u32::from_be_bytes([four[0], four[1], four[2], four[3]])))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        // The other kinds are ASCII or UTF-8, or claim to be.
        _ => String::from_utf8_lossy(value).into_owned(),
    }
}

/// RFC 5280 §4.1.2.5: two digits of a year below 50 are of this century.
fn time(from: &mut &[u8]) -> Option<String> {
    let (tag, value) = take(from)?;
    let digits = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (short, rest) = digits.split_at(2);
            let century = if short.parse::<u8>().ok()? < 50 { "20" } else { "19" };
            (format!("{century}{short}"), rest)
        }
        (GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at(4);
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(format!("{year}-{}-{}T{}:{}:{}Z", &rest[..2], &rest[2..4], &rest[4..6], &rest[6..8], &rest[8..10]))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made(fill: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["cx.example".to_owned()]).unwrap();
        fill(&mut params);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_tells_whose_it_is_and_how_long_it_holds() {
        let der = made(|params| {
            params.not_before = date_time_ymd(2015, 1, 2);
            params.not_after = date_time_ymd(2095, 12, 31);
            params.distinguished_name.push(DnType::CommonName, "cx.example");
            params.distinguished_name.push(DnType::OrganizationName, "某某公司, \"A=B\"");
            params.distinguished_name.push(DnType::CustomDnType(vec![1, 2, 156, 10197, 1]), "x");
        });
        let read = read(&der).unwrap();
        // In which order rcgen writes them is its own matter.
        for part in ["CN=cx.example", "O=某某公司\\, \\\"A\\=B\\\"", "1.2.156.10197.1=x"] {
            assert!(read.subject.contains(part), "{part}: {}", read.subject);
        }
        assert_eq!(read.issuer, read.subject);
        assert_eq!(
            (read.not_before.as_str(), read.not_after.as_str()),
            ("2015-01-02T00:00:00Z", "2095-12-31T00:00:00Z")
        );
    }

    #[test]
    fn old_kinds_of_text_are_read() {
        assert_eq!(text(BMP_STRING, &[0x8b, 0xc1, 0x4e, 0x66, 0xd8]), "证书");
        assert_eq!(text(UNIVERSAL_STRING, &[0, 0, 0x8b, 0xc1, 0xff, 0xff, 0xff, 0xff]), "证\u{fffd}");
        let mut short =
            &[UTC_TIME, 13, b'9', b'9', b'1', b'2', b'3', b'1', b'2', b'3', b'5', b'9', b'5', b'8', b'Z'][..];
        assert_eq!(time(&mut short).unwrap(), "1999-12-31T23:59:58Z");
    }

    proptest::proptest! {
        #[test]
        fn rubbish_and_broken_certificates_do_no_harm(at in 0usize..600, byte: u8, cut in 0usize..600) {
            let mut der = made(|_| {});
            let end = der.len();
            der[at % end] = byte;
            let _ = read(&der);
            let _ = read(&der[..cut % end]);
        }

        #[test]
        fn anything_at_all_does_no_harm(bytes in proptest::collection::vec(0u8.., 0..300)) {
            let _ = read(&bytes);
            let _ = (numbers(&bytes), text(BMP_STRING, &bytes), time(&mut &bytes[..]));
        }
    }
}
