//! Undoing content codings (gzip, deflate, br, zstd) of bytes whose sender may lie about them or have made a bomb of them.
//!
//! Pure, never fails: what could be read is returned with what was cut and what was wrong. It must not touch the stored body
//! (evidence keeps the coding) and knows nothing of charsets. Each step of a chain stops at the same limit, so a bomb inside a bomb costs
//! no more than one. Start at [`decode`].

use std::borrow::Cow;
use std::io::Read;

/// No body grows beyond this many times its size …
const MAX_RATIO: usize = 100;
/// … unless the result is small anyway: a short page of repeated markup is no bomb.
const RATIO_FREE: usize = 1 << 20;
/// RFC 9110 sets no end to a chain; nobody honest uses more than one.
const MAX_CHAIN: usize = 3;
/// A gzip file may be many members in a row, each of which costs a fresh decoder.
const MAX_MEMBERS: usize = 256;
/// RFC 9659: what a zstd decoder on the web has to support, and all that we do.
const MAX_ZSTD_WINDOW: u64 = 8 << 20;

/// A body without its codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// What could be read.
    pub bytes: Cow<'a, [u8]>,
    /// The limit on size or ratio cut it.
    pub truncated: bool,
    /// What was wrong with the coding, if anything. The first thing in a chain.
    pub problem: Option<Problem>,
}

/// What a server got wrong about its coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The body is not in the coding that was named: taken as it is, or by its magic number.
    #[error("正文并不是所声明的压缩格式")]
    NotAsNamed,
    /// The coding breaks off or is damaged: what came before is kept.
    #[error("压缩数据不完整或已损坏，只读出前面的部分")]
    Damaged,
    /// A coding that nobody registered: the body is left as it is.
    #[error("不认识的压缩格式，正文未解压")]
    Unknown,
    /// More codings in a row than any honest server uses.
    #[error("压缩层数过多，正文未解压")]
    TooDeep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Undoes what the `Content-Encoding` fields (joined by commas, as sent) say, to at most `max` bytes.
pub fn decode<'a>(content_encoding: &str, body: &'a [u8], max: usize) -> Decoded<'a> {
    let mut result = Decoded { bytes: Cow::Borrowed(body), truncated: false, problem: None };
    let chain = match chain_of(content_encoding) {
        Ok(chain) => chain,
        Err(problem) => {
            result.problem = Some(problem);
            Vec::new()
        }
    };
    for coding in chain.into_iter().rev() {
        if result.bytes.is_empty() {
            break;
        }
        let limit = max.min(result.bytes.len().saturating_mul(MAX_RATIO).max(RATIO_FREE));
        let step = undo(coding, &result.bytes, limit);
        result.problem = result.problem.or(step.problem);
        result.truncated |= step.truncated;
        if let Some(bytes) = step.bytes {
            result.bytes = Cow::Owned(bytes);
        }
    }
    if result.bytes.len() > max {
        result.truncated = true;
        match &mut result.bytes {
            Cow::Borrowed(bytes) => *bytes = &bytes[..max],
            Cow::Owned(bytes) => bytes.truncate(max),
        }
    }
    result
}

fn chain_of(content_encoding: &str) -> Result<Vec<Coding>, Problem> {
    let mut chain = Vec::new();
    for name in content_encoding.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let coding = match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            "identity" | "none" => continue,
            _ => return Err(Problem::Unknown),
        };
        if chain.len() == MAX_CHAIN {
            return Err(Problem::TooDeep);
        }
        chain.push(coding);
    }
    Ok(chain)
}

/// One coding undone; `bytes` is `None` when the input stays as it is.
struct Step {
    bytes: Option<Vec<u8>>,
    truncated: bool,
    problem: Option<Problem>,
}

impl Step {
    fn left_as_it_is() -> Step {
        Step { bytes: None, truncated: false, problem: Some(Problem::NotAsNamed) }
    }

    fn with(mut self, problem: Option<Problem>) -> Step {
        self.problem = problem.or(self.problem);
        self
    }
}

fn undo(named: Coding, body: &[u8], limit: usize) -> Step {
    // Where a magic number speaks, it is right and the header is not.
    let seen = magic(body);
    let lie = seen.is_some_and(|seen| seen != named).then_some(Problem::NotAsNamed);
    match seen.unwrap_or(named) {
        Coding::Gzip if seen.is_none() => Step::left_as_it_is(),
        Coding::Zstd if seen.is_none() => Step::left_as_it_is(),
        Coding::Gzip => gunzip(body, limit).with(lie),
        Coding::Zstd => unzstd(body, limit).with(lie),
        Coding::Deflate if is_zlib(body) => read_to(flate2::bufread::ZlibDecoder::new(body), limit),
        // The coding without magic numbers: plain text may decode to a few bytes of rubbish before it fails.
        Coding::Deflate => unless_plain(body, read_to(flate2::bufread::DeflateDecoder::new(body), limit)),
        Coding::Brotli => unless_plain(body, read_to(brotli_decompressor::Decompressor::new(body, 16 << 10), limit)),
    }
}

fn magic(body: &[u8]) -> Option<Coding> {
    match body {
        [0x1f, 0x8b, 0x08, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        // A skippable zstd frame in front of the first real one.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Coding::Zstd),
        _ => None,
    }
}

/// RFC 1950: method 8, and the two header bytes divide by 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [a, b, ..] if a & 0x0f == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0)
}

fn unless_plain(body: &[u8], step: Step) -> Step {
    let control = |&b: &u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c);
    let head = &body[..body.len().min(512)];
    if step.problem.is_some() && !head.iter().any(control) { Step::left_as_it_is() } else { step }
}

fn gunzip(mut body: &[u8], limit: usize) -> Step {
    let mut bytes = Vec::new();
    for _ in 0..MAX_MEMBERS {
        let mut member = flate2::bufread::GzDecoder::new(body);
        let (truncated, problem) = read_into(&mut member, &mut bytes, limit);
        body = member.into_inner();
        // Whatever follows the last member is padding, as browsers have it.
        if truncated || problem.is_some() || magic(body) != Some(Coding::Gzip) {
            return Step { bytes: Some(bytes), truncated, problem };
        }
    }
    Step { bytes: Some(bytes), truncated: true, problem: None }
}

fn unzstd(mut body: &[u8], limit: usize) -> Step {
    use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
    let mut bytes = Vec::new();
    for _ in 0..MAX_MEMBERS {
        if magic(body) != Some(Coding::Zstd) {
            return Step { bytes: Some(bytes), truncated: false, problem: None };
        }
        match ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&mut body, MAX_ZSTD_WINDOW) {
            Ok(mut frame) => {
                let (truncated, problem) = read_into(&mut frame, &mut bytes, limit);
                if truncated || problem.is_some() {
                    return Step { bytes: Some(bytes), truncated, problem };
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                body = body.get(length as usize..).unwrap_or_default();
            }
            Err(_) => return Step { bytes: Some(bytes), truncated: false, problem: Some(Problem::Damaged) },
        }
    }
    Step { bytes: Some(bytes), truncated: true, problem: None }
}

fn read_to(mut from: impl Read, limit: usize) -> Step {
    let mut bytes = Vec::new();
    let (truncated, problem) = read_into(&mut from, &mut bytes, limit);
    Step { bytes: Some(bytes), truncated, problem }
}

/// Reads on until the end, the limit (true) or damage. Memory grows with what was really read, not with what was promised.
fn read_into(from: &mut impl Read, bytes: &mut Vec<u8>, limit: usize) -> (bool, Option<Problem>) {
    let mut chunk = [0; 16 << 10];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return (false, None),
            Ok(n) if bytes.len() + n > limit => {
                bytes.extend_from_slice(&chunk[..limit - bytes.len()]);
                return (true, None);
            }
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return (false, Some(Problem::Damaged)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    const PAGE: &[u8] = "<p>特种作业操作证查询</p>".as_bytes();
    /// "hello hello hello hello" and a newline, as Google's brotli writes it at quality 0: one uncompressed meta-block.
    const BROTLI_HELLO: &[u8] = &[0x8b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', b'\n', 0x03];

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut coder = GzEncoder::new(Vec::new(), Compression::best());
        coder.write_all(bytes).unwrap();
        coder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut coder = ZlibEncoder::new(Vec::new(), Compression::fast());
        coder.write_all(bytes).unwrap();
        coder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut coder = DeflateEncoder::new(Vec::new(), Compression::fast());
        coder.write_all(bytes).unwrap();
        coder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    /// RFC 7932 by hand: `blocks` meta-blocks of 16 MiB, each one literal and one copy of it at distance 1, in 22 bytes each.
    fn brotli_bomb(blocks: usize) -> Vec<u8> {
        let fields: &[(u64, u32)] = &[
            (0, 1),
            (2, 2),
            ((1 << 24) - 1, 24),
            (0, 1), // not last, length in 6 nibbles, compressed
            (0, 1),
            (0, 1),
            (0, 1),
            (0, 2),
            (0, 4),
            (0, 2),
            (0, 1),
            (0, 1), // one type and tree of everything
            (1, 2),
            (0, 2),
            (u64::from(b'A'), 8), // each code has a single symbol: the literal,
            (1, 2),
            (0, 2),
            (399, 10), // insert 1 and copy 2118 + 24 bits,
            (1, 2),
            (0, 2),
            (16, 6), // distance 1 + 1 bit
            ((1 << 24) - 1 - 2118, 24),
            (0, 1),
        ];
        let mut bits = vec![false];
        for &(value, width) in fields.iter().cycle().take(fields.len() * blocks).chain(&[(3, 2)]) {
            bits.extend((0..width).map(|at| value >> at & 1 == 1));
        }
        bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, &bit| sum << 1 | u8::from(bit))).collect()
    }

    fn check(named: &str, body: &[u8], want: &[u8], problem: Option<Problem>) {
        let got = decode(named, body, 8 << 20);
        assert_eq!(got.bytes, want, "{named}: {:?}", String::from_utf8_lossy(&got.bytes));
        assert_eq!((got.problem, got.truncated), (problem, false), "{named}");
    }

    #[test]
    fn each_coding_is_undone() {
        check("gzip", &gzip(PAGE), PAGE, None);
        check("X-GZip", &gzip(PAGE), PAGE, None);
        check("deflate", &zlib(PAGE), PAGE, None);
        check("deflate", &raw(PAGE), PAGE, None);
        check("zstd", &zstd(PAGE), PAGE, None);
        check("br", BROTLI_HELLO, b"hello\n", None);
        check("identity", PAGE, PAGE, None);
        check("", PAGE, PAGE, None);
    }

    #[test]
    fn a_chain_is_undone_from_its_end() {
        check("gzip, zstd", &zstd(&gzip(PAGE)), PAGE, None);
        check("deflate,identity , gzip,", &gzip(&zlib(PAGE)), PAGE, None);
    }

    #[test]
    fn a_lie_about_the_coding_loses_nothing() {
        for named in ["gzip", "deflate", "br", "zstd"] {
            check(named, PAGE, PAGE, Some(Problem::NotAsNamed));
        }
        check("br", &gzip(PAGE), PAGE, Some(Problem::NotAsNamed));
        check("gzip", &zstd(PAGE), PAGE, Some(Problem::NotAsNamed));
        check("utf-8", PAGE, PAGE, Some(Problem::Unknown));
        check("gzip,gzip,gzip,gzip", PAGE, PAGE, Some(Problem::TooDeep));
        check("gzip", b"", b"", None);
    }

    #[test]
    fn what_comes_before_the_damage_is_kept() {
        let long: Vec<u8> = (0..200_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
        for (named, body) in [("gzip", gzip(&long)), ("deflate", zlib(&long)), ("zstd", zstd(&long))] {
            let got = decode(named, &body[..body.len() / 2], 8 << 20);
            assert_eq!(got.problem, Some(Problem::Damaged), "{named}");
            assert!(got.bytes.len() > 100_000 && long.starts_with(&got.bytes), "{named}: {}", got.bytes.len());
        }
    }

    #[test]
    fn members_in_a_row_are_one_body_and_padding_is_none() {
        let mut body = gzip(b"one ");
        body.extend(gzip(b"two"));
        body.extend([0; 64]);
        check("gzip", &body, b"one two", None);
        let mut frames = vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
        frames.extend(zstd(b"one "));
        frames.extend(zstd(b"two"));
        check("zstd", &frames, b"one two", None);
    }

    #[test]
    fn a_bomb_stops_at_a_hundred_times_its_size_or_at_the_limit() {
        let bomb = gzip(&vec![0; 64 << 20]);
        let got = decode("gzip", &bomb, 8 << 20);
        assert!(got.truncated && got.bytes.len() == (bomb.len() * 100).min(8 << 20), "{}", got.bytes.len());
        let small = gzip(&vec![b' '; 900_000]);
        assert!(!decode("gzip", &small, 8 << 20).truncated, "below 1 MiB the ratio does not count");
        let nested = gzip(&bomb);
        let got = decode("gzip,gzip", &nested, 8 << 20);
        assert!(got.truncated && got.bytes.len() <= 8 << 20);
        let bomb = brotli_bomb(8);
        let got = decode("br", &bomb, 8 << 20);
        assert!(got.truncated && got.bytes.len() == RATIO_FREE && got.bytes.iter().all(|&b| b == b'A'), "{got:?}");
        let many: Vec<u8> = std::iter::repeat_n(gzip(b"x"), 2000).flatten().collect();
        assert!(decode("gzip", &many, 8 << 20).truncated);
    }

    #[test]
    fn a_zstd_frame_that_wants_a_huge_window_is_not_given_one() {
        // Magic, a descriptor without single segment, a window of 2 GiB, then an empty last block.
        let got = decode("zstd", &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00], 8 << 20);
        assert_eq!((got.bytes.len(), got.problem), (0, Some(Problem::Damaged)));
    }

    #[test]
    fn a_plain_body_is_cut_at_the_limit_too() {
        let got = decode("", b"0123456789", 4);
        assert_eq!((&*got.bytes, got.truncated), (&b"0123"[..], true));
    }

    proptest::proptest! {
        #[test]
        fn rubbish_neither_panics_nor_grows_beyond_the_limit(
            body in proptest::collection::vec(0u8.., 0..600),
            head in proptest::sample::select(vec![&b""[..], &[0x1f, 0x8b, 8, 0], &[0x28, 0xb5, 0x2f, 0xfd], &[0x78, 0x9c]]),
            named in proptest::sample::select(vec!["gzip", "deflate", "br", "zstd", "br,gzip", "zstd,deflate"]),
        ) {
            let body = [head, &body].concat();
            proptest::prop_assert!(decode(named, &body, 4096).bytes.len() <= 4096);
        }

        #[test]
        fn what_was_coded_comes_back(body in proptest::collection::vec(0u8.., 1..3000)) {
            for (named, coded) in [("gzip", gzip(&body)), ("deflate", zlib(&body)), ("zstd", zstd(&body))] {
                let got = decode(named, &coded, 1 << 20);
                proptest::prop_assert_eq!(&*got.bytes, &body[..]);
                proptest::prop_assert_eq!(got.problem, None);
            }
        }
    }
}
