//! Longest match of a path against many rules, in bounded time whatever the rules are.
//!
//! Rules without a wildcard are a sorted list that a path walks byte by byte (time: path × log rules). Rules with one are tried from
//! the longest down, each in time linear in path and rule, and only [`MAX_WILDCARDS`] of them are kept: a hostile file of half a
//! megabyte answers in well under a millisecond. Start at [`Rules::allow`].

use memchr::memmem;

/// Beyond this many wildcard rules of a group the rest is not kept. The largest known honest files have a few hundred.
const MAX_WILDCARDS: usize = 2000;
/// A path is compared up to here; the crawl takes no URL longer than 2,048 bytes.
const MAX_PATH: usize = 8 << 10;

/// The rules of one group. Filled by [`Rules::add`], usable after [`Rules::finish`].
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    plain: Vec<Plain>,
    wild: Vec<Wild>,
}

/// A rule that is a mere beginning of paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Plain {
    prefix: Vec<u8>,
    allow: bool,
}

/// A rule with `*` or a `$` at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wild {
    /// As written, normalised: what "longest" is measured by.
    pattern: Vec<u8>,
    allow: bool,
}

impl Rules {
    /// Takes one rule, its value as written. An empty value says nothing (RFC 9309 §2.2.2).
    pub(super) fn add(&mut self, allow: bool, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        let pattern = normal(value, true);
        if pattern.contains(&b'*') || pattern.last() == Some(&b'$') {
            self.wild.push(Wild { pattern, allow });
        } else {
            self.plain.push(Plain { prefix: pattern, allow });
        }
    }

    /// Sorts what was taken. True when some of it was dropped.
    pub(super) fn finish(&mut self) -> bool {
        self.plain.sort_unstable();
        // Of equal rules allow wins: it sorts last, so the last one of a run is kept.
        self.plain.dedup_by(|later, kept| {
            later.prefix == kept.prefix && {
                kept.allow |= later.allow;
                true
            }
        });
        self.wild.sort_unstable_by(|a, b| {
            (b.pattern.len(), &b.pattern, b.allow).cmp(&(a.pattern.len(), &a.pattern, a.allow))
        });
        self.wild.dedup_by(|later, kept| later.pattern == kept.pattern);
        let dropped = self.wild.len() > MAX_WILDCARDS;
        // The shortest weigh least, so they go.
        self.wild.truncate(MAX_WILDCARDS);
        dropped
    }

    /// The verdict of the longest matching rule; of equally long ones allow wins; of none: allowed.
    pub(super) fn allow(&self, path: &[u8]) -> bool {
        let path = normal(&path[..path.len().min(MAX_PATH)], false);
        let (mut longest, mut allow) =
            self.longest_prefix(&path).map_or((0, true), |rule| (rule.prefix.len(), rule.allow));
        for rule in &self.wild {
            // From the longest down: what is shorter than the match we have weighs nothing.
            if rule.pattern.len() < longest {
                break;
            }
            if rule.pattern.len() == longest && (allow || !rule.allow) {
                continue;
            }
            if matches(&rule.pattern, &path) {
                (longest, allow) = (rule.pattern.len(), rule.allow);
            }
        }
        allow
    }

    /// Walks the sorted list: after `n` bytes `range` holds the rules that share them with the path.
    fn longest_prefix(&self, path: &[u8]) -> Option<&Plain> {
        let mut range = &self.plain[..];
        let mut found = None;
        for (at, &byte) in path.iter().enumerate() {
            let start = range.partition_point(|rule| rule.prefix.get(at).is_none_or(|&b| b < byte));
            let end = range.partition_point(|rule| rule.prefix.get(at).is_none_or(|&b| b <= byte));
            range = &range[start..end];
            match range.first() {
                None => break,
                Some(rule) if rule.prefix.len() == at + 1 => found = Some(rule),
                Some(_) => {}
            }
        }
        found
    }
}

/// Whether a normalised pattern matches a normalised path. Greedy from the left: each literal piece takes its first place
/// behind the one before, which is right because only `*` lies between; a piece tied to the end takes its last.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split(|&b| b == b'*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return !to_end || rest.is_empty() };
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        match memmem::find(rest, piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    if to_end { rest.ends_with(last) } else { memmem::find(rest, last).is_some() }
}

/// One spelling for equal paths (RFC 9309 §2.2.2): unreserved characters bare, everything else that needs it as %XX in
/// capitals. In a path `*` and `$` are coded too, so that in a pattern they are left to mean themselves; a `$` that is not the
/// pattern's last byte means a dollar.
fn normal(text: &[u8], is_pattern: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let coded = match text.get(at..at + 3) {
            Some([b'%', high, low]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        let (plain, value) = (coded.is_none(), coded.unwrap_or(byte));
        at += if plain { 1 } else { 3 };
        let special = match value {
            b'*' => is_pattern && plain,
            b'$' => is_pattern && plain && at == text.len(),
            _ => false,
        };
        let bare = special
            || value.is_ascii_alphanumeric()
            || matches!(value, b'-' | b'.' | b'_' | b'~')
            || (plain && value.is_ascii_graphic() && !matches!(value, b'*' | b'$'));
        if bare {
            out.push(value);
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.extend([b'%', DIGITS[usize::from(value >> 4)], DIGITS[usize::from(value & 15)]]);
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
