//! Files that extracts are appended to, beside the database: it writes a row several times over before it lies still, and an
//! extract is twenty times as large as all else that is kept of a page.
//!
//! A row of the database tells where an extract stands ([`Place`]). The bytes are on the disk before that row is, so a row
//! never points at nothing; bytes that no row ever told of are what a kill left, and harm nobody. Room that is given back becomes a hole
//! in its file as soon as its row is gone, or, where a kill came in between, at the next opening; whole files go in
//! [`super::Store::tidy_extracts`]. Only the store's writer appends and frees. It must not believe that the files are those that the rows
//! were written for: they may come from an older backup, and a row's place have been given to another page since. So the page's number
//! stands before its extract, where a check value in the row alone could not tell one page's bytes from the same bytes of another.
//! Start at [`ExtractFiles::append`].

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::fs::{FallocateFlags, fallocate};

/// Where a file ends and the next one begins.
pub(super) const FILE_BYTES: u64 = 256 << 20;

/// Where an extract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: u32,
    pub(super) at: u64,
    /// Bytes that it takes, those of the page's number too.
    pub(super) length: u32,
    /// CRC-32 of all of them.
    pub(super) check: u32,
    /// The page whose number stands before its extract; none where a store of schema 2 wrote it, which put nothing before it.
    pub(super) owner: Option<u64>,
}

impl Place {
    fn end(self) -> u64 {
        self.at.saturating_add(self.length.into())
    }
}

/// The folder of the files.
pub(super) struct ExtractFiles {
    folder: PathBuf,
    last: Mutex<Last>,
    /// The file that was read last: listings read one after another.
    read: Mutex<Option<(u32, Arc<File>)>>,
}

/// The file that is appended to.
struct Last {
    number: u32,
    file: File,
    end: u64,
}

impl Last {
    fn open(folder: &Path, number: u32) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path(folder, number))?;
        // Behind whatever a kill left there.
        let end = file.metadata()?.len();
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self { number, file, end })
    }
}

impl ExtractFiles {
    /// Opens the folder in the store's, making what is missing.
    pub(super) fn open(store: &Path) -> io::Result<Self> {
        let folder = store.join("extracts");
        fs::create_dir_all(&folder)?;
        let last = Last::open(&folder, numbers(&folder)?.into_iter().max().unwrap_or(1))?;
        Ok(Self { folder, last: Mutex::new(last), read: Mutex::default() })
    }

    /// The file, and the place in it, where the next extract will stand.
    pub(super) fn end(&self) -> (u32, u64) {
        let last = self.last();
        (last.number, last.end)
    }

    /// Writes extracts, as [`owned`] makes them, one behind another from [`ExtractFiles::end`] on; they are on the disk when this returns.
    pub(super) fn append(&self, extracts: &[Vec<u8>]) -> io::Result<()> {
        let mut last = self.last();
        let mut at = last.end;
        for extract in extracts {
            last.file.write_all_at(extract, at)?;
            at += extract.len() as u64;
        }
        last.file.sync_data()?;
        last.end = at;
        Ok(())
    }

    /// Begins a new file where the last one is full. Not between the making of places and their writing.
    pub(super) fn turn(&self) -> io::Result<()> {
        let mut last = self.last();
        if last.end >= FILE_BYTES {
            *last = Last::open(&self.folder, last.number.checked_add(1).ok_or(io::ErrorKind::StorageFull)?)?;
        }
        Ok(())
    }

    /// The extract at a place; none where something else stands there now.
    pub(super) fn read(&self, place: Place) -> io::Result<Option<Vec<u8>>> {
        let file = match self.file(place.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // A damaged row must not ask for more memory than there are bytes.
        if place.end() > file.metadata()?.len() {
            return Ok(None);
        }
        let mut bytes = vec![0; place.length as usize];
        file.read_exact_at(&mut bytes, place.at)?;
        if check(&bytes) != place.check {
            return Ok(None);
        }
        Ok(match place.owner {
            Some(seq) => bytes.strip_prefix(&seq.to_be_bytes()).map(<[u8]>::to_vec),
            None => Some(bytes),
        })
    }

    /// Gives the room of extracts back, their bytes gone for good. Where others stand now they are left alone. What fails costs room.
    pub(super) fn free(&self, places: &[Place]) {
        let stands = |place: &Place| match self.read(*place) {
            Ok(Some(_)) => true,
            Ok(None) => {
                tracing::warn!(?place, "an extract did not stand where its row said");
                false
            }
            Err(error) => {
                tracing::warn!(%error, ?place, "an extract that is over cannot be read");
                false
            }
        };
        self.punch_all(places.iter().copied().filter(stands).collect());
    }

    /// As [`ExtractFiles::free`], of places of which most were given back before: a kill came somewhere in between.
    pub(super) fn free_the_rest(&self, places: &[Place]) {
        let stands = |place: &Place| matches!(self.read(*place), Ok(Some(_)));
        self.punch_all(places.iter().copied().filter(stands).collect());
    }

    fn punch_all(&self, mut places: Vec<Place>) {
        places.sort_unstable_by_key(|place| (place.file, place.at));
        // One hole for neighbours: two would leave the block in which they meet.
        for run in places.chunk_by(|one, next| one.file == next.file && one.end() == next.at) {
            let (file, at, end) = (run[0].file, run[0].at, run[run.len() - 1].end());
            if let Err(error) = self.punch(file, at, end - at) {
                tracing::warn!(%error, file, at, end, "room of extracts was not given back");
            }
        }
    }

    fn punch(&self, file: u32, at: u64, length: u64) -> io::Result<()> {
        if length == 0 {
            return Ok(());
        }
        let file = File::options().write(true).open(path(&self.folder, file))?;
        match fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, at, length) {
            // A file system that knows no holes keeps the room until the file goes; the words go now.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => overwrite(&file, at, length),
            done => Ok(done?),
        }
    }

    /// Removes a file in which nothing is wanted; never the one that is appended to.
    pub(super) fn remove(&self, number: u32) -> io::Result<()> {
        if number >= self.last().number {
            return Ok(());
        }
        let removed = fs::remove_file(path(&self.folder, number));
        // After that, or who reads in between would hold its room on.
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = None;
        removed
    }

    /// The files that are no longer appended to, with their lengths.
    pub(super) fn full(&self) -> io::Result<Vec<(u32, u64)>> {
        let last = self.last().number;
        let full = numbers(&self.folder)?.into_iter().filter(|number| *number < last);
        full.map(|number| Ok((number, fs::metadata(path(&self.folder, number))?.len()))).collect()
    }

    /// Bytes that the files take, holes not counted.
    pub(super) fn size_on_disk(&self) -> io::Result<u64> {
        use std::os::unix::fs::MetadataExt as _;
        let sizes = numbers(&self.folder)?.into_iter().map(|number| fs::metadata(path(&self.folder, number)));
        sizes.map(|meta| meta.map(|meta| meta.blocks() * 512)).sum()
    }

    fn file(&self, number: u32) -> io::Result<Arc<File>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, file)) = &*read
            && *known == number
        {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(path(&self.folder, number))?);
        *read = Some((number, Arc::clone(&file)));
        Ok(file)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn overwrite(file: &File, at: u64, length: u64) -> io::Result<()> {
    let zeros = [0; 1 << 16];
    (0..length).step_by(zeros.len()).try_for_each(|done| {
        let many = (length - done).min(zeros.len() as u64) as usize;
        file.write_all_at(&zeros[..many], at + done)
    })
}

/// What is written of a page's extract, with its check value.
pub(super) fn owned(seq: u64, mut extract: Vec<u8>) -> (Vec<u8>, u32) {
    extract.splice(..0, seq.to_be_bytes());
    let check = check(&extract);
    (extract, check)
}

/// CRC-32 of bytes.
fn check(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}"))
}

fn numbers(folder: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse::<u32>().ok());
        numbers.extend(number.filter(|number| path(folder, *number).file_name() == Some(&name)));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(files: &ExtractFiles, bytes: &[u8]) -> Place {
        let (file, at) = files.end();
        Place { file, at, length: bytes.len() as u32, check: check(bytes), owner: None }
    }

    #[test]
    fn what_is_freed_cannot_be_read_and_takes_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExtractFiles::open(folder.path()).unwrap();
        let bodies = [vec![7; 100_000], vec![8; 100_000]];
        let first = place(&files, &bodies[0]);
        let second = Place { at: 100_000, check: check(&bodies[1]), ..first };
        files.append(&bodies).unwrap();
        assert_eq!(files.read(first).unwrap().as_ref(), Some(&bodies[0]));
        let before = files.size_on_disk().unwrap();
        files.free(&[first]);
        assert_eq!(files.read(first).unwrap(), None);
        assert_eq!(files.read(second).unwrap().as_ref(), Some(&bodies[1]));
        assert!(files.size_on_disk().unwrap() + 90_000 < before, "{before}");
    }

    #[test]
    fn neighbours_that_go_together_leave_no_block_between_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExtractFiles::open(folder.path()).unwrap();
        let bodies: Vec<Vec<u8>> = (1..=50).map(|n| vec![n; 1_000]).collect();
        let (mut places, mut at) = (Vec::new(), 0);
        for body in &bodies {
            places.push(Place { at, check: check(body), ..place(&files, body) });
            at += 1_000;
        }
        files.append(&bodies).unwrap();
        let before = files.size_on_disk().unwrap();
        // Whatever order they come in; one stays.
        let stays = places.remove(30);
        places.reverse();
        files.free(&places);
        assert!(places.iter().all(|place| files.read(*place).unwrap().is_none()));
        assert_eq!(files.read(stays).unwrap(), Some(bodies[30].clone()));
        assert!(files.size_on_disk().unwrap() + 40_000 <= before, "{before}");
    }

    #[test]
    fn what_stands_where_something_freed_stood_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExtractFiles::open(folder.path()).unwrap();
        let body = vec![7; 10_000];
        let there = place(&files, &body);
        files.append(std::slice::from_ref(&body)).unwrap();
        // As after a copy of the folder that was older than the rows beside it: the place was given away anew.
        let stale = [Place { check: !there.check, ..there }, Place { at: 1, ..there }, Place { file: 2, ..there }];
        // To a page of the same words, too.
        for stale in stale.into_iter().chain([Place { owner: Some(7), ..there }]) {
            files.free(&[stale]);
            assert_eq!(files.read(there).unwrap().as_ref(), Some(&body));
        }
    }

    #[test]
    fn where_there_are_no_holes_the_words_go_and_nothing_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create_new(folder.path().join("x")).unwrap();
        file.write_all_at(&[7; 200_000], 0).unwrap();
        overwrite(&file, 10, 150_000).unwrap();
        let bytes = fs::read(folder.path().join("x")).unwrap();
        let kept: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == 7).collect();
        assert_eq!((bytes.len(), kept), (200_000, (0..10).chain(150_010..200_000).collect()));
    }

    #[test]
    fn a_file_that_is_full_is_followed_by_another_and_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExtractFiles::open(folder.path()).unwrap();
        // As if it had been written: a hole.
        files.last().end = FILE_BYTES;
        files.turn().unwrap();
        let body = vec![9; 10];
        let there = place(&files, &body);
        assert_eq!((there.file, there.at), (2, 0));
        files.append(std::slice::from_ref(&body)).unwrap();
        files.remove(2).unwrap();
        assert_eq!(files.full().unwrap(), [(1, 0)]);
        files.remove(1).unwrap();
        assert_eq!(files.full().unwrap(), []);
        drop(files);
        // Names that are none of ours.
        for name in ["9", "+0000009", "0000009x", "ballast"] {
            fs::write(folder.path().join("extracts").join(name), b"x").unwrap();
        }
        let files = ExtractFiles::open(folder.path()).unwrap();
        assert_eq!((files.end(), files.read(there).unwrap()), ((2, 10), Some(body)));
    }

    #[test]
    fn a_place_that_no_file_has_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExtractFiles::open(folder.path()).unwrap();
        let there = place(&files, b"");
        assert_eq!(files.read(Place { length: u32::MAX, ..there }).unwrap(), None);
        assert_eq!(files.read(Place { at: u64::MAX, length: 1, ..there }).unwrap(), None);
        assert_eq!(files.read(Place { file: 9, ..there }).unwrap(), None);
    }
}
