//! QR codes in pictures of strangers: what they say, at a bounded cost.
//!
//! Four bounds hold whatever the picture is: decoding is capped in pixels and memory ([`picture::read`]), detection runs on a copy of bounded
//! size, it does not run at all where the picture has more finder patterns than a page's codes could have, because the
//! detector tries triples of them and copies the picture for each, and what it does is counted and ends at `STEPS`, because it
//! paints areas over and over where a picture is made for that. Nothing here fetches, and nothing fails: a picture that
//! cannot be read says nothing. Start at [`read`].

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::resume_unwind;
use std::rc::Rc;

use image::{GenericImage, GenericImageView, GrayImage, Luma, imageops};
use rqrr::PreparedImage;

use super::picture;

/// Longest side of the copy that is searched first, and of the one that is searched when the first says nothing.
const SIDE: u32 = 1200;
const LARGE_SIDE: u32 = 2000;
/// Smaller pictures are enlarged: a module of one pixel is lost to the threshold. Where they say nothing so, each pixel becomes a square of
/// so many: what is blurred helps photographs and loses modules of one pixel.
const SMALL_SIDE: u32 = 240;
const FINE: u32 = 4;
/// Sides of the pieces that a larger picture is searched in at last, and how far they overlap.
const TILE: u32 = 1000;
const OVERLAP: u32 = 250;
/// The darkest and the brightest shade of a picture in which something is drawn are so far apart.
const DRAWN: u8 = 64;
/// Finder patterns in one picture. A code has three.
const MAX_FINDERS: usize = 32;
/// Pixels that the detector may read and write for one picture: a second of a processor, some ten times what a large picture with a
/// code takes.
const STEPS: u64 = 400_000_000;
/// Copying so many pixels takes as long as a step.
const COPIED: u64 = 16;
/// Codes told of one picture, and bytes of one code; the standard ends at 2953 bytes.
const MAX_CODES: usize = 10;
const MAX_PAYLOAD: usize = 4096;

/// What the QR codes in a picture say; empty where there are none or the bytes are no picture.
pub fn read(bytes: &[u8]) -> Vec<String> {
    picture::read(bytes).codes
}

/// The bytes of a base64 `data:image/…` URL; also of one that was cut off.
pub fn data_url(address: &str) -> Option<Vec<u8>> {
    let (kind, data) = address.trim().strip_prefix("data:")?.split_once(',')?;
    let is_image = kind.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/"));
    let is_base64 = kind.get(kind.len().saturating_sub(7)..).is_some_and(|end| end.eq_ignore_ascii_case(";base64"));
    if !is_image || !is_base64 {
        return None;
    }
    let mut bytes = Vec::with_capacity(data.len() * 3 / 4);
    let (mut held, mut bits) = (0u32, 0u32);
    // White space and `%2B` for `+` come from page builders; everything else that is not base64 ends the picture.
    let data = data.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    for b in data.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Tries the picture in the sizes and the two colourings in which codes are found, and a large one piece by piece; the first that says
/// something counts. Unwinds
/// where the detector panics or has done enough.
pub(super) fn search(picture: &GrayImage) -> Vec<String> {
    let steps = Rc::new(Cell::new(STEPS));
    let detect = |picture: GrayImage| detect(Metered { picture, steps: Rc::clone(&steps) });
    let longest = picture.width().max(picture.height());
    let first = match longest {
        0..SMALL_SIDE => scaled(picture, longest * 3),
        SMALL_SIDE..=SIDE => picture.clone(),
        _ => scaled(picture, SIDE),
    };
    let mut inverted = first.clone();
    let found = detect(first);
    if !found.is_empty() {
        return found;
    }
    imageops::invert(&mut inverted);
    let found = detect(inverted);
    if !found.is_empty() {
        return found;
    }
    if longest < SMALL_SIDE && is_drawn_on(picture) {
        let (width, height) = (picture.width() * FINE, picture.height() * FINE);
        let mut fine = imageops::resize(picture, width, height, imageops::FilterType::Nearest);
        let found = detect(fine.clone());
        if !found.is_empty() {
            return found;
        }
        imageops::invert(&mut fine);
        return detect(fine);
    }
    if longest <= SIDE {
        return found;
    }
    let found = detect(if longest <= LARGE_SIDE { picture.clone() } else { scaled(picture, LARGE_SIDE) });
    if !found.is_empty() || longest <= LARGE_SIDE {
        return found;
    }
    // A small code on a large photograph is lost in any copy of it.
    tiles(picture).map(detect).find(|found| !found.is_empty()).unwrap_or_default()
}

/// A large picture in pieces of its own size, but for those in which nothing is drawn. They overlap by the largest code that the smaller
/// copies miss.
fn tiles(picture: &GrayImage) -> impl Iterator<Item = GrayImage> {
    let starts = |length: u32| (0..length.saturating_sub(OVERLAP).max(1)).step_by((TILE - OVERLAP) as usize);
    let places = starts(picture.height()).flat_map(move |y| starts(picture.width()).map(move |x| (x, y)));
    let cut = |(x, y)| imageops::crop_imm(picture, x, y, TILE, TILE).to_image();
    places.map(cut).filter(is_drawn_on)
}

fn is_drawn_on(picture: &GrayImage) -> bool {
    let shades = picture.as_raw().iter().fold((u8::MAX, 0), |(low, high), shade| (low.min(*shade), high.max(*shade)));
    shades.1.saturating_sub(shades.0) >= DRAWN
}

/// The picture that the detector works on, and what it may still do; its copies draw on the same account.
struct Metered {
    picture: GrayImage,
    steps: Rc<Cell<u64>>,
}

impl Metered {
    /// Unwinds where the account is empty: the detector has no other way to be stopped, and its callers are ready for its panics.
    fn pay(&self, steps: u64) {
        match self.steps.get().checked_sub(steps) {
            Some(left) => self.steps.set(left),
            None => resume_unwind(Box::new("the picture takes too long")),
        }
    }
}

impl Clone for Metered {
    fn clone(&self) -> Self {
        self.pay(self.picture.as_raw().len() as u64 / COPIED);
        Self { picture: self.picture.clone(), steps: Rc::clone(&self.steps) }
    }
}

impl GenericImageView for Metered {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.picture.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        self.pay(1);
        *self.picture.get_pixel(x, y)
    }
}

impl GenericImage for Metered {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        self.pay(1);
        self.picture.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.pay(1);
        self.picture.put_pixel(x, y, pixel);
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.put_pixel(x, y, pixel);
    }
}

fn scaled(picture: &GrayImage, side: u32) -> GrayImage {
    let longest = u64::from(picture.width().max(picture.height()));
    let fit = |length: u32| (u64::from(length) * u64::from(side) / longest).max(1) as u32;
    imageops::resize(picture, fit(picture.width()), fit(picture.height()), imageops::FilterType::Triangle)
}

fn detect(picture: Metered) -> Vec<String> {
    let (width, height) = (picture.picture.width() as usize, picture.picture.height() as usize);
    let mut prepared = PreparedImage::prepare(picture);
    let black: Vec<bool> = (0..width * height).map(|at| prepared.get_pixel_at(at % width, at / width) == 1u8).collect();
    if finders(&black, width) > MAX_FINDERS {
        return Vec::new();
    }
    let mut all: Vec<String> = Vec::new();
    for grid in prepared.detect_grids().iter().take(MAX_CODES) {
        let mut payload = Vec::new();
        if grid.decode_to(&mut payload).is_ok() && !payload.is_empty() && payload.len() <= MAX_PAYLOAD {
            let text = text(payload);
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

/// Old generators write GBK without saying so.
fn text(payload: Vec<u8>) -> String {
    String::from_utf8(payload).unwrap_or_else(|error| encoding_rs::GB18030.decode(error.as_bytes()).0.into_owned())
}

/// How many things in the picture look like a finder pattern to the detector: rings around a core, met by a line in the
/// proportions 1:1:3:1:1. The same test as its own, so that it cannot meet more.
fn finders(black: &[bool], width: usize) -> usize {
    let (parts, sizes) = parts(black, width);
    let mut rings: HashSet<u32> = HashSet::new();
    for (y, row) in black.chunks(width).enumerate() {
        let mut runs = [0usize; 5];
        let mut start = 0;
        for x in 1..=width {
            if x < width && row[x] == row[start] {
                continue;
            }
            runs.rotate_left(1);
            runs[4] = x - start;
            let was_black = row[start];
            start = x;
            if !was_black || !in_proportion(&runs) {
                continue;
            }
            let at = |x: usize| parts[y * width + x];
            let ring = at(x - 1);
            let left = at(x - runs.iter().sum::<usize>());
            let core = at(x - runs[2..].iter().sum::<usize>());
            let ratio = sizes[core as usize] * 100 / sizes[ring as usize].max(1);
            if left == ring && core != ring && (11..70).contains(&ratio) {
                rings.insert(ring);
            }
        }
    }
    rings.len()
}

fn in_proportion(runs: &[usize; 5]) -> bool {
    let mean = (runs[0] + runs[1] + runs[3] + runs[4]) / 4;
    let slack = mean * 3 / 4;
    runs.iter().zip([1, 1, 3, 1, 1]).all(|(run, share)| *run >= share * mean - slack && *run <= share * mean + slack)
}

/// For each pixel the number of the connected black part it belongs to (0 for white), and each part's size.
fn parts(black: &[bool], width: usize) -> (Vec<u32>, Vec<usize>) {
    fn root(of: &mut [u32], mut part: u32) -> u32 {
        while of[part as usize] != part {
            of[part as usize] = of[of[part as usize] as usize];
            part = of[part as usize];
        }
        part
    }
    let mut number = vec![0u32; black.len()];
    let mut of = vec![0u32];
    for at in (0..black.len()).filter(|at| black[*at]) {
        let left = if at % width > 0 { number[at - 1] } else { 0 };
        let above = if at >= width { number[at - width] } else { 0 };
        number[at] = match (left, above) {
            (0, 0) => {
                of.push(of.len() as u32);
                of.len() as u32 - 1
            }
            (part, 0) | (0, part) => part,
            (left, above) => {
                let (left, above) = (root(&mut of, left), root(&mut of, above));
                of[left.max(above) as usize] = left.min(above);
                left.min(above)
            }
        };
    }
    let mut sizes = vec![0; of.len()];
    for part in number.iter_mut().filter(|part| **part > 0) {
        *part = root(&mut of, *part);
        sizes[*part as usize] += 1;
    }
    (number, sizes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Luma};
    use proptest::prelude::*;

    use super::*;

    fn practice(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/seeds/practice/images/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn png(picture: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn changed(name: &str, change: impl FnOnce(GrayImage) -> DynamicImage) -> Vec<String> {
        let picture = image::load_from_memory(&practice(name)).unwrap();
        read(&png(&change(picture.into_luma8())))
    }

    #[test]
    fn the_codes_of_the_practice_pictures_are_read() {
        for name in ["qr-weixin.png", "sample-qr.png"] {
            assert!(!read(&practice(name)).is_empty(), "{name}");
        }
        assert!(read(&practice("gloves.png")).is_empty());
    }

    #[test]
    fn a_code_is_read_inverted_enlarged_shrunk_and_on_nothing() {
        let plain = read(&practice("sample-qr.png"));
        assert!(!plain.is_empty());
        let inverted = changed("sample-qr.png", |mut picture| {
            imageops::invert(&mut picture);
            picture.into()
        });
        let large = changed("sample-qr.png", |picture| scaled(&picture, 3000).into());
        let clear = changed("sample-qr.png", |picture| {
            let clear = |x, y| {
                let dark = picture.get_pixel(x, y).0[0] < 128;
                image::LumaA([0u8, if dark { 255u8 } else { 0u8 }])
            };
            image::ImageBuffer::from_fn(picture.width(), picture.height(), clear).into()
        });
        assert_eq!((&inverted, &large, &clear), (&plain, &plain, &plain));
    }

    #[test]
    fn a_small_code_on_a_large_photograph_is_read() {
        let page = image::load_from_memory(&practice("qr-weixin.png")).unwrap().into_luma8();
        // The code with its margin; then its modules are three pixels wide.
        let code = imageops::crop_imm(&page, 190, 80, 259, 259).to_image();
        let side = 3 * code_modules(&code);
        let code = imageops::resize(&code, side, side, imageops::FilterType::Nearest);
        assert_eq!(side, 3 * 37);
        let mut unread = Vec::new();
        for at in [(2000, 3000), (700, 700), (30, 2700)] {
            let mut photograph = GrayImage::from_fn(3000, 4000, |x, y| Luma([200 + ((x / 7 + y / 11) % 9) as u8]));
            imageops::replace(&mut photograph, &code, at.0, at.1);
            if read(&png(&photograph.into())).is_empty() {
                unread.push(at);
            }
        }
        assert!(unread.is_empty(), "{side} pixels: {unread:?}");
    }

    #[test]
    fn a_code_of_one_pixel_a_module_is_read_alone_and_on_a_picture() {
        let page = image::load_from_memory(&practice("qr-weixin.png")).unwrap().into_luma8();
        let code = imageops::crop_imm(&page, 190, 80, 259, 259).to_image();
        let side = code_modules(&code);
        let code = imageops::resize(&code, side, side, imageops::FilterType::Nearest);
        let mut unread = Vec::new();
        for (width, height) in [(side, side), (120, 90), (300, 200), (400, 400)] {
            for inverted in [false, true] {
                let mut picture = GrayImage::from_pixel(width, height, Luma([255]));
                imageops::replace(&mut picture, &code, i64::from(width - side) / 2, i64::from(height - side) / 3);
                if inverted {
                    imageops::invert(&mut picture);
                }
                if read(&png(&picture.into())).is_empty() {
                    unread.push((width, height, inverted));
                }
            }
        }
        assert!(unread.is_empty(), "{unread:?}");
    }

    /// How many modules wide a drawn code with its margin is: the first finder pattern's outer ring is seven.
    fn code_modules(code: &GrayImage) -> u32 {
        let (left, top, _) = code.enumerate_pixels().find(|(.., sign)| sign.0[0] < 128).unwrap();
        let ring = (left..code.width()).take_while(|x| code.get_pixel(*x, top).0[0] < 128).count() as u32;
        code.width() * 7 / ring
    }

    #[test]
    fn a_picture_full_of_finder_patterns_is_not_searched() {
        let pattern = |x: u32, y: u32| {
            let (x, y) = (x % 9, y % 9);
            let ring = x < 7 && y < 7 && (x == 0 || x == 6 || y == 0 || y == 6);
            let core = (2..5).contains(&x) && (2..5).contains(&y);
            Luma([if ring || core { 0 } else { 255u8 }])
        };
        let picture = GrayImage::from_fn(1200, 1200, pattern);
        let black: Vec<bool> = picture.as_raw().iter().map(|luma| *luma == 0).collect();
        assert!(finders(&black, 1200) > 10_000);
        let began = std::time::Instant::now();
        assert!(read(&png(&picture.into())).is_empty());
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    /// The teeth of a comb, one area, and between them bits that look like a finder's line and are none. Of two rows of those there
    /// are more areas than the detector remembers; then it meets the comb again, in one place, and paints it anew.
    fn endless() -> GrayImage {
        GrayImage::from_fn(1200, 1200, |x, y| {
            let (column, meets) = (x % 12, y % 4 == 3 && x / 12 == 50);
            let tooth = column == 9 || (column == 10 && !meets);
            let bits = y % 2 == 0 && x / 12 != 50 && matches!(column, 0 | 2..=4 | 6);
            let way_to_the_comb = meets && matches!(column, 3 | 5..=7);
            Luma([if tooth || bits || way_to_the_comb || y == 600 { 0 } else { 255u8 }])
        })
    }

    #[test]
    fn a_picture_made_to_keep_the_detector_busy_ends_and_says_nothing() {
        let steps = Rc::new(Cell::new(STEPS));
        let busy = |steps: &Rc<Cell<u64>>| {
            let picture = Metered { picture: endless(), steps: Rc::clone(steps) };
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| detect(picture)))
        };
        assert!(busy(&steps).is_err(), "{} steps left", steps.get());
        assert!(busy(&steps).is_err(), "the account is the picture's, not the copy's");
        let began = std::time::Instant::now();
        assert!(read(&png(&endless().into())).is_empty());
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    }

    #[test]
    fn an_honest_picture_takes_a_part_of_what_it_may() {
        let picture = image::load_from_memory(&practice("sample-qr.png")).unwrap().into_luma8();
        let steps = Rc::new(Cell::new(STEPS));
        let found = detect(Metered { picture: scaled(&picture, LARGE_SIDE), steps: Rc::clone(&steps) });
        assert!(!found.is_empty() && steps.get() > STEPS / 4 * 3, "{found:?}, {} steps left", steps.get());
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_left_alone() {
        let mut bytes = png(&GrayImage::new(8, 8).into());
        bytes[16..24].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
        assert!(read(&bytes).is_empty());
        assert!(read(b"").is_empty() && read(b"<svg/>").is_empty());
    }

    #[test]
    fn a_picture_written_into_the_page_is_read() {
        let bytes = practice("liujie.png");
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let base64: String = bytes
            .chunks(3)
            .flat_map(|three| {
                let word = three.iter().fold(0u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - three.len()));
                (0..=three.len()).map(move |six| ALPHABET[(word >> (18 - 6 * six)) as usize & 63] as char)
            })
            .collect();
        assert_eq!(data_url(&format!("data:image/png;base64,{base64}")).as_deref(), Some(&bytes[..]));
        assert_eq!(data_url("data:text/html;base64,PGI+"), None);
        assert_eq!(data_url("data:image/svg+xml,<svg/>"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_bytes_and_no_broken_picture_panic(noise in proptest::collection::vec(any::<u8>(), 0..400), at in 0usize..4000) {
            read(&noise);
            let mut bytes = practice("liujie.png");
            let length = bytes.len();
            for (offset, b) in noise.iter().take(4).enumerate() {
                bytes[(at + offset * 97) % length] ^= b;
            }
            read(&bytes);
        }

        #[test]
        fn no_pattern_of_pixels_panics(pixels in proptest::collection::vec(any::<bool>(), 400)) {
            let picture = GrayImage::from_fn(200, 200, |x, y| Luma([if pixels[(y / 10 * 20 + x / 10) as usize] { 0 } else { 255 }]));
            search(&picture);
        }
    }
}
