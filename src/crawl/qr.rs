//! Reads QR codes in pictures: hostile ones, small ones, rotated ones, several in one.
//!
//! A picture is decoded under limits of size and memory and looked at in a few renderings (as it is, enlarged, inverted). It never
//! fails: a picture without a readable code has no payloads. Nothing is fetched here. Start at [`read`].

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageReader, Limits, imageops};

/// Pixels of one side.
const SIDE: u32 = 8_000;
/// Bytes that a decoder may take.
const MEMORY: u64 = 96 << 20;
/// Larger pictures are made smaller first: a code that a phone reads survives that.
const LARGE: u32 = 1_600;
/// Smaller pictures are made larger: the detector wants some pixels a module.
const SMALL: u32 = 400;
/// Payloads of one picture.
const MOST: usize = 16;
/// Bytes of one payload; the largest QR code holds 2,953.
const PAYLOAD: usize = 3_000;

/// What the QR codes of a picture say, without repeats.
pub fn read(bytes: &[u8]) -> Vec<String> {
    // Decoders of old formats are the likeliest code in the program to meet a case their authors did not; a panic in one costs
    // this picture only.
    std::panic::catch_unwind(|| decode(bytes).map(|picture| codes(&picture)).unwrap_or_default()).unwrap_or_default()
}

fn decode(bytes: &[u8]) -> Option<GrayImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let picture = if picture.color().has_alpha() { on_white(&picture) } else { picture };
    let largest = picture.width().max(picture.height());
    Some(if largest > LARGE { picture.thumbnail(LARGE, LARGE).into_luma8() } else { picture.into_luma8() })
}

/// Transparent pictures are shown on white; read on black they would be inverted or blank.
fn on_white(picture: &DynamicImage) -> DynamicImage {
    let mut flat = picture.to_rgba8();
    for pixel in flat.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for channel in 0..3 {
            pixel[channel] = ((u32::from(pixel[channel]) * alpha + 255 * (255 - alpha)) / 255) as u8;
        }
        pixel[3] = 255;
    }
    DynamicImage::ImageRgba8(flat)
}

fn codes(picture: &GrayImage) -> Vec<String> {
    let mut found = Vec::new();
    look(picture, &mut found);
    if picture.width().max(picture.height()) < SMALL {
        let (w, h) = (picture.width() * 3, picture.height() * 3);
        look(&imageops::resize(picture, w, h, imageops::FilterType::Triangle), &mut found);
    }
    if found.is_empty() {
        let mut inverted = picture.clone();
        imageops::invert(&mut inverted);
        look(&inverted, &mut found);
    }
    if found.is_empty() && picture.width() > 600 {
        // Noise of a photograph goes away with half its size.
        look(&imageops::resize(picture, picture.width() / 2, picture.height() / 2, imageops::FilterType::Triangle), &mut found);
    }
    found
}

fn look(picture: &GrayImage, found: &mut Vec<String>) {
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    if w < 20 || h < 20 {
        return;
    }
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(w, h, |x, y| picture.get_pixel(x as u32, y as u32)[0]);
    for grid in prepared.detect_grids() {
        if found.len() >= MOST {
            return;
        }
        if let Ok((_, payload)) = grid.decode() {
            let payload = payload.trim();
            if !payload.is_empty() && payload.len() <= PAYLOAD && !found.iter().any(|f| f == payload) {
                found.push(payload.to_owned());
            }
        }
    }
}

/// The bytes of a picture that is written into a page as `data:image/…;base64,…`.
pub fn data_url(src: &str) -> Option<Vec<u8>> {
    let rest = src.strip_prefix("data:image/")?;
    let (kind, data) = rest.split_once(',')?;
    if !kind.ends_with(";base64") {
        return None;
    }
    let mut bytes = Vec::with_capacity(data.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in data.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ if byte.is_ascii_whitespace() => continue,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn practice(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/seeds/practice/images/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn every_code_of_the_practice_web_is_read() {
        let mut codes = 0;
        for entry in std::fs::read_dir(format!("{}/seeds/practice/images", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.contains("qr") {
                assert!(!read(&practice(&name)).is_empty(), "{name}");
                codes += 1;
            }
        }
        assert!(codes >= 3);
    }

    #[test]
    fn what_is_no_picture_has_no_codes() {
        for bytes in [&b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a\xff\xff\xff\xff", b"<html>", b"BM\xff\xff\xff\x7f"] {
            assert!(read(bytes).is_empty());
        }
    }

    #[test]
    fn pictures_inside_a_page_are_unpacked() {
        assert_eq!(data_url("data:image/png;base64,aGk="), Some(b"hi".to_vec()));
        assert_eq!(data_url("data:image/png;base64,aGk hh"), Some(b"hi\x86".to_vec()));
        assert_eq!(data_url("data:text/html;base64,aGk="), None);
        assert_eq!(data_url("data:image/png,abc"), None);
        assert_eq!(data_url("data:image/png;base64,a*"), None);
    }
}
