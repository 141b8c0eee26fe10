//! What can go wrong with the store, in words for the person at the keyboard.
//!
//! Every error is `Clone`, because a fault of the disk is sticky: it is kept and handed to each later caller.
//! Start at [`StoreError`].

use std::path::PathBuf;

/// Why the store did not do what was asked. The texts are Chinese and name the thing, the place and the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the data folder.
    #[error("数据目录 {} 正被另一个鉴证进程使用（进程号 {}）：请等它结束，或先停掉它，或用 --data 指定别的目录", path.display(), pid.map_or("不明".to_owned(), |p| p.to_string()))]
    Held {
        /// The data folder.
        path: PathBuf,
        /// The other process, where its number could be read.
        pid: Option<u32>,
    },
    /// The folder or the database could not be opened.
    #[error("打不开存储 {}：{say}。请检查目录的权限和磁盘空间", path.display())]
    Open {
        /// What was opened.
        path: PathBuf,
        /// The system's words.
        say: String,
    },
    /// The database's own check found damage.
    #[error("存储 {} 已损坏：{say}。请先把这个目录改名保存，不要删除，再照 deploy/README.md 第 8 节从最近一次备份恢复", path.display())]
    Corrupt {
        /// The database folder.
        path: PathBuf,
        /// What was found.
        say: String,
    },
    /// The disk has no room. Nothing was written.
    #[error("磁盘空间不足，未写入：{say}。请清理磁盘后重新运行，已确认的记录不受影响")]
    Full {
        /// How much is left, how much is wanted.
        say: String,
    },
    /// The database failed; nothing can be written until it is opened again.
    #[error("存储出错，已停止写入：{say}。请查看日志和磁盘，重新运行会从最后一次确认处继续")]
    Broken {
        /// What failed.
        say: String,
    },
    /// A row is larger than the store takes; large things belong into files.
    #[error("记录过大：表 {table} 键 {key} 有 {bytes} 字节，上限 {limit} 字节")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// The key, in hexadecimal.
        key: String,
        /// Its size.
        bytes: usize,
        /// What the store takes.
        limit: usize,
    },
    /// A row was written by a newer program.
    #[error("表 {table} 键 {key} 的记录版本是 {version}，本程序不认识：请用写它的那个版本或更新的版本打开")]
    Version {
        /// The table.
        table: &'static str,
        /// The key, in hexadecimal.
        key: String,
        /// The version byte found.
        version: u8,
    },
    /// A row cannot be read though its version is known.
    #[error("表 {table} 键 {key} 的记录读不懂：{say}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The key, in hexadecimal.
        key: String,
        /// The parser's words.
        say: String,
    },
    /// A record that a change builds on is not there.
    #[error("没有这条记录：{what} {key}")]
    Missing {
        /// What kind of record.
        what: &'static str,
        /// Which one.
        key: String,
    },
    /// A change came too late: somebody else changed the record, or took the place, first.
    #[error("{what} {key} 已被别处改动，请重新读取后再试")]
    Conflict {
        /// What kind of record.
        what: &'static str,
        /// Which one.
        key: String,
    },
    /// The step that made the change declined; nothing was written.
    #[error("{0}")]
    Refused(String),
    /// The store was closed, or a step panicked, before the change was made durable.
    #[error("存储已关闭或写入步骤中断，此次改动没有确认")]
    Closed,
}

impl StoreError {
    /// True where the disk or the database, and not the request, is at fault: the round has to stop.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Broken { .. } | Self::Closed | Self::Corrupt { .. })
    }

    pub(super) fn of_sled(error: &sled::Error) -> Self {
        match error {
            sled::Error::Io(io) => Self::of_io(io),
            other => Self::Broken { say: other.to_string() },
        }
    }

    pub(super) fn of_io(error: &std::io::Error) -> Self {
        // sled copies an error's text into a new one when it keeps it, so the kind may be lost and the words not.
        let words = error.to_string();
        let full = matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            || words.contains("No space left")
            || words.contains("StorageFull");
        if full { Self::Full { say: words } } else { Self::Broken { say: words } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let full = std::io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        assert!(matches!(StoreError::of_sled(&sled::Error::Io(full)), StoreError::Full { .. }));
        let kept = std::io::Error::other(format!("{:?}", std::io::Error::from_raw_os_error(28)));
        assert!(matches!(StoreError::of_io(&kept), StoreError::Full { .. }));
        assert!(matches!(StoreError::of_io(&std::io::Error::other("x")), StoreError::Broken { .. }));
    }

    #[test]
    fn a_held_folder_names_the_process() {
        let say = StoreError::Held { path: "data".into(), pid: Some(4711) }.to_string();
        assert!(say.contains("4711") && say.contains("data"), "{say}");
    }
}
