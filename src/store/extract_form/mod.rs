//! The stored form of a page's extract: numbers and texts one behind another, read by backtest and by looks at late-coming pictures.
//!
//! The core's types carry no wire format. Nothing is deflated, which took longer than reading the page did; instead what an extract is
//! mostly made of is written short: Chinese text by two bytes a sign, addresses by what differs from the one before. A form of
//! another version is not read: the extract is made again from the capture. Start at [`pack`] and [`unpack`].

mod json;
mod numbers;

use std::ops::Range;

use jianzheng_core::page::{
    Block, EXTRACT_VERSION, Extract, Field, Fingerprint, Form, Hidden, HiddenKind, Image, Lane, Limit, Link, Picture,
    PictureKind, Role, Zone,
};

use numbers::{Reader, Writer};

/// The first byte of this form. JSON, which was there before, begins with a bracket.
const FORM: u8 = 2;

const ROLES: [Role; 6] = [Role::Plain, Role::Title, Role::Heading, Role::Item, Role::Control, Role::Quote];
const ZONES: [Zone; 5] = [Zone::Main, Zone::Header, Zone::Nav, Zone::Aside, Zone::Footer];
const HIDDEN: [HiddenKind; 4] = [HiddenKind::Meta, HiddenKind::Attribute, HiddenKind::Element, HiddenKind::Script];
const PICTURES: [PictureKind; 3] = [PictureKind::Icon, PictureKind::Image, PictureKind::Screen];
const LIMITS: [Limit; 5] = [Limit::Bytes, Limit::Text, Limit::Depth, Limit::Links, Limit::Parts];
/// Pictures inside the page are in the capture; here their beginning tells what they are.
const INLINE_PICTURE: usize = 64;

/// Place of one among all of its kind: what stands there is kept for ever.
fn number<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|a| a == one).unwrap_or(0) as u8
}

fn of_number<T: Copy>(all: &[T], number: u8) -> T {
    all[usize::from(number).min(all.len() - 1)]
}

fn short(address: &str) -> &str {
    match address.starts_with("data:") {
        true => address.char_indices().nth(INLINE_PICTURE).map_or(address, |(end, _)| &address[..end]),
        false => address,
    }
}

/// The bytes to keep.
pub fn pack(extract: &Extract) -> Vec<u8> {
    let mut out = Writer::new(extract.text.len() * 3 / 4 + extract.links.len() * 16 + extract.blocks.len() * 4 + 512);
    out.byte(FORM);
    out.number(EXTRACT_VERSION.into());
    out.text(&extract.charset);
    out.text(&extract.title);
    out.wide_text(&extract.text);
    let mut end = 0;
    out.list(&extract.blocks, |out, block| {
        out.byte(number(&ROLES, &block.role) << 4 | number(&ZONES, &block.zone));
        out.range(&block.at, end);
        end = block.at.end;
    });
    out.list(&extract.hidden, |out, hidden| {
        out.byte(number(&HIDDEN, &hidden.kind));
        out.wide_text(&hidden.text);
    });
    out.list(&extract.meta, |out, (name, content)| {
        out.text(name);
        out.text(content);
    });
    let (mut before, mut end) = ("", 0);
    out.list(&extract.links, |out, link| {
        out.address(&link.href, before);
        out.byte(number(&ZONES, &link.zone) << 1 | u8::from(link.nofollow));
        out.range(&link.at, end);
        (before, end) = (&link.href, link.at.end);
    });
    out.list(&extract.forms, |out, form| {
        out.text(&form.action);
        out.byte(form.post.into());
        out.list(&form.fields, |out, field| {
            out.text(&field.name);
            out.text(&field.kind);
            out.text(&field.label);
        });
    });
    let mut before = "";
    out.list(&extract.images, |out, image| {
        let src = short(&image.src);
        out.address(src, before);
        out.text(&image.alt);
        out.number(image.size.0.into());
        out.number(image.size.1.into());
        before = src;
    });
    for addresses in [&extract.resources, &extract.frames, &extract.redirects, &extract.qr] {
        let mut before = "";
        out.list(addresses, |out, address| {
            out.address(address, before);
            before = address;
        });
    }
    out.whole(extract.fingerprint.text);
    out.whole(extract.fingerprint.shape);
    out.byte(u8::from(extract.needs_eyes) | u8::from(extract.lane == Lane::Tree) << 1);
    out.list(&extract.limits, |out, limit| out.byte(number(&LIMITS, limit)));
    out.text(short(&extract.icon));
    out.list(&extract.pictures, |out, picture| {
        out.byte(number(&PICTURES, &picture.kind));
        out.whole(picture.look);
        out.text(&picture.url);
    });
    out.finish()
}

/// The extract, or nothing where the bytes are of another version or broken.
pub fn unpack(bytes: &[u8]) -> Option<Extract> {
    let [FORM, bytes @ ..] = bytes else { return json::unpack(bytes) };
    let mut from = Reader::new(bytes);
    if from.number()? != u64::from(EXTRACT_VERSION) {
        return None;
    }
    let (charset, title, text) = (from.text()?, from.text()?, from.wide_text()?);
    let inside = |at: Range<usize>| text.get(at.clone()).map(|_| at);
    let mut end = 0;
    let blocks = from.list(|from| {
        let kinds = from.byte()?;
        let at = inside(from.range(end)?)?;
        end = at.end;
        Some(Block { at, role: of_number(&ROLES, kinds >> 4), zone: of_number(&ZONES, kinds & 15) })
    })?;
    let hidden = from.list(|from| Some(Hidden { kind: of_number(&HIDDEN, from.byte()?), text: from.wide_text()? }))?;
    let meta = from.list(|from| Some((from.text()?, from.text()?)))?;
    let (mut before, mut end) = (String::new(), 0);
    let links = from.list(|from| {
        let href = from.address(&before)?;
        before.clone_from(&href);
        let kinds = from.byte()?;
        let at = inside(from.range(end)?)?;
        end = at.end;
        Some(Link { href, at, zone: of_number(&ZONES, kinds >> 1), nofollow: kinds & 1 == 1 })
    })?;
    let forms = from.list(|from| {
        let (action, post) = (from.text()?, from.byte()? == 1);
        let fields = from.list(|from| Some(Field { name: from.text()?, kind: from.text()?, label: from.text()? }))?;
        Some(Form { action, post, fields })
    })?;
    let mut before = String::new();
    let images = from.list(|from| {
        let src = from.address(&before)?;
        before.clone_from(&src);
        let alt = from.text()?;
        let size = (u32::try_from(from.number()?).ok()?, u32::try_from(from.number()?).ok()?);
        Some(Image { src, alt, size })
    })?;
    let mut addresses = || {
        let mut before = String::new();
        from.list(|from| {
            let address = from.address(&before)?;
            before.clone_from(&address);
            Some(address)
        })
    };
    let (resources, frames, redirects, qr) = (addresses()?, addresses()?, addresses()?, addresses()?);
    let fingerprint = Fingerprint { text: from.whole()?, shape: from.whole()? };
    let marks = from.byte()?;
    let limits = from.list(|from| Some(of_number(&LIMITS, from.byte()?)))?;
    let icon = from.text()?;
    let pictures = from.list(|from| {
        Some(Picture { kind: of_number(&PICTURES, from.byte()?), look: from.whole()?, url: from.text()? })
    })?;
    from.is_done().then_some(Extract {
        charset,
        title,
        text,
        blocks,
        hidden,
        meta,
        links,
        forms,
        images,
        icon,
        resources,
        frames,
        redirects,
        fingerprint,
        needs_eyes: marks & 1 == 1,
        limits,
        qr,
        pictures,
        lane: if marks & 2 == 2 { Lane::Tree } else { Lane::Tokens },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something of everything. Not what a page is read as: that may change, and the form may not.
    fn full() -> Extract {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let text = "首页 题😀\n文 链\nplain words".to_owned();
        let at = |part: &str| text.find(part).map(|start| start..start + part.len()).unwrap();
        let block = |(n, part): (usize, &str)| Block { at: at(part), role: ROLES[n], zone: ZONES[n % ZONES.len()] };
        let link = |href: &str, part, zone, nofollow| Link { href: href.to_owned(), at: at(part), zone, nofollow };
        let picture = |(kind, look)| Picture { kind, look, url: "http://a.example/logo.png".to_owned() };
        Extract {
            charset: "gbk".to_owned(),
            title: "题😀".to_owned(),
            // The last one stands before the one before it.
            blocks: ["首页", "题😀", "文 ", "链", "plain words", "页"].into_iter().enumerate().map(block).collect(),
            hidden: HIDDEN.iter().map(|kind| Hidden { kind: *kind, text: "办证 latin".to_owned() }).collect(),
            meta: vec![("keywords".to_owned(), "证".to_owned())],
            links: vec![
                link("http://a.example/x", "链", Zone::Main, true),
                link("http://a.example/x/条", "首页", Zone::Nav, false),
                link("http://a.example/x/杠", "words", Zone::Footer, false),
                link("", "题", Zone::Main, false),
            ],
            forms: vec![Form {
                action: "http://a.example/s".to_owned(),
                post: true,
                fields: vec![Field { name: "n".to_owned(), kind: "text".to_owned(), label: "姓名".to_owned() }],
            }],
            images: vec![
                Image { src: "http://a.example/a.png".to_owned(), alt: "图".to_owned(), size: (300, 0) },
                Image { src: "data:image/png;base64,AAAA".to_owned(), alt: String::new(), size: (0, u32::MAX) },
            ],
            icon: "http://a.example/i.png".to_owned(),
            resources: words(&["http://a.example/s.js", "http://a.example/t.js"]),
            frames: words(&["http://a.example/f"]),
            redirects: words(&["http://b.example/"]),
            fingerprint: Fingerprint { text: u64::MAX, shape: 1 << 63 },
            needs_eyes: true,
            limits: LIMITS.to_vec(),
            qr: words(&["weixin://x"]),
            pictures: PICTURES.into_iter().zip([1, u64::MAX, 1 << 63]).map(picture).collect(),
            lane: Lane::Tree,
            text,
        }
    }

    #[test]
    fn an_extract_reads_back_as_it_was() {
        let mut extract = full();
        for lane in [Lane::Tokens, Lane::Tree] {
            for eyes in [true, false] {
                extract.lane = lane;
                extract.needs_eyes = eyes;
                assert_eq!(unpack(&pack(&extract)), Some(extract.clone()));
            }
        }
        assert_eq!(unpack(&pack(&Extract::default())), Some(Extract::default()));
        let long = "data:image/png;base64,".to_owned() + &"A".repeat(100);
        extract.images[0].src.clone_from(&long);
        assert_eq!(unpack(&pack(&extract)).unwrap().images[0].src, long[..INLINE_PICTURE]);
    }

    #[test]
    fn an_extract_of_this_form_is_read_for_ever() {
        let kept = crate::store::record::samples::kept_bytes("extract_form.v2", &pack(&full()));
        assert_eq!(unpack(&kept), Some(full()));
        assert_eq!(pack(&full()), kept);
    }

    #[test]
    fn chinese_text_takes_two_bytes_a_sign_and_links_what_differs() {
        let text = "特种作业操作证".repeat(1000);
        let extract = Extract { text, ..Extract::default() };
        assert!(pack(&extract).len() < 14_100);
        let links = (0..100).map(|n| Link {
            href: format!("http://www.a.example/list/{n}.html"),
            at: 0..0,
            zone: Zone::Nav,
            nofollow: false,
        });
        let extract = Extract { links: links.collect(), ..Extract::default() };
        assert!(pack(&extract).len() < 1_500, "{}", pack(&extract).len());
    }

    /// Whatever the bytes are: no panic, places inside the text, and no more memory than they bear out.
    fn check_any(bytes: &[u8]) {
        let Some(read) = unpack(bytes) else { return };
        let inside = |at: &Range<usize>| read.text.get(at.clone()).is_some();
        assert!(read.blocks.iter().all(|block| inside(&block.at)) && read.links.iter().all(|link| inside(&link.at)));
        let size = format!("{read:?}").len();
        assert!(size < 2_000 + 100 * bytes.len() + 2 * bytes.len().pow(2), "{size} of {}", bytes.len());
        assert_eq!(unpack(&pack(&read)).as_ref(), Some(&read), "what was read is written and read as it is");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_bytes_are_an_extract_or_none(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            check_any(&bytes);
            check_any(&[&[FORM, EXTRACT_VERSION as u8], &bytes[..]].concat());
            // Small numbers are likelier to be lengths that hold.
            let small: Vec<u8> = bytes.iter().map(|byte| byte & 3).collect();
            check_any(&[&[FORM, EXTRACT_VERSION as u8], &small[..]].concat());
        }

        #[test]
        fn an_extract_with_any_bytes_in_it_is_an_extract_or_none(
            at in proptest::prelude::any::<proptest::sample::Index>(),
            out in 0..8usize,
            new in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..12),
        ) {
            let mut bytes = pack(&full());
            let at = at.index(bytes.len());
            bytes.splice(at..(at + out).min(bytes.len()), new);
            check_any(&bytes);
        }
    }

    #[test]
    fn broken_bytes_are_no_extract_and_no_panic() {
        let kept = pack(&full());
        for end in 0..kept.len() {
            assert_eq!(unpack(&kept[..end]), None, "{end}");
        }
        for at in 0..kept.len() {
            for bit in 0..8 {
                let mut bytes = kept.clone();
                bytes[at] ^= 1 << bit;
                check_any(&bytes);
            }
        }
        let mut bytes = kept.clone();
        bytes[1] += 1;
        assert_eq!(unpack(&bytes), None, "another version");
        assert_eq!(unpack(b""), None);
    }
}
