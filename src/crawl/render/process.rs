//! The browser's processes as the system sees them: who they are, what memory they hold, and their end.
//!
//! A browser is a dozen processes in one group; some leave the group, but all carry the profile's folder in their arguments or descend
//! from one that does. Reads /proc, sends signals, nothing else. Start at [`Family::of`].

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A process and when it was started, which tells it from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    /// In clock ticks since the machine's start.
    pub(super) started: u64,
}

impl Process {
    /// This process.
    pub(super) fn own() -> Option<Process> {
        let pid = i32::try_from(std::process::id()).ok()?;
        Some(Process { pid, started: stat(pid)?.started })
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.started == self.started)
    }
}

/// The processes of one browser.
#[derive(Debug, Clone)]
pub(super) struct Family {
    group: i32,
    profile: Vec<u8>,
}

impl Family {
    /// Those in the group that the browser leads, and those that name its profile.
    pub(super) fn of(leader: u32, profile: &Path) -> Family {
        Family {
            group: i32::try_from(leader).unwrap_or_default(),
            profile: profile.as_os_str().as_encoded_bytes().to_vec(),
        }
    }

    /// The process that leads the group.
    pub(super) fn leader(&self) -> i32 {
        self.group
    }

    /// Bytes of memory that are theirs alone: what is mapped from files is the same for all of them and not counted.
    pub(super) fn memory(&self) -> u64 {
        pids().filter(|pid| stat(*pid).is_some_and(|stat| stat.group == self.group)).map(own_memory).sum()
    }

    /// Ends them all, at once and without asking.
    pub(super) fn kill(&self) {
        if let Some(group) = Pid::from_raw(self.group).filter(|_| self.group > 1) {
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        for pid in pids().filter(|pid| self.names_profile(*pid)).filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// The profile's name is unguessable, so that nobody else's process names it by accident.
    fn names_profile(&self, pid: i32) -> bool {
        pid != std::process::id() as i32
            && fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.windows(self.profile.len()).any(|part| part == self.profile))
    }
}

/// Ends whatever still works in a profile whose owner is gone.
pub(super) fn end_those_of(profile: &Path) {
    Family { group: 0, profile: profile.as_os_str().as_encoded_bytes().to_vec() }.kill();
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

struct Stat {
    group: i32,
    started: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, brackets too.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let group = fields.nth(2)?.parse().ok()?;
    let started = fields.nth(16)?.parse().ok()?;
    Some(Stat { group, started })
}

/// Anonymous and shared memory of a process, in bytes.
fn own_memory(pid: i32) -> u64 {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/status")) else { return 0 };
    let kib = |name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    };
    (kib("RssAnon:") + kib("RssShmem:")) << 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_holds_memory() {
        let own = Process::own().unwrap();
        assert!(own.is_alive());
        assert!(!Process { started: own.started + 1, ..own }.is_alive(), "another one with the same number");
        assert!(own_memory(own.pid) > 100 << 10);
    }
}
