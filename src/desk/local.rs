//! The desk of the process that holds the store: every question is answered from it, every decision goes through `cases`.
//!
//! Stored records become the rows of CONTRACT.md here and nowhere else. It holds no logic of its own: laws are the core's,
//! cases are `cases`', mails are `outbox`'s. Start at [`LocalDesk::new`].

use std::{ops::ControlFlow, sync::Arc};

use jianzheng_core::{
    case,
    entities::{mask_ids, mask_url},
    host::{Authorities, host_of},
    rules::RuleSet,
};
use jiff::Timestamp;

use super::{
    CaseFilter, Decision, Desk, DeskError, HitFilter,
    baselines::{self, BaselineRow, NewBaseline},
    host::{self, Manners},
    near,
    rows::{
        AuditLine, CaptureRow, CaseDetail, CaseRow, DigestPreview, DigestStatus, EntityRow, HitDetail, HitRow,
        HostReport, NoteRow, NotifiedRow, ReasonRow, RenderingRow,
    },
};
use crate::{
    cases::{self, case_subject},
    clock::{Clock, rfc3339, shanghai_date},
    evidence,
    outbox::{
        Mailer,
        listing::Contact,
        queue::{self, Edition, QueueError},
        sending, unseen,
    },
    store::{AuditRow, Capture, Case, Digest, DigestState, Hit, Listing, Rendering, Store, StoreError},
};

/// The largest body that is read back for its SM3; the crawler's caps lie far below.
const BODY: usize = 64 << 20;
/// Rows between two chances for other tasks.
const BREATH: usize = 500;

/// What the desk needs besides the store.
pub struct Office {
    /// Unit, sender, threshold and contacts of the lists. What the last round could not see is filled in when lists are made.
    pub edition: Edition,
    /// How mail leaves.
    pub mailer: Mailer,
    /// The calendar clock.
    pub clock: Clock,
    /// The rules in force, whose authorities judge host names.
    pub rules: Arc<RuleSet>,
    /// How hosts are treated.
    pub manners: Manners,
}

/// A desk over the store of this process. Clones share it.
#[derive(Clone)]
pub struct LocalDesk {
    store: Store,
    office: Arc<Office>,
}

impl LocalDesk {
    /// A desk.
    pub fn new(store: Store, office: Office) -> Self {
        Self { store, office: Arc::new(office) }
    }

    fn authorities(&self) -> &Authorities {
        self.office.rules.authorities()
    }

    fn now(&self) -> Timestamp {
        self.office.clock.now()
    }

    async fn edition(&self) -> Result<Edition, StoreError> {
        let (unseen_sources, not_looked_at) = unseen::since_last_lists(&self.store, shanghai_date(self.now())).await?;
        Ok(Edition { unseen_sources, not_looked_at, ..self.office.edition.clone() })
    }

    async fn case_row(&self, case: Case) -> Result<CaseRow, StoreError> {
        let mut notified = Vec::new();
        for id in self.store.case_digests(case.id) {
            // Rows whose mail was never kept told nobody.
            if let Some(digest) = self.store.digest(&id?).await? {
                notified.push(NotifiedRow {
                    time: rfc3339(digest.sent_at.unwrap_or(digest.composed)),
                    contact: digest.contact,
                    digest: digest.id,
                    state: digest.state.as_str(),
                });
            }
        }
        Ok(CaseRow {
            id: case.id,
            kind: case.kind,
            target: mask_url(&case.target).into_owned(),
            state: case.state.as_str(),
            notified,
            hits: self.store.case_hits_count(case.id).await?,
            score: case.score,
            route: case.route,
            routes: case.routes,
            areas: case.areas,
            first_seen: rfc3339(case.first_seen),
            last_seen: rfc3339(case.last_seen),
            supervised: case.supervised,
        })
    }

    async fn each_hit(
        &self,
        hits: impl Iterator<Item = Result<Hit, StoreError>> + Send,
        filter: &HitFilter,
        each: &mut (dyn FnMut(HitRow) -> ControlFlow<()> + Send),
    ) -> Result<(), DeskError> {
        let mut left = filter.limit.unwrap_or(usize::MAX);
        for (n, hit) in hits.enumerate() {
            if left == 0 {
                break;
            }
            let hit = hit?;
            if wanted(&hit, filter) {
                left -= 1;
                if each(self.hit_row(hit)).is_break() {
                    break;
                }
            }
            if n % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    fn hit_row(&self, hit: Hit) -> HitRow {
        let entities = hit.entities;
        HitRow {
            id: hit.id,
            url: mask_url(&hit.url).into_owned(),
            final_url: mask_url(&hit.final_url).into_owned(),
            host: mask_ids(&hit.host).into_owned(),
            title: hit.title,
            verdict: hit.verdict,
            score: hit.score,
            route: hit.route,
            routes: hit.routes,
            authority: hit.authority,
            notes: hit.notes,
            case: hit.case,
            state: hit.state.as_str(),
            first_seen: rfc3339(hit.first_seen),
            last_seen: rfc3339(hit.last_seen),
            source: hit.source,
            query: hit.query,
            chain: hit.chain,
            entities: EntityRow {
                phones: entities.phones,
                wechat: entities.wechat,
                qq: entities.qq,
                telegram: entities.telegram,
                emails: entities.emails,
                icp: entities.icp,
            },
            cert_types: hit.cert_types,
            areas: hit.areas,
            reasons: hit
                .reasons
                .into_iter()
                .map(|reason| ReasonRow {
                    rule: reason.rule,
                    kind: reason.kind,
                    points: reason.points,
                    say: reason.say,
                    quote: reason.quote,
                })
                .collect(),
            capture: hit.capture.map(|capture| self.capture_row(capture)).unwrap_or_default(),
            rendering: hit.rendering.map(|shown| self.rendering_row(shown)),
            label: hit.label,
            rules: hit.rules,
        }
    }

    fn rendering_row(&self, shown: Rendering) -> RenderingRow {
        RenderingRow {
            url: mask_url(&shown.url).into_owned(),
            time: rfc3339(shown.time),
            browser: shown.browser,
            verdict: shown.verdict,
            score: shown.score,
            decided: shown.decided,
            html: self.capture_row(shown.html),
            screenshot: shown.screenshot.map(|picture| self.capture_row(picture)),
            notes: shown.notes,
        }
    }

    fn capture_row(&self, capture: Capture) -> CaptureRow {
        let sm3 = capture.sm3.clone().unwrap_or_else(|| self.sm3_of(&capture));
        CaptureRow {
            sha256: capture.sha256,
            sm3,
            warc: capture.warc,
            offset: capture.offset,
            time: rfc3339(capture.time),
        }
    }

    /// SM3 of a body that is read back; empty where it cannot be, or is no longer what was kept.
    fn sm3_of(&self, capture: &Capture) -> String {
        match evidence::read(self.store.data(), &capture.warc, capture.offset, BODY) {
            Ok(stored) if !stored.body_cut => {
                let hashes = evidence::hashes(&stored.body);
                if hashes.sha256 == capture.sha256 { hashes.sm3 } else { String::new() }
            }
            Ok(_) => String::new(),
            Err(error) => {
                tracing::warn!(%error, warc = capture.warc, "evidence could not be read back for its SM3");
                String::new()
            }
        }
    }
}

fn wanted(hit: &Hit, filter: &HitFilter) -> bool {
    let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
    is(&filter.verdict, &hit.verdict)
        && is(&filter.state, hit.state.as_str())
        && is(&filter.route, &hit.route)
        && filter.case.is_none_or(|case| case == hit.case)
}

fn audit_line(row: AuditRow) -> AuditLine {
    AuditLine {
        seq: row.seq,
        time: rfc3339(row.time),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        hash: row.hash,
    }
}

fn status(digest: Digest) -> DigestStatus {
    DigestStatus {
        digest: digest.id,
        day: digest.day,
        contact: digest.contact,
        email: digest.email,
        state: digest.state.as_str(),
        attempts: digest.attempts,
        message_id: digest.message_id,
        file: digest.file,
        rows: digest.rows,
        why: digest.last_error,
    }
}

/// A list that could not be composed is told like one that nobody will ever get.
fn not_made(day: &str, contact: &Contact, why: String) -> DigestStatus {
    DigestStatus {
        digest: String::new(),
        day: day.to_owned(),
        contact: contact.shown(),
        email: contact.email.trim().to_owned(),
        state: DigestState::Permanent.as_str(),
        attempts: 0,
        message_id: String::new(),
        file: String::new(),
        rows: 0,
        why: Some(why),
    }
}

/// What an officer asked for and the services declined, told apart from a failing store.
fn declined(error: StoreError) -> DeskError {
    match error {
        StoreError::Missing { what, key } => DeskError::Missing { what, id: key },
        StoreError::Refused(why) => DeskError::Refused(why),
        other => DeskError::Store(other),
    }
}

fn mail_error(error: QueueError) -> DeskError {
    match error {
        QueueError::Store(error) => DeskError::Store(error),
        folder @ QueueError::Folder { .. } => DeskError::Mail(folder.to_string()),
    }
}

impl Desk for LocalDesk {
    async fn hits(
        &self,
        filter: HitFilter,
        each: &mut (dyn FnMut(HitRow) -> ControlFlow<()> + Send),
    ) -> Result<(), DeskError> {
        let Some(case) = filter.case else {
            return self.each_hit(self.store.hits().reversed(), &filter, each).await;
        };
        let mut hits = Vec::new();
        for id in self.store.case_hits(case).reversed() {
            hits.extend(self.store.hit(id?).await?.map(Ok));
        }
        self.each_hit(hits.into_iter(), &filter, each).await
    }

    async fn hit(&self, id: u64) -> Result<HitRow, DeskError> {
        let missing = || DeskError::Missing { what: "线索", id: id.to_string() };
        Ok(self.hit_row(self.store.hit(id).await?.ok_or_else(missing)?))
    }

    async fn hit_detail(&self, id: u64) -> Result<HitDetail, DeskError> {
        let missing = || DeskError::Missing { what: "线索", id: id.to_string() };
        let hit = self.store.hit(id).await?.ok_or_else(missing)?;
        let near = near::of(&self.store, &hit, |other| other.id != hit.id).await?;
        Ok(HitDetail { hit: self.hit_row(hit), near })
    }

    async fn label(&self, hit: u64, label: &str, actor: &str) -> Result<HitRow, DeskError> {
        let hit = cases::label(&self.store, hit, label, actor, self.now()).await.map_err(declined)?;
        Ok(self.hit_row(hit))
    }

    async fn cases(
        &self,
        filter: CaseFilter,
        each: &mut (dyn FnMut(CaseRow) -> ControlFlow<()> + Send),
    ) -> Result<(), DeskError> {
        let state = match &filter.state {
            None => None,
            Some(word) => Some(case::State::parse(word).ok_or_else(|| {
                let known: Vec<&str> = case::State::ALL.iter().map(|state| state.as_str()).collect();
                DeskError::Refused(format!("没有叫“{word}”的案件状态，可用的是：{}", known.join(" ")))
            })?),
        };
        let mut left = filter.limit.unwrap_or(usize::MAX);
        let all: Listing<Case> = self.store.cases().reversed();
        for case in all {
            let case = case?;
            let is = cases::law(case.state);
            let kind = filter.kind.as_ref().is_none_or(|kind| *kind == case.kind);
            let there = case.merged_into.is_none() && (!filter.open || is.is_open());
            if !there || !kind || state.is_some_and(|state| state != is) {
                continue;
            }
            if left == 0 || each(self.case_row(case).await?).is_break() {
                break;
            }
            left -= 1;
        }
        Ok(())
    }

    async fn case(&self, id: u64) -> Result<CaseDetail, DeskError> {
        let missing = || DeskError::Missing { what: "案件", id: id.to_string() };
        let case = self.store.case(id).await?.ok_or_else(missing)?;
        let mut sightings = Vec::new();
        for hit in self.store.case_hits(id) {
            sightings.extend(self.store.hit(hit?).await?.map(|hit| self.hit_row(hit)));
        }
        let notes = self
            .store
            .case_notes(id)
            .map(|note| note.map(|note| NoteRow { time: rfc3339(note.time), actor: note.actor, text: note.text }));
        let notes = notes.collect::<Result<_, _>>()?;
        let contacts = case.contacts.clone();
        let history = self.audit(&case_subject(id)).await?;
        Ok(CaseDetail { case: self.case_row(case).await?, contacts, sightings, notes, history })
    }

    async fn decide(
        &self,
        case: u64,
        decision: Decision,
        why: Option<&str>,
        actor: &str,
    ) -> Result<CaseRow, DeskError> {
        let case = cases::decide(&self.store, case, decision, why, actor, self.now()).await.map_err(declined)?;
        Ok(self.case_row(case).await?)
    }

    async fn note(&self, case: u64, text: &str, actor: &str) -> Result<CaseRow, DeskError> {
        let case = cases::note(&self.store, case, text, actor, self.now()).await.map_err(declined)?;
        Ok(self.case_row(case).await?)
    }

    async fn digest_preview(&self) -> Result<Vec<DigestPreview>, DeskError> {
        let previews = queue::preview(&self.store, &self.edition().await?, self.now()).await?;
        let row = |preview: queue::Preview| DigestPreview {
            contact: preview.contact.shown(),
            email: preview.contact.email.trim().to_owned(),
            subject: preview.subject,
            text: preview.text,
            rows: u32::try_from(preview.rows).unwrap_or(u32::MAX),
        };
        Ok(previews.into_iter().map(row).collect())
    }

    async fn digest_send(&self, extra: bool) -> Result<Vec<DigestStatus>, DeskError> {
        let office = &self.office;
        let edition = self.edition().await?;
        // What waits from before goes first: what was told is known when today's lists are made.
        let mut tried =
            sending::send_due(&self.store, &office.mailer, &edition.from, &office.clock, false, &[]).await?;
        let made = queue::make(&self.store, &edition, self.now(), extra).await.map_err(mail_error)?;
        let before: Vec<String> = tried.iter().map(|digest| digest.id.clone()).collect();
        let rest = sending::send_due(&self.store, &office.mailer, &edition.from, &office.clock, false, &before).await?;
        tried.extend(rest);
        let mut told: Vec<Digest> = Vec::new();
        for digest in made.digests {
            told.extend(self.store.digest(&digest.id).await?);
        }
        // Mails of earlier days that were tried along.
        for digest in tried {
            if !told.iter().any(|one| one.id == digest.id) {
                told.push(digest);
            }
        }
        let mut rows: Vec<DigestStatus> = told.into_iter().map(status).collect();
        let day = shanghai_date(self.now()).to_string();
        rows.extend(made.failed.into_iter().map(|(contact, why)| not_made(&day, &contact, why)));
        Ok(rows)
    }

    async fn digest_status(&self) -> Result<Vec<DigestStatus>, DeskError> {
        let all = self.store.digests().reversed().map(|digest| digest.map(status));
        Ok(all.collect::<Result<_, _>>()?)
    }

    async fn digest_resend(&self, digest: &str) -> Result<DigestStatus, DeskError> {
        let office = &self.office;
        let sent = sending::resend(&self.store, &office.mailer, &office.edition.from, &office.clock, digest).await;
        sent.map(status).map_err(declined)
    }

    async fn host(&self, name: &str) -> Result<HostReport, DeskError> {
        let refused =
            |error: jianzheng_core::host::NotAHost| DeskError::Refused(format!("“{name}”不是主机名：{error}"));
        let host = host_of(name).map_err(refused)?;
        let verdict = self.authorities().judge(&host).map_err(refused)?;
        host::report(&self.store, verdict, &self.office.manners, host::key_of(name, &host), self.now()).await
    }

    async fn audit(&self, subject: &str) -> Result<Vec<AuditLine>, DeskError> {
        let mut lines = Vec::new();
        for (n, row) in self.store.audit().enumerate() {
            let row = row?;
            if row.subject == subject {
                lines.push(audit_line(row));
            }
            if n % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok(lines)
    }

    async fn keep_baseline(&self, new: NewBaseline, actor: &str) -> Result<BaselineRow, DeskError> {
        baselines::keep(&self.store, self.authorities(), new, actor, self.now()).await
    }

    async fn remove_baseline(&self, id: u64, actor: &str) -> Result<BaselineRow, DeskError> {
        baselines::remove(&self.store, id, actor, self.now()).await
    }

    async fn baselines(&self) -> Result<Vec<BaselineRow>, DeskError> {
        baselines::list(&self.store)
    }
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
