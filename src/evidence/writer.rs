//! The one that appends: whole records only, in order, into a file of this process and day.
//!
//! Blocking, for one thread that groups what many threads encoded (a sync each capture would cost some 200 µs, groups of 64
//! almost nothing: PERFORMANCE.md). A file is never opened again for writing: every process begins a new one, so a repaired
//! tail is never behind good records, and no two processes can write into one another.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::{
    Encoded, Series, WARC_DIR, WarcError,
    encode::warcinfo,
    repair::{Marker, Repair, repair, sync_dir},
};

/// At which size the next file begins, unless told otherwise.
pub const DEFAULT_FILE_BYTES: u64 = 1 << 30;

/// What each file says of its making.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Program and version.
    pub software: String,
    /// Conditions that hold for the whole process: a set clock, for one.
    pub notes: Vec<(String, String)>,
}

impl Origin {
    /// The calendar was set by hand: dates in these files are not to be taken for real ones.
    fn is_set_clock(&self) -> bool {
        self.notes.iter().any(|(name, value)| name == "clock" && value == "set")
    }
}

/// Where a body lies, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Of the body as stored, hex.
    pub sha256: String,
    /// Of the body as stored, hex, where it was computed.
    pub sm3: Option<String>,
    /// Relative to DATA.
    pub warc: String,
    /// Of the response's gzip member.
    pub offset: u64,
    /// Of that member.
    pub length: u64,
    /// Bytes of the request's member, right before it.
    pub before: u64,
    /// Bytes of the members of metadata and certificates, right behind it.
    pub after: u64,
    /// When the answer began.
    pub time: Timestamp,
}

/// Appends to the WARC files below DATA. One process holds DATA at a time; the store sees to that, not this.
#[derive(Debug)]
pub struct WarcStore {
    dir: PathBuf,
    series: Series,
    origin: Origin,
    file_bytes: u64,
    current: Option<Current>,
    repaired: Option<Repair>,
}

#[derive(Debug)]
struct Current {
    path: PathBuf,
    name: String,
    file: File,
    day: Date,
    /// Up to here there are whole records.
    good: u64,
    /// Up to here they are durable.
    durable: u64,
    /// Half a record may stand behind `good`.
    torn: bool,
    /// A sync failed: what the kernel threw away then, a later sync would report as kept.
    failed: bool,
    marker: Marker,
}

impl WarcStore {
    /// Opens the folder and repairs what a kill left behind of this series. A file is made with the first capture.
    pub fn open(data_dir: &Path, series: Series, origin: Origin, file_bytes: u64) -> Result<Self, WarcError> {
        let dir = data_dir.join(WARC_DIR);
        fs::create_dir_all(&dir).and_then(|()| sync_dir(data_dir)).map_err(|e| WarcError::io(&dir, e))?;
        let repaired = repair(&dir, series)?;
        Ok(Self { dir, series, origin, file_bytes, current: None, repaired })
    }

    /// What was repaired when the store opened.
    pub fn repaired(&self) -> Option<&Repair> {
        self.repaired.as_ref()
    }

    /// Appends in order. Durable only after [`sync`](Self::sync). After an error none of the group counts: what of it was
    /// written is whole and harmless, and the group may be given again.
    pub fn append(&mut self, group: Vec<Encoded>) -> Result<Vec<Capture>, WarcError> {
        let mut captures = Vec::with_capacity(group.len());
        for encoded in group {
            let current = self.room_for(encoded.time)?;
            let start = current.write(&encoded.bytes)?;
            captures.push(Capture {
                warc: format!("{WARC_DIR}/{}", current.name),
                offset: start + encoded.response_at as u64,
                length: encoded.response_len as u64,
                before: encoded.response_at as u64,
                after: (encoded.bytes.len() - encoded.response_at - encoded.response_len) as u64,
                sha256: encoded.sha256,
                sm3: encoded.sm3,
                time: encoded.time,
            });
        }
        Ok(captures)
    }

    /// Everything appended so far is on disk when this returns.
    pub fn sync(&mut self) -> Result<(), WarcError> {
        self.current.as_mut().map_or(Ok(()), Current::sync)
    }

    #[cfg(test)]
    pub(super) fn swap_file_for_a_full_disk(&mut self) -> bool {
        let full = OpenOptions::new().write(true).open("/dev/full");
        self.current.as_mut().zip(full.ok()).map(|(current, full)| current.file = full).is_some()
    }

    /// Closes the file in hand; the next start has nothing to repair. Dropping does the same but cannot tell of an error.
    pub fn close(mut self) -> Result<(), WarcError> {
        self.end_file()
    }

    /// The file in hand, or a new one if that is full or of another day (UTC, as the records' dates are).
    fn room_for(&mut self, time: Timestamp) -> Result<&mut Current, WarcError> {
        let day = Offset::UTC.to_datetime(time).date();
        if self.current.as_ref().is_some_and(|c| c.good >= self.file_bytes || c.day != day) {
            self.end_file()?;
        }
        let current = match self.current.take() {
            Some(current) => current,
            None => self.begin_file(time, day)?,
        };
        Ok(self.current.insert(current))
    }

    fn begin_file(&self, time: Timestamp, day: Date) -> Result<Current, WarcError> {
        let stamp = Offset::UTC.to_datetime(time).strftime("%Y%m%dT%H%M%SZ").to_string();
        let series = self.series.as_str();
        let set = if self.origin.is_set_clock() { "-set" } else { "" };
        let pid = std::process::id();
        for sequence in 0..u32::MAX {
            let name = format!("jianzheng-{series}{set}-{stamp}-{pid}-{sequence:03}.warc.gz");
            let path = self.dir.join(&name);
            // Asked before the marker is set: a marker must never name a file that is already whole.
            if path.exists() {
                continue;
            }
            let marker = Marker::set(&self.dir, self.series, &name)?;
            let file = match OpenOptions::new().append(true).create_new(true).open(&path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other.map_err(|e| WarcError::io(&path, e))?,
            };
            sync_dir(&self.dir).map_err(|e| WarcError::io(&path, e))?;
            let info = warcinfo(&name, &self.origin.software, &self.origin.notes, time);
            let mut current =
                Current { path, name, file, day, good: 0, durable: 0, torn: false, failed: false, marker };
            if let Err(e) = current.write(&info) {
                // An empty file is no WARC file: checkers would stumble over it.
                let _ = fs::remove_file(&current.path);
                let _ = current.marker.clear();
                return Err(e);
            }
            return Ok(current);
        }
        Err(WarcError::io(&self.dir, io::ErrorKind::AlreadyExists.into()))
    }

    fn end_file(&mut self) -> Result<(), WarcError> {
        if let Some(current) = &mut self.current {
            current.untear()?;
            current.sync()?;
        }
        // Only a file that is whole and durable gives up its marker.
        self.current.take().map_or(Ok(()), |current| current.marker.clear())
    }
}

impl Drop for WarcStore {
    fn drop(&mut self) {
        // On an error the marker stays and the next start repairs.
        let _ = self.end_file();
    }
}

impl Current {
    /// All or nothing; returns where it begins.
    fn write(&mut self, bytes: &[u8]) -> Result<u64, WarcError> {
        self.usable()?;
        self.untear()?;
        let start = self.good;
        if let Err(e) = self.file.write_all(bytes) {
            self.torn = true;
            // If this fails too, the next write or the next start does it.
            let _ = self.untear();
            return Err(WarcError::io(&self.path, e));
        }
        self.good += bytes.len() as u64;
        Ok(start)
    }

    fn usable(&self) -> Result<(), WarcError> {
        if self.failed {
            return Err(WarcError::io(&self.path, io::Error::other("此前落盘失败，须重启后由修复程序检查")));
        }
        Ok(())
    }

    fn untear(&mut self) -> Result<(), WarcError> {
        if self.torn {
            self.file.set_len(self.good).map_err(|e| WarcError::io(&self.path, e))?;
            self.torn = false;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), WarcError> {
        self.usable()?;
        if self.durable < self.good {
            self.file.sync_data().map_err(|e| {
                self.failed = true;
                WarcError::io(&self.path, e)
            })?;
            self.durable = self.good;
            self.marker.durable(self.durable)?;
        }
        Ok(())
    }
}
