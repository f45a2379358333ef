//! Whether bytes are an image or a document that a model can be shown.
//!
//! A model's provider refuses a request that holds anything else, and with it every later request
//! of the session. So the structure is walked to its end: a text that begins like an image is none,
//! and neither is an image that was cut short. Pixels are not decoded.

/// A kind of file that is shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Png,
    Jpeg,
    Gif,
    Webp,
    Pdf,
}

/// Pixels of a side.
type Size = (u32, u32);

/// Bytes at the end of a PDF among which its end is looked for.
const PDF_END_BYTES: usize = 1_024;

impl Media {
    /// What the first bytes claim.
    pub fn claimed(head: &[u8]) -> Option<Self> {
        if head.starts_with(PNG) {
            Some(Self::Png)
        } else if head.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
            Some(Self::Gif)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else if head.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// The kind of block and the media type.
    pub fn block(self) -> (&'static str, &'static str) {
        match self {
            Self::Png => ("image", "image/png"),
            Self::Jpeg => ("image", "image/jpeg"),
            Self::Gif => ("image", "image/gif"),
            Self::Webp => ("image", "image/webp"),
            Self::Pdf => ("document", "application/pdf"),
        }
    }

    /// Whether the bytes are whole. Gives the size of an image; a document has none.
    pub fn whole(self, bytes: &[u8]) -> Option<Option<Size>> {
        let size = match self {
            Self::Png => png(bytes),
            Self::Jpeg => jpeg(bytes),
            Self::Gif => gif(bytes),
            Self::Webp => webp(bytes),
            Self::Pdf => return pdf(bytes).then_some(None),
        };
        size.filter(|(width, height)| *width > 0 && *height > 0).map(Some)
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The header, at least one chunk of pixels, and the end, with whole chunks in between.
fn png(bytes: &[u8]) -> Option<Size> {
    let mut rest = bytes.strip_prefix(PNG)?;
    let (mut size, mut pixels) = (None, false);
    loop {
        let (head, after) = rest.split_at_checked(8)?;
        let length = u32::from_be_bytes(head[..4].try_into().ok()?) as usize;
        let (data, after) = after.split_at_checked(length)?;
        let (_checksum, after) = after.split_at_checked(4)?;
        match &head[4..] {
            b"IHDR" if size.is_none() && length == 13 => {
                let side = |at: usize| Some(u32::from_be_bytes(data[at..at + 4].try_into().ok()?));
                size = Some((side(0)?, side(4)?));
            }
            _ if size.is_none() => return None,
            b"IDAT" => pixels = true,
            b"IEND" => return size.filter(|_| pixels),
            _ => {}
        }
        rest = after;
    }
}

/// Segments up to the first scan, a frame with its size among them, and an end behind it.
fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    let mut size = None;
    loop {
        let marker = *rest.strip_prefix(b"\xff")?.first()?;
        if marker == 0xff {
            rest = &rest[1..];
            continue;
        }
        let length = usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?));
        let (segment, after) = rest.get(2..)?.split_at_checked(length)?;
        let side = |at: usize| Some(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?));
        match marker {
            0xc4 | 0xc8 | 0xcc => {}
            0xc0..=0xcf => size = Some((side(5)?.into(), side(3)?.into())),
            0xda => return size.filter(|_| after.windows(2).any(|pair| pair == b"\xff\xd9")),
            _ => {}
        }
        rest = after;
    }
}

/// The screen, and whole blocks up to the end, at least one image among them.
fn gif(bytes: &[u8]) -> Option<Size> {
    let (head, rest) = bytes.split_at_checked(13)?;
    let side = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let mut rest = rest.get(colours(head[10])..)?;
    let mut images = 0;
    loop {
        let (kind, after) = rest.split_first()?;
        rest = match kind {
            0x2c => {
                images += 1;
                let flags = *after.get(8)?;
                // Behind the colours comes one byte about the coding.
                sub_blocks(after.get(9 + colours(flags) + 1..)?)?
            }
            0x21 => sub_blocks(after.get(1..)?)?,
            0x3b => return (images > 0).then_some((side(6), side(8))),
            _ => return None,
        };
    }
}

/// Bytes of the table of colours that the flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn sub_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, after) = rest.split_first()?;
        rest = after.get(usize::from(*length)..)?;
        if *length == 0 {
            return Some(rest);
        }
    }
}

/// As many bytes as it says, and a first chunk that tells the size and is whole.
fn webp(bytes: &[u8]) -> Option<Size> {
    let length = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    bytes.get(..length(4)?.checked_add(8)?)?;
    let data = bytes.get(20..)?.get(..length(16)?)?;
    let two =
        |at: usize| Some(u32::from(u16::from_le_bytes(data.get(at..at + 2)?.try_into().ok()?)));
    match &bytes[12..16] {
        b"VP8 " if data.get(3..6) == Some(b"\x9d\x01\x2a") => {
            Some((two(6)? & 0x3fff, two(8)? & 0x3fff))
        }
        b"VP8L" if data.first() == Some(&0x2f) => {
            let bits = two(1)? | two(3)? << 16;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let three = |at: usize| Some(two(at)? | u32::from(*data.get(at + 2)?) << 16);
            Some((three(4)? + 1, three(7)? + 1))
        }
        _ => None,
    }
}

/// An object, and near the end the place of the table of objects and the end's own mark.
fn pdf(bytes: &[u8]) -> bool {
    let has = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|found| found == word);
    let end = &bytes[bytes.len().saturating_sub(PDF_END_BYTES)..];
    has(bytes, b" obj") && has(end, b"startxref") && has(end, b"%%EOF")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], kind, data, b"crc!"].concat()
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        header.extend([8, 2, 0, 0, 0]);
        let chunks = [chunk(b"IHDR", &header), chunk(b"IDAT", b"x"), chunk(b"IEND", b"")];
        [PNG.to_vec(), chunks.concat()].concat()
    }

    fn webp_of(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
        let riff = [b"WEBP", &kind[..], &length(data.len()), data].concat();
        [b"RIFF", &length(riff.len())[..], &riff].concat()
    }

    /// The smallest of each kind that are whole, 2 by 3 pixels.
    pub fn samples() -> Vec<(Media, Vec<u8>)> {
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0\0\x0b\x08\0\x03\0\x02\x01\x01\x11\0\
                     \xff\xda\0\x02scan\xff\0\xff\xd9";
        let gif = b"GIF89a\x02\0\x03\0\x80\0\0RGBrgb\x21\xf9\x04\0\0\0\0\0\
                    \x2c\0\0\0\0\x02\0\x03\0\0\x02\x02\x44\x01\0\x3b";
        let pdf = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n";
        vec![
            (Media::Png, png_of(2, 3)),
            (Media::Jpeg, jpeg.to_vec()),
            (Media::Gif, gif.to_vec()),
            (Media::Webp, webp_of(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x02\0\x03\0")),
            (Media::Webp, webp_of(b"VP8L", b"\x2f\x01\x80\0\0")),
            (Media::Webp, webp_of(b"VP8X", b"\0\0\0\0\x01\0\0\x02\0\0")),
            (Media::Pdf, pdf.to_vec()),
        ]
    }

    #[test]
    fn what_is_whole_is_known_with_its_size_and_what_is_cut_short_anywhere_is_not() {
        for (media, bytes) in samples() {
            assert_eq!(Media::claimed(&bytes), Some(media));
            let size = (media != Media::Pdf).then_some((2, 3));
            assert_eq!(media.whole(&bytes), Some(size), "{media:?}");
            let end = bytes.trim_ascii_end().len();
            for cut in 0..end {
                assert_eq!(media.whole(&bytes[..cut]), None, "{media:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn an_image_without_a_size_is_none() {
        assert_eq!(Media::Png.whole(&png_of(0, 3)), None);
        assert_eq!(Media::Png.whole(&png_of(9_000, 3)), Some(Some((9_000, 3))));
    }

    #[test]
    fn texts_that_begin_like_media_are_none() {
        for text in ["GIF89a is a format\n", "%PDF-1.7 ends in startxref\n", "RIFF....WEBPVP8 \n"] {
            let media = Media::claimed(text.as_bytes()).unwrap();
            assert_eq!(media.whole(text.as_bytes()), None, "{text}");
        }
    }
}
