//! Sending what was made, and accounting for every attempt.
//!
//! An attempt is written down before the message itself leaves: a kill or a cut after that finds the mail `unknown`, and the
//! same bytes go at most once more by themselves; after that only an officer's [`resend`] sends them. What is certain not to
//! have been delivered is tried again. Nothing is composed here, and no bytes but those whose hash the job names are sent.
//! Start at [`send_due`].

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::{Mail, Mailer, Outcome, backoff, queue::digest_subject};
use crate::{
    cases::MACHINE,
    clock::Clock,
    store::{Changes, Digest, DigestState, Store, StoreError},
};

/// The longest mail that is read back; what is composed stays far below.
const MAIL_BYTES: u64 = 256 << 20;

/// What carries a mail out of the house: the mailer, or a test's stand-in.
pub trait Carrier: Sync {
    /// As [`Mailer::send`].
    fn carry<F, R, E>(&self, mail: Mail<'_>, before_data: F) -> impl Future<Output = Outcome> + Send
    where
        F: FnOnce() -> R + Send,
        R: Future<Output = Result<(), E>> + Send,
        E: fmt::Display + Send;
}

impl Carrier for Mailer {
    async fn carry<F, R, E>(&self, mail: Mail<'_>, before_data: F) -> Outcome
    where
        F: FnOnce() -> R + Send,
        R: Future<Output = Result<(), E>> + Send,
        E: fmt::Display + Send,
    {
        self.send(mail, before_data).await
    }
}

/// Tries every mail that is due once, oldest day first, and gives those that were tried, as they stand now.
///
/// Those in `except` were tried just now and are left out. `patient`: mails whose time for another try has not come are left alone; the daemon is patient, commands are not.
pub async fn send_due(
    store: &Store,
    mailer: &impl Carrier,
    from: &str,
    clock: &Clock,
    patient: bool,
    except: &[String],
) -> Result<Vec<Digest>, StoreError> {
    let due: Vec<Digest> = {
        let open = |digest: &Digest| match digest.state {
            DigestState::Queued | DigestState::Temporary => true,
            DigestState::Unknown => digest.resends == 0,
            DigestState::Sent | DigestState::Permanent => false,
        };
        let now = clock.now();
        let its_time = |digest: &Digest| !patient || digest.next_try.is_none_or(|at| at <= now);
        let all = store.digests().filter(|digest| {
            digest.as_ref().map_or(true, |digest| open(digest) && its_time(digest) && !except.contains(&digest.id))
        });
        all.collect::<Result<_, _>>()?
    };
    let mut tried = Vec::with_capacity(due.len());
    for digest in due {
        let id = digest.id.clone();
        match attempt(store, mailer, from, clock, digest).await {
            // Somebody else is sending it; what becomes of it is theirs to tell.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
            Ok(()) => tried.extend(store.digest(&id).await?),
        }
    }
    Ok(tried)
}

/// What a mail that is on its way gets to end, once a stop was asked for.
pub const GRACE: Duration = Duration::from_secs(5);

/// Runs the work to its end, or, after a stop, for a little while longer; nothing if it did not end.
pub async fn unless_stopped<T>(work: impl Future<Output = T>, mut stop: watch::Receiver<bool>) -> Option<T> {
    let stopped = async {
        // Nobody who could stop it is left: it runs on.
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = stopped => None,
    }
}

/// Sends the same bytes of one digest again, whatever its state.
///
/// # Errors
/// There is no such digest, or the store failed. What became of the mail is in the digest.
pub async fn resend(
    store: &Store,
    mailer: &impl Carrier,
    from: &str,
    clock: &Clock,
    id: &str,
) -> Result<Digest, StoreError> {
    let missing = || StoreError::Missing { what: "清单", key: id.to_owned() };
    let digest = store.digest(id).await?.ok_or_else(missing)?;
    attempt(store, mailer, from, clock, digest).await?;
    store.digest(id).await?.ok_or_else(missing)
}

async fn attempt(
    store: &Store,
    mailer: &impl Carrier,
    from: &str,
    clock: &Clock,
    digest: Digest,
) -> Result<(), StoreError> {
    let bytes = match bytes_of(store.data(), &digest).await {
        Ok(bytes) => bytes,
        Err(why) => return record(store, &digest, false, Outcome::Permanent { why }, clock.now()).await,
    };
    let name = digest.file.rsplit('/').next().unwrap_or_default().to_owned();
    let mail = Mail { file_name: &name, from: &address(from), to: &digest.email, bytes: &bytes };
    let begun = Arc::new(AtomicBool::new(false));
    let lost_race = Arc::new(AtomicBool::new(false));
    let before_data = || {
        let (begun, lost_race) = (Arc::clone(&begun), Arc::clone(&lost_race));
        // Owned: a future that borrows cannot be told to be `Send` through the carrier's generics.
        let (store, digest) = (store.clone(), digest.clone());
        async move {
            let done = begin(&store, &digest).await;
            begun.store(done.is_ok(), Ordering::Release);
            lost_race.store(matches!(done, Err(StoreError::Conflict { .. })), Ordering::Release);
            done
        }
    };
    let outcome = mailer.carry(mail, before_data).await;
    if lost_race.load(Ordering::Acquire) {
        return Err(StoreError::Conflict { what: "清单", key: digest.id });
    }
    record(store, &digest, begun.load(Ordering::Acquire), outcome, clock.now()).await
}

/// Whether these bytes may have gone before.
fn may_have_gone(digest: &Digest) -> bool {
    matches!(digest.state, DigestState::Unknown | DigestState::Sent)
}

/// Writes the attempt down. From here until its end is recorded nobody knows whether the mail arrived.
async fn begin(store: &Store, read: &Digest) -> Result<(), StoreError> {
    let again = u32::from(may_have_gone(read));
    let read = read.clone();
    let mut set = Changes::new();
    set.update_digest(read.id.clone(), move |digest| {
        if (digest.attempts, digest.state) != (read.attempts, read.state) {
            return Err(StoreError::Conflict { what: "清单", key: digest.id.clone() });
        }
        digest.attempts += 1;
        digest.resends += again;
        digest.state = DigestState::Unknown;
        digest.last_error = Some("已开始传送，尚无最后答复".to_owned());
        Ok(())
    });
    store.commit(set).await.map(|_| ())
}

/// Writes the end of an attempt down. `begun`: it stands in the record already.
async fn record(
    store: &Store,
    before: &Digest,
    begun: bool,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = before.clone();
    let word = match &outcome {
        Outcome::Accepted { .. } => "digest.sent",
        Outcome::Temporary { .. } => "digest.temporary",
        Outcome::Permanent { .. } => "digest.permanent",
        Outcome::Unknown { .. } => "digest.unknown",
    };
    let said = match &outcome {
        Outcome::Accepted { reply } => reply.clone(),
        Outcome::Temporary { why } | Outcome::Permanent { why } | Outcome::Unknown { why } => why.clone(),
    };
    let said: String = said.chars().take(500).collect();
    let mut set = Changes::new();
    set.audit(now, MACHINE, word, &digest_subject(&before.id), said.as_bytes());
    set.update_digest(before.id.clone(), move |digest| {
        if !begun {
            if (digest.attempts, digest.state) != (before.attempts, before.state) {
                return Err(StoreError::Conflict { what: "清单", key: digest.id.clone() });
            }
            digest.attempts += 1;
        }
        let wait = backoff::next_attempt(digest.attempts);
        let next_try = wait.and_then(|wait| now.checked_add(wait).ok());
        let accepted = matches!(outcome, Outcome::Accepted { .. });
        digest.last_error = (!accepted).then(|| said.clone());
        digest.next_try = None;
        match outcome {
            Outcome::Accepted { .. } => {
                digest.state = DigestState::Sent;
                digest.sent_at = Some(now);
            }
            Outcome::Unknown { .. } => {
                digest.state = DigestState::Unknown;
                digest.next_try = next_try;
            }
            Outcome::Permanent { .. } if before.state == DigestState::Sent => digest.state = DigestState::Sent,
            Outcome::Permanent { .. } => digest.state = DigestState::Permanent,
            // This time nothing went, so what is allowed after an unknown end is still allowed.
            Outcome::Temporary { .. } if may_have_gone(&before) => {
                digest.state = before.state;
                digest.resends = before.resends;
                digest.next_try = next_try;
            }
            Outcome::Temporary { .. } if next_try.is_none() => {
                digest.state = DigestState::Permanent;
                digest.last_error =
                    Some(format!("多日未能送达，已不再自动重试；需要时用 digest resend 重发。最后的原因：{said}"));
            }
            Outcome::Temporary { .. } => {
                digest.state = DigestState::Temporary;
                digest.next_try = next_try;
            }
        }
        Ok(())
    });
    store.commit(set).await.map(|_| ())
}

/// The mail as it was composed, or why it cannot be sent.
async fn bytes_of(data: &Path, digest: &Digest) -> Result<Vec<u8>, String> {
    let file = &digest.file;
    let path = data.join(file);
    let way_out =
        "清单内容仍在系统中，可用 digest send --extra 发出其后的新情况，或从备份取回这个文件后用 digest resend 重发";
    let length = tokio::fs::metadata(&path).await.map(|meta| meta.len());
    let read = match length {
        Ok(length) if length > MAIL_BYTES => {
            return Err(format!("邮件文件 {file} 异常过大（{length} 字节），没有发送：{way_out}"));
        }
        Ok(_) => tokio::fs::read(&path).await,
        Err(error) => Err(error),
    };
    let bytes = read.map_err(|error| format!("邮件文件 {file} 读不到（{error}），没有发送：{way_out}"))?;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if hash != digest.sha256 {
        return Err(format!("邮件文件 {file} 的内容在生成后被改动，没有发送：{way_out}"));
    }
    Ok(bytes)
}

/// The bare address of `name <address>`.
fn address(from: &str) -> String {
    let inner = from.rsplit_once('<').map_or(from, |(_, rest)| rest.trim_end().trim_end_matches('>'));
    inner.trim().to_owned()
}

#[cfg(test)]
#[path = "sending_tests.rs"]
mod tests;
