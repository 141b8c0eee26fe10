//! Pictures of strangers to pixels at a bounded cost, and to a number that tells what looks alike.
//!
//! The look of a picture is a gradient hash (whether each of 64 places is darker than its neighbour): it survives another size,
//! another format, a touch of colour. A picture of one colour, or of hardly anything on one, has none, because all of those look
//! alike. Nothing here fetches, and nothing fails. Start at [`read`].

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageReader, Limits, imageops};
use image_hasher::{HashAlg, HasherConfig};

use super::qr;

/// Pixels that are decoded; a photograph of a telephone has some twelve million.
const MAX_PIXELS: u64 = 16 << 20;
const MAX_SIDE: u32 = 16_384;
const MAX_ALLOC: u64 = 64 << 20;
/// Side of the copy that is hashed: the hash needs 9 by 8 places, and half an icon's own 16.
const COPY: u32 = 64;
/// Shades between the darkest and the brightest place of a picture that shows anything.
const CONTRAST: u8 = 24;
/// Of 64 bits so many have to be of either kind.
const DISTINCT: u32 = 8;

/// What a picture shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// What its QR codes say.
    pub codes: Vec<String>,
    /// How it looks, as a number that is near for pictures that look alike.
    pub look: Option<u64>,
}

/// All that is read of a picture, decoded once; nothing where the bytes are none.
pub fn read(bytes: &[u8]) -> Shown {
    let Some(picture) = unharmed(|| open(bytes)) else { return Shown::default() };
    let codes = unharmed(|| Some(qr::search(&picture))).unwrap_or_default();
    Shown { codes, look: unharmed(|| hash(&picture)) }
}

/// How the picture looks.
pub fn look(bytes: &[u8]) -> Option<u64> {
    unharmed(|| hash(&open(bytes)?))
}

/// How the top of a picture looks, down to so many pixels.
pub fn look_of_top(bytes: &[u8], height: u32) -> Option<u64> {
    unharmed(|| {
        let picture = open(bytes)?;
        hash(&imageops::crop_imm(&picture, 0, 0, picture.width(), height.min(picture.height())).to_image())
    })
}

/// The decoders and the detector are other people's, made for honest pictures: the detector asserts where a region is not what it
/// expects. A picture of a stranger must not end the program, so a panic of theirs means "shows nothing".
fn unharmed<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn hash(picture: &GrayImage) -> Option<u64> {
    let small = imageops::resize(picture, COPY, COPY, imageops::FilterType::Triangle);
    let (darkest, brightest) =
        small.as_raw().iter().fold((u8::MAX, 0), |(low, high), shade| (low.min(*shade), high.max(*shade)));
    if brightest.saturating_sub(darkest) < CONTRAST {
        return None;
    }
    let hasher = HasherConfig::with_bytes_type::<[u8; 8]>()
        .hash_size(8, 8)
        .hash_alg(HashAlg::Gradient)
        .resize_filter(image_hasher::FilterType::Triangle)
        .to_hasher();
    let bytes: [u8; 8] = hasher.hash_image(&small).as_bytes().try_into().ok()?;
    let number = u64::from_be_bytes(bytes);
    (DISTINCT..=64 - DISTINCT).contains(&number.count_ones()).then_some(number)
}

/// The pixels, grey; none where the bytes are no picture or more of one than is decoded. A decoder may panic: callers catch that.
fn open(bytes: &[u8]) -> Option<GrayImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    // The decoder's own limit is for what it holds besides the pixels: of 64 bits each there may be half as many.
    let too_large = u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_ALLOC;
    if too_large || width == 0 || height == 0 {
        return None;
    }
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    if !picture.color().has_alpha() {
        return Some(picture.into_luma8());
    }
    // Codes are drawn on nothing: what is transparent shows the page, which is white.
    let picture = picture.into_luma_alpha8();
    Some(GrayImage::from_fn(width, height, |x, y| {
        let [luma, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        image::Luma([((luma * alpha + 255 * (255 - alpha)) / 255) as u8])
    }))
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Luma, Rgba, RgbaImage};
    use jianzheng_core::likeness::same_picture;
    use proptest::prelude::*;

    use super::*;

    fn bytes(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A ring with a bar, `turn` degrees of a colour wheel aside.
    fn emblem(side: u32, turned: bool) -> DynamicImage {
        RgbaImage::from_fn(side, side, |x, y| {
            let (x, y) = if turned { (y, x) } else { (x, y) };
            let (dx, dy) = (x as f32 / side as f32 - 0.5, y as f32 / side as f32 - 0.45);
            let ring = (0.25..0.42).contains(&(dx * dx + dy * dy).sqrt());
            let bar = dy.abs() < 0.06 && dx < 0.2;
            if ring || bar { Rgba([180, 20, 30, 255]) } else { Rgba([0, 0, 0, 0]) }
        })
        .into()
    }

    #[test]
    fn a_picture_looks_the_same_in_another_size_and_format_and_another_does_not() {
        let icon = look(&bytes(&emblem(64, false), ImageFormat::Png)).unwrap();
        for (side, format) in
            [(32, ImageFormat::Ico), (256, ImageFormat::Png), (200, ImageFormat::Bmp), (48, ImageFormat::Gif)]
        {
            let again = look(&bytes(&emblem(side, false), format)).unwrap();
            assert!(same_picture(icon, again), "{side} {format:?}: {}", (icon ^ again).count_ones());
        }
        let photo = bytes(&DynamicImage::from(emblem(300, false).into_luma8()), ImageFormat::Jpeg);
        assert!(look(&photo).is_some());
        let other = look(&bytes(&emblem(64, true), ImageFormat::Png)).unwrap();
        assert!(!same_picture(icon, other), "{}", (icon ^ other).count_ones());
    }

    #[test]
    fn pictures_of_nothing_have_no_look() {
        let plain = |shade| bytes(&GrayImage::from_pixel(40, 40, Luma([shade])).into(), ImageFormat::Png);
        assert_eq!((look(&plain(0)), look(&plain(255)), look(b"<svg/>"), look(b"")), (None, None, None, None));
        let mut huge = plain(9);
        huge[16..24].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
        assert_eq!(look(&huge), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..400) {
            look(&noise);
            let mut bytes = bytes(&emblem(32, false), ImageFormat::Png);
            let length = bytes.len();
            for (offset, b) in noise.iter().take(4).enumerate() {
                bytes[(at + offset * 97) % length] ^= b;
            }
            look(&bytes);
        }
    }
}
