//! What protected sites look like: kept by officers, listed for them. Start at [`BaselineRow`].

use jianzheng_core::{entities::mask_url, host::Authorities, likeness};
use jiff::Timestamp;
use serde::Serialize;

use super::DeskError;
use crate::{
    clock::rfc3339,
    store::{Baseline, Changes, Store},
};

/// A page of a protected site, captured and not kept yet.
#[derive(Debug, Clone)]
pub struct NewBaseline {
    /// Host, address, prints and pictures.
    pub what: likeness::Baseline,
    /// The page's title.
    pub title: String,
    /// The saved page it was made from.
    pub file: Option<String>,
}

/// One line of `baseline list`.
#[derive(Debug, Clone, Serialize)]
pub struct BaselineRow {
    /// Stable number.
    pub id: u64,
    /// The protected host.
    pub host: String,
    /// The authority whose host it is.
    pub authority: String,
    /// The page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// RFC 3339.
    pub captured: String,
    /// Who captured it.
    pub actor: String,
    /// The saved page it was made from.
    pub file: Option<String>,
    /// What of it can be compared, in Chinese; nothing where an older program made it, which has to be done again.
    pub parts: Vec<&'static str>,
}

impl From<Baseline> for BaselineRow {
    fn from(kept: Baseline) -> Self {
        let parts = kept.to_compare().map(|what| parts(&what)).unwrap_or_default();
        Self {
            id: kept.id,
            host: kept.host,
            authority: kept.authority,
            url: mask_url(&kept.url).into_owned(),
            title: kept.title,
            captured: rfc3339(kept.captured),
            actor: kept.actor,
            file: kept.file,
            parts,
        }
    }
}

fn parts(what: &likeness::Baseline) -> Vec<&'static str> {
    use likeness::{Part, PictureKind};
    let prints = &what.prints;
    let has = |part: &Part| match part {
        // Of too few shingles nothing can be told: the page beside itself says whether there are enough.
        Part::Layout if what.pictures.iter().any(|picture| picture.kind == PictureKind::Screen) => true,
        Part::Text | Part::Title | Part::Layout | Part::Files | Part::Statistics | Part::Form => {
            likeness::compare(prints, prints).iter().any(|(found, ..)| found == part)
        }
        Part::Icon => what.pictures.iter().any(|picture| picture.kind == PictureKind::Icon),
        Part::Picture => what.pictures.iter().any(|picture| picture.kind == PictureKind::Image),
    };
    Part::ALL.into_iter().filter(has).map(Part::name).collect()
}

/// Whose host it is, or why no baseline is made of it.
pub(super) fn owner(authorities: &Authorities, host: &str) -> Result<String, DeskError> {
    let refused = || {
        let say =
            format!("{host} 不在受保护的官网名单里，不能当作样本；名单在 rules/authorities.toml，例如 cx.mem.gov.cn");
        DeskError::Refused(say)
    };
    authorities.by_host(host).map(|authority| authority.name.clone()).ok_or_else(refused)
}

/// Keeps a baseline, in the place of the earlier one of the same page, with a row in the log of decisions.
pub(super) async fn keep(
    store: &Store,
    authorities: &Authorities,
    new: NewBaseline,
    actor: &str,
    now: Timestamp,
) -> Result<BaselineRow, DeskError> {
    let authority = owner(authorities, &new.what.host)?;
    let record = Baseline { file: new.file, ..Baseline::new(new.what, &new.title, &authority, now, actor) };
    let (subject, payload) = (format!("baseline {}", record.host), record.url.clone());
    let mut changes = Changes::new();
    changes.put_baseline(record.clone());
    changes.audit(now, actor, "baseline.capture", &subject, payload.as_bytes());
    let ids = store.commit(changes).await?.ids;
    Ok(Baseline { id: ids.first().copied().unwrap_or_default(), ..record }.into())
}

/// Hits that are named where a baseline cannot go.
const NAMED: usize = 5;

/// Takes a baseline away. What rests on it has to be settled first, or a verdict would name a sample that nobody can look at; the log of
/// decisions keeps who took it away.
pub(super) async fn remove(store: &Store, id: u64, actor: &str, now: Timestamp) -> Result<BaselineRow, DeskError> {
    let kept = store.baselines().find(|kept| kept.as_ref().map_or(true, |kept| kept.id == id)).transpose()?;
    let kept = kept.ok_or_else(|| DeskError::Missing { what: "官网样本", id: id.to_string() })?;
    let cited = likeness::Copied::names(&kept.host);
    let mut hits = Vec::new();
    for hit in store.hits() {
        let hit = hit?;
        if hit.reasons.iter().any(|reason| reason.say.contains(&cited))
            && store.case(hit.case).await?.is_some_and(|case| case.state.is_open())
        {
            hits.push(hit.id.to_string());
        }
    }
    if !hits.is_empty() {
        let more = if hits.len() > NAMED { "等" } else { "" };
        return Err(DeskError::Refused(format!(
            "还有 {} 条未结的线索拿 {} 的样本作依据（线索 {}{more}）：先把它们的案件办结，或者判为误报（cases dismiss … --wrong）；\
             只是官网改版，重新采一次就换掉旧的",
            hits.len(),
            kept.host,
            hits[..hits.len().min(NAMED)].join("、")
        )));
    }
    let mut changes = Changes::new();
    changes.delete_baseline(&kept.host, &kept.url);
    changes.audit(now, actor, "baseline.remove", &format!("baseline {}", kept.host), kept.url.as_bytes());
    store.commit(changes).await?;
    Ok(kept.into())
}

/// All baselines by number.
pub(super) fn list(store: &Store) -> Result<Vec<BaselineRow>, DeskError> {
    let mut rows = store.baselines().map(|kept| kept.map(BaselineRow::from)).collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}
