//! A file that a kill or a power cut left open ends in half a record, and no checker accepts that: it is cut back to its last
//! whole record when the store opens.
//!
//! Scanning every file at each start would take minutes at tens of gigabytes, so the file being written is named in a small
//! marker beside it together with a length up to which it is known to be durable; the marker goes when the file is closed.
//! There is a marker for each series. Only that file, and only behind that length, is read. Nothing behind it was ever acknowledged, so it is cut away. A marker
//! that cannot be read gives no such length: then what does not parse is set aside as `….torn`, because it might matter.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{Series, WarcError, reader::Records};

/// Its name does not end in `.warc.gz`, so nobody takes it for evidence.
fn marker(dir: &Path, series: Series) -> PathBuf {
    dir.join(format!("open-{}", series.as_str()))
}

/// What was done to a file that had not been closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Which file.
    pub file: PathBuf,
    /// Bytes of whole records that stay; 0: nothing whole was in it and it is gone.
    pub kept: u64,
    /// Bytes of the torn record that went.
    pub cut: u64,
    /// Where they were set aside, if it was not certain that nobody needs them.
    pub set_aside: Option<PathBuf>,
}

/// The marker of the file being written. Fixed width, so that one write renews it in place.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    file: File,
    name: String,
}

impl Marker {
    /// Durable before the file it names exists.
    pub(super) fn set(dir: &Path, series: Series, name: &str) -> Result<Self, WarcError> {
        let path = marker(dir, series);
        let make = || -> io::Result<File> {
            let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
            file.write_all_at(line(name, 0).as_bytes(), 0)?;
            file.sync_all()?;
            sync_dir(dir)?;
            Ok(file)
        };
        let file = make().map_err(|e| WarcError::io(&path, e))?;
        Ok(Self { path, file, name: name.to_owned() })
    }

    /// Called after a successful fdatasync; itself not synced: an older length is as true as a newer one.
    pub(super) fn durable(&self, length: u64) -> Result<(), WarcError> {
        self.file.write_all_at(line(&self.name, length).as_bytes(), 0).map_err(|e| WarcError::io(&self.path, e))
    }

    pub(super) fn clear(self) -> Result<(), WarcError> {
        fs::remove_file(&self.path).map_err(|e| WarcError::io(self.path, e))
    }
}

/// Repairs the file that was not closed, if there is one.
pub(super) fn repair(dir: &Path, series: Series) -> Result<Option<Repair>, WarcError> {
    let marker = marker(dir, series);
    let text = match fs::read(&marker) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(WarcError::io(marker, e)),
    };
    let (name, durable) = parse(&text);
    // Without a readable name the newest file is the one: names begin with their time.
    let name = match name {
        Some(name) => Some(name),
        None => newest(dir, series)?,
    };
    let done = match name.map(|name| dir.join(name)) {
        Some(path) if path.exists() => cut_back(&path, durable)?,
        _ => None,
    };
    fs::remove_file(&marker).map_err(|e| WarcError::io(&marker, e))?;
    sync_dir(dir).map_err(|e| WarcError::io(dir, e))?;
    Ok(done)
}

fn cut_back(path: &Path, durable: Option<u64>) -> Result<Option<Repair>, WarcError> {
    let io_error = |e| WarcError::io(path, e);
    let length = fs::metadata(path).map_err(io_error)?.len();
    // A length beyond the end is no knowledge at all (a copy of another age, say).
    let durable = durable.filter(|durable| *durable <= length);
    let mut kept = durable.unwrap_or(0);
    for record in Records::open_at(path, kept)? {
        match record {
            Ok(record) => kept = record.offset + record.length,
            Err(WarcError::Record { .. }) => break,
            Err(other) => return Err(other),
        }
    }
    if kept == length && length > 0 {
        return Ok(None);
    }
    let cut = length - kept;
    let set_aside = if durable.is_none() && cut > 0 { Some(set_aside(path, kept)?) } else { None };
    if kept == 0 {
        fs::remove_file(path).map_err(io_error)?;
    } else {
        let file = OpenOptions::new().write(true).open(path).map_err(io_error)?;
        file.set_len(kept).and_then(|()| file.sync_all()).map_err(io_error)?;
    }
    Ok(Some(Repair { file: path.to_owned(), kept, cut, set_aside }))
}

fn set_aside(path: &Path, from: u64) -> Result<PathBuf, WarcError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".torn");
    let aside = PathBuf::from(aside);
    let copy = || -> io::Result<()> {
        let mut source = File::open(path)?;
        source.seek(SeekFrom::Start(from))?;
        let mut target = File::create(&aside)?;
        io::copy(&mut source, &mut target)?;
        target.flush()?;
        target.sync_all()
    };
    copy().map_err(|e| WarcError::io(&aside, e))?;
    Ok(aside)
}

fn newest(dir: &Path, series: Series) -> Result<Option<String>, WarcError> {
    let prefix = format!("jianzheng-{}-", series.as_str());
    let mut newest = None;
    for entry in fs::read_dir(dir).map_err(|e| WarcError::io(dir, e))? {
        let name = entry.map_err(|e| WarcError::io(dir, e))?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.ends_with(".warc.gz") && newest.as_ref().is_none_or(|other| *other < name)
        {
            newest = Some(name);
        }
    }
    Ok(newest)
}

/// `length name check`; the check makes a half-written line no line.
fn line(name: &str, length: u64) -> String {
    format!("{length:020} {name} {:08x}\n", check(name, length))
}

fn parse(text: &str) -> (Option<String>, Option<u64>) {
    let mut words = text.trim_end().split(' ');
    let (length, name, sum) = (words.next(), words.next(), words.next());
    let name = name.filter(|name| name.ends_with(".warc.gz") && !name.contains('/')).map(str::to_owned);
    let length = length.and_then(|length| length.parse().ok());
    match (&name, length, sum.and_then(|sum| u32::from_str_radix(sum, 16).ok())) {
        (Some(good), Some(length), Some(sum)) if sum == check(good, length) => (name, Some(length)),
        _ => (name, None),
    }
}

fn check(name: &str, length: u64) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(name.as_bytes());
    crc.update(&length.to_be_bytes());
    crc.sum()
}

/// A name is on disk only when its folder is.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
