//! The stored form of a page's extract: JSON of short keys, read by backtest and by looks at late-coming pictures.
//!
//! The core's types carry no wire format; these twins do. A form of another version is not read: the extract is made again
//! from the capture. Start at [`pack`] and [`unpack`].

use jianzheng_core::page::{
    Block, EXTRACT_VERSION, Extract, Field, Fingerprint, Form, Hidden, HiddenKind, Image, Lane, Limit, Link, Picture,
    PictureKind, Role, Zone,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u16,
    charset: String,
    title: String,
    text: String,
    /// start, end, role, zone
    blocks: Vec<(u32, u32, u8, u8)>,
    hidden: Vec<(u8, String)>,
    meta: Vec<(String, String)>,
    /// address, start, end, zone, nofollow
    links: Vec<(String, u32, u32, u8, bool)>,
    /// action, post, fields (name, kind, label)
    forms: Vec<(String, bool, Vec<StoredField>)>,
    /// address, alternative text, width, height
    images: Vec<(String, String, u32, u32)>,
    resources: Vec<String>,
    frames: Vec<String>,
    redirects: Vec<String>,
    prints: (u64, u64),
    eyes: bool,
    limits: Vec<String>,
    qr: Vec<String>,
    /// Read through a tree. Extracts from before there were two lanes do not say, and were not.
    #[serde(default)]
    tree: bool,
    /// Extracts from before icons and looks were kept have none: nobody had looked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    icon: String,
    /// kind, look in hexadecimal, address
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pictures: Vec<(u8, String, String)>,
}

/// name, kind, label
type StoredField = (String, String, String);

const ROLES: [Role; 6] = [Role::Plain, Role::Title, Role::Heading, Role::Item, Role::Control, Role::Quote];
const ZONES: [Zone; 5] = [Zone::Main, Zone::Header, Zone::Nav, Zone::Aside, Zone::Footer];
const HIDDEN: [HiddenKind; 4] = [HiddenKind::Meta, HiddenKind::Attribute, HiddenKind::Element, HiddenKind::Script];
const PICTURES: [PictureKind; 3] = [PictureKind::Icon, PictureKind::Image, PictureKind::Screen];
/// Pictures inside the page are in the capture; here their beginning tells what they are.
const INLINE_PICTURE: usize = 64;

fn number<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|a| a == one).unwrap_or(0) as u8
}

fn of_number<T: Copy>(all: &[T], number: u8) -> T {
    all[usize::from(number).min(all.len() - 1)]
}

fn short(address: &str) -> String {
    match address.starts_with("data:") {
        true => address.chars().take(INLINE_PICTURE).collect(),
        false => address.to_owned(),
    }
}

/// The bytes to keep.
pub fn pack(extract: &Extract) -> Vec<u8> {
    let stored = Stored {
        v: EXTRACT_VERSION,
        charset: extract.charset.clone(),
        title: extract.title.clone(),
        text: extract.text.clone(),
        blocks: extract
            .blocks
            .iter()
            .map(|b| (b.at.start as u32, b.at.end as u32, number(&ROLES, &b.role), number(&ZONES, &b.zone)))
            .collect(),
        hidden: extract.hidden.iter().map(|h| (number(&HIDDEN, &h.kind), h.text.clone())).collect(),
        meta: extract.meta.clone(),
        links: extract
            .links
            .iter()
            .map(|l| (l.href.clone(), l.at.start as u32, l.at.end as u32, number(&ZONES, &l.zone), l.nofollow))
            .collect(),
        forms: extract
            .forms
            .iter()
            .map(|f| {
                let fields = f.fields.iter().map(|f| (f.name.clone(), f.kind.clone(), f.label.clone())).collect();
                (f.action.clone(), f.post, fields)
            })
            .collect(),
        images: extract.images.iter().map(|i| (short(&i.src), i.alt.clone(), i.size.0, i.size.1)).collect(),
        resources: extract.resources.clone(),
        frames: extract.frames.clone(),
        redirects: extract.redirects.clone(),
        prints: (extract.fingerprint.text, extract.fingerprint.shape),
        eyes: extract.needs_eyes,
        limits: extract.limits.iter().map(|l| l.as_str().to_owned()).collect(),
        qr: extract.qr.clone(),
        tree: extract.lane == Lane::Tree,
        icon: short(&extract.icon),
        pictures: extract
            .pictures
            .iter()
            .map(|p| (number(&PICTURES, &p.kind), format!("{:016x}", p.look), p.url.clone()))
            .collect(),
    };
    // Most of it is the text; blocks and links take a quarter more.
    let mut bytes = Vec::with_capacity(stored.text.len() + stored.text.len() / 2 + 1024);
    serde_json::to_writer(&mut bytes, &stored).expect("strings and numbers always become JSON");
    bytes
}

/// The extract, or nothing where the bytes are of another version or broken.
pub fn unpack(bytes: &[u8]) -> Option<Extract> {
    let stored: Stored = serde_json::from_slice(bytes).ok()?;
    if stored.v != EXTRACT_VERSION {
        return None;
    }
    let text = stored.text;
    let range = |start: u32, end: u32| {
        let (start, end) = (start as usize, end as usize);
        text.get(start..end).map(|_| start..end)
    };
    Some(Extract {
        charset: stored.charset,
        title: stored.title,
        blocks: stored
            .blocks
            .into_iter()
            .map(|(s, e, role, zone)| {
                Some(Block { at: range(s, e)?, role: of_number(&ROLES, role), zone: of_number(&ZONES, zone) })
            })
            .collect::<Option<_>>()?,
        hidden: stored.hidden.into_iter().map(|(kind, text)| Hidden { kind: of_number(&HIDDEN, kind), text }).collect(),
        meta: stored.meta,
        links: stored
            .links
            .into_iter()
            .map(|(href, s, e, zone, nofollow)| {
                Some(Link { href, at: range(s, e)?, zone: of_number(&ZONES, zone), nofollow })
            })
            .collect::<Option<_>>()?,
        forms: stored
            .forms
            .into_iter()
            .map(|(action, post, fields)| Form {
                action,
                post,
                fields: fields.into_iter().map(|(name, kind, label)| Field { name, kind, label }).collect(),
            })
            .collect(),
        images: stored.images.into_iter().map(|(src, alt, w, h)| Image { src, alt, size: (w, h) }).collect(),
        resources: stored.resources,
        frames: stored.frames,
        redirects: stored.redirects,
        fingerprint: Fingerprint { text: stored.prints.0, shape: stored.prints.1 },
        needs_eyes: stored.eyes,
        limits: stored.limits.iter().filter_map(|l| Limit::from_name(l)).collect(),
        qr: stored.qr,
        icon: stored.icon,
        pictures: stored
            .pictures
            .into_iter()
            .map(|(kind, look, url)| {
                let look = u64::from_str_radix(&look, 16).ok()?;
                Some(Picture { kind: of_number(&PICTURES, kind), look, url })
            })
            .collect::<Option<_>>()?,
        lane: if stored.tree { Lane::Tree } else { Lane::Tokens },
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_reads_back_as_it_was() {
        let base = url::Url::parse("http://a.example/").unwrap();
        let mut extract = jianzheng_core::page::read_text(
            "<meta name=keywords content=证><link rel='shortcut icon' href=/i.png><title>题</title><nav>首页</nav><h1>头</h1><p>文 <a href=/x rel=nofollow>链</a>\
             <form method=post>姓名<input name=n></form><img src=a.png alt=图 width=5><iframe src=f></iframe><li>项\
             <script>location.href='/z';var s='中'</script><footer>脚</footer>",
            Some(&base),
        );
        extract.qr.push("weixin://x".into());
        for (kind, look) in [(PictureKind::Icon, 1), (PictureKind::Image, u64::MAX), (PictureKind::Screen, 1 << 63)] {
            extract.pictures.push(Picture { kind, look, url: "http://a.example/logo.png".into() });
        }
        for lane in [Lane::Tokens, Lane::Tree] {
            extract.lane = lane;
            assert_eq!(unpack(&pack(&extract)), Some(extract.clone()));
        }
        assert_eq!(unpack(b"{}"), None);
        assert_eq!(unpack(b""), None);
    }
}
