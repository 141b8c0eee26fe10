//! Making the lists: one for each contact and day, composed once, on disk before it is a job.
//!
//! The order is what makes a kill harmless (DESIGN.md, decision 6): the rows, then the file (temporary name, fsync, rename,
//! fsync of the folder), then one small transaction with the job, the file's hash and the audit row. Rows and files without a
//! job are nothing: the files are swept and the list is composed again under the same Message-ID. Whoever asks twice on one day
//! gets what is there. Sending is [`super::sending`]'s. Start at [`make`].

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use jiff::{Timestamp, civil::Date};
use tokio::sync::Mutex;

use super::{
    ComposeError, DigestContent, Recipient, Section, UnseenSource, compose, compose_preview,
    listing::{Contact, Line, Scope, merged, plan},
    place,
};
use crate::{
    cases::MACHINE,
    clock::shanghai_date,
    store::{Changes, Digest, DigestRow, DigestState, Store, StoreError},
};

/// The folder below DATA in which the mails lie.
pub const OUTBOX_DIR: &str = "outbox";

/// Two that make lists at once would write over each other's files; there is one store a process.
static PRESS: Mutex<()> = Mutex::const_new(());

/// What all lists of a day have in common.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Name of the unit that sends.
    pub unit: String,
    /// `鉴证巡查 <patrol@example.gov.cn>`.
    pub from: String,
    /// At or above it a machine's finding is listed.
    pub threshold: f64,
    /// Who gets lists.
    pub contacts: Vec<Contact>,
    /// Sources that gave no answer, and why.
    pub unseen_sources: Vec<(String, String)>,
    /// Addresses that waited and were not fetched.
    pub not_looked_at: u64,
    /// The calendar clock was set by hand.
    pub clock_is_set: bool,
    /// It comes from the practice web.
    pub practice: bool,
}

/// What became of the lists of one day.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// Lists of the day, those that were there already among them, in the contacts' order.
    pub digests: Vec<Digest>,
    /// Contacts for whom no list could be made, and why, in Chinese.
    pub failed: Vec<(Contact, String)>,
}

/// A list that was not made.
#[derive(Debug, Clone)]
pub struct Preview {
    /// To whom.
    pub contact: Contact,
    /// Subject of the mail.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Rows it has.
    pub rows: usize,
}

/// Why lists could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The outbox folder failed.
    #[error("发件箱 {path} 读写失败：{source}。请检查磁盘空间和目录权限")]
    Folder {
        /// Which file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Makes today's list for each contact that has none. `extra`: for those that have one, another one with what is news since;
/// where nothing is, none.
pub async fn make(store: &Store, edition: &Edition, now: Timestamp, extra: bool) -> Result<Made, QueueError> {
    let _press = PRESS.lock().await;
    sweep(store).await?;
    let day = shanghai_date(now);
    let contacts = merged(&edition.contacts);
    let mut there: HashMap<String, Vec<Digest>> = HashMap::new();
    for digest in store.digests_of_day(&day.to_string()) {
        let digest = digest?;
        let key = digest.id.split('.').nth(1).unwrap_or_default().to_owned();
        there.entry(key).or_default().push(digest);
    }
    let (without, with): (Vec<Contact>, Vec<Contact>) =
        contacts.iter().cloned().partition(|contact| !there.contains_key(&contact.key()));
    let whole = Scope { threshold: edition.threshold, before: None, news_only: false };
    let mut jobs = Vec::new();
    if !without.is_empty() {
        let plans = plan(store, &without, whole).await?;
        jobs.extend(without.into_iter().zip(plans).map(|(contact, lines)| (contact, 0, lines)));
    }
    if extra && !with.is_empty() {
        let plans = plan(store, &with, Scope { news_only: true, ..whole }).await?;
        for (contact, lines) in with.into_iter().zip(plans).filter(|(_, lines)| !lines.is_empty()) {
            let last = there.get(&contact.key()).into_iter().flatten().map(|digest| digest.revision).max();
            jobs.push((contact, last.map_or(0, |last| last + 1), lines));
        }
    }
    let mut made = Made::default();
    for (contact, revision, lines) in jobs {
        let (key, whose) = (contact.key(), contact.clone());
        match make_one(store, edition, contact, Issue { day, revision, now }, lines).await? {
            Ok(digest) => there.entry(key).or_default().push(digest),
            Err(why) => made.failed.push((whose, why.to_string())),
        }
    }
    made.digests = contacts.iter().filter_map(|contact| there.remove(&contact.key())).flatten().collect();
    Ok(made)
}

/// What today's lists say or would say, without keeping anything.
pub async fn preview(store: &Store, edition: &Edition, now: Timestamp) -> Result<Vec<Preview>, StoreError> {
    let contacts = merged(&edition.contacts);
    let day = shanghai_date(now);
    let today = day.to_string();
    let scope = Scope { threshold: edition.threshold, before: Some(&today), news_only: false };
    let plans = plan(store, &contacts, scope).await?;
    let mut previews = Vec::new();
    for (contact, lines) in contacts.into_iter().zip(plans) {
        let rows = lines.len();
        let content = content(edition, &contact, &Issue { day, revision: 0, now }, lines).0;
        let (subject, text) = compose_preview(&content);
        previews.push(Preview { contact, subject, text, rows });
    }
    Ok(previews)
}

/// Which list of which day.
struct Issue {
    day: Date,
    revision: u32,
    now: Timestamp,
}

async fn make_one(
    store: &Store,
    edition: &Edition,
    contact: Contact,
    issue: Issue,
    lines: Vec<Line>,
) -> Result<Result<Digest, ComposeError>, QueueError> {
    let id = format!("{}.{}.r{}", issue.day, contact.key(), issue.revision);
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let (content, rows) = content(edition, &contact, &issue, lines);
    let composed = tokio::task::spawn_blocking(move || compose(&content)).await.map_err(|_| StoreError::Closed)?;
    let composed = match composed {
        Ok(composed) => composed,
        Err(why) => return Ok(Err(why)),
    };
    let mut set = Changes::new();
    set.put_digest_rows(&id, rows);
    store.commit(set).await?;

    let name = format!("{id}.eml");
    let folder = store.data().join(OUTBOX_DIR);
    let (file, eml) = (name.clone(), composed.eml);
    let placed = tokio::task::spawn_blocking(move || place(&folder, &file, &eml)).await;
    let placed = placed.map_err(|_| StoreError::Closed)?;
    placed.map_err(|source| QueueError::Folder { path: format!("{OUTBOX_DIR}/{name}"), source })?;

    let digest = Digest {
        id: id.clone(),
        day: issue.day.to_string(),
        contact: contact.shown(),
        email: contact.email.trim().to_owned(),
        revision: issue.revision,
        state: DigestState::Queued,
        attempts: 0,
        resends: 0,
        next_try: None,
        last_error: None,
        message_id: composed.message_id,
        file: format!("{OUTBOX_DIR}/{name}"),
        sha256: composed.sha256.clone(),
        composed: issue.now,
        sent_at: None,
        rows: count,
        extra: issue.revision > 0,
    };
    let mut set = Changes::new();
    set.put_digest(digest.clone());
    set.audit(issue.now, MACHINE, "digest.composed", &digest_subject(&id), composed.sha256.as_bytes());
    store.commit(set).await?;
    Ok(Ok(digest))
}

/// The subject of a digest's audit rows.
pub fn digest_subject(id: &str) -> String {
    format!("digest {id}")
}

fn content(edition: &Edition, contact: &Contact, issue: &Issue, lines: Vec<Line>) -> (DigestContent, Vec<DigestRow>) {
    let mut rows = Vec::with_capacity(lines.len());
    let mut sections: Vec<Section> =
        contact.routes.iter().map(|route| Section { route: route.clone(), rows: Vec::new() }).collect();
    for line in lines {
        rows.push(DigestRow { hit: line.hit, case: line.case, state: line.row.state.as_str().to_owned(), url: None });
        if let Some(section) = sections.iter_mut().find(|section| section.route == line.route) {
            section.rows.push(line.row);
        }
    }
    let unseen = edition.unseen_sources.iter();
    let content = DigestContent {
        day: issue.day,
        revision: issue.revision,
        contact: Recipient {
            unit: contact.unit.clone(),
            name: contact.name.clone(),
            email: contact.email.clone(),
            routes: contact.routes.clone(),
        },
        unit_name: edition.unit.clone(),
        from: edition.from.clone(),
        composed_at: issue.now,
        sections,
        unseen_sources: unseen.map(|(source, why)| UnseenSource { source: source.clone(), why: why.clone() }).collect(),
        not_looked_at: edition.not_looked_at,
        threshold: edition.threshold,
        clock_is_set: edition.clock_is_set,
        practice: edition.practice,
        message_id_host: sender_host(&edition.from),
        references: None,
        late: false,
    };
    (content, rows)
}

/// The right side of the sender's address.
fn sender_host(from: &str) -> String {
    let address = from.rsplit_once('<').map_or(from, |(_, rest)| rest);
    let host = address.rsplit_once('@').map_or("", |(_, host)| host);
    host.trim().trim_end_matches('>').trim().to_ascii_lowercase()
}

/// Takes away mails whose job was never written: a kill came between the file and the transaction.
async fn sweep(store: &Store) -> Result<(), QueueError> {
    let folder = store.data().join(OUTBOX_DIR);
    let fault = |path: &Path, source| QueueError::Folder { path: path.display().to_string(), source };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(fault(&folder, source)),
    };
    let mut named: HashSet<String> = HashSet::new();
    for entry in entries {
        let entry = entry.map_err(|source| fault(&folder, source))?;
        named.extend(entry.file_name().into_string());
    }
    for name in named {
        let whole = name.strip_suffix(".eml").filter(|id| is_id(id));
        let part = name.strip_prefix('.').and_then(|name| name.strip_suffix(".eml.part")).filter(|id| is_id(id));
        let orphan = match whole {
            Some(id) => store.digest(id).await?.is_none(),
            None => part.is_some(),
        };
        if orphan {
            let path = folder.join(&name);
            tracing::info!(file = name, "a mail without a job is swept");
            std::fs::remove_file(&path).map_err(|source| fault(&path, source))?;
        }
    }
    Ok(())
}

/// `2026-03-02.0123456789abcdef.r0`: only files that bear a name of ours are ours to take away.
fn is_id(name: &str) -> bool {
    let mut parts = name.split('.');
    let (Some(day), Some(key), Some(revision), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = revision.strip_prefix('r').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    day.parse::<Date>().is_ok() && key.len() == 16 && key.bytes().all(|b| b.is_ascii_hexdigit()) && digits
}

#[cfg(test)]
#[path = "queue_tests.rs"]
pub(in crate::outbox) mod tests;
