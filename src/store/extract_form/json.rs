//! Extracts as they were kept before they had a form of their own: JSON of short keys, still read.
//!
//! Start at [`unpack`].

use jianzheng_core::page::{
    Block, EXTRACT_VERSION, Extract, Field, Fingerprint, Form, Hidden, Image, Lane, Limit, Link, Picture,
};
use serde::Deserialize;

use super::{HIDDEN, PICTURES, ROLES, ZONES, of_number};

#[derive(Deserialize)]
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
    #[serde(default)]
    icon: String,
    /// kind, look in hexadecimal, address
    #[serde(default)]
    pictures: Vec<(u8, String, String)>,
}

/// name, kind, label
type StoredField = (String, String, String);

/// The extract, or nothing where the bytes are of another version or broken.
pub(super) fn unpack(bytes: &[u8]) -> Option<Extract> {
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
    use jianzheng_core::page::{Role, Zone};

    use super::*;

    #[test]
    fn an_extract_of_before_is_read() {
        let kept = r#"{"v":3,"charset":"gbk","title":"题","text":"题\n文 链","blocks":[[0,3,1,0],[4,11,0,2]],
            "hidden":[[0,"证"]],"meta":[["keywords","证"]],"links":[["http://a.example/x",8,11,2,true]],
            "forms":[["http://a.example/s",true,[["n","text","姓名"]]]],"images":[["http://a.example/a.png","图",5,0]],
            "resources":["http://a.example/a.js"],"frames":["http://a.example/f"],"redirects":["http://b.example/"],
            "prints":[18446744073709551615,2],"eyes":true,"limits":["links"],"qr":["weixin://x"],"tree":true,
            "icon":"http://a.example/i.png","pictures":[[2,"8000000000000000","http://a.example/"]]}"#;
        let extract = super::super::unpack(kept.as_bytes()).unwrap();
        assert_eq!((extract.charset.as_str(), extract.title.as_str()), ("gbk", "题"));
        assert_eq!(extract.blocks[1], Block { at: 4..11, role: Role::Plain, zone: Zone::Nav });
        assert_eq!(&extract.text[extract.links[0].at.clone()], "链");
        assert_eq!((extract.lane, extract.limits.as_slice()), (Lane::Tree, &[Limit::Links][..]));
        assert_eq!(extract.fingerprint, Fingerprint { text: u64::MAX, shape: 2 });
        assert_eq!(extract.pictures[0].look, 1 << 63);
        assert_eq!(extract.forms[0].fields[0].label, "姓名");
        // Of another version: made again from the capture.
        assert_eq!(unpack(kept.replace("\"v\":3", "\"v\":2").as_bytes()), None);
        assert_eq!(unpack(b"{}"), None);
    }
}
