//! The outbox folder: a mail counts as sent once its whole file has its name, even if the power goes the next moment.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Mail, Outcome};

pub(super) fn send(folder: &Path, mail: Mail<'_>) -> Outcome {
    match place(folder, mail.file_name, mail.bytes) {
        Ok(path) => Outcome::Accepted { reply: format!("已放入 {}", path.display()) },
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => {
            Outcome::Permanent { why: format!("邮件文件名「{}」不可用", mail.file_name) }
        }
        Err(e) => Outcome::Temporary { why: format!("写入发件箱 {} 失败：{e}", folder.display()) },
    }
}

/// Puts a file in place durably: temporary name, fsync, rename, fsync of the folder. What already stands there unchanged is left
/// alone. Also for the caller, who keeps the composed bytes the same way before the job exists.
pub fn place(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|there| there == bytes) {
        return Ok(path);
    }
    fs::create_dir_all(folder)?;
    let part = folder.join(format!(".{name}.part"));
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(e) = written.and_then(|()| fs::rename(&part, &path)) {
        // Half a file takes room on a disk that is perhaps full.
        let _ = fs::remove_file(&part);
        return Err(e);
    }
    File::open(folder)?.sync_all()?;
    Ok(path)
}
